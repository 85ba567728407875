# Words for the tests of spawn/instance: run a command of it with exactly the
# given variables, and see what of an instance is still there.
package Instance;

use v5.36;
use Exporter 'import';
use File::Temp qw(tempfile);
use POSIX      ();
use Postern;

our @EXPORT = qw(instance begin processes folder free_ports unused get_status);

our @AS;    # command words in front: another user

my $bin = "$Postern::top/build/release/postern";

# A new folder that every user can enter.
sub folder ()
{
	state $n = 0;
	my $dir = Postern::_home() . '/i' . ++$n;
	mkdir $dir or die "$dir: $!\n";
	return $dir;
}

# A port that nobody listens on.
sub unused () { Postern::_free_port() }

sub free_ports () { return (PORT => unused(), TLS_PORT => unused()) }

# Start it without waiting; the pid, and the file with its words.
sub begin ($command, %env)
{
	my ($fh, $file) = tempfile(DIR => Postern::_home());
	my $pid = fork // die "fork: $!\n";
	return ($pid, $file) if $pid;
	setpgrp;
	%ENV = (PATH => $ENV{PATH}, POSTERN_BIN => $bin, SHARED_BUFFERS => '32MB',
		%env);
	@SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
	open STDIN, '<', delete $ENV{stdin} // '/dev/null';
	open STDOUT, '>&', $fh;
	open STDERR, '>&', $fh;
	exec @AS, "$Postern::top/spawn/instance", $command or POSIX::_exit(127);
}

# (exit status, words)
sub instance ($command, %env)
{
	my ($pid, $file) = begin($command, %env);
	waitpid $pid, 0;
	my $status = $?;
	return ($status >> 8 || $status, Postern::_slurp($file, unlink => 1));
}

# The command lines of living processes that have the folder in them.
sub processes ($var)
{
	my @found;
	for my $proc (glob '/proc/[0-9]*') {
		my $line = Postern::_slurp("$proc/cmdline") =~ tr/\0/ /r;
		push @found, $line if $line =~ /\Q$var\E\b/ && $proc ne "/proc/$$";
	}
	return sort @found;
}

# The status of GET /health_check on a port, 0 when nobody answers.
sub get_status ($port)
{
	my $socket = IO::Socket::INET->new(
		PeerAddr => '127.0.0.1',
		PeerPort => $port
	) or return 0;
	print {$socket} "GET /health_check HTTP/1.1\r\nHost: a\r\n"
		. "Connection: close\r\n\r\n";
	local $/;
	return Postern::parse(<$socket> // '')->{status};
}

1;
