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
	$p->{opt}{cors} = 'https://new.example';
	is $p->instance('reload'), '', 'with another origin';
	is $p->http(GET => '/users?limit=1',
		headers => {Origin => 'https://new.example'})
		->{headers}{'access-control-allow-origin'}, 'https://new.example',
		'nginx knows it';
};

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
