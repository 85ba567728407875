# A client with several kept connections, in a process of its own, that
# remembers what became of every request.
#
#   my $load = Load->start($p, connections => 8, gap => 0.005,
#                          make => sub ($n) { [GET => '/users?limit=3'] });
#   ...                    what is to be survived
#   my $sum = $load->stop;
#
# `make` gives the n-th request: [method, target, JSON text or undef, mark].
# `gap` is how long a connection rests between its requests, in seconds.
# The sum:
#   n        requests sent         status    {status => how many}
#   wrong    ["status method target body", ...] of all but 2xx
#   marks    {mark => [status, detail]} of requests that have one; status 0
#            when the connection went away without an answer
#   cut      answers that stopped half way, or did not come at all
#   raced    of those, the ones on a connection that had served before and
#            now closed without a byte: a server may close an idle one
#   each     how many answers each connection had
#   slow     answers that took more than half a second
#   slowest  seconds
#
# And words for tests of faults: until_true, since, broken_promises, mixed.
package Load;

use v5.36;
use Exporter 'import';
use Errno      qw(EINPROGRESS EAGAIN EWOULDBLOCK EINTR);
use File::Temp qw(tempfile);
use IO::Select;
use IO::Poll   qw(POLLIN POLLOUT POLLHUP POLLERR);
use IO::Socket::INET;
use JSON::PP;
use List::Util  qw(max);
use POSIX       ();
use Time::HiRes qw(time sleep);

use Postern;

use constant GIVE_UP => 20;    # seconds without an answer

my %alive;
END { kill KILL => keys %alive if $$ == $Load::owner }
our $owner = $$;

sub start ($class, $p, %opt)
{
	my ($fh, $file) = tempfile(DIR => Postern::_home());
	my $self = bless {
		p => $p, file => $file, gap => 0.005, connections => 8, %opt
	}, $class;
	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid}) {
		$alive{$self->{pid}} = 1;
		return $self;
	}
	$self->_work;
	print {$fh} JSON::PP->new->encode($self->{sum});
	close $fh;
	POSIX::_exit(0);
}

# The sum, when the requests in hand are answered.
sub stop ($self)
{
	kill TERM => $self->{pid};
	waitpid $self->{pid}, 0;
	delete $alive{$self->{pid}};
	my $text = Postern::_slurp($self->{file}, unlink => 1);
	return JSON::PP->new->decode($text);
}

# Load for a while around something.
sub during ($class, $p, $what, %opt)
{
	my $load = $class->start($p, %opt);
	sleep 0.3;
	$what->();
	sleep 0.3;
	return $load->stop;
}

# --- Words for tests -------------------------------------------------------

our @EXPORT = qw(until_true broken_promises mixed lives statuses session
	ask answers_of);

# What the sub returns once it is true, or after so many seconds.
sub until_true ($limit, $sub)
{
	my $end = time + $limit;
	while (time < $end) {
		my $value = $sub->();
		return $value if $value;
		sleep 0.02;
	}
	return $sub->();
}

sub lives ($pid)
{
	my $stat = Postern::_slurp("/proc/$pid/stat");
	return $stat ne '' && $stat !~ /^\d+ \(.*\) Z/s;
}

# Reads and writes in turn; a write leaves a mark that is in no other one.
sub mixed ($prefix)
{
	my @reads = ('/users?name=Ada', '/users?limit=3', '/events?limit=2',
		'/notes?limit=2&order=-id');
	return sub ($n) {
		return [GET => $reads[$n / 2 % @reads]] if $n % 2;
		my $mark = "$prefix-$n";
		return [POST => '/notes', qq({"mark":"$mark"}), $mark];
	};
}

sub statuses ($sum)
{
	my $n = $sum->{status};
	return join ' ', map { "$_: $n->{$_}" } sort keys %$n;
}

