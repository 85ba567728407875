# make start, stop, status and their relatives: what people type.
use v5.36;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use Postern;
use Instance;
use Receiver;

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

subtest 'the program runs with the settings of the instance' => sub {
	my $ask = sub ($what) {
		local @ENV{qw(VAR DO)} = ($var, $what);
		return scalar qx{make -s -C '$Postern::top' postern 2>&1};
	};
	like $ask->('settings'), qr/^POSTERN_STATE=\Q$var\E$/m, 'it knows them';
	like $ask->('events stats'), qr/^trigger\s+waiting\s/m,
		'... and asks the database of the instance';
	is $?, 0, '... well';
	$ask->('no such thing');
	isnt $?, 0, 'an error is an exit status';
};

# What the workers of an instance read.
sub setting ($of, $name)
{
	return Postern::_slurp("$of/run/postern.conf") =~ /^POSTERN_$name=(.*)/m
		? $1 : undef;
}

my $key = Postern::_slurp("$var/keys/auth.key");

subtest 'accounts work out of the box' => sub {
	is setting($var, 'BASE_URL'), "http://localhost:$ports{PORT}",
		'workers know what they are called';
	is setting($var, 'REDIRECTS'), 'http://localhost:8000',
		'... where the tutorial\'s application stands';
	is setting($var, 'STATE'), $var, '... where to put mails and locks';
	is setting($var, 'KEYS'), "$var/keys/auth.key", '... and their key';
	like $key, qr/\A[\w-]{43}\n\z/, 'which has 32 bytes';
	for my $path (map { "$var/$_" } qw(keys keys/auth.key locks mail)) {
		my (undef, undef, $mode, undef, $uid) = stat $path;
		is $mode & 0777, -d $path ? 0700 : 0600, "$path is private";
		is getpwuid $uid, Postern::Cluster::run_as(),
			'... and the workers\' own';
	}
};

subtest 'what start was given is remembered' => sub {
	my $given = sub { setting($var, 'ACCESS') };
	instance(reload => VAR => $var, POSTERN_ACCESS => 'owner');
	is $given->(), 'owner', 'a setting of the program';
	for my $command (qw(reload restart)) {
		instance($command => VAR => $var);
		is $given->(), 'owner', "... by $command";
	}
	instance(reload => VAR => $var, POSTERN_ACCESS => 'open');
	is $given->(), 'open', 'until another one is given';
	instance(reload => VAR => $var, POSTERN_MAIL_FROM => 'a@example.org');
	instance(reload => VAR => $var, POSTERN_MAIL_FROM => '');
	instance(reload => VAR => $var);
	is setting($var, 'MAIL_FROM'), '', '... or nothing';
};

# Of a process: its rank for the scheduler, 0 is everybody's.
sub nice ($pid)
{
	return (split ' ', Postern::_slurp("/proc/$pid/stat") =~ s/.*\)//sr)[16];
}

# As much later than we are as there is.
sub later ($by)
{
	my $own = nice($$);
	return $own + $by > 19 ? 19 : $own + $by;
}

subtest 'sign-ins use all cores and give way' => sub {
	my %pids = map {
		my ($pid) = Postern::_slurp("$var/run/pool-$_.proc") =~ /^(\d+)/;
		($_ => [$pid, children($pid)]);
	} qw(api auth);
	chomp(my $cores = `nproc`);
	is scalar($pids{auth}->@*), 1 + $cores, 'a worker of auth for each core';
	is nice($_), later(15), '... later than others' for $pids{auth}->@*;
	is nice($_), nice($$), '... such as those of api' for $pids{api}->@*;
	SKIP: {
		my ($auth, $api) = map {
			Postern::_slurp("/proc/$pids{$_}[0]/autogroup") =~ /nice (\S+)/
		} qw(auth api);
		skip 'this kernel has no groups of sessions', 1 if !defined $auth;
		is $auth - $api, 15, '... and so does their session, as a group';
	}
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
	isnt Postern::_slurp("$other/keys/auth.key"), $key,
		'each has a key of its own';
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
	unlike $said, qr/Applied|cluster|certificate|key/, 'nothing is made anew';
	is Postern::_slurp("$var/keys/auth.key"), $key, '... above all no key';
	instance(stop => VAR => $var);
};

