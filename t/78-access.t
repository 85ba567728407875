#!/usr/bin/perl
# Who may change what: with POSTERN_ACCESS=owner everybody reads, members change
# themselves and the events that they host, administrators everything.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(shuffle);
use Test::More;

use Auth;
use AuthServer;
use Postern;
use Rest;

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1',
	POSTERN_ACCESS => 'owner', POSTERN_BASE_URL => 'https://api.example.com'});

my %user = map { $_ => signup($p, name => $_, email => lc "$_\@example.org",
	password => 'long enough of it') } qw(Ada Bob Eve);
my %id = map { $_ => $p->sql("select id from api.users where name = '$_'") }
	keys %user;
$p->sql("update auth.identities set role = 'admin' where id = "
	. "(select identity_id from api.users where name = 'Eve')");
$user{Admin}  = authenticated($p, %{$user{Eve}});
$user{Nobody} = registered($p);

# As one of them, or as nobody.
sub as ($who, $method, $target, $json = undef, %headers)
{
	return $p->http($method => $target, defined $json ? (json => $json) : (),
		headers => {$who ? %{bearer($user{$who})} : (), %headers});
}

# An event as clients write it.
sub event ($name, $host, %more)
{
	return {name => $name, address => 'Here', host_name => $host,
		schedule => '2030-01-02T03:04:05Z', %more};
}

# Everything that could change.
sub everything ()
{
	return $p->sql(<<~'SQL');
		select string_agg(x, ' ' order by x) from (
			select u::text from api.users as u
			union all select e::text from api.events as e
		) as all_of_it (x)
		SQL
}

sub changes_nothing ($what, $sub)
{
	my $before = everything();
	$sub->();
	is everything(), $before, "$what changes nothing";
}

sub forbidden ($r, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok $r->{status} == 403 && defined $r->{json}{detail}, $name
		or diag "$r->{status} $r->{body}";
	unlike $r->{body}, qr/polic|row-level|relation|SQL|permission denied for/i,
		'... without our own words';
}

for my $name ('Fair', 'Fete', 'Gala') {
	is as(Admin => POST => '/events', event($name, $name eq 'Fair' ? 'Ada'
		: $name eq 'Fete' ? 'Bob' : 'None'))->{status}, 201,
		"$name is entered by an administrator";
}
my %event = map { $_ => $p->sql("select id from api.events where name = '$_'") }
	qw(Fair Fete Gala);

# [what, method, target, body], all about Ada and her event
sub all_changes ()
{
	return (['a new user', POST => '/users', {name => 'New'}],
		['a name', PUT => '/users?current_name=Ada', {name => 'Other'}],
		['the same name', PUT => '/users?current_name=Ada', {name => 'Ada'}],
		['a name by id', PATCH => "/users/$id{Ada}", {name => 'Other'}],
		['no user', DELETE => '/users?name=Ada'],
		['no user by id', DELETE => "/users/$id{Ada}"],
		['a new event', POST => '/events', event('New', 'Ada')],
		['a new event of nobody', POST => '/events', event('New', 'None')],
		['an event', PUT => '/events?current_name=Fair',
			event('Fair', 'Ada', address => 'There')],
		['an event to nobody', PUT => '/events?current_name=Fair',
			event('Fair', 'None')],
		['an event by id', PATCH => "/events/$event{Fair}",
			{address => 'There'}],
		['an event of nobody', PUT => '/events?current_name=Gala',
			event('Gala', 'None', address => 'There')],
		['an event of nobody by id', PATCH => "/events/$event{Gala}",
			{address => 'There'}],
		['no event', DELETE => '/events?name=Fair'],
		['no event by id', DELETE => "/events/$event{Fair}"],
		['no event of nobody', DELETE => "/events/$event{Gala}"]);
}

subtest 'anybody reads' => sub {
	for my $who ('', qw(Ada Admin Nobody)) {
		my $name = $who || 'a stranger';
		is names(as($who, GET => '/users')), 'Ada Bob Eve', "users: $name";
		is names(as($who, GET => '/events')), 'Fair Fete Gala',
			"events: $name";
		is as($who, GET => $_)->{status}, 200, "$_: $name"
			for '/users?name=Ada', "/users/$id{Ada}", '/events?name=Fair',
			"/events/$event{Fair}", '/users?limit=2', '/events?host_name=Bob';
	}
	unlike as($_, GET => '/users')->{body}, qr/identity/,
		'never who signs in as whom' for '', 'Admin';
	for my $target ('/users?identity_id=eq.x', '/users?order=identity_id',
		'/users?identity_id=' . claims_of($user{Ada}{token})->{sub}) {
		my $r = as('', GET => $target);
		isnt names($r), 'Ada', "nor by asking for it: $target";
	}
};

