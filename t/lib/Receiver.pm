# A receiver of webhooks, as a process: what came, and answers as the path
# wants them.
#
#   my $r = Receiver->start;
#   $r->url('/ok')      where to send to
#   $r->seen            {path, headers, body, json, at} of each, in order
#   $r->wait_for($n)    until that many have come; false when it takes a minute
#   $r->forget          begin anew
#   $r->stop  $r->again the port refuses, and listens anew
#
#   /ok  /204  /301  /500  /429 (Retry-After: 1)  /502-wait (Retry-After: 99999)
#   /503-huge (Retry-After: ten to the thirtieth)  /503-past (... -5)
#   /twice        500 to the first of each event, then 200
#   /hang         no answer at all
#   /slow         an answer after a second
#   /reset        half of an answer, then a reset
#   /drop         no answer, and the end
#   /drip         a byte of an answer now and then, for ever
#   /flood        200, and more bytes than anybody reads
#   /bytes        200, with bytes that are no text
package Receiver;

use v5.36;
use Errno qw(EINTR);
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use POSIX  ();
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);
use Postern;

sub start ($class)
{
	state $n = 0;
	my $self = bless {owner => $$,
		log => Postern::_home() . '/received' . ++$n}, $class;
	$self->_listen(0);
	return $self;
}

sub _listen ($self, $port)
{
	my $socket;
	for (1 .. 50) {
		$socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
			LocalPort => $port, Listen => 1024, ReuseAddr => 1) and last;
		sleep 0.1;
	}
	die "no port: $!\n" if !$socket;
	$self->{port} = $socket->sockport;
	$self->{pid} = fork // die "fork: $!\n";
	return if $self->{pid};
	@SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
	$SIG{PIPE} = 'IGNORE';
	eval { $self->_serve($socket) };
	print STDERR "# receiver: $@" if $@;
	POSIX::_exit(0);
}

sub url ($self, $path) { return "http://127.0.0.1:$self->{port}$path" }

sub seen ($self)
{
	my $json = JSON::PP->new;
	open my $in, '<', $self->{log} or return;
	my @all = map { $json->decode($_) } <$in>;
	$_->{json} = eval { JSON::PP->new->utf8->decode($_->{body}) } for @all;
	return @all;
}

# How many, without reading them all.
sub count ($self)
{
	my $n = 0;
	open my $in, '<', $self->{log} or return 0;
	$n++ while <$in>;
	return $n;
}

sub wait_for ($self, $n)
{
	for (1 .. 600) {
		return 1 if $self->count >= $n;
		sleep 0.1;
	}
	return 0;
}

sub forget ($self) { unlink $self->{log} }

sub stop ($self)
{
	return if !$self->{pid} || $self->{owner} != $$;
	local $?;
	kill KILL => $self->{pid};
	waitpid delete $self->{pid}, 0;
}

sub again ($self) { $self->_listen($self->{port}) }

sub DESTROY ($self)
{
	local ($?, $@, $!);
	$self->stop;
}

# --- The process -----------------------------------------------------------

sub _serve ($self, $socket)
{
	my $wait = IO::Select->new($socket);
	my %c;
	while (1) {
		for my $from ($wait->can_read(_next_due(\%c))) {
			if ($from == $socket) {
				my $new = $socket->accept // next;
				$new->blocking(0);
				setsockopt $new, IPPROTO_TCP, TCP_NODELAY, 1;
				$wait->add($new);
				$c{fileno $new} = {in => '', socket => $new};
				next;
			}
			my $one = $c{fileno $from};
			my $got = sysread $from, $one->{in}, 1 << 18,
				length $one->{in};
			next if !defined $got && $!{EINTR};
			if (!$got) {
				_end($wait, \%c, $one);
				next;
			}
			$self->_turn($wait, \%c, $one);
		}
		for my $one (grep { $_->{due} && $_->{due} <= time } values %c) {
			$one->{then}->($one) or _end($wait, \%c, $one);
		}
	}
}

sub _next_due ($c)
{
	my ($first) = sort { $a <=> $b } grep { $_ } map { $_->{due} } values %$c;
	return if !$first;
	return $first > time ? $first - time : 0;
}