# Every write that was answered 2xx is there once; one that was refused is
# not there, unless its answer says that nobody knows; none is there twice.
sub broken_promises ($p, $sum, $table = 'api.notes')
{
	my %there = map { split /\|/ } split /\n/,
		$p->sql("select mark, count(*) from $table group by mark");
	my @broken;
	for my $mark (sort keys %{$sum->{marks}}) {
		my ($status, $body) = @{$sum->{marks}{$mark}};
		my $n = $there{$mark} // 0;
		my $unknown = $status == 0 || $status == 502
			|| $body =~ /unknown|may have been/i;
		my $fine = $status =~ /^2/ ? $n == 1 : $unknown ? $n <= 1 : $n == 0;
		push @broken, "$mark is there $n times: $status $body" if !$fine;
	}
	return @broken;
}

# Send requests for these targets without reading the answers.
sub ask ($p, @targets)
{
	return map {
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
			PeerPort => $p->port) or die "cannot connect: $!\n";
		syswrite $socket, "GET $_ HTTP/1.1\r\nHost: localhost\r\n"
			. "Connection: close\r\n\r\n";
		$socket;
	} @targets;
}

# The answers on these sockets; status 0 where none came in so many seconds.
sub answers_of ($limit, @sockets)
{
	my $end = time + $limit;
	return map { Postern::parse(_read_until($_, $end)) } @sockets;
}

sub _read_until ($socket, $end)
{
	my ($text, $select) = ('', IO::Select->new($socket));
	while ($select->can_read(max(0, $end - time))) {
		my $n = sysread $socket, $text, 1 << 18, length $text;
		return $text if !$n;
	}
	return '';
}

# A psql of its own that runs these words; {pid, out}.
sub session ($p, $text, $as = 'postgres')
{
	my $pid = open(my $out, '-|') // die "fork: $!\n";
	if (!$pid) {
		open STDERR, '>&', \*STDOUT;
		exec 'psql', '-X', '-q', '-At', '-c', $text, $p->conninfo($as)
			or POSIX::_exit(127);
	}
	return {pid => $pid, out => $out};
}

# --- The process -------------------------------------------------------------

sub _work ($self)
{
	my $on = 1;
	local $SIG{TERM} = sub { $on = 0 };
	local $SIG{PIPE} = 'IGNORE';
	local $SIG{ALRM} = 'DEFAULT';
	alarm 120;
	srand $$;
	$self->{sum} = {n => 0, status => {}, wrong => [], marks => {},
		cut => 0, raced => 0, slow => 0, slowest => 0};
	my @all = map { {i => $_, at => 0, n => 0} } 1 .. $self->{connections};
	my $end;
	while (1) {
		$end //= time + GIVE_UP if !$on;
		my @busy = grep { $_->{request} } @all;
		last if !$on && (!@busy || time > $end);
		$self->_turn(\@all, $on);
	}
	$self->_lost($_, 'never answered') for grep { $_->{request} } @all;
	$self->{sum}{each} = [map { $_->{n} } @all];
}

sub _turn ($self, $all, $on)
{
	my $poll = IO::Poll->new;
	my ($now, $wait) = (time, 0.05);
	for my $c (@$all) {
		if (!$c->{request} && $on) {
			$self->_begin($c) if $now >= $c->{at};
			$wait = max(0, $c->{at} - $now) if $c->{at} - $now < $wait
				&& !$c->{request};
		}
		next if !$c->{request};
		if ($now - $c->{since} > GIVE_UP) {
			$self->_lost($c, 'no answer for too long');
			next;
		}
		$poll->mask($c->{socket} => $c->{out} eq '' ? POLLIN
			: POLLIN | POLLOUT);
	}
	return sleep $wait if !$poll->handles;
	$poll->poll($wait);
	for my $c (@$all) {
		next if !$c->{request} || !$c->{socket};
		my $events = $poll->events($c->{socket}) or next;
		$self->_write($c) if $events & POLLOUT && $c->{out} ne '';
		$self->_read($c)
			if $c->{request} && $events & (POLLIN | POLLHUP | POLLERR);
	}
}

