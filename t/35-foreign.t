# DATABASE_URL: somebody else's server.
use v5.36;
use lib 't/lib';
use Test::More;
use Postern;
use Instance;

# The database of another instance plays the foreign server: a plain user
# owns a database of his own there.
my $server = Postern->database;
my $host   = $server->conninfo =~ /host=(\S+)/ ? $1 : die;
my $admin  = sub ($text) {
	Postern::Cluster::query("host=$host dbname=postgres user=postgres", $text);
};
my $name = "plain_$$";
$admin->(<<~SQL);
	create role $name login noinherit;
	create database $name owner $name;
	grant postern_anonymous, postern_member, postern_admin, postern_auth
	to $name;
	SQL

my $var   = folder() . '/state';
my %ports = free_ports();
my $url   = "postgresql:///$name?host=$host&user=$name";
my ($status, $said) =
	instance(start => VAR => $var, DATABASE_URL => $url, %ports);
is $status, 0, 'it starts on a plain user\'s database' or diag $said;
like $said, qr/Applied 0001_roles.sql/, 'and migrates it';
is get_status($ports{PORT}), 200, 'it answers';
ok !-e "$var/pg", 'there is no private cluster';
like +(instance(status => VAR => $var))[1], qr/^database is elsewhere/m,
	'status says so';
is +(instance(restart => VAR => $var))[0], 0,
	'the other commands remember the URL';
is +(instance(migrate => VAR => $var))[0], 0, 'migrate too';
is +(instance(stop => VAR => $var))[0], 0, 'it stops';
is $admin->('select 1'), 1, 'the server goes on';

($status, $said) = instance(start => VAR => $var, %ports,
	DATABASE_URL => "postgresql:///nothing?host=$host&user=$name");
isnt $status, 0, 'a database that is not there';
like $said, qr/nothing.*does not exist/, '... is named';
is_deeply [processes($var)], [], '... and nothing runs';

$admin->("revoke postern_anonymous from $name");
($status, $said) =
	instance(start => VAR => $var, %ports, DATABASE_URL => $url);
isnt $status, 0, 'a user who may not become postern_anonymous';
like $said, qr/permission denied to set role "postern_anonymous"/,
	'... is told why';
like $said,
	qr/grant (?:postern_\w+, ){3}postern_auth to $name;/,
	'... and what to do';
unlike $said, qr/Postern answers/, '... and nothing else';
is_deeply [processes($var)], [], '... and nothing runs';

$admin->("drop database $name with (force)");
$admin->("drop role $name");

done_testing;
