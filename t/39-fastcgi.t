# The worker as a FastCGI peer: nginx may send the end of a body later than
# its last byte.
use v5.36;
use lib 't/lib';
use IO::Select;
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);
use Postern;

my ($BEGIN, $END, $PARAMS, $STDIN, $STDOUT) = (1, 3, 4, 5, 6);
my $p = Postern->start(workers => 1);

sub record ($type, $content = '')
{
	return pack('CCnnCC', 1, $type, 1, length $content, 0, 0) . $content;
}

# Everything of a request but the record that ends its body.
sub opening ($method, $path, $body)
{
	my %param = (
		REQUEST_METHOD => $method,
		PATH_INFO      => $path,
		CONTENT_TYPE   => 'application/json',
		CONTENT_LENGTH => length $body
	);
	my $params = join '', map {
		pack('CC', length $_, length $param{$_}) . $_ . $param{$_}
	} sort keys %param;
	return record($BEGIN, pack 'nCx5', 1, 1) . record($PARAMS, $params)
		. record($PARAMS) . ($body ne '' ? record($STDIN, $body) : '');
}

# The status of the answer; it is complete with an END_REQUEST.
sub answer ($socket)
{
	my ($bytes, $text, $until) = ('', '', time + 10);
	my $select = IO::Select->new($socket);
	while (time < $until) {
		while (length $bytes >= 8) {
			my (undef, $type, undef, $n, $pad) = unpack 'CCnnC', $bytes;
			last if length $bytes < 8 + $n + $pad;
			return $text =~ /^Status: (\d+)/m ? $1 : 200 if $type == $END;
			$text .= substr $bytes, 8, $n if $type == $STDOUT;
			substr $bytes, 0, 8 + $n + $pad, '';
		}
		next if !$select->can_read(0.2);
		sysread $socket, $bytes, 65536, length $bytes or return 'closed';
	}
	return 'no answer';
}

my $socket = IO::Socket::UNIX->new(Peer => $p->var . '/run/api.sock')
	or die "api.sock: $!\n";
for my $pause (0, 0.001, 0.01, 0.3) {
	print {$socket} opening(POST => '/users', qq({"name":"after $pause"}));
	$socket->flush;
	sleep $pause;
	print {$socket} record($STDIN);
	$socket->flush;
	is answer($socket), 201, "the end of the body $pause s later";
	print {$socket} opening(GET => '/health_check', '');
	$socket->flush;
	sleep $pause;
	print {$socket} record($STDIN);
	$socket->flush;
	is answer($socket), 200, '... and of a request without one';
}

# While the statement waits for a lock the worker has nothing to do but to
# notice the record.
my $holder = fork // die "fork: $!\n";
if (!$holder) {
	eval {
		$p->sql('begin; lock table api.users; select pg_sleep(1); commit');
	};
	POSIX::_exit(0);
}
for (1 .. 50) {
	last if $p->sql(q(select count(*) from pg_locks
		where relation = 'api.users'::regclass
		and mode = 'AccessExclusiveLock' and granted)) > 0;
	sleep 0.02;
}
print {$socket} opening(POST => '/users', '{"name":"locked out"}');
$socket->flush;
sleep 0.2;
print {$socket} record($STDIN);
$socket->flush;
is answer($socket), 201, 'the end of the body in the middle of a statement';
waitpid $holder, 0;

# The head of a long answer is out before its rows break.
$p->sql(q{create function public.broken(n int) returns int
	language plpgsql as $$
	begin
		if n = 20000 then
			raise 'a page is broken' using errcode = 'data_corrupted';
		end if;
		return n;
	end $$;
	create view api.breaks as
	select public.broken(n) as n, repeat('x', 100) as t
	from generate_series(1, 20000) as n;
	grant select on api.breaks to postern_anonymous; notify postern});
for (1 .. 100) {
	last if $p->http(GET => '/breaks?limit=1')->{status} == 200;
	sleep 0.1;
}
for my $method (qw(GET HEAD)) {
	my $before = () = $p->log =~ /a page is broken/g;
	$socket = IO::Socket::UNIX->new(Peer => $p->var . '/run/api.sock')
		or die "api.sock: $!\n";
	print {$socket} opening($method => '/breaks', ''), record($STDIN);
	$socket->flush;
	is answer($socket), 'closed', "$method: what breaks has no end";
	my $after = () = $p->log =~ /a page is broken/g;
	is $after, $before + 1, '... and is in the log';
}

done_testing;