# A connection on which the server said goodbye is not used again.
sub _usable ($c)
{
	return 0 if !$c->{socket};
	my $n = sysread $c->{socket}, my $byte, 1;
	return 1 if !defined $n && ($!{EAGAIN} || $!{EWOULDBLOCK});
	return 0;
}

sub _begin ($self, $c)
{
	my $request = $self->{make}->($self->{sum}{n});
	my ($method, $target, $body) = @$request;
	$c->{socket} = undef if !_usable($c);
	$c->{used}   = defined $c->{socket};
	if (!$c->{socket}) {
		$c->{socket} = IO::Socket::INET->new(
			PeerAddr => '127.0.0.1',
			PeerPort => $self->{p}->port,
			Timeout  => 5
		);
		@$c{qw(request since in out)} = ($request, time, '', '');
		return $self->_lost($c, "cannot connect: $!") if !$c->{socket};
		$c->{socket}->blocking(0);
	}
	my $out = "$method $target HTTP/1.1\r\nHost: localhost\r\n";
	$out .= "Content-Type: application/json\r\nContent-Length: "
		. length($body) . "\r\n" if defined $body;
	@$c{qw(request since in out)} = ($request, time, '', "$out\r\n"
			. ($body // ''));
	$self->{sum}{n}++;
	$self->_write($c);
}

sub _write ($self, $c)
{
	my $n = syswrite $c->{socket}, $c->{out};
	if (defined $n) {
		substr $c->{out}, 0, $n, '';
	} elsif (!$!{EAGAIN} && !$!{EINTR}) {
		$c->{out} = '';    # what came in tells
	}
}

sub _read ($self, $c)
{
	my $n = sysread $c->{socket}, $c->{in}, 1 << 18, length $c->{in};
	return if !defined $n && ($!{EAGAIN} || $!{EINTR});
	if (!$n) {
		my $why = defined $n ? 'closed' : "$!";
		return $self->_lost($c, "$why after "
			. length($c->{in}) . ' bytes');
	}
	my $end = _length($c);
	$self->_answered($c, $end) if defined $end && length $c->{in} >= $end;
}

# How long the answer is, when that is known.
sub _length ($c)
{
	my $head = index $c->{in}, "\r\n\r\n";
	return undef if $head < 0;
	my $text = substr $c->{in}, 0, $head;
	return $head + 4
		if $c->{request}[0] eq 'HEAD' || $text =~ m{^HTTP/\S+ (?:204|304)};
	return $head + 4 + $1 if $text =~ /^content-length: *(\d+)/im;
	return undef if $c->{in} !~ /\r\n0\r\n\r\n\z/;
	return length $c->{in};
}

sub _answered ($self, $c, $end)
{
	my $sum = $self->{sum};
	my $r   = Postern::parse(substr $c->{in}, 0, $end);
	my $request = $c->{request};
	$sum->{slow}++ if time - $c->{since} > 0.5;
	$sum->{slowest} = max($sum->{slowest}, time - $c->{since});
	$sum->{status}{$r->{status}}++;
	$c->{n}++;
	push @{$sum->{wrong}}, join ' ', $r->{status}, @$request[0, 1],
		substr($r->{body}, 0, 200) if $r->{status} !~ /^2/;
	$sum->{marks}{$request->[3]} = [$r->{status}, $r->{body}]
		if defined $request->[3];
	$c->{socket} = undef
		if ($r->{headers}{connection} // '') eq 'close';
	$c->{request} = undef;
	$c->{at}      = time + $self->{gap} * (0.5 + rand);
}

sub _lost ($self, $c, $why)
{
	my $sum     = $self->{sum};
	my $request = $c->{request};
	my $raced   = $c->{used} && $c->{in} eq '' && $why !~ /answer/;
	$sum->{cut}++;
	$sum->{raced}++ if $raced;
	$sum->{status}{0}++;
	push @{$sum->{wrong}}, "0 @$request[0, 1]: $why" if !$raced;
	$sum->{marks}{$request->[3]} = [0, $why] if defined $request->[3];
	$c->{socket} = $c->{request} = undef;
	$c->{at} = time + 0.02;
}

1;
