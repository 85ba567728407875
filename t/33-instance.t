# make start, stop, status and their relatives: what people type.
use v5.36;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use Postern;
use Instance;

my $var   = folder() . '/state';
my %ports = free_ports();
my ($status, $said);

subtest 'start, from nothing' => sub {
	($status, $said) = instance(status => VAR => $var);
	is $status, 3, 'before, status says 3';
	like $said, qr/\Anothing runs/, '... in words';
	($status, $said) = instance(start => VAR => $var, %ports);
	is $status, 0, 'it starts' or diag $said;
	like $said, qr{curl http://localhost:$ports{PORT}/users\n},
		'and says what to try';
	is get_status($ports{PORT}), 200, 'it answers when start returns';
	($status, $said) = instance(status => VAR => $var);
	is $status, 0, 'status says 0';
	like $said, qr/^nginx .*runs.*^pool api runs.*^pool auth runs.*^pool bulk runs.*^postgres runs/ms,
		'... and names all parts';
	($status, $said) = instance(start => VAR => $var, %ports);
	isnt $status, 0, 'a second start is refused';
	like $said, qr/already runs/, '... and says why';
};

subtest 'psql runs its standard input' => sub {
	my $script = folder() . '/script';
	open my $out, '>', $script;
	print {$out} "select 6 * 7;\nselect current_user;\n";
	close $out;
	($status, $said) = instance(psql => VAR => $var, stdin => $script);
	is $status, 0, 'well';
	like $said, qr/42.*postern_owner/s, 'on the database of the instance';
	open $out, '>', $script;
	print {$out} "select 1/0;\nselect 'not reached';\n";
	close $out;
	($status, $said) = instance(psql => VAR => $var, stdin => $script);
	isnt $status, 0, 'an error is an exit status';
	unlike $said, qr/not reached\s*\n-/, '... and the end';
};

subtest 'nobody else gets at it' => sub {
	my $run = readlink "$var/run";
	is sprintf('%o', (stat $run)[2] & 07), 0, 'the folder of the sockets';
	is sprintf('%o', (stat "$run/postern.conf")[2] & 077), 0, 'the settings';
	is sprintf('%o', (stat "$run/api.sock")[2] & 07), 0, 'the sockets';
	if ($> == 0) {
		my @root = grep { /pool|worker process/ } root_processes();
		is "@root", '', 'workers are not root';
	}
};

# Of the instance, running as root.
sub root_processes ()
{
	my ($nginx) = Postern::_slurp("$var/run/nginx.proc") =~ /^(\d+)/;
	my @pids = ($nginx, children($nginx));
	for my $pool (qw(api auth bulk)) {
		my ($pid) = Postern::_slurp("$var/run/pool-$pool.proc") =~ /^(\d+)/;
		push @pids, $pid, children($pid);
	}
	return map { Postern::_slurp("/proc/$_/cmdline") =~ tr/\0/ /r }
		grep { (stat "/proc/$_")[4] == 0 } @pids;
}

sub children ($pid)
{
	return split ' ', Postern::_slurp("/proc/$pid/task/$pid/children");
}

subtest 'two instances run side by side' => sub {
	my $other  = folder() . '/state';
	my %others = free_ports();
	($status, $said) =
		instance(start => VAR => $other, %others, PORT => $ports{PORT});
	isnt $status, 0, 'not on the same port';
	like $said, qr/port $ports{PORT} is in use.*PORT=/, '... says a sentence';
	is_deeply [processes($other)], [], '... and leaves nothing';
	($status, $said) = instance(start => VAR => $other, %others);
	is $status, 0, 'on another one' or diag $said;
	is get_status($others{PORT}), 200, 'the second answers';
	is get_status($ports{PORT}),  200, 'and the first';
	is +(instance(stop => VAR => $other))[0], 0, 'the second stops';
	is get_status($ports{PORT}), 200, 'the first does not';
};

subtest 'stop leaves nothing' => sub {
	my $run = readlink "$var/run";
	isnt scalar(processes($var)), 0, 'there is something to leave';
	($status, $said) = instance(stop => VAR => $var);
	is "$status$said", '0', 'it stops, silently';
	is_deeply [processes($var)], [], 'no process';
	ok !-e $run && !-l "$var/run", 'no socket';
	is get_status($ports{PORT}), 0, 'no listener';
	is +(instance(status => VAR => $var))[0], 3, 'status says 3';
	is +(instance(stop   => VAR => $var))[0], 0, 'a second stop is fine';
	($status, $said) = instance(reload => VAR => $var);
	isnt $status, 0, 'reload wants something that runs';
	like $said, qr/nothing runs/, '... and says so';
};

subtest 'a second start is quick and finds the data' => sub {
	my $began = time;
	($status, $said) = instance(start => VAR => $var, %ports);
	my $took = time - $began;
	is $status, 0, 'it starts' or diag $said;
	cmp_ok $took, '<', 3, 'in less than three seconds';
	unlike $said, qr/Applied|cluster|certificate/, 'nothing is made anew';
	instance(stop => VAR => $var);
};

subtest 'run stays in front, and an interrupt ends all' => sub {
	for my $signal (qw(INT TERM HUP)) {
		my ($pid, $file) = begin(run => VAR => $var, %ports);
		wait_for(sub { Postern::_slurp($file) =~ /access log/ })
			or diag Postern::_slurp($file);
		get_status($ports{PORT});
		ok wait_for(sub { Postern::_slurp($file) =~ m{"uri":"/health_check"} }),
			'it shows the access log';
		kill $signal => -$pid;
		ok wait_for(sub { waitpid $pid, 1 }), "$signal ends it";
		is_deeply [processes($var)], [], '... and everything';
	}
};

subtest 'an interrupt while it starts leaves nothing' => sub {
	my $new = folder() . '/state';
	for my $delay (0.05, 0.3, 0.6, 0.9, 1.2) {
		my ($pid) = begin(run => VAR => $new, %ports);
		sleep $delay;
		kill INT => -$pid;
		ok wait_for(sub { waitpid $pid, 1 }), "after $delay s";
		is_deeply [processes($new)], [], '... nothing runs';
	}
	is +(instance(start => VAR => $new, %ports))[0], 0, 'then it starts';
	instance(stop => VAR => $new);
};

subtest 'a start that fails half way leaves nothing' => sub {
	my $new    = folder() . '/state';
	my $broken = folder() . '/broken';
	open my $out, '>', $broken;
	print {$out} "#!/bin/sh\ntest \"\$1\" = check\n";
	close $out;
	chmod 0755, $broken;
	($status, $said) =
		instance(start => VAR => $new, %ports, POSTERN_BIN => $broken);
	isnt $status, 0, 'workers that do not start';
	like $said, qr/pool api did not start/, '... are named';
	is_deeply [processes($new)], [], '... nothing runs';
	($status, $said) = instance(start => VAR => $new, %ports,
		PORT => 'http');
	like $said, qr/PORT=http is no port number/, 'a port that is none';
	($status, $said) = instance(start => VAR => $new, %ports,
		POSTERN_LANES => 'many');
	like $said, qr/POSTERN_LANES.*settings are wrong/s, 'a wrong setting';
	is_deeply [processes($new)], [], '... nothing runs';
	($status, $said) = instance(start => VAR => $new, %ports,
		MIGRATIONS => '/nonexistent');
	isnt $status, 0, 'a migration that fails';
	is_deeply [processes($new)], [], '... nothing runs';
};

subtest 'the state folder may have a long name' => sub {
	my $long = folder() . '/' . join '/', ('x' x 60) x 3;
	($status, $said) = instance(start => VAR => $long, %ports);
	is $status, 0, 'it starts' or diag $said;
	is get_status($ports{PORT}), 200, 'and answers';
	instance(stop => VAR => $long);
};

subtest 'migrate works on a stopped instance' => sub {
	($status, $said) = instance(migrate => VAR => $var);
	is $status, 0, 'well' or diag $said;
	is_deeply [processes($var)], [], 'and it is stopped again';
};

sub wait_for ($what)
{
	for (1 .. 300) {
		return 1 if $what->();
		sleep 0.1;
	}
	return 0;
}

done_testing;
