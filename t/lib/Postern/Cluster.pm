# A Postgres server for tests, in a temporary folder, on a Unix socket, with a
# migrated database to copy from.  One serves all test files of t/run; a test
# file that runs alone makes its own.
package Postern::Cluster;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use POSIX ();

our $top      = abs_path(dirname(__FILE__) . '/../../..');
our $TEMPLATE = 'postern_template';

# Where t/run said that a server is, or a new one below the folder.
sub get ($class, $dir)
{
	my $host = $ENV{POSTERN_TEST_HOST};
	return bless {host => $host}, $class if $host;
	return $class->start($dir);
}

sub start ($class, $dir)
{
	my $self = bless {data => "$dir/pg", host => "$dir/s", owner => $$},
		$class;
	$self->{user} = run_as();
	mkdir $_ and chown_to($self->{user}, $_)
		for $dir, $self->{host};
	chmod 0755, $dir;
	chmod 0700, $self->{host};
	chown_to($self->{user}, $dir);
	$self->_init($dir);
	$self->_serve($dir);
	$self->_template;
	return $self;
}

# The user of servers and workers: ourselves, or the one that spawn/instance
# makes when we are root.
sub run_as ()
{
	state $user = do {
		my $name = `. $top/spawn/lib/state.sh && state_owner && echo \$OWNER`;
		chomp $name;
		$name;
	};
	return $user;
}

sub chown_to ($user, @paths)
{
	return if $> != 0;
	my (undef, undef, $uid, $gid) = getpwnam $user;
	chown $uid, $gid, @paths;
}

# The command, as that user.
sub as_user ($user, @command)
{
	return @command if $> != 0;
	return ('setpriv', "--reuid=$user", '--regid=' . getgrgid((getpwnam $user)[3]),
		'--init-groups', '--', @command);
}

sub binary ($name)
{
	my ($newest) = sort { $b <=> $a }
		map { m{/(\d+)/bin/} ? $1 : () } glob '/usr/lib/postgresql/*/bin/initdb';
	return $newest ? "/usr/lib/postgresql/$newest/bin/$name" : $name;
}

# Run to the end, output into a file; true when it went well.
sub quietly ($log, @command)
{
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', $log;
		open STDERR, '>&', \*STDOUT;
		exec @command or POSIX::_exit(127);
	}
	local $?;
	waitpid $pid, 0;
	return $? == 0;
}

sub _init ($self, $dir)
{
	quietly("$dir/initdb.log", as_user($self->{user}, binary('initdb'),
		'-D', $self->{data}, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8',
		'--locale=C.UTF-8', '--no-sync'))
		or die "initdb failed, see $dir/initdb.log\n";
}

sub _serve ($self, $dir)
{
	my $options = join ' ', map { "-c $_" } 'listen_addresses=',
		"unix_socket_directories=$self->{host}", 'max_connections=300',
		'fsync=off', 'jit=off', 'timezone=UTC', 'log_timezone=UTC';
	quietly("$dir/pg_ctl.log", as_user($self->{user}, binary('pg_ctl'),
		'-D', $self->{data}, '-l', "$dir/pg.log", '-o', $options, '-w', '-s',
		'start'))
		or die "Postgres did not start, see $dir/pg.log\n";
}

sub _template ($self)
{
	$self->sql('postgres', 'postgres', <<~SQL);
		create role postern_owner login createrole;
		create role postern login noinherit;
		create database $TEMPLATE owner postern_owner;
		SQL
	$self->migrate($TEMPLATE);
	$self->sql($TEMPLATE, 'postgres',
		'grant postern_anonymous, postern_member, postern_admin, postern_auth'
			. ' to postern');
}

sub url ($self, $database, $user)
{
	return "host=$self->{host} dbname=$database user=$user";
}

sub migrate ($self, $database, @folders)
{
	my $said = "/tmp/postern-migrate.$$";
	my $good = quietly($said, "$top/sql/migrate",
		$self->url($database, 'postern_owner'), @folders);
	open my $in, '<', $said;
	my $text = join '', <$in>;
	unlink $said;
	die "the migrations failed: $text\n" if !$good;
}

# A copy of the migrated database; its name.
sub create ($self, @folders)
{
	state $n = 0;
	my $name = "t_$$" . '_' . ++$n;
	$self->sql('postgres', 'postgres',
		"create database $name template $TEMPLATE owner postern_owner");
	$self->migrate($name, @folders) if @folders;
	return $name;
}

sub drop ($self, $name)
{
	eval { $self->sql('postgres', 'postgres',
		"drop database if exists $name with (force)") };
}

sub sql ($self, $database, $user, $text)
{
	return query($self->url($database, $user), $text);
}

# What psql -At prints, without the last newline.  Each statement is a
# transaction of its own.
sub query ($url, $text)
{
	pipe my $from, my $to or die "pipe: $!\n";
	pipe my $answer, my $out or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		close $to;
		open STDIN,  '<&', $from;
		open STDOUT, '>&', $out;
		delete @ENV{grep { /^PG/ } keys %ENV};
		exec 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $url, '-f', '-'
			or POSIX::_exit(127);
	}
	close $_ for $from, $out;
	binmode $_, ':encoding(UTF-8)' for $to, $answer;
	print {$to} $text;
	close $to;
	my $said = do { local $/; <$answer> };
	local $?;
	waitpid $pid, 0;
	die "psql failed: $text\n" if $?;
	chomp $said if defined $said;
	return $said // '';
}

# Stop the instances of spawn/instance that are left below a folder.
sub sweep ($dir)
{
	my @left;
	find({no_chdir => 1, wanted => sub {
		$File::Find::prune = 1 if /\/pg(?:\.new)?\z/;
		push @left, $File::Find::dir if /\/run\z/ && -l $_;
	}}, $dir);
	for my $var (@left) {
		local $ENV{VAR} = $var;
		quietly('/dev/null', "$top/spawn/instance", 'stop');
	}
}

sub stop ($self)
{
	return if !$self->{data} || $self->{owner} != $$;
	my $data = delete $self->{data};
	quietly('/dev/null', as_user($self->{user}, binary('pg_ctl'), '-D', $data,
		'-m', 'immediate', '-w', '-s', 'stop'));
}

sub DESTROY ($self)
{
	local ($?, $@);
	$self->stop;
}

1;
