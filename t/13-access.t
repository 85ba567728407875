#!/usr/bin/perl
# Whose rows are whose: the row policies of users and events, as each role, in
# both modes; asked of Postgres by the statements that the program sends.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Accounts;

my $mina   = signup(name => 'Mina');
my $dracul = signup(name => 'Dracula');
my $admin  = admin(name => 'Van Helsing');
my $alone  = auth('register', 'alone@example.com', 'phc', 'alone', 'v', undef,
	'link', 'f', @client);
$alone = {%$alone, auth('exchange', $alone->{code}, 'alone', '99', '99',
	@client)->%*};

my @as_admin = (role => 'admin', database => 'postern_admin');
my %who = (
	anonymous => [undef],
	member    => [$mina],
	admin     => [$admin, @as_admin],
	userless  => [$alone],
);

# Three events: Mina's, Dracula's, nobody's.  And a user without an identity.
sub again ()
{
	$p->sql(<<~SQL);
		delete from api.events;
		delete from api.users where identity_id is null;
		insert into api.users (name) values ('Renfield');
		insert into api.events (name, host_id) values
			('Picnic', '$mina->{user_id}'),
			('Ball', '$dracul->{user_id}'),
			('Wake', null);
		SQL
}

# How many rows a statement changed, or how it was refused.
sub changed ($who, $access, $text)
{
	again;
	my ($caller, @role) = $who{$who}->@*;
	my $said = psql(as_who($caller, "with c as ($text returning 1)"
		. ' select count(*) from c', @role, access => $access) =~
		s/commit;\z/rollback;/r);
	return $said =~ /ERROR:\s+(\w{5}):/ ? $1 : $said;
}

# Each statement, and what comes of it in the mode `owner` for: nobody, a
# member, an administrator, somebody who is signed in and no user.  When all
# is open it is what comes of it for the administrator.
my $no   = '42501';
my @rows = (
	["insert into api.users (name) values ('New')", $no, $no, 1, $no],
	["update api.users set name = 'Wilhelmina' where name = 'Mina'",
		0, 1, 1, 0],
	["update api.users set name = 'Vlad' where name = 'Dracula'", 0, 0, 1, 0],
	["update api.users set name = 'R' where name = 'Renfield'", 0, 0, 1, 0],
	["update api.users set name = name || '!'", 0, 1, 4, 0],
	["delete from api.users where name = 'Renfield'", 0, 0, 1, 0],
	["insert into api.events (name, host_id) values ('New',"
		. " '$mina->{user_id}')", $no, 1, 1, $no],
	["insert into api.events (name, host_id) values ('New',"
		. " '$dracul->{user_id}')", $no, $no, 1, $no],
	["insert into api.events (name, host_id) values ('New', null)",
		$no, $no, 1, $no],
	["update api.events set address = 'Here' where name = 'Picnic'",
		0, 1, 1, 0],
	["update api.events set address = 'Here' where name = 'Ball'", 0, 0, 1, 0],
	["update api.events set address = 'Here' where name = 'Wake'", 0, 0, 1, 0],
	["update api.events set host_id = '$dracul->{user_id}'"
		. " where name = 'Picnic'", 0, $no, 1, 0],
	["update api.events set host_id = null where name = 'Picnic'",
		0, $no, 1, 0],
	["update api.events set host_id = '$mina->{user_id}' where name = 'Ball'",
		0, 0, 1, 0],
	["update api.events set host_id = '$mina->{user_id}' where name = 'Wake'",
		0, 0, 1, 0],
	["update api.events set address = 'Here'", 0, 1, 3, 0],
	["delete from api.events where name = 'Picnic'", 0, 1, 1, 0],
	["delete from api.events where name = 'Ball'", 0, 0, 1, 0],
	['delete from api.events', 0, 1, 3, 0],
);

my @callers = qw(anonymous member admin userless);
for (@rows) {
	my ($text, @expected) = @$_;
	subtest $text =~ s/[0-9a-f-]{36}/.../r => sub {
		is changed($callers[$_], 'owner', $text), $expected[$_],
			"owner: $callers[$_]" for 0 .. 3;
		is changed($_, 'open', $text), $expected[2], "open: $_"
			for qw(anonymous member);
	};
}

