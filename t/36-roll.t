# reload and restart under load lose no request.
use v5.36;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use Postern;

my $p = Postern->start(bin => "$Postern::top/build/release/postern");

# A client that writes and reads until it is told to stop; it prints one line
# per request that went wrong, then how many there were.
sub client ($name)
{
	my $pid = open(my $out, '-|') // die "fork: $!\n";
	return {pid => $pid, out => $out} if $pid;
	my ($n, $on) = (0, 1);
	local $SIG{TERM} = sub { $on = 0 };
	while ($on) {
		my @made = $p->http(POST => '/users', json => {name => "$name-$n"});
		push @made, $p->http(GET => "/users?name=$name-$n");
		print "$_->{status} $_->{body}\n"
			for grep { $_->{status} !~ /^20[01]$/ } @made;
		$n++;
	}
	print "done $n\n";
	STDOUT->flush;
	POSIX::_exit(0);
}

# Do it while four clients are at work; what they complained of, and the
# number of their users.
sub under_load ($name, $what)
{
	my @clients = map { client("$name$_") } 1 .. 4;
	sleep 0.3;
	$what->();
	sleep 0.3;
	kill TERM => map { $_->{pid} } @clients;
	my ($users, @wrong) = (0);
	for my $client (@clients) {
		my @lines = readline $client->{out};
		close $client->{out};
		my ($last) = (pop(@lines) // '') =~ /^done (\d+)/;
		$users += $last // 0;
		push @wrong, @lines, defined $last ? () : 'a client died';
	}
	return ($users, @wrong);
}

for my $command (qw(reload restart)) {
	my @before = $p->pids('api');
	my $said   = '';
	my ($users, @wrong) = under_load($command, sub {
		for (1 .. 4) {
			$said .= $p->instance($command);
			$said .= "status $?\n" if $?;
		}
	});
	is $said, '', "$command does its work silently";
	is_deeply \@wrong, [], "no request was lost in $users" . ' times two';
	is $p->sql("select count(*) from api.users where name like '$command%'"),
		$users, 'and every user is there once';
	my @after = $p->pids('api');
	is $after[0], $before[0], 'the supervisor is the same process';
	is scalar(@after), scalar(@before), 'as many workers';
	my %old = map { $_ => 1 } @before[1 .. $#before];
	is scalar(grep { $old{$_} } @after), 0, 'but none of the old ones';
}

subtest 'reload reads the settings again' => sub {
	is $p->http(DELETE => '/events?name=none')->{status}, 500,
		'as the tutorial has it';
	$p->{opt}{env} = {POSTERN_STATUSES => 'correct'};
	is $p->instance('reload'), '', 'with another setting';
	is $p->http(DELETE => '/events?name=none')->{status}, 404,
		'it is in force';
};

# Whether a page of that origin may read.
sub lets_in ($origin)
{
	my $r = $p->http(GET => '/users?limit=1', headers => {Origin => $origin});
	return defined $r->{headers}{'access-control-allow-origin'} ? 1 : 0;
}

subtest 'nginx has switched when the command returns' => sub {
	for my $command (qw(reload restart)) {
		for my $n (1 .. 2) {
			my @origins = map { "https://$_-$n.example" } $command, 'old';
			for my $origin (@origins) {
				is $p->instance($command, CORS => $origin), '', $command;
				is join('', map { lets_in($origin) } 1 .. 10), '1' x 10,
					'... and at once the new origin is in';
			}
			is lets_in($origins[0]), 0, 'the one before is out';
		}
	}
	is $p->instance('reload'), '', 'a plain reload';
	is lets_in('https://old-2.example'), 1, '... keeps it';
	is $p->instance('reload', CORS => 'default'), '', 'CORS=default';
	is lets_in('https://old-2.example'), 0, '... forgets the list';
	is lets_in('http://localhost:3000'), 1, '... for pages from here';
};

subtest 'a reload that changes nothing at the edge cuts no connection' => sub {
	my $socket = IO::Socket::INET->new(
		PeerAddr => '127.0.0.1',
		PeerPort => $p->port
	) or die;
	my $ask = sub {
		print {$socket} "GET /health_check HTTP/1.1\r\nHost: a\r\n\r\n";
		$socket->flush;
		sysread $socket, my $text, 65536;
		return Postern::parse($text // '')->{status};
	};
	is $ask->(), 200, 'a connection that is kept';
	is $p->instance($_) . $ask->(), 200, "... is there after $_"
		for qw(reload restart);
};

subtest 'what was refused is not remembered' => sub {
	my @refused = (
		[CORS => '";evil'], [CORS => '*'], [WORKERS => 0], [PORT => 99999],
		[PORT => $p->tls_port], [DATABASE_URL => 'host=/nonexistent'],
		[MIGRATIONS => '/nonexistent']
	);
	for my $command (qw(reload restart)) {
		for (@refused) {
			my ($name, $value) = @$_;
			next if $command eq 'reload' && $name eq 'MIGRATIONS';
			isnt $p->instance($command, MIGRATE_URL => '', $name => $value),
				'', "$command $name=$value says why";
			isnt $?, 0, '... and fails';
			is $p->http(GET => '/users?limit=1')->{status}, 200,
				'... and all goes on';
		}
		is plain($command), 'status 0', "$command without it is well";
	}
};

# With nothing but VAR: what the command says, and its status.
sub plain ($command)
{
	my %none = map { ($_ => '') } qw(PORT TLS_PORT WORKERS CORS DATABASE_URL
		MIGRATE_URL MIGRATIONS);
	return $p->instance($command, %none) . "status $?";
}

subtest 'a setting that is wrong changes nothing' => sub {
	my @before = $p->pids('api');
	$p->{opt}{env} = {POSTERN_LANES => 'many'};
	like $p->instance('reload'), qr/POSTERN_LANES.*settings are wrong/s,
		'reload says which';
	isnt $?, 0, '... as a failure';
	is_deeply [$p->pids('api')], \@before, 'the workers stay';
	is $p->http(GET => '/health_check')->{status}, 200, 'and answer';
	$p->{opt}{env} = {};
	is $p->instance('reload'), '', 'until it is right';
};

done_testing;
