#!/usr/bin/perl
# Events on their way: what a receiver gets, what its answers mean, who may be
# called at all.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Courier;
use Digest::SHA  qw(hmac_sha256);
use File::Temp   qw(tempfile);
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Postern;
use Receiver;
use Test::More;

my $p = Postern->database(env => {POSTERN_WEBHOOK_ALLOW => '127.0.0.1'});
my $r = Receiver->start;

$p->sql(<<~'SQL');
	create table api.things (id integer primary key, name text);
	grant select, insert, update, delete on api.things to postern_anonymous;
	SQL

sub trigger ($path, $more = '')
{
	my $url = $path =~ m{^/} ? $r->url($path) : $path;
	$p->sql("select postern.create_event_trigger('thingy', 'api.things',
		webhook => '$url'$more)");
}

sub log_rows ()
{
	my $rows = $p->sql(q{select coalesce(json_agg(x order by id), '[]')
		from (select e.*, postern.event_state(e) as state, (
			select json_agg(i order by i.id)
			from postern.event_invocation_log as i
			where i.event_id = e.id) as attempts
		from postern.event_log as e) as x});
	return @{JSON::PP->new->decode($rows)};
}

# One event to that path, one run of the courier: its row, and the log.
sub deliver ($path, $more = '', %env)
{
	state $n = 0;
	trigger($path, $more);
	$p->sql('truncate postern.event_log, postern.event_invocation_log');
	$r->forget;
	$p->sql('insert into api.things (id, name) values (' . ++$n . q{, U&'\00e9')});
	my ($status, $log) = once($p, %env);
	is $status, 0, 'the courier goes on' or diag $log;
	return ((log_rows())[0], $log);
}

sub retried ($path, $error, $why, %env)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($row, $log) = deliver($path,
		q{, retry_conf => '{"num_retries": 1, "timeout_sec": 1}'}, %env);
	is $row->{state}, 'waiting', "$why: it waits";
	is $row->{tries}, 1, '... after one attempt';
	like $row->{attempts}[0]{response}{error} // '', $error, '... with a reason';
	return ($row, $log);
}

# ---- what is sent -----------------------------------------------------------

subtest 'a receiver gets the event' => sub {
	my ($row) = deliver('/ok');
	is $row->{state}, 'delivered', 'it is delivered';
	is_deeply [@$row{qw(tries locked)}], [1, undef], '... at once';
	my ($got, @more) = $r->seen;
	is @more, 0, 'once';
	is $got->{headers}{'content-type'}, 'application/json', 'it is JSON';
	is $got->{headers}{'webhook-id'}, $row->{id}, 'with its id in a header';
	is $got->{headers}{'user-agent'}, 'postern', 'from us';
	ok !$got->{headers}{'webhook-signature'}, 'unsigned without a key';
	my $e = $got->{json};
	is_deeply [sort keys %$e],
		[qw(created_at delivery_info event id table trigger)], 'the members';
	like $got->{body} =~ tr/ //dr, qr/"event":\{"data":\{"new":.*,"old":.*,
		"op":.*,"session_variables":.*,"trace_context":\{"span_id":.*,
		"trace_id":[^,]*\}\},"id":/x, '... in their order';
	is_deeply $e->{event}{data}, {old => undef,
		new => {id => 1, name => "\x{e9}"}}, 'the row';
	is $e->{event}{op}, 'INSERT', 'the operation';
	is $e->{id}, $row->{id}, 'the id';
	my ($attempt) = @{$row->{attempts}};
	is $attempt->{status}, 200, 'the attempt is on record';
	is $attempt->{response}{body}, 'ok', '... with the answer';
	is $attempt->{request}{url}, $r->url('/ok'), '... and the URL';
};