subtest 'a stranger changes nothing' => sub {
	changes_nothing 'a stranger' => sub {
		for (all_changes()) {
			my ($what, @request) = @$_;
			my $r = as('', @request);
			is $r->{status}, 401, $what or diag $r->{body};
			is $r->{headers}{'www-authenticate'}, 'Bearer realm="postern"',
				'... and is told how';
			ok defined $r->{json}{detail}, '... in the form of the others';
		}
	};
};

subtest 'a member changes nothing of others' => sub {
	for my $who (qw(Bob Nobody)) {
		changes_nothing $who => sub {
			for (all_changes()) {
				my ($what, @request) = @$_;
				forbidden as($who, @request), "$who: $what";
			}
		};
	}
	changes_nothing 'taking' => sub {
		forbidden as(Bob => PUT => '/events?current_name=Fair',
			event('Fair', 'Bob')), 'an event of others';
		forbidden as(Bob => PATCH => "/events/$event{Fair}",
			{host_name => 'Bob'}), '... by id';
		forbidden as(Bob => PATCH => "/events/$event{Gala}",
			{host_name => 'Bob'}), '... of nobody';
		forbidden as(Bob => PUT => '/events?current_name=Gala',
			event('Gala', 'Bob')), '... by its name';
	};
	changes_nothing 'giving' => sub {
		forbidden as(Bob => PUT => '/events?current_name=Fete',
			event('Fete', 'Ada')), 'an event to somebody';
		forbidden as(Bob => PUT => '/events?current_name=Fete',
			event('Fete', 'None')), '... to nobody';
		forbidden as(Bob => PATCH => "/events/$event{Fete}",
			{host_name => $_}), '... by id' for 'Ada', 'None';
	};
	changes_nothing 'a key of others' => sub {
		my $identity = claims_of($user{Ada}{token})->{sub};
		as(Bob => PATCH => "/users/$id{Bob}", {identity_id => $identity,
			id => $id{Ada}});
		as(Bob => PATCH => "/events/$event{Fete}", {host_id => $id{Ada},
			host => {id => $id{Ada}, name => 'Ada'}});
		forbidden as(Bob => POST => '/events', {%{event('New', 'Ada')},
			host_id => $id{Bob}}), 'one host by name, another by key';
	};
};

subtest 'a member changes his own' => sub {
	my $r = as(Bob => PUT => '/users?current_name=Bob', {name => 'Rob'});
	answers $r, 200, qr/\{"id":"$id{Bob}","name":"Rob","created_at":"$STAMP"\}/,
		'his name';
	is as(Bob => PATCH => "/users/$id{Bob}", {name => 'Bob'})->{status}, 200,
		'... by id';
	answers as(Bob => PUT => '/users?current_name=Bob', {name => 'Ada'}), 400,
		fault("Username 'Ada' already exists."), '... not to a taken one';
	$r = as(Bob => POST => '/events', event('Bash', 'Bob'));
	is $r->{status}, 201, 'a new event' or diag $r->{body};
	my $bash = $r->{json}{id};
	is_deeply $r->{json}{host}, {id => $id{Bob}, name => 'Bob'},
		'... that he hosts';
	is as(Bob => PUT => '/events?current_name=Bash',
		event('Ball', 'Bob', address => 'There'))->{json}{address}, 'There',
		'all of it';
	is as(Bob => PATCH => "/events/$bash", {address => 'Elsewhere'})
		->{json}{address}, 'Elsewhere', 'a part of it';
	answers as(Bob => POST => '/events', event('Fair', 'Bob')), 400,
		q({"detail":"Event name 'Fair' already exists,"}),
		'a taken name is told as ever';
	is as(Bob => PUT => '/events?current_name=Nothing',
		event('Nothing', 'Bob'))->{status}, 500,
		'what is not there is told as ever';
	is as(Bob => PATCH => '/events/00000000-0000-0000-0000-000000000000',
		{address => 'x'})->{status}, 404, '... by id';
	is as(Bob => DELETE => "/events/$bash")->{status} =~ /^20[04]$/ ? 1 : 0, 1,
		'no event';
	is as(Bob => PUT => '/users?current_name=Nothing', {name => 'x'})
		->{status}, 404, 'nor is a user who is not there';
	is $p->http(POST => '/events', json => event('Cookie', 'Bob'), headers =>
		cookie($user{Bob}))->{status}, 201, 'by cookie as well';
	is as(Bob => DELETE => '/events?name=Cookie')->{status}, 200,
		'and away with it';
};

