# A Postgres server with nothing in it, for tests of what comes first: roles,
# migrations, the model.  It lives in a temporary folder, listens on a Unix
# socket only, and ends with the object.
package Bare;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use POSIX ();

our $top = abs_path(dirname(__FILE__) . '/../..');

sub start ($class) {
	my $dir = tempdir('bareXXXXXX', TMPDIR => 1);
	my $self = bless {dir => $dir, owner => $$}, $class;

	# A server refuses to run as root.
	if ($> == 0) {
		my (undef, undef, $uid, $gid) = getpwnam('postgres')
			or die "there is no user postgres to run a server as\n";
		chown $uid, $gid, $dir or die "$dir: $!\n";
		$self->{drop} = ['setpriv', "--reuid=$uid", "--regid=$gid",
			'--clear-groups'];
	}
	chmod 0755, $dir;
	$self->{bin} = _binaries();
	_quietly($self->_as_owner('initdb', '-D', "$dir/data", '-U', 'postgres',
		'-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'));
	$self->_serve;
	return $self;
}

sub _binaries () {
	my ($newest) = sort { $b <=> $a }
		map { m{/(\d+)/bin/initdb$} ? $1 : () }
		glob '/usr/lib/postgresql/*/bin/initdb';
	return $newest ? "/usr/lib/postgresql/$newest/bin/" : '';
}

sub _as_owner ($self, $program, @arguments) {
	return (@{$self->{drop} // []}, "$self->{bin}$program", @arguments);
}

sub _spawn ($out, @command) {
	my $pid = fork // die "fork: $!\n";
	return $pid if $pid;
	chdir '/';
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', $out;
	open STDERR, '>&', \*STDOUT;
	exec @command or POSIX::_exit(127);
}

sub _quietly (@command) {
	waitpid _spawn('/dev/null', @command), 0;
	die "@command: failed\n" if $?;
}

sub _serve ($self) {
	my $dir = $self->{dir};

	$self->{pid} = _spawn("$dir/log", $self->_as_owner('postgres',
		'-D', "$dir/data", '-k', $dir, '-c', 'listen_addresses=',
		'-c', 'fsync=off', '-c', 'max_connections=20'));
	for (1 .. 200) {
		my ($status) = $self->psql('postgres', 'select 1');
		return if $status == 0;
		last if waitpid($self->{pid}, POSIX::WNOHANG) > 0;
		select undef, undef, undef, 0.05;
	}
	die "Postgres did not start: see $dir/log\n";
}

# What psql and migrate take as the address of a database.
sub address ($self, $database, $user = 'postgres') {
	return "host=$self->{dir} dbname=$database user=$user";
}

# Run a command in the top folder: its status, and what it said on either.
sub run ($self, @command) {
	my $pid = open(my $from, '-|') // die "fork: $!\n";

	if (!$pid) {
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		chdir $top;
		delete @ENV{grep { /^PG/ } keys %ENV};
		exec @command or POSIX::_exit(127);
	}
	binmode $from, ':encoding(UTF-8)';
	my $said = do { local $/; <$from> } // '';
	close $from;
	return ($? >> 8, $said);
}

sub psql ($self, $database, $text, $user = 'postgres') {
	utf8::encode($text) if utf8::is_utf8($text);
	return $self->run('psql', $self->address($database, $user), '-XqAt',
		'-v', 'ON_ERROR_STOP=1', '-c', $text);
}

# The rows of a statement that must work.
sub sql ($self, $database, $text, $user = 'postgres') {
	my ($status, $said) = $self->psql($database, $text, $user);

	die "$text\n$said" if $status;
	chomp $said;
	return $said;
}

sub file ($self, $database, $path, $user = 'postgres') {
	my ($status, $said) = $self->run('psql',
		$self->address($database, $user), '-XqAt1',
		'-v', 'ON_ERROR_STOP=1', '-f', $path);

	die "$path\n$said" if $status;
}

sub migrate ($self, $database, @folders) {
	return $self->run("$top/sql/migrate", $self->address($database),
		@folders);
}

sub DESTROY ($self) {
	return if $$ != $self->{owner};
	local $?;
	if ($self->{pid}) {
		kill 'INT', $self->{pid};
		waitpid $self->{pid}, 0;
	}
	remove_tree($self->{dir});
}

# A signal ends the test through its destructors.
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

1;