sub _end ($wait, $c, $one)
{
	$wait->remove($one->{socket});
	delete $c->{fileno $one->{socket}};
	close $one->{socket};
}

sub _turn ($self, $wait, $c, $one)
{
	while ($one->{in} =~ /\A(.*?)\r\n\r\n/s) {
		my ($head, $at) = ($1, $+[0]);
		my ($n) = $head =~ /^Content-Length:\s*(\d+)/mi;
		return if length $one->{in} < $at + ($n // 0);
		my $body = substr $one->{in}, $at, $n // 0;
		substr $one->{in}, 0, $at + ($n // 0), '';
		$self->_answer($one, $head, $body) and next;
		_end($wait, $c, $one);
		return;
	}
}

my %plain = (ok => '200 OK', 204 => '204 No Content', 301 => '301 Moved',
	500 => '500 Internal Server Error');

# False: the connection ends.
sub _answer ($self, $one, $head, $body)
{
	my ($first, @lines) = split /\r\n/, $head;
	my (undef, $path) = split / /, $first;
	my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;
	$self->_write_down({path => $path, headers => \%headers, body => $body,
		at => time});
	my ($way) = $path =~ m{^/([\w-]+)};
	return _send($one, $plain{$way}, 'ok', $way eq '301'
		? ('Location: ' . $self->url('/ok')) : ()) if $plain{$way};
	state %seen;
	return _send($one, $seen{$headers{'webhook-id'}}++ ? '200 OK'
		: '500 Internal Server Error', 'x') if $way eq 'twice';
	return _special($one, $way);
}

sub _special ($one, $way)
{
	return _send($one, '429 Too Many Requests', 'later', 'Retry-After: 1')
		if $way eq '429';
	return _send($one, '502 Bad Gateway', 'later', 'Retry-After: 99999')
		if $way eq '502-wait';
	return _send($one, '503 Service Unavailable', 'later',
		'Retry-After: 1' . '0' x 30) if $way eq '503-huge';
	return _send($one, '503 Service Unavailable', 'later',
		'Retry-After: -5') if $way eq '503-past';
	return _send($one, '200 OK', "a\xff\0\xc3") if $way eq 'bytes';
	return 1 if $way eq 'hang';
	return _later($one, 1, sub { _send($one, '200 OK', 'at last') })
		if $way eq 'slow';
	return 0 if $way eq 'drop';
	return _drip($one) if $way eq 'drip';
	return _flood($one) if $way eq 'flood';
	syswrite $one->{socket}, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
	setsockopt $one->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	sleep 0.05;
	return 0;
}

sub _send ($one, $status, $text, @headers)
{
	my $length = $status =~ /^204/ ? '' : 'Content-Length: '
		. length($text) . "\r\n";
	my $bytes = join '', "HTTP/1.1 $status\r\n", $length,
		map({ "$_\r\n" } @headers), "\r\n", $length ? $text : '';
	return defined syswrite $one->{socket}, $bytes;
}

sub _later ($one, $seconds, $then)
{
	@$one{qw(due then)} = (time + $seconds,
		sub ($x) { delete @$one{qw(due then)}; $then->() });
	return 1;
}

sub _drip ($one)
{
	syswrite $one->{socket}, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n";
	my $drop = sub ($x) {
		$x->{due} = time + 0.1;
		return defined syswrite $x->{socket}, '.';
	};
	@$one{qw(due then)} = (time, $drop);
	return 1;
}

sub _flood ($one)
{
	syswrite $one->{socket},
		"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
	my $part = 'f' x 65536;
	my $pour = sub ($x) {
		$x->{due} = time + 0.001;
		return 1 if defined syswrite $x->{socket}, $part;
		return $!{EAGAIN};
	};
	@$one{qw(due then)} = (time, $pour);
	return 1;
}

sub _write_down ($self, $what)
{
	open my $out, '>>', $self->{log} or return;
	$out->autoflush(1);
	syswrite $out, JSON::PP->new->ascii->encode($what) . "\n";
}

1;