sub psql ($text, %env)
{
	my $script = folder() . '/script';
	open my $out, '>', $script;
	print {$out} '\t on', "\n$text;\n";
	close $out;
	my (undef, $words) = instance(psql => VAR => $var, stdin => $script, %env);
	return $words =~ s/\s//gr;
}

subtest 'what one sets wins over what the instance knows' => sub {
	open my $out, '>', "$var/settings";
	print {$out} "POSTERN_BASE_URL=https://api.example\n",
		"POSTERN_STATE=/nonexistent\n";
	close $out;
	my $other = folder() . '/other.key';
	system 'cp', '-p', "$var/keys/auth.key", $other;
	unlink "$var/keys/auth.key";
	($status, $said) = instance(start => VAR => $var, %ports,
		POSTERN_KEYS => $other, POSTERN_STATE => "$var/locks",
		SHARED_BUFFERS => '48MB');
	is $status, 0, 'it starts' or diag $said;
	is setting($var, 'BASE_URL'), 'https://api.example', 'VAR/settings';
	is setting($var, 'KEYS'), $other, 'the environment';
	is setting($var, 'STATE'), "$var/locks", '... over the file';
	ok !-e "$var/keys/auth.key", 'no key is made that nobody needs';
	is psql('show shared_buffers'), '48MB', 'the memory of Postgres';
	instance(stop => VAR => $var);
	unlink "$var/settings";
};

sub settings (@lines)
{
	open my $out, '>', "$var/settings";
	print {$out} map { "$_\n" } @lines;
	close $out;
}

# The status of a POST, with these headers.
sub post ($path, @headers)
{
	my @h = map { ('-H', $_) } @headers;
	open my $in, '-|', 'curl', '-s', '-o', '/dev/null', '-w', '%{http_code}',
		@h, '-d', '{}', "http://127.0.0.1:$ports{PORT}$path";
	return join '', <$in>;
}

subtest 'triggers of events name lines of VAR/settings' => sub {
	my $r     = Receiver->start;
	my @lines = ('POSTERN_WEBHOOK_ALLOW=127.0.0.1',
		'POSTERN_WEBHOOK_SECRET=' . 's' x 24, "HOOK_BASE=" . $r->url(''),
		'HOOK_SECRET=' . 't' x 24);
	settings(@lines, 'HOOK_KEY=the first = "one"', 'PGPASSWORD=secret');
	($status, $said) = instance(start => VAR => $var, %ports);
	is $status, 0, 'it starts' or diag $said;
	psql(q{select postern.create_event_trigger('mine', 'api.users', '{INSERT}',
		webhook => '{{HOOK_BASE}}/ok', secret_env => 'HOOK_SECRET',
		headers => '[{"name": "X-Key", "value_from_env": "HOOK_KEY"}]');
		select postern.create_event_trigger('ours', 'api.users', '{INSERT}',
		webhook => '{{HOOK_BASE}}/ok', headers => '[{"name": "X-Key",
		"value_from_env": "POSTERN_WEBHOOK_SECRET"}]');
		select postern.create_event_trigger('theirs', 'api.users', '{INSERT}',
		webhook => '{{HOOK_BASE}}/{{PGPASSWORD}}');
		insert into api.users (name) values ('Ada')});
	ok $r->wait_for(1), 'what they name is found';
	my ($got) = $r->seen;
	is $got->{headers}{'x-key'}, 'the first = "one"', '... for a header';
	ok $got->{headers}{'webhook-signature'}, '... for a key';
	my $errors = wait_for_errors(2);
	like $errors, qr/novariablePOSTERN_WEBHOOK_SECRET/, 'but no setting';
	like $errors, qr/novariablePGPASSWORD/, '... and no way to Postgres';
	psql(q{select postern.drop_event_trigger('ours'),
		postern.drop_event_trigger('theirs')});
	$r->forget;
	settings(@lines, 'HOOK_KEY=the second');
	instance(reload => VAR => $var);
	psql(q{insert into api.users (name) values ('Eve')});
	ok $r->wait_for(1), 'reload';
	is +($r->seen)[0]{headers}{'x-key'}, 'the second', '... takes what changed';
	is scalar($r->seen), 1, '... and nothing of ours was sent';
	for my $file (glob("$var/log/*.log"), "$var/run/asked") {
		unlike Postern::_slurp($file), qr/the (first|second)|ttt/,
			"$file does not tell it";
	}
	local @ENV{qw(VAR DO)} = ($var, 'settings');
	unlike scalar(qx{make -s -C '$Postern::top' postern 2>&1}),
		qr/^HOOK_|the second/m, 'nor do the settings';
	psql(q{select postern.drop_event_trigger('mine')});
};

