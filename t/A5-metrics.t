#!/usr/bin/perl
# GET /metrics: who may read it, what it says, and in which format.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use Npm;
use Postern;
use Rest;

my $p = Postern->start(cors => 'open',
	env => {POSTERN_ARGON2 => 'm=256,t=1,p=1',
	POSTERN_METRICS_SECRET => 'battery staple'});
my %knows = (Authorization => 'Bearer battery staple');

sub metrics (%headers)
{
	return $p->http(GET => '/metrics', headers => \%headers);
}

# {"name{label="value",...}" => value} of what is there.
sub samples ()
{
	return map { /^([^#].*) (\S+)\z/ ? ($1, $2) : () } split /\n/,
		metrics(%knows)->{body};
}

subtest 'who may read' => sub {
	my $r = metrics();
	answers $r, 401, '{"detail":"Not authenticated"}', 'not everybody';
	like $r->{headers}{'www-authenticate'}, qr/\ABearer/, '... who is told how';
	is metrics(Authorization => $_)->{status}, 401, "nor with $_"
		for 'Bearer battery', 'Bearer battery staples', 'Bearer ',
			'Basic battery staple', 'battery staple', 'Bearer BATTERY STAPLE';
	is metrics(Authorization => $_)->{status}, 200, "but with $_"
		for 'Bearer battery staple', 'bearer battery staple ';
	my $member = signup($p);
	answers metrics(bearer($member)->%*), 403,
		'{"detail":"Metrics are for administrators."}', 'no member';
	my $admin = signup($p);
	$p->sql("update auth.identities set role = 'admin' where id = (select
		identity_id from api.users where name = '$admin->{name}')");
	$admin = signin($p, %{$admin}{qw(email password)});
	is metrics(bearer($admin)->%*)->{status}, 200, 'an administrator';
	is metrics(bearer($admin)->%*, 'X-Hasura-Role' => 'user')->{status}, 403,
		'... who is one now';
	$p->sql('delete from auth.sessions');
	is metrics(bearer($admin)->%*)->{status}, 401, '... and is still signed in';
	is $p->http(POST => '/metrics', headers => \%knows)->{status}, 405,
		'it is only read';
};

subtest 'without a secret' => sub {
	my $c = Postern->database;
	is $c->cgi(GET => '/metrics', headers => {Authorization => $_})->{status},
		401, "nobody knows '$_'" for '', 'Bearer', 'Bearer ', 'Bearer x';
	is $c->sql(q{select has_function_privilege(r, 'postern.metrics()',
		'execute') from unnest('{postern_anonymous,postern_member,
		postern_auth,postern_admin}'::text[]) as r}), "f\nf\nt\nt",
		'nor may those ask who are nobody';
};

subtest 'how it is sent' => sub {
	my $r = metrics(%knows, Origin => 'https://elsewhere.example');
	is $r->{headers}{'content-type'},
		'text/plain; version=0.0.4; charset=utf-8', 'as the format says';
	is $r->{headers}{'cache-control'}, 'no-store', 'for nobody to keep';
	is $r->{headers}{'access-control-allow-origin'}, undef,
		'and for no page';
	is metrics(Origin => 'https://elsewhere.example')->{headers}
		{'access-control-allow-origin'}, undef, '... nor is a refusal';
	isnt $p->http(GET => '/health_check', headers => {
		Origin => 'https://elsewhere.example'})->{headers}
		{'access-control-allow-origin'}, undef, '... as other answers are';
	my $head = $p->http(HEAD => '/metrics', headers => \%knows);
	is "$head->{status} $head->{body}", '200 ', 'HEAD has no body';
};

subtest 'what it says' => sub {
	$p->sql('select postern.create_event_trigger(x, \'api.users\', \'{MANUAL}\',
		webhook => \'http://127.0.0.1:1/\') from unnest(\'{a,b-1}\'::text[])
		as x');
	my %m = samples();
	is_deeply [@m{map { "postern_events{trigger=\"a\",state=\"$_\"}" }
		qw(waiting underway failed)}], [0, 0, 0], 'nothing is said as 0';
	is $m{'postern_event_attempts_total{trigger="b-1",outcome="refused"}'}, 0,
		'... of attempts as well';
	$p->sql(q{
		insert into postern.event_log (trigger_name, payload, created_at,
			next_retry_at, locked, error, delivered)
		select 'a', '{}', now() - n * interval '1 min',
			now() + interval '1 hour', case when n > 3 then now()
			+ interval '1 hour' end, n in (1, 2), n = 6
		from generate_series(1, 6) as n;
		insert into postern.event_counts values ('a', 'delivered', 5),
			('a', 'unanswered', 12345678901), ('gone', 'refused', 1);
		insert into postern.inbox (id, trigger_name, payload)
		select n, 'x', '{}' from generate_series(1, 7) as n;
		delete from postern.outbox;
		insert into postern.outbox (template, state, created_at, next_at,
			ended_at)
		select 'verify', case when n < 3 then 'waiting' when n = 3 then 'done'
			else 'dead' end, now() - n * interval '1 min',
			now() + interval '1 hour', case when n > 2 then now() end
		from generate_series(1, 6) as n});
	%m = samples();
	is_deeply [@m{map { "postern_events{trigger=\"a\",state=\"$_\"}" }
		qw(waiting underway failed)}], [1, 2, 2], 'events by their state';
	like $m{'postern_events_oldest_seconds{trigger="a"}'},
		qr/\A3[0-5]\d\.\d+\z/, 'the oldest of those that are not delivered';
	is $m{'postern_events_oldest_seconds{trigger="b-1"}'} + 0, 0,
		'... if there is one';
	is_deeply [@m{map { "postern_event_attempts_total{trigger=\"a\",outcome="
		. "\"$_\"}" } qw(delivered refused unanswered)}], [5, 0, 12345678901],
		'attempts by what came of them';
	is_deeply [grep { /gone/ } %m], [], 'nothing of triggers that are gone';
	is $m{postern_inbox_events}, 7, 'events of an engine';
	is_deeply [@m{map { "postern_mails{state=\"$_\"}" } qw(waiting dead)}],
		[2, 3], 'mails';
	like $m{postern_mails_oldest_seconds}, qr/\A1[2-7]\d\.\d+\z/,
		'... and the oldest that waits';
	$p->sql(q{insert into postern.inbox (id, trigger_name, payload)
		select n, 'x', '{}' from generate_series(8, 100008) as n});
	$p->sql('vacuum analyze postern.inbox');
	%m = samples();
	cmp_ok abs($m{postern_inbox_events} - 100008), '<', 5000,
		'of many it says about how many';
};

# By the rules of the format, line by line.
sub faults ($text)
{
	my (%type, %done, @faults);
	my $now = '';
	my $name = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
	my $label = qr/[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"/;
	push @faults, 'no end of the last line' if $text !~ /\n\z/;
	for my $line (split /\n/, $text) {
		if (my ($what, $of, $rest) = $line =~ /^# (HELP|TYPE) ($name) (.+)\z/) {
			push @faults, "$of comes again" if $now ne $of && $done{$of}++;
			$now = $of;
			push @faults, $line if $what eq 'TYPE' ? $type{$of}++
				|| $rest !~ /\A(?:gauge|counter)\z/ : $rest =~ /\\(?![\\n])/;
		} elsif ($line =~ /^($name)(?:\{$label(?:,$label)*\})? [\d.]+\z/) {
			push @faults, "of another: $line" if $1 ne $now || !$type{$now};
		} else {
			push @faults, "no line: $line";
		}
	}
	return @faults;
}

subtest 'the format' => sub {
	my $text = metrics(%knows)->{body};
	is_deeply [faults($text)], [], 'keeps its rules' or diag $text;
	is_deeply [map { /^# TYPE (\S+) counter/ ? $1 : () } split /\n/, $text],
		[map { /^# TYPE (\S+_total) / ? $1 : () } split /\n/, $text],
		'what only grows is called so';
	SKIP: {
		skip Npm::why_not('npm-events'), 1 if Npm::why_not('npm-events');
		my $got = Npm->start('npm-events/metrics.mjs')->ask({text => $text});
		is_deeply [map { "$_->{name} $_->{type}" } @$got],
			[map { /^# TYPE (\S+) (\S+)/ ? "$1 " . uc $2 : () }
				split /\n/, $text], 'and others can read it';
		my ($events) = grep { $_->{name} eq 'postern_events' } @$got;
		is_deeply [grep { $_->{labels}{trigger} eq 'a' }
			@{$events->{metrics}}], [map { {value => $_->[1], labels => {
			trigger => 'a', state => $_->[0]}} } ['waiting', 1],
			['underway', 2], ['failed', 2]], '... with their labels';
	}
};

subtest 'values of labels are escaped' => sub {
	$p->sql(q{create or replace function postern.metrics(out samples text)
		language sql security definer as $$
		select e'events\t1\ta"b\\\\c{d}, é\tx' $$});
	my $r = metrics(%knows);
	like $r->{body},
		qr/^postern_events\{trigger="a\\"b\\\\c\{d\}, [^"]+",state="x"\} 1$/m,
		'what would end them, and what escapes';
	is_deeply [faults($r->{body})], [], '... as the format wants it';
};

done_testing;
