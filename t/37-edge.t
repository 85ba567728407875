# nginx and the workers together: long lists, dead workers, rate limits.
use v5.36;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use Postern;

my $p = Postern->start(workers => 1);

# Which pool's socket the last request to a path went to, by the access log.
sub pools_of ($uri)
{
	for (1 .. 40) {
		my ($line) = grep { /"uri":"\Q$uri\E"/ } split /\n/, $p->log('access');
		return join ' ', $line =~ m{/(\w+)\.sock}g if $line;
		sleep 0.1;
	}
	return 'not logged';
}

subtest 'a list without bounds is the bulk pool\'s' => sub {
	$p->http(POST => '/users', json => {name => $_}) for 'A' .. 'E';
	my $r = $p->http(GET => '/users?order=name');
	is scalar $r->{json}->@*, 5, 'all are there, and the query was kept';
	is pools_of('/users?order=name'), 'api bulk', 'by way of the api pool';
	$p->http(GET => '/users?limit=2');
	is pools_of('/users?limit=2'), 'api', 'a page stays in the api pool';
	is $p->http(HEAD => '/users')->{status}, 200, 'HEAD keeps its method';
};

sub ask ($socket, $method, $target, $body = '')
{
	print {$socket} "$method $target HTTP/1.1\r\nHost: a\r\n"
		. "Content-Type: application/json\r\n"
		. 'Content-Length: ' . length($body) . "\r\n\r\n$body";
	$socket->flush;
}

# Read one answer with a short body.
sub answer ($socket)
{
	my $text = '';
	while ($text !~ /\r\n\r\n[^\r\n]+\z/) {
		sysread $socket, $text, 65536, length $text or last;
	}
	return Postern::parse($text);
}

# A request that reached a worker, which then dies: the first request on a
# client's connection leaves nginx with a kept connection to the worker, the
# second one goes there, and the worker never wakes up to answer.
sub die_with (@request)
{
	my $socket = IO::Socket::INET->new(
		PeerAddr => '127.0.0.1',
		PeerPort => $p->port
	) or die;
	ask($socket, GET => '/health_check');
	answer($socket);
	my (undef, $worker) = $p->pids('api');
	kill STOP => $worker;
	ask($socket, @request);
	sleep 0.3;
	kill KILL => $worker;
	my $r = answer($socket);
	for (1 .. 50) {
		last if ($p->pids('api'))[1] && ($p->pids('api'))[1] != $worker;
		sleep 0.1;
	}
	return $r;
}

subtest 'a worker that dies with a request in hand' => sub {
	my $r = die_with(GET => '/users?name=A');
	is $r->{status}, 200, 'a read is tried once more';
	$r = die_with(POST => '/users', '{"name":"Lost"}');
	is "$r->{status} $r->{body}", '502 {"detail":"Bad Gateway"}',
		'a POST is not';
	$r = die_with(DELETE => '/users?name=A');
	is "$r->{status} $r->{body}", '502 {"detail":"Bad Gateway"}',
		'nor a DELETE';
	is $p->sql("select string_agg(name, '' order by name) from api.users"),
		'ABCDE', 'nothing happened behind our back';
};

subtest 'no pool at all' => sub {
	my ($supervisor) = $p->pids('api');
	kill TERM => $supervisor;
	for (1 .. 100) {
		last if !-e "/proc/$supervisor/exe";
		sleep 0.1;
	}
	for my $method (qw(GET POST)) {
		my $r = $p->http($method => '/users?limit=1');
		is "$r->{status} $r->{body}", '502 {"detail":"Bad Gateway"}', $method;
		is $r->{headers}{'content-type'}, 'application/json', '... as JSON';
	}
	like $p->instance('status'), qr/^pool api does not run$/m,
		'status sees it';
	is $p->instance('restart') . $?, '0', 'restart brings it back';
	is $p->http(GET => '/health_check')->{status}, 200, 'and it answers';
};

subtest 'who asks too much is told to wait' => sub {
	my $q = Postern->start(instance => {RATE_LIMIT => 'all'});
	my @r = map { $q->http(GET => '/health_check') } 1 .. 250;
	my @refused = grep { $_->{status} == 429 } @r;
	is scalar(grep { $_->{status} !~ /^(?:200|429)$/ } @r), 0,
		'some are answered, some refused';
	cmp_ok scalar(@refused), '>', 0, 'above the burst';
	cmp_ok scalar(@refused), '<', 151, 'but not below it';
	is $refused[0]{body}, '{"detail":"Too Many Requests"}', 'as JSON';
	is $refused[0]{headers}{'retry-after'}, 1, 'with the time to wait';
	sleep 1.1;
	is $q->http(GET => '/health_check')->{status}, 200, 'and then it goes on';

	@r = map { $p->http(GET => '/health_check') } 1 .. 250;
	is scalar(grep { $_->{status} == 200 } @r), 250,
		'on loopback there is no limit unless one asks for it';
};

done_testing;