# Of attempts that were none.
sub wait_for_errors ($n)
{
	my $said = '';
	wait_for(sub {
		$said = psql(qq{select string_agg(response ->> 'error', ' ')
			from postern.event_invocation_log where status is null
			having count(*) = $n});
	});
	return $said;
}

subtest 'secrets come in headers of other names' => sub {
	settings('POSTERN_EVENT_SECRET=between us', 'POSTERN_EVENT_HEADER=X-Engine',
		'POSTERN_ACTION_SECRET=between us', 'POSTERN_ACTION_HEADER = X-engine-2',
		'POSTERN_JSONAPI_HEADERS=X-AUTH X-Engine X-Tenant');
	($status, $said) = instance(reload => VAR => $var);
	is $status, 0, 'reload' or diag $said;
	is post('/event', 'X-Engine: between us'), 400, 'that of events is passed on';
	is post('/event', 'X-Engine: no'), 403, '... not only if it is right';
	is post('/event', 'Event-Secret: between us'), 401, '... the usual one is none';
	for my $path (qw(/login /actions/none)) {
		is post($path, 'X-Engine-2: between us'), 400, "$path: so is its own";
		is post($path, 'Action-Secret: between us'), 401, '... and no other';
	}
	my $lines = Postern::_slurp("$var/nginx/postern/fastcgi.conf");
	is scalar(() = $lines =~ /^fastcgi_param HTTP_$_ /mg), 1, "$_ once"
		for qw(X_ENGINE X_ENGINE_2 X_TENANT X_AUTH);
	($status) = instance(reload => VAR => $var,
		POSTERN_EVENT_HEADER => 'X-Engine;#');
	isnt $status, 0, 'a name that is none is refused';
	is post('/event', 'X-Engine: between us'), 400, '... and nothing changes';
	instance(stop => VAR => $var);
	unlink "$var/settings";
};

subtest 'Postgres gets a quarter of the memory' => sub {
	($status, $said) =
		instance(start => VAR => $var, %ports, SHARED_BUFFERS => '');
	is $status, 0, 'it starts' or diag $said;
	my ($all) = sort { $a <=> $b } grep { defined }
		(map { /^MemTotal:\s*(\d+)/m ? $1 / 1024 : undef }
			Postern::_slurp('/proc/meminfo')),
		map { Postern::_slurp($_) =~ /^(\d+)/ ? $1 / 1048576 : undef }
		qw(/sys/fs/cgroup/memory.max
		/sys/fs/cgroup/memory/memory.limit_in_bytes);
	my $quarter = int($all / 4);
	$quarter = 128  if $quarter < 128;
	$quarter = 2048 if $quarter > 2048;
	is psql("select setting::bigint / 128 from pg_settings"
		. " where name = 'shared_buffers'"), $quarter, "$quarter MB";
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