subtest 'everybody reads everything' => sub {
	for my $access (qw(open owner)) {
		for my $who (@callers) {
			my ($caller, @role) = $who{$who}->@*;
			is psql(as_who($caller, 'select (select count(*) from'
				. ' api.users), (select count(*) from api.events)',
				@role, access => $access)), '4|3', "$access: $who";
		}
	}
};

subtest 'a member may leave' => sub {
	my $lucy = signup(name => 'Lucy');
	is psql(as_who($lucy, "delete from api.users where name = 'Lucy'"
		. ' returning name')), 'Lucy', 'without the account';
	is psql(as_who($lucy, 'select auth.current_user_id()')), '',
		'... which is nobody then';
};

subtest 'who somebody is cannot be written' => sub {
	my $take = "update api.users set identity_id = '$mina->{identity_id}'"
		. " where name = 'Dracula'";
	is changed($_, 'open', $take), '42501', "not by $_" for @callers;
	is changed('admin', 'open', 'insert into api.users (name, identity_id)'
		. " values ('x', '$mina->{identity_id}')"), '42501', 'nor inserted';
};

subtest 'what mode it is' => sub {
	my $text = 'delete from api.events';
	is changed('anonymous', '', $text), 3, 'nothing said: open';
	is changed('anonymous', $_, $text), 0, "$_: closed"
		for 'Open', 'closed', 'true', ' open';
};

subtest 'claims are looked up once per statement' => sub {
	my $plan = sub ($text, $access = 'owner') {
		psql(as_who($mina, "explain (costs off, verbose) $text",
			access => $access))
	};
	for my $text ("update api.events set address = 'x' where name = 'Picnic'",
		"delete from api.events where name = 'Picnic'",
		"update api.users set name = 'x' where name = 'Mina'",
		"delete from api.users where name = 'Mina'") {
		my $said = $plan->($text);
		my @nodes = split /\n(?=\s*->|\s*InitPlan)/, $said;
		my ($scan) = grep { /Scan/ } @nodes;
		like $said, qr/InitPlan.*InitPlan/s, "$text: before it begins";
		like $scan, qr/Filter: [^\n]*\$/, '... and compared for each row';
		unlike join('', grep { /Scan/ } @nodes),
			qr/current_setting|current_user_id|identity_id\(\)|is_open/,
			'... without a call';
	}
	# Of a table that is known to be small, the name is a filter.
	unlike $plan->("select * from api.$_ where name = 'Mina'"),
		qr/InitPlan|setting|current|Filter: (?!\(\w+\.name = 'Mina'::)/,
		"reading $_ asks nothing"
		for qw(users events);
};

# A pooler may drop what a worker says at connecting; this stands for one.
subtest 'a connection that is not what the settings say is noticed' => sub {
	my $fault = sub (@asked) { psql('set role postern_member;'
		. ' select auth.connection_fault('
		. join(', ', map { "'$_'" } @asked) . ')') };
	like $fault->('postern_anonymous', 'owner'), qr/would run as \w+ instead of/,
		'another role';
	like $fault->('', 'owner'), qr/POSTERN_ACCESS does not reach/,
		'other policies, whatever the role';
	my $check = sub (%env) {
		local %ENV = (PATH => $ENV{PATH}, %env,
			POSTERN_CONFIG       => '/dev/null',
			POSTERN_DATABASE     => $p->conninfo('postern'),
			POSTERN_KEYS         => $p->key_file,
			POSTERN_EVENT_SECRET => 'said, so it says nothing');
		my $said = `$p->{bin} check 2>&1`;
		return ($? >> 8) . " $said";
	};
	is $check->(POSTERN_ACCESS => $_), '0 ', "$_ reaches the database"
		for qw(open owner);
	$p->sql(q{create or replace function postern.is_open() returns boolean
		language sql stable return true;
		create or replace function auth.connection_fault(role text,
			access text) returns text language sql stable
		return 'it is another one'});
	is $check->(), "1 postern: it is another one\n", 'else nothing starts';
};

done_testing;
