#!/usr/bin/perl
# Events of requests: who made them, in which trace, and what the command
# `postern events` says of them.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Auth;
use Courier;
use JSON::PP;
use Postern;
use Receiver;
use Test::More;

my $p = Postern->database(env => {POSTERN_WEBHOOK_ALLOW => '127.0.0.1'});
my $r = Receiver->start;
my ($trace, $span) = ('4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7');

$p->sql("select postern.create_event_trigger('newUser', 'api.users',
	webhook => '" . $r->url('/ok') . "')");

sub events ()
{
	my $rows = $p->sql('with gone as (delete from postern.event_log
		returning *) select coalesce(json_agg(gone order by id), \'[]\')
		from gone');
	return @{JSON::PP->new->decode($rows)};
}

sub traced ($header, %more)
{
	state $n = 0;
	my $reply = $p->cgi(POST => '/users', json => {name => 't' . ++$n},
		headers => {traceparent => $header, %{$more{headers} // {}}});
	is $reply->{status}, 201, 'the request is good' or diag $reply->{body};
	return (events())[0]{payload};
}

subtest 'a request is a step of a trace' => sub {
	my $e = traced("00-$trace-$span-01");
	is_deeply $e->{trace_context}, {trace_id => $trace, span_id => $span},
		'which its events name';
	is_deeply $e->{session_variables}, {'x-hasura-role' => 'anonymous'},
		'... beside who it was';
	for ('', 'x', "00-$trace-$span", "00-$trace-$span-01x", "01-$trace-$span-01",
		"00-" . uc($trace) . "-$span-01", "00-$trace-$span-0'",
		'00-' . '0' x 32 . "-$span-01", "00-$trace-" . '0' x 16 . '-01')
	{
		is traced($_)->{trace_context}, undef, "none: $_";
	}
	my $reply = $p->cgi(GET => '/users',
		headers => {traceparent => "00-$trace-$span-01"});
	is $reply->{status}, 200, 'reading has one as well, and nobody asks';
};

subtest 'other interfaces' => sub {
	my %headers = (traceparent => "00-$trace-$span-01");
	my $reply = $p->cgi(POST => '/graphql', headers => \%headers, json =>
		{query => 'mutation { insertUser(data: {name: "g"}) { __typename } }'});
	my @events = (events(), {});
	is $events[0]{payload}{trace_context}{trace_id}, $trace, 'GraphQL'
		or diag $reply->{body};
	$reply = $p->cgi(POST => '/jsonapi/users', headers => \%headers,
		type => 'application/vnd.api+json', json => {data => {type => 'user',
			attributes => {name => 'j'}}});
	@events = (events(), {});
	is $events[0]{payload}{trace_context}{trace_id}, $trace, 'JSON:API'
		or diag $reply->{body};
	$reply = $p->cgi(POST => '/signup', headers => \%headers, json => {input =>
		{email => 's@example.org', password => 'twelve monkeys', name => 's'}});
	@events = (events(), {});
	is $events[0]{payload}{trace_context}{trace_id}, $trace, 'signing up'
		or diag $reply->{body};
};

subtest 'a member is a member' => sub {
	my $account = signup($p);
	events();
	my $e = traced('', headers => bearer($account));
	is $e->{session_variables}{'x-hasura-role'}, 'user', 'his role';
	like $e->{session_variables}{'x-hasura-user-id'} // '', qr/\S/, 'his id';
	ok !exists $e->{session_variables}{'x-hasura-allowed-roles'},
		'... and not what else he might be';
};

# ---- postern events ---------------------------------------------------------

sub events_say (@arguments)
{
	my %env = Courier::_environment($p);
	open my $out, '-|', 'env', '-i', "PATH=$ENV{PATH}",
		(map { "$_=$env{$_}" } keys %env), 'sh', '-c',
		'exec "$0" events "$@" 2>&1', $p->{bin}, @arguments or die $!;
	binmode $out, ':encoding(UTF-8)';
	my $said = do { local $/; <$out> } // '';
	close $out;
	Postern::complain($said);
	return ($? >> 8, $said);
}

subtest 'what became of events' => sub {
	events();
	traced_only('a');
	my ($id) = $p->sql('select id from postern.event_log');
	my ($status, $said) = events_say('list');
	is $status, 0, 'a list';
	my ($names, $values) = map { [split] } split /\n/, $said;
	is_deeply $names, [qw(id created_at trigger state tries next_at)],
		'... with names above';
	is_deeply [@$values[0, 2 .. 4]], [$id, qw(newUser waiting 0)], '... values';
	once($p);
	(undef, $said) = events_say(qw(list delivered newUser));
	like $said, qr/$id .* delivered +1/, 'of a state and a trigger';
	(undef, $said) = events_say(qw(list failed));
	unlike $said, qr/$id/, '... or none';
	$p->sql("select postern.create_event_trigger('quiet', 'api.users',
		'{MANUAL}', webhook => '" . $r->url('/ok') . "')");
	($status, $said) = events_say(qw(list quiet));
	is $status, 0, '... of another trigger';
	unlike $said, qr/$id/, '... which has none';
	($status, $said) = events_say('show', $id);
	my $event = JSON::PP->new->decode($said);
	is $event->{invocations}[0]{status}, 200, 'one, with its attempts';
	(undef, $said) = events_say('stats');
	like $said, qr/^newUser +0 +0 +0 +1 +0 +1$/m, 'numbers';
	($status, $said) = events_say('redeliver', $id);
	is $status, 0, 'again';
	like $said, qr/again: 1\n/, '... that one';
	$r->forget;
	once($p);
	is(($r->seen)[0]{headers}{'webhook-id'}, $id, '... with the same id');
};

sub traced_only ($name)
{
	$p->cgi(POST => '/users', json => {name => $name});
}

subtest 'what cannot be asked' => sub {
	for (['show'], ['show', 'x'], ['redeliver'], ['stats', 'x'], [], ['x'],
		['list', 'failed', 'a', 'b'])
	{
		my ($status, $said) = events_say(@$_);
		isnt $status, 0, "events @$_";
		like $said, qr/say events list/, '... is told how';
	}
	my $nowhere = '00000000-0000-4000-8000-000000000000';
	my ($status, $said) = events_say('show', $nowhere);
	is $status, 1, 'an event that is not there';
	like $said, qr/no event $nowhere/, '... is said';
	for (['redeliver', 'nothing'], ['redeliver', $nowhere], ['list', 'nothing'],
		['list', 'failed', 'nothing'])
	{
		($status, $said) = events_say(@$_);
		is $status, 1, "events @$_";
		like $said, qr/\Apostern: there is no (event or )?trigger $_->[-1]\n\z/,
			'... is said to be nothing';
	}
	($status, $said) = events_say('redeliver', 'newUser');
	is $status, 1, 'nothing to deliver again';
	like $said, qr/again: 0\n/, '... of a trigger that is there';
};

# ---- README -------------------------------------------------------------------

subtest 'what README says works' => sub {
	open my $in, '<', "$FindBin::Bin/../README.md" or die $!;
	my $text = do { local $/; <$in> };
	my ($sql) = $text =~ /```sql\n(\s+select postern\.create_event.*?)```/s;
	my $base = $r->url('/ok');
	$p->sql($sql =~ s{http://127\.0\.0\.1:8000/\w+}{$base}gr);
	events();
	$r->forget;
	traced_only('r');
	$p->sql(q{update postern.event_triggers set next_at = now()
		where name = 'morning'});
	once($p);
	is_deeply [sort map { $_->{json}{name} // $_->{json}{trigger}{name} }
		$r->seen], [qw(morning newUser)], 'both triggers are told';
};

done_testing;