subtest 'an administrator changes everything' => sub {
	is as(Admin => @$_[1 .. $#$_], 'X-Hasura-Role' => 'user')->{status}, 403,
		"as a user not: $_->[0]"
		for [x => PATCH => "/users/$id{Ada}", {name => 'Other'}],
		[y => PUT => '/events?current_name=Fair', event('Fair', 'Eve')];
	my $r = as(Admin => PATCH => "/users/$id{Ada}", {name => 'Adah'});
	is $r->{status}, 200, 'a name' or diag $r->{body};
	is as(Admin => PUT => '/users?current_name=Adah', {name => 'Ada'})
		->{status}, 200, '... and back';
	is as(Admin => PUT => '/events?current_name=Fair', event('Fair', 'Bob'))
		->{json}{host}{name}, 'Bob', 'a host';
	is as(Admin => PATCH => "/events/$event{Fair}", {host_name => 'Ada'})
		->{json}{host}{name}, 'Ada', '... and back';
	is as(Admin => POST => '/users', {name => 'New'})->{status}, 201,
		'a new user';
	is as(Admin => DELETE => '/users?name=New')->{status}, 200, 'no user';
	is as(Eve => PATCH => "/users/$id{Ada}", {name => 'Other'})->{status}, 403,
		'a session from before is no administrator';
};

subtest 'one worker, many callers' => sub {
	my @kinds = (
		['', [PATCH => "/users/$id{Ada}", {name => 'Ada'}], 401],
		['Ada', [PATCH => "/users/$id{Ada}", {name => 'Ada'}], 200],
		['Bob', [PATCH => "/users/$id{Ada}", {name => 'Ada'}], 403],
		['Admin', [PATCH => "/users/$id{Ada}", {name => 'Ada'}], 200],
		['', [GET => '/users?name=Ada'], 200],
		['Bob', [GET => '/events'], 200],
		['Bob', [PATCH => "/events/$event{Fete}", {address => 'There'}], 200],
		['Ada', [PATCH => "/events/$event{Fete}", {address => 'There'}], 403],
		['', [POST => '/users', {name => 'x'}], 401]);
	my @all = shuffle map { @kinds } 1 .. 20;
	my @wrong;
	while (my @some = splice @all, 0, 60) {
		my @r = volley($p, map {
			my ($who, $request) = @$_;
			my ($method, $target, $json) = @$request;
			request($method, $target, $json ? json($json) : undef,
				$who ? "Authorization: Bearer $user{$who}{token}" : ());
		} @some);
		push @wrong, map { "$some[$_][0]: $r[$_]{status}, not $some[$_][2]" }
			grep { $r[$_]{status} != $some[$_][2] } 0 .. $#some;
	}
	is scalar(@wrong), 0, 'are never taken for each other'
		or diag join "\n", @wrong;
};

# With the same database, as the tutorial has it.
subtest 'open' => sub {
	my $open = sub ($who, $method, $target, $json = undef) {
		return $p->cgi($method => $target, defined $json ? (json => $json) : (),
			headers => $who ? bearer($user{$who}) : {},
			params => {POSTERN_ACCESS => 'open'});
	};
	for my $who ('', 'Bob', 'Nobody', 'Admin') {
		my $name = $who || 'a stranger';
		my $n    = "Of $name";
		is $open->($who, POST => '/users', {name => $n})->{status}, 201,
			"$name enters a user";
		is $open->($who, POST => '/events', event($n, 'Ada'))->{status}, 201,
			'... an event';
		my $r = $open->($who, PUT => '/events?current_name='
			. ($n =~ s/ /%20/gr), event($n, 'Bob'));
		is $r->{json}{host}{name}, 'Bob', '... gives it away';
		is $open->($who, PATCH => "/events/$r->{json}{id}",
			{address => 'There'})->{status}, 200, '... changes it by id';
		is $open->($who, PATCH => "/users/$id{Ada}", {name => 'Ada'})
			->{status}, 200, '... changes a user';
		is $open->($who, DELETE => "/events/$r->{json}{id}")->{status}
			=~ /^20[04]$/ ? 1 : 0, 1, '... and takes things away';
		$open->($who, DELETE => '/users?name=' . ($n =~ s/ /%20/gr));
	}
	local $user{Bad} = {token => 'x.y.z'};
	stranger $open->('Bad', POST => '/users', {name => 'x'}),
		'a bad token is no stranger';
	stranger $open->('Bad', GET => '/users'), '... nor a reader';
	is names(as('', GET => '/users')), 'Ada Bob Eve', 'all is as before';
};

subtest 'the database itself' => sub {
	my $as = sub ($role, $text) {
		return eval { $p->sql("begin; set local role $role; $text;",
			as => 'postern') } // 'no';
	};
	is $as->($_, 'select auth.current_user_id() is null'), 't',
		"$_ may ask who calls"
		for qw(postern_anonymous postern_member postern_admin);
	my $seen = $p->sql(<<~'SQL');
		select string_agg(c.relname || ' ' || r.rolname, ', ')
		from pg_class as c
		cross join pg_roles as r
		cross join unnest('{select,insert,update,delete}'::text[]) as p
		where (c.relnamespace = 'auth'::regnamespace and c.relkind = 'r'
			or c.oid = 'postern.outbox'::regclass)
		and r.rolname ~ '^postern_(anonymous|member|admin)$|^postern$'
		and has_any_column_privilege(r.oid, c.oid,
			replace(p, 'delete', 'select'))
		SQL
	is $seen, '', 'nobody who calls sees or changes a table of auth';
	cmp_ok $p->sql("select count(*) from pg_class where relkind = 'r' "
		. "and relnamespace = 'auth'::regnamespace"), '>=', 7,
		'... of which there are some';
	my $open = $p->sql(<<~'SQL');
		select string_agg(p.proname || ' ' || r.rolname, ', ')
		from pg_proc as p
		join pg_namespace as n on n.oid = p.pronamespace
		cross join pg_roles as r
		where n.nspname = 'auth'
		and r.rolname in
			('postern_anonymous', 'postern_member', 'postern_admin')
		and has_function_privilege(r.oid, p.oid, 'execute')
		and p.proname not in ('identity_id', 'current_user_id',
			'current_user', 'role', 'refuse', 'connection_fault',
			'vouched_claims')
		SQL
	is $open, '', 'what the auth server does nobody else may do';
	is $p->sql("select string_agg(proname, ', ') from pg_proc as p "
			. 'join pg_namespace as n on n.oid = p.pronamespace '
			. "where nspname in ('auth', 'postern') and prosecdef "
			. "and not coalesce(proconfig::text, '') ~ 'search_path='"),
		'event_write', 'functions with rights of their own have their own'
		. ' path, but the one that t/A0 calls with an evil path';
	my $identity = claims_of($user{Ada}{token})->{sub};
	is $as->('postern_member', "select set_config('request.jwt.claims', "
		. qq{'{"sub":"$identity"}', true) is null; }
		. 'select auth.current_user_id(), (auth.current_user()).name, '
		. 'auth.identity_id()'), "f\n$id{Ada}|Ada|$identity",
		'policies and functions see who calls';
	for my $claims ('', 'null', '{}', '{"sub":null}') {
		is $as->('postern_member', "select set_config('request.jwt.claims', "
			. "'$claims', true) is null; "
			. 'select auth.current_user_id() is null'), "f\nt",
			"claims '$claims' are of nobody";
	}
	my @guarded = $p->sql(<<~'SQL') =~ /(\w+)/g;
		select string_agg(t ->> 'name', ' ' order by t ->> 'name')
		from json_array_elements(postern.model() -> 'tables') as t
		where (t ->> 'guarded')::boolean
		SQL
	is "@guarded", 'events users', 'the model says which tables are guarded';
};

done_testing;