subtest 'every operation, and clocks' => sub {
	trigger('/ok');
	$p->sql('truncate postern.event_log');
	$p->sql(q{insert into api.things values (100, 'a')});
	$p->sql(q{update api.things set name = 'b' where id = 100});
	$p->sql(q{select postern.emit_event('thingy', '100')});
	$p->sql('delete from api.things where id = 100');
	$p->sql("select postern.create_cron_trigger('tick', '* * * * *', '"
		. $r->url('/ok') . q{', '{"a": 1}');
		update postern.event_triggers set next_at = now() - interval '1 s'
		where name = 'tick'});
	$r->forget;
	once($p);
	my %by = map { ($_->{json}{event}{op} // $_->{json}{name}) => $_->{json} }
		$r->seen;
	is_deeply [sort keys %by], [qw(DELETE INSERT MANUAL UPDATE tick)], 'all came';
	is_deeply $by{UPDATE}{event}{data}, {old => {id => 100, name => 'a'},
		new => {id => 100, name => 'b'}}, 'an update has both rows';
	is_deeply $by{DELETE}{event}{data}, {new => undef,
		old => {id => 100, name => 'b'}}, 'a delete has the old one';
	is_deeply $by{MANUAL}{event}{data}, {old => undef,
		new => {id => 100, name => 'b'}}, 'by hand: the row as it is';
	is_deeply $by{tick}{payload}, {a => 1}, 'a clock says what it is to say';
	like $by{tick}{scheduled_time}, qr/\A\d{4}-\d\d-\d\dT[\d:]+Z\z/, '... when';
	$p->sql(q{select postern.drop_event_trigger('tick')});
};

subtest 'headers' => sub {
	my $more = q{, headers => '[{"name": "X-Plain", "value": "a b"},
		{"name": "X-Key", "value_from_env": "HOOK_KEY"}]'};
	my ($row) = deliver('/ok', $more, HOOK_KEY => 's3cret');
	my ($got) = $r->seen;
	is $got->{headers}{'x-plain'}, 'a b', 'as they are';
	is $got->{headers}{'x-key'}, 's3cret', 'from the environment';
	unlike JSON::PP->new->encode($row), qr/s3cret/, '... which is on no record';
	($row) = deliver('/ok', $more);
	is $row->{state}, 'failed', 'a variable that is not there';
	like $row->{attempts}[0]{response}{error}, qr/no variable HOOK_KEY /,
		'... is said';
	is $r->count, 0, '... and nothing sent';
	my ($fh, $file) = tempfile(UNLINK => 1);
	print {$fh} "# HOOK_KEY=none\nHOOK_KEY=lin\xc3\xa9\nOTHER=1\n",
		'HASURA_GRAPHQL_JWT_SECRET=', 'k' x 32, "\n",
		"HOOK_KEY = of a line\nPOSTERN_EVENT_SECRET=of a line\n";
	close $fh;
	chmod 0644, $file;
	my @file = (POSTERN_CONFIG => $file);
	deliver('/ok', $more, @file);
	is(($r->seen)[0]{headers}{'x-key'}, 'of a line', 'from the settings file');
	deliver('/ok', $more, @file, HOOK_KEY => 's3cret');
	is(($r->seen)[0]{headers}{'x-key'}, 's3cret',
		'... unless the environment has one');
	$r->forget;
	for my $ours (qw(POSTERN_DATABASE POSTERN_EVENT_SECRET POSTERN_NO_SUCH
		HASURA_GRAPHQL_JWT_SECRET))
	{
		my $env = qq{, headers => '[{"name": "X", "value_from_env": "$ours"}]'};
		($row) = deliver('/ok', $env, @file, POSTERN_NO_SUCH => 1,
			HASURA_GRAPHQL_JWT_SECRET => 'j' x 32);
		like $row->{attempts}[0]{response}{error} // '',
			qr/no variable \Q$ours\E /, "no variable: $ours";
		($row) = deliver($r->url("/ok?{{$ours}}"), '', @file);
		like $row->{attempts}[0]{response}{error} // '',
			qr/no variable \Q$ours\E /, '... nor in a URL';
	}
	is $r->count, 0, '... and nothing is sent';
	# Some of them are refused when the trigger is made, unless it is old.
	my $check = 'alter table postern.event_triggers %s trigger '
		. 'event_triggers_check';
	$p->sql(sprintf $check, 'disable');
	for ('{"name": "X Y", "value": "a"}', '{"name": "", "value": "a"}',
		'{"name": "X", "value": "a\r\nB: c"}', '{"name": "Host", "value": "a"}',
		'{"name": "Content-Length", "value": "1"}', '1', '{"name": "X"}',
		'{"name": "X", "value": "a\u0000b"}', '{"name": "X", "value": 5}')
	{
		($row) = deliver('/ok', ", headers => '[$_]'");
		like $row->{attempts}[0]{response}{error}, qr/no header|no text/,
			"that is none: $_";
	}
	$p->sql(sprintf $check, 'enable');
	is $r->count, 0, 'nothing was sent';
	deliver('/ok', q{, headers => '[{"name": "X-None", "value": ""},
		{"name": "X-Less", "value_from_env": "NONE"}]'}, NONE => '');
	is_deeply [@{($r->seen)[0]{headers}}{qw(x-none x-less)}], ['', ''],
		'one without anything in it is sent as well';
	($row) = deliver('{{HOOK_BASE}}/ok?{{X}}', '', X => 'q=1',
		HOOK_BASE => $r->url(''));
	is $row->{state}, 'delivered', 'a URL from the environment';
	is(($r->seen)[0]{path}, '/ok?q=1', '... with all of its parts');
	is $row->{attempts}[0]{request}{url}, '{{HOOK_BASE}}/ok?{{X}}',
		'... as it was written on record';
	for ('{{NOTHING}}/x', '{{HOOK_BASE', 'http://a:b@127.0.0.1/') {
		($row) = deliver($_, '', HOOK_BASE => 'file:///etc/passwd');
		like $row->{attempts}[0]{response}{error}, qr/no variable NOTHING |no URL/,
			"no URL: $_";
	}
	($row) = deliver('{{HOOK_BASE}}', '', HOOK_BASE => 'file:///etc/passwd');
	like $row->{attempts}[0]{response}{error}, qr/no URL of http/,
		'nor what the environment makes one';
};

sub signature ($got, $key)
{
	my $h = $got->{headers};
	return 'v1,' . encode_base64(hmac_sha256(
		"$h->{'webhook-id'}.$h->{'webhook-timestamp'}.$got->{body}", $key), '');
}

# Of a length that keys have.
sub key ($word)
{
	return $word . '-' x (24 - length $word);
}

subtest 'signatures' => sub {
	my ($first, $second, $own) = map { key($_) } qw(first second own);
	deliver('/ok', '', POSTERN_WEBHOOK_SECRET => $first);
	my ($got) = $r->seen;
	is $got->{headers}{'webhook-signature'}, signature($got, $first),
		'by the key of the settings';
	cmp_ok abs($got->{headers}{'webhook-timestamp'} - time), '<', 60,
		'with the time';
	my $key = "\0\xff bytes, more than 24 \xfb\xef";
	deliver('/ok', '', POSTERN_WEBHOOK_SECRET =>
		'whsec_' . encode_base64($key, '') . " $second");
	($got) = $r->seen;
	is $got->{headers}{'webhook-signature'}, signature($got, $key) . ' '
		. signature($got, $second), 'by several, one of them base64';
	my @env = (MINE => $own, POSTERN_WEBHOOK_SECRET => $first);
	deliver('/ok', q{, secret_env => 'MINE'}, @env);
	($got) = $r->seen;
	is $got->{headers}{'webhook-signature'}, signature($got, $own),
		'by the trigger\'s own';
	my ($row) = deliver('/ok', q{, secret_env => 'MINE'}, @env, MINE => undef);
	is $row->{state}, 'failed', 'without it nothing is sent unsigned';
	for (['', qr/no key/], ['whsec_???', qr/no base64/],
		['own', qr/fewer than 24 bytes; blanks/],
		["$own and more", qr/fewer than 24 bytes; blanks/])
	{
		my ($value, $why) = @$_;
		($row) = deliver('/ok', q{, secret_env => 'MINE'}, @env,
			MINE => $value);
		is $row->{state}, 'failed', "nor with what is no key: $value";
		like $row->{attempts}[0]{response}{error}, $why, '... and why';
	}
	is $r->count, 0, '... indeed';
};

subtest 'a trace goes on' => sub {
	trigger('/ok');
	$p->sql('truncate postern.event_log');
	$r->forget;
	$p->sql("begin; select set_config('postern.traceparent', '00-" . 'a' x 32
		. '-' . 'b' x 16 . "-01', true);
		insert into api.things values (200); commit");
	once($p);
	my ($got) = $r->seen;
	like $got->{headers}{traceparent}, qr/\A00-a{32}-[0-9a-f]{16}-01\z/,
		'in a header';
	unlike $got->{headers}{traceparent}, qr/b{16}/, '... as a step of its own';
	is_deeply $got->{json}{event}{trace_context}, {trace_id => 'a' x 32,
		span_id => 'b' x 16}, 'and in the event';
	trigger('/ok');
	$p->sql('truncate postern.event_log');
	$r->forget;
	$p->sql("begin; select set_config('postern.traceparent', '00-" . 'c' x 32
		. '-' . 'd' x 16 . "-00', true);
		insert into api.things values (201); commit");
	once($p);
	($got) = $r->seen;
	like $got->{headers}{traceparent}, qr/\A00-c{32}-[0-9a-f]{16}-00\z/,
		'one that is not sampled stays that';
	is_deeply $got->{json}{event}{trace_context}, {trace_id => 'c' x 32,
		span_id => 'd' x 16}, '... and is said as any';
	my ($row) = deliver('/ok');
	($got) = $r->seen;
	my $own = $row->{id} =~ tr/-//dr;
	is_deeply $got->{json}{event}{trace_context}, {trace_id => $own,
		span_id => substr $own, 16}, 'or it begins one';
	like $got->{headers}{traceparent}, qr/\A00-$own-/, '... in the header too';
};

# ---- what answers mean ------------------------------------------------------

subtest 'success is 2xx' => sub {
	my ($row) = deliver('/204');
	is $row->{state}, 'delivered', '... whichever';
	($row) = deliver('/301');
	is $row->{state}, 'failed', 'a redirect is none';
	is $r->count, 1, '... and is not followed';
	is $row->{attempts}[0]{status}, 301, '... but on record';
	($row) = deliver('/500');
	is_deeply [@$row{qw(state tries)}], ['failed', 1],
		'without retries once is enough';
	my ($flood) = deliver('/flood');
	is $flood->{state}, 'delivered', 'an answer that never ends is one';
	is length $flood->{attempts}[0]{response}{body}, 65536,
		'... of which 64 KiB are read';
	($row) = deliver('/bytes');
	is $row->{attempts}[0]{response}{body}, 'a???', 'bytes become text';
};

subtest 'what fails is tried again' => sub {
	my ($row, $log) = retried('/500', qr/status 500/, 'a bad status');
	like $log, qr/events of thingy are not taken: status 500/, 'the log says it';
	like $row->{next_retry_at}, qr/./, 'later';
	my ($status) = once($p);
	is $r->count, 1, 'not at once';
	due_events();
	once($p);
	my @got = $r->seen;
	is $got[1]{headers}{'webhook-id'}, $got[0]{headers}{'webhook-id'},
		'then with the same id';
	is $got[1]{json}{delivery_info}{current_retry}, 1, '... as the second';
	is((log_rows())[0]{state}, 'failed', 'and then it is given up');
	retried('/hang', qr/Timeout/i, 'no answer');
	retried('/drip', qr/Timeout/i, 'an answer that takes for ever');
	retried('/drop', qr/\w/, 'no answer but the end');
	($row) = retried('/reset', qr/\w/, 'half an answer');
	is $row->{attempts}[0]{response}{body}, 'half', '... is on record';
	retried('http://127.0.0.1:' . Postern::_free_port() . '/', qr/connect/i,
		'nobody there');
	retried('http://nobody.invalid/', qr/resolve/i, 'no such name');
	($row) = deliver('/twice', q{, retry_conf => '{"num_retries": 1,
		"interval_sec": 0}'});
	is_deeply [@$row{qw(state tries)}], ['delivered', 2], '500, then 200';
};

sub due_events ()
{
	$p->sql('update postern.event_log set next_retry_at = now(), locked = null
		where next_retry_at is not null or locked is not null');
	$p->sql('notify postern_events');
}

subtest 'Retry-After' => sub {
	my ($row) = deliver('/429');
	is $row->{state}, 'waiting', 'a receiver may ask for time';
	is $row->{attempts}[0]{response}{retry_after}, 1, '... on record';
	($row) = deliver('/502-wait');
	is $p->sql("select next_retry_at between now() + '50 minutes' and now()
		+ '1 hour' from postern.event_log"), 't', '... of an hour at most';
	($row) = deliver('/503-huge');
	is $row->{attempts}[0]{response}{retry_after}, 3600,
		'... however long the number is';
	($row) = deliver('/503-past');
	is $row->{state}, 'failed', 'but not for less than nothing';
};

subtest 'an event that is too large' => sub {
	trigger('/ok');
	$p->sql('truncate postern.event_log, postern.event_invocation_log');
	$r->forget;
	$p->sql(q{insert into api.things values (-1, repeat('x', 33000000)),
		(-2, 'small')});
	my ($status, $log) = once($p);
	is $status, 0, 'stops nobody' or diag $log;
	is $r->count, 1, 'what comes after it is sent';
	like $p->sql(q{select response ->> 'error'
		from postern.event_log as e
		join postern.event_invocation_log as i on i.event_id = e.id
		where e.error}), qr/too large/, 'and it is on record';
	$p->sql('truncate api.things');
};

# ---- who may be called ------------------------------------------------------

subtest 'private addresses are refused' => sub {
	my $port = $r->{port};
	my $not = qr/may not be called/;
	for ("http://127.0.0.2:$port/", "http://localhost:$port/",
		"http://[::1]:$port/", 'http://169.254.169.254/latest/meta-data/',
		'http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/', 'http://0.0.0.0/',
		"http://2130706433:$port/", "http://0x7f.1:$port/", 'http://[fe80::1]/')
	{
		my ($row) = deliver($_, '', POSTERN_WEBHOOK_ALLOW => '192.0.2.1');
		my $attempt = $row->{attempts}[0];
		is $row->{state}, 'failed', $_;
		like $attempt->{response}{error}, $not, '... is refused';
	}
	is $r->count, 0, 'nobody was called';
	my ($row) = deliver("http://localhost:$port/ok", '',
		POSTERN_WEBHOOK_ALLOW => 'localhost');
	is $row->{state}, 'delivered', 'a host that is allowed by its name';
	($row) = deliver("http://[::ffff:127.0.0.1]:$port/ok", '',
		POSTERN_WEBHOOK_ALLOW => '127.0.0.0/8');
	is $row->{state}, 'delivered', 'a net';
	($row) = deliver("http://127.0.0.1:$port/ok", '',
		POSTERN_WEBHOOK_ALLOW => 'localhost');
	is $row->{state}, 'failed', 'a name is no address';
	my ($status, $log) = once($p, POSTERN_WEBHOOK_ALLOW => 'http://a');
	isnt $status, 0, 'a list that is none';
	like $log, qr/POSTERN_WEBHOOK_ALLOW is "http:\/\/a"/, '... is said';
	($row) = deliver('/ok', '', http_proxy => $r->url('/'),
		POSTERN_WEBHOOK_ALLOW => '');
	is $row->{state}, 'failed', 'no proxy is asked instead';
	is $r->count, 0, '... indeed';
};

# ---- TLS --------------------------------------------------------------------

sub certificate ($name)
{
	my $file = Postern::_home() . "/$name";
	Postern::Cluster::quietly("$file.log", qw(openssl req -x509 -newkey ec
		-pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj),
		"/CN=$name", '-addext', "subjectAltName=DNS:$name", '-keyout',
		"$file.key", '-out', "$file.pem") or die "openssl failed\n";
	return $file;
}

# One connection, which is told that all is well.
sub tls_server ($file)
{
	my $port = Postern::_free_port();
	pipe my $in, my $out or die $!;
	my $pid = fork // die $!;
	if (!$pid) {
		open STDIN,  '<&', $in;
		open STDOUT, '>',  '/dev/null';
		open STDERR, '>&', \*STDOUT;
		exec 'openssl', 's_server', '-quiet', '-naccept', 1, '-accept',
			$port, '-key', "$file.key", '-cert', "$file.pem"
			or POSIX::_exit(127);
	}
	syswrite $out, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	for (1 .. 100) {
		open my $net, '<', '/proc/net/tcp';
		last if grep { $_ =~ sprintf ':%04X 0+:0000 0A', $port } <$net>;
		select undef, undef, undef, 0.05;
	}
	return ($pid, $port, $out);
}

sub over_tls ($file, $authorities, $state, $why)
{
	my ($pid, $port, $keep) = tls_server($file);
	my ($row) = deliver("https://localhost:$port/", '',
		POSTERN_WEBHOOK_ALLOW => 'localhost',
		SSL_CERT_FILE => "$authorities.pem");
	is $row->{state}, $state, $why;
	like $row->{attempts}[0]{response}{error}, qr/certificate|SSL/i,
		'... with a reason' if $state eq 'failed';
	kill KILL => $pid;
	waitpid $pid, 0;
}

subtest 'certificates are looked at' => sub {
	my ($good, $other) = map { certificate($_) } qw(localhost elsewhere.test);
	over_tls($good,  $good,  'delivered', 'a good one');
	over_tls($good,  $other, 'failed',    'of an authority that is not ours');
	over_tls($other, $other, 'failed',    'for another host');
};

done_testing;
