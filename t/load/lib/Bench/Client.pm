# Exactly so many requests over so many connections, for counting rather than
# for timing: wrk ends by the clock and leaves requests without their answer.
package Bench::Client;

use v5.36;
use IO::Socket::INET;
use Time::HiRes qw(time);

# Statuses of $n requests as {status => count}; $make->($i) is the $i-th.
#   limit => 60            seconds
#   body => sub ($body)    gets to see every body
sub exactly ($port, $n, $connections, $make, %o)
{
	my $run = {port => $port, left => $n, n => $n, make => $make,
		statuses => {}, open => {}, bits => '', body => $o{body},
		end => time + ($o{limit} // 60)};
	for (1 .. $connections) {
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
			PeerPort => $port) or die "cannot connect: $!\n";
		$run->{open}{fileno $socket} = {socket => $socket, got => ''};
		vec($run->{bits}, fileno $socket, 1) = 1;
	}
	_ask($run, $_) for values $run->{open}->%*;
	_turn($run) while $run->{open}->%*;
	return $run->{statuses};
}

sub _turn ($run)
{
	my $ready = $run->{bits};
	my $n = select $ready, undef, undef, $run->{end} - time;
	die "no answer in time\n" if $n <= 0;
	for my $fd (keys $run->{open}->%*) {
		_answer($run, $run->{open}{$fd}) if vec $ready, $fd, 1;
	}
}

# The next request, or the end of this connection.
sub _ask ($run, $one)
{
	if ($run->{left} <= 0) {
		my $fd = fileno $one->{socket};
		vec($run->{bits}, $fd, 1) = 0;
		delete $run->{open}{$fd};
		return;
	}
	my $text = $run->{make}->($run->{n} - $run->{left}--);
	syswrite($one->{socket}, $text) == length $text
		or die "a request was cut short\n";
}

sub _answer ($run, $one)
{
	sysread $one->{socket}, $one->{got}, 1 << 18, length $one->{got}
		or die "a connection ended without an answer\n";
	my $end = index $one->{got}, "\r\n\r\n";
	return if $end < 0;
	my ($length) = $one->{got} =~ /^Content-Length: (\d+)/mi
		or die "an answer without a length\n";
	return if length($one->{got}) < $end + 4 + $length;
	$run->{statuses}{substr $one->{got}, 9, 3}++;
	$run->{body}->(substr $one->{got}, $end + 4) if $run->{body};
	$one->{got} = '';
	_ask($run, $one);
}

sub get ($path)
{
	return "GET $path HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

sub post ($path, $json)
{
	return "POST $path HTTP/1.1\r\nHost: localhost\r\n"
		. "Content-Type: application/json\r\nContent-Length: "
		. length($json) . "\r\n\r\n$json";
}

1;
