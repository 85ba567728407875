#!/usr/bin/perl
# What JSON:API requests depend on: functions of the schema that are told what
# the request says, run before it in its transaction, and leave a context or
# end it.  The three examples of the source system's page are cases here.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode qw(encode_utf8);
use Test::More;

use Auth;
use AuthServer qw(authenticated registered);
use JsonApi;
use Postern;
use Rest qw(uri request volley);

binmode Test::More->builder->$_, ':encoding(UTF-8)'
	for qw(output failure_output todo_output);

my $SAID = 'Only admin user have permissions to this endpoint';
my %quick = (POSTERN_ARGON2 => 'm=256,t=1,p=1');
my $p = Postern->start(workers => 1, env => {
	%quick,
	POSTERN_BASE_URL        => $BASE,
	POSTERN_ADMIN_SECRET    => 'admin',
	POSTERN_JSONAPI_HEADERS => 'X-AUTH X-Tenant X-Order'},
	instance => {BULK_WORKERS => 1});
my $api = JsonApi->new($p);
my $roles = 'postern_anonymous, postern_member, postern_admin';

sub get ($target, %headers)
{
	return $api->seed(GET => $target, headers => \%headers);
}

# What a request for one row, or for many, is answered; a probe says it.
sub said ($r)
{
	my $json = $r->{json};
	my $e = ref $json eq 'HASH' && $json->{errors} ? $json->{errors}[0] : {};
	return "$r->{status} " . ($e->{detail} // $r->{body});
}

# The workers know once they answer so.
sub until_known ($code)
{
	for (1 .. 200) {
		return 1 if $code->();
		select undef, undef, undef, 0.05;
	}
	return 0;
}

my $john = $p->sql("insert into api.users (name) values ('John') returning id");

# ---- the list of users --------------------------------------------------------

subtest 'the list of users is for administrators' => sub {
	my $r = $p->http(GET => '/users', type => $TYPE);
	is $r->{status}, 403, 'a stranger may not';
	is $r->{headers}{'content-type'}, $TYPE, '... and is told so in JSON:API';
	is_deeply $r->{json}, {errors => [{detail => $SAID, status_code => 403,
		title => 'Forbidden'}]}, '... as the page has it';

	$r = $p->http(GET => '/users', type => $TYPE,
		headers => {'X-AUTH' => 'admin'});
	is $r->{status}, 200, 'who has the header may';
	is $r->{headers}{'content-type'}, $TYPE, '... and gets JSON:API';
	my $user = ($r->{json}{data} // [])->[0] // {};
	is delete $user->{attributes}{name}, 'John', 'John is there';
	delete $user->{attributes};
	# The page's older library had no totalPages yet.
	delete $r->{json}{meta}{totalPages};
	is_deeply $r->{json}, {
		data    => [{id => $john, type => 'user',
			links => {self => "/users/$john"}}],
		jsonapi => {version => '1.0'},
		links   => {self => "$BASE/users"},
		meta    => {count => 1},
	}, '... in the document of the page';

	$r = $api->strict(GET => '/jsonapi/users');
	my $e = $r->{json}{errors}[0];
	is "$r->{status} $e->{status} $e->{title}: $e->{detail}",
		"403 403 Forbidden: $SAID", 'strict clients are told the same';
	is $api->strict(GET => '/jsonapi/users',
		headers => {'X-Auth' => 'admin'})->{status}, 200,
		'... and let in';
};

subtest 'the secret is compared to the letter' => sub {
	is get('/jsonapi/users', 'X-AUTH' => $_)->{status}, 403, "\"$_\" is not it"
		for 'Admin', 'ADMIN', 'admi', 'admin1', 'admin, admin', '*', 'Zoë';
	is get('/jsonapi/users', $_ => 'admin')->{status}, 200, "$_ is the header"
		for 'X-AUTH', 'x-auth', 'X-aUtH';
	is get('/jsonapi/users', $_ => 'admin')->{status}, 403, "$_ is not"
		for 'X-AUTHS', 'X-AUT', 'AUTH', 'Authorization';
	is get('/jsonapi/users?x-auth=admin&secret=true')->{status}, 403,
		'nor is anything in the query';
};

subtest 'what depends on headers is for nobody else' => sub {
	for my $r (get('/jsonapi/users'),
		get('/jsonapi/users', 'X-AUTH' => 'admin'))
	{
		is $r->{headers}{'cache-control'}, 'private, no-cache',
			"$r->{status}: private";
		my $vary = $r->{headers}{vary};
		like ref $vary ? "@$vary" : $vary, qr/\bAccept, .*, X-AUTH\b/,
			'... and about the headers that are let through';
	}
};

subtest 'without a secret nobody passes by header' => sub {
	my %said = (
		'as shipped'            => {},
		'an empty one'          => {POSTERN_ADMIN_SECRET => ''},
		'none is let through'   => {POSTERN_ADMIN_SECRET => 'admin',
			POSTERN_JSONAPI_HEADERS => ''},
		'others are'            => {POSTERN_ADMIN_SECRET => 'admin',
			POSTERN_JSONAPI_HEADERS => 'X-Tenant'},
	);
	for my $case (sort keys %said) {
		my %params = (POSTERN_ADMIN_SECRET => undef,
			POSTERN_JSONAPI_HEADERS => undef, $said{$case}->%*);
		is $p->cgi(GET => '/jsonapi/users', params => \%params,
			headers => {'X-AUTH' => $_})->{status}, 403, "$case: \"$_\""
			for 'admin', '';
	}
	is $p->cgi(GET => '/jsonapi/users', headers => {'X-AUTH' => 'horse'},
		params => {POSTERN_ADMIN_SECRET => 'horse'})->{status}, 200,
		'another secret is another';
};

subtest 'a token that says so is as good' => sub {
	my %user = map { $_ => signup($p, name => $_, email => lc "$_\@example.org",
		password => 'long enough of it') } qw(Ada Eve);
	$p->sql("update auth.identities set role = 'admin' where id = "
		. "(select identity_id from api.users where name = 'Eve')");
	my $admin = authenticated($p, $user{Eve}->%*);
	my @list = ('/jsonapi/users');

	is get(@list, bearer($user{Ada})->%*)->{status}, 403, 'a member may not';
	is get(@list, bearer($admin)->%*)->{status}, 200, 'an administrator may';
	is get(@list, bearer($admin)->%*, 'X-Hasura-Role' => 'user')->{status}, 403,
		'... unless he wants to be a member';
	is get(@list, bearer($user{Ada})->%*, 'X-AUTH' => 'admin')->{status}, 200,
		'a member who has the secret may';
	is get(@list, Authorization => "Bearer $admin->{token}x")->{status}, 401,
		'a token that is not good is none';
};

subtest 'who is refused learns nothing of what else is wrong' => sub {
	for my $query ('sort=nope', 'filter=[', 'include=nope', 'page[size]=x',
		'fields[nope]=x', 'filter=[{"name":"id","op":"eq","val":7}]') {
		my $target = '/jsonapi/users?' . $query;
		is said(get($target)), "403 $SAID", "$query: 403";
		like get($target, 'X-AUTH' => 'admin')->{status}, qr/^4(?!03)/,
			'... and its own status for who may';
		is $api->strict(GET => $target)->{status}, 403, '... strictly';
	}
};

subtest 'only that list is guarded' => sub {
	is $api->seed(HEAD => '/jsonapi/users')->{status}, 403, 'HEAD is GET';
	is get('/jsonapi/users?page[size]=1')->{status}, 403, 'a page of it';
	is get("/jsonapi/users/$john")->{status}, 200, 'a user is not';
	is get("/jsonapi/users/$john/events")->{status}, 200, 'nor his events';
	is get('/jsonapi/events?include=host')->{status}, 200, 'nor the events';
	is $p->http(GET => '/users')->{status}, 200, 'nor the list of REST';
};

# ---- a schema that depends on more --------------------------------------------

# Functions of schema app: one() returns {"key_1": 1} and so on, all add their
# name to "ran"; probe() ends a request that asks for it with what it was told.
$p->sql(<<~SQL);
	create schema app;
	grant usage on schema app to $roles;

	create table api.notes (
		id integer generated always as identity primary key,
		body text not null,
		tenant text default (postern.context() ->> 'tenant')
	);
	grant select, insert (body), update (body), delete on api.notes to $roles;
	alter table api.notes enable row level security;
	create policy own on api.notes
	using (tenant = (select postern.context() ->> 'tenant'))
	with check (true);

	create table api.boxes (
		id integer primary key,
		session text default (postern.context() ->> 'session'),
		number text default (pg_current_xact_id()::text)
	);
	grant select, insert (id), delete on api.boxes to $roles;

	create table app.audit (what text);
	grant select, insert on app.audit to $roles;

	create function app.ran(request json, name text, result jsonb)
	returns json language sql as \$\$
		select (result || jsonb_build_object('ran', concat_ws(' ',
			postern.context() ->> 'ran', name)))::json
	\$\$;
	create function app.one(request json) returns json language sql
	as \$\$ select app.ran(request, 'one', '{"key_1": 1}') \$\$;
	create function app.two(request json) returns json language sql
	as \$\$ select app.ran(request, 'two', '{"key_2": 2}') \$\$;
	create function app.override(request json) returns json language sql
	as \$\$ select app.ran(request, 'override', '{"key_1": 42, "key_2": 2}') \$\$;
	create function app.number(request json) returns json language sql
	as \$\$ select json_build_object('n', request -> 'query' ->> 'n') \$\$;
	create function app.detail(request json) returns json language sql
	as \$\$ select app.ran(request, 'detail', '{}') \$\$;

	create function app.tenant(request json) returns json language plpgsql
	as \$\$
	begin
		if request -> 'headers' ->> 'x-tenant' is null then
			raise sqlstate 'PT400' using message = 'Which tenant?';
		end if;
		return json_build_object(
			'tenant', request -> 'headers' ->> 'x-tenant');
	end
	\$\$;

	create function app.session(request json) returns json language sql
	as \$\$
		insert into app.audit values (request ->> 'method');
		select json_build_object('session', pg_current_xact_id()::text)
	\$\$;

	create function app.probe(request json) returns json language plpgsql
	as \$\$
	begin
		case request -> 'query' ->> 'x_probe'
		when 'context' then
			raise sqlstate 'PT409' using message = postern.context()::text;
		when 'ran' then
			raise sqlstate 'PT409'
			using message = postern.context() ->> 'ran';
		when 'request' then
			raise sqlstate 'PT409' using message = request::text;
		when 'zero' then
			perform 1 / 0;
		when 'plain' then
			raise exception 'Plainly not.';
		when 'permission' then
			perform * from auth.identities;
		when 'check' then
			raise check_violation using message = 'not yours to know';
		when 'missing' then
			perform postern.missing(0);
		when 'array' then
			return '[1]';
		when 'text' then
			return '"x"';
		when 'null' then
			return null;
		when 'nul' then
			return '{"a":"\\u0000"}';
		when 'nothing' then
			return 'null';
		else
			if request -> 'query' ->> 'x_state' is not null then
				raise exception using message = 'As you wish.',
					errcode = request -> 'query' ->> 'x_state';
			end if;
		end case;
		return '{}';
	end
	\$\$;

	create view api.things as select 1 as id, 'thing' as name;
	comment on view api.things is '\@key id';
	grant select on api.things to $roles;

	select postern.dependency('note', 'ALL', 'app.tenant(json)');
	select postern.dependency('box', 'ALL', 'app.session(json)');
	select postern.dependency('box', 'ALL', 'app.probe(json)');
	select postern.dependency('thing', 'GET', 'app.two(json)');
	select postern.dependency('thing', 'ALL', 'app.one(json)');
	select postern.dependency('thing', 'ALL', 'app.detail(json)', view => 'detail');
	select postern.dependency('thing', 'POST', 'app.override(json)');
	select postern.dependency('thing', 'GET', 'app.probe(json)');
	notify postern;
	SQL

# A list goes to one pool, a page of it to the other.
sub known ($pattern, $probe = 'context')
{
	return until_known(sub {
		return 2 == grep { said(get($_)) =~ $pattern }
			map { "/jsonapi/things?x_probe=$probe$_" } '', '&page[size]=1';
	});
}

ok known(qr/^409/), 'workers notice what is registered';

subtest 'what is common and what is the method\'s own are united' => sub {
	my $both = qr/^409 \{"ran": "one two", "key_1": 1, "key_2": 2\}$/;
	like said(get('/jsonapi/things?x_probe=context')), $both,
		'ALL first, then GET, whatever was registered first';
	is said(get('/jsonapi/things/1?x_probe=ran')), '409 one detail two',
		'a view of its own has more';

	$p->sql(q{select postern.dependency('thing', 'GET',
		'app.override(json)')});
	$p->sql(q{
		select postern.drop_dependency('thing', 'GET', 'app.probe(json)');
		select postern.dependency('thing', 'GET', 'app.probe(json)');
	});
	ok known(qr/42/),
		'what is taken back and given again is the last';
	like said(get('/jsonapi/things?x_probe=context')),
		qr/^409 \{"ran": "one two override", "key_1": 42, "key_2": 2\}\z/,
		'the method\'s own stands over what is common: 42';
	is get('/jsonapi/things')->{status}, 200, 'and nothing else is changed';
};

subtest 'they are told what the request says' => sub {
	my $told = sub ($target, %headers) {
		my $r = get($target, %headers);
		return JSON::PP->new->decode($r->{json}{errors}[0]{detail});
	};
	is_deeply $told->('/jsonapi/things/1?x_probe=request&a=%22%C3%AB&a=2'
		. '&page[size]=1', 'X-Tenant' => 'T "1"', 'X-AUTH' => 'admin'), {
		method  => 'GET', path => '/jsonapi/things/1',
		type    => 'thing', id => '1',
		query   => {x_probe => 'request', a => '2', 'page[size]' => '1'},
		headers => {'x-tenant' => 'T "1"'}, claims => undef,
		role => undef, secret => JSON::PP::true
	}, 'all of it, with the header that the settings name';
	my $r = $p->cgi(GET => uri('/jsonapi/things', x_probe => 'request'),
		headers => {'X-Tenant' => encode_utf8('Zoë'), 'X-Order' => 1, 'X-Other' => 2,
			'X-AUTH' => 'no'});
	my $json = JSON::PP->new->decode($r->{json}{errors}[0]{detail});
	is_deeply [@$json{qw(id headers secret)}],
		[undef, {'x-tenant' => 'Zoë', 'x-order' => 1}, JSON::PP::false],
		'other headers are those of the setting, where the server passes them';

	my $user = registered($p);
	$json = $told->('/jsonapi/things?x_probe=request', bearer($user)->%*);
	is $json->{role}, 'user', 'whose token it is, by role';
	is ref $json->{claims}, 'HASH', '... and by claims';
	ok length $json->{claims}{sub}, '... all of them';
	unlike said(get('/jsonapi/things?x_probe=request', 'X-AUTH' => 'horse')),
		qr/horse/, 'what was sent as the secret is told to nobody';
};

# ---- how they end a request -----------------------------------------------------

subtest 'a function says the status' => sub {
	my $state = sub ($state) {
		return get(uri('/jsonapi/things', x_probe => 'state', x_state => $state));
	};
	for my $status (400, 401, 402, 403, 404, 409, 410, 418, 422, 429, 499) {
		my $r = $state->("PT$status");
		is said($r), "$status As you wish.", "PT$status";
		is $r->{json}{errors}[0]{status_code}, $status, '... in the body, too';
	}
	is $state->('PT401')->{headers}{'www-authenticate'} ? 1 : 0, 1,
		'401 says how';
	is said($state->($_)), '500 Internal Server Error', "$_ is our fault"
		for qw(PT500 PT503 PT200 PT999 PTABC PT4X4);
	is said(get('/jsonapi/things?x_probe=plain')), '400 Plainly not.',
		'a plain exception is a refusal';
	my $strict = $api->strict(GET => uri('/jsonapi/things', x_probe => 'state',
		x_state => 'PT410'));
	is "$strict->{status} $strict->{json}{errors}[0]{title}", '410 Gone',
		'strict clients see it by name';
};

subtest 'what fails by itself is our fault, and says nothing' => sub {
	for my $how (qw(zero permission check missing array text nul)) {
		my $r = get("/jsonapi/things?x_probe=$how");
		is said($r), '500 Internal Server Error', $how;
	}
	is get("/jsonapi/things?x_probe=$_")->{status}, 200, "$_ is nothing to merge"
		for 'null';
	is get('/jsonapi/things?x_probe=nothing')->{status}, 500,
		'a JSON null is no object';
	like $p->log('bulk') . $p->log('api'), qr/22012 ERROR:  division by zero/,
		'the log knows why';
	is get('/jsonapi/things')->{status}, 200, 'and the next one is fine';
};

# ---- the context ------------------------------------------------------------------

$p->sql(q{insert into api.notes (body, tenant)
	values ('a1', 'a'), ('b2', 'b'), ('a3', 'a')});

subtest 'policies see what was returned' => sub {
	my $bodies = sub ($target, $tenant) {
		my $r = $p->cgi(GET => $target, headers => {'X-Tenant' => $tenant,
			Accept => $TYPE});
		return $r->{status} if $r->{status} != 200;
		my $data = $r->{json}{data};
		return join ' ', map { $_->{attributes}{body} }
			ref $data eq 'ARRAY' ? @$data : $data;
	};
	is $bodies->('/jsonapi/notes?sort=id', 'a'), 'a1 a3', 'one\'s own rows';
	is $bodies->('/jsonapi/notes?sort=id&page[size]=10', 'b'), 'b2',
		'... in pages as well';
	is $bodies->('/jsonapi/notes/1', 'a'), 'a1', 'one of them';
	is $bodies->('/jsonapi/notes/1', 'b'), 404, '... is not there for others';
	is said(get('/jsonapi/notes')), '400 Which tenant?',
		'who does not say who he is is asked';
	is_deeply $p->http(GET => '/notes')->{json}, [],
		'REST depends on nothing, and its context is empty';
};

subtest 'requests of one connection know nothing of each other' => sub {
	$p->sql(q{
		select postern.dependency('box', 'GET', 'app.number(json)');
		select postern.drop_dependency('box', 'ALL', 'app.probe(json)');
		select postern.dependency('box', 'GET', 'app.probe(json)');
	});
	ok until_known(sub {
		said(get('/jsonapi/boxes?page[size]=1&n=0&x_probe=context')) =~ /"n": "0"/
	}), 'a dependency that tells them apart';
	my @targets = map {
		("/jsonapi/boxes?page[size]=1&n=$_&x_probe=context",
			'/jsonapi/events?page[size]=1', '/users?limit=1',
			'/jsonapi/things?page[size]=1&x_probe=ran')
	} 1 .. 25;
	my @got = volley($p, map { request(GET => $_) } @targets);
	my %wrong;
	for my $i (0 .. $#targets) {
		my $n = 1 + int $i / 4;
		my $wanted = (qr/409 .*"n": "$n"/, qr/^200/, qr/^200/,
			qr/^409 one two override\z/)[$i % 4];
		$wrong{$targets[$i]} = said($got[$i]) if said($got[$i]) !~ $wanted;
	}
	is_deeply \%wrong, {}, 'each has its own context, or none';
};

# ---- writes -------------------------------------------------------------------------

sub post ($target, $data)
{
	return $api->seed(POST => $target, data => $data);
}

subtest 'writes of users are not guarded' => sub {
	my $r = post('/jsonapi/users', {type => 'user', attributes => {name => 'Jim'}});
	is $r->{status}, 201, 'POST of the list';
	my $id = $r->{json}{data}{id};
	is $api->seed(PATCH => "/jsonapi/users/$id", data => {type => 'user',
		id => $id, attributes => {name => 'James'}})->{status}, 200, 'PATCH';
	is $api->seed(DELETE => "/jsonapi/users/$id")->{status}, 204, 'DELETE';
	is $api->seed(DELETE => '/jsonapi/users?filter[name]=Nobody')->{status},
		200, 'DELETE of the list';
};

subtest 'a dependency shares the transaction of the request' => sub {
	my $audit = sub () {
		return $p->sql(q{with gone as (delete from app.audit returning what)
			select string_agg(what, ' ') from gone});
	};
	$audit->();
	is post('/jsonapi/boxes', {type => 'box', id => '1'})->{status}, 201,
		'a row is made';
	is $p->sql('select session = number from api.boxes where id = 1'), 't',
		'... whose default is of the context, in one transaction';
	is $audit->(), 'POST', '... which keeps what the dependency wrote';

	is post('/jsonapi/boxes', {type => 'box', id => '1'})->{status} < 500, 1,
		'one that is there already is refused';
	is $audit->(), '', '... and nothing is kept';

	$p->sql(q{select postern.dependency('box', 'POST', 'app.probe(json)')});
	ok until_known(sub {
		said(post('/jsonapi/boxes?x_probe=context',
			{type => 'box', id => '1'})) =~ /^409 .*session/
	}), 'a dependency of POST';
	$audit->();
	for my $how (qw(zero array plain check)) {
		my $r = post("/jsonapi/boxes?x_probe=$how", {type => 'box', id => '2'});
		is $r->{status}, $how eq 'plain' ? 400 : 500, "$how ends it";
		is $p->sql('select count(*) from api.boxes where id = 2'), 0,
			'... and there is no row';
	}
	is $audit->(), '', '... nor what an earlier one wrote';
	is $api->seed(DELETE => '/jsonapi/boxes/1?x_probe=zero')->{status}, 204,
		'what POST depends on is nothing to DELETE';
	is $audit->(), 'DELETE', '... but what all do is';
};

subtest 'each operation has the dependencies of its own' => sub {
	my $do = sub ($target, @operations) {
		return $p->http(POST => $target, type => $ATOMIC,
			headers => {Accept => $ATOMIC},
			json => {'atomic:operations' => \@operations});
	};
	my $box = sub ($id) {
		return {op => 'add', data => {type => 'box', id => $id}};
	};
	my $user = sub ($name) {
		return {op => 'add', data => {type => 'user',
			attributes => {name => $name}}};
	};
	$p->sql('delete from app.audit');
	my $r = $do->('/jsonapi/operations', $box->('11'), $user->('Al'), $box->('12'),
		{op => 'remove', ref => {type => 'box', id => '11'}});
	is $r->{status}, 200, 'several are done' or diag $r->{body};
	is $p->sql(q{select string_agg(what, ' ') from app.audit}),
		'POST POST DELETE', '... each by its method, and of its type';
	is $p->sql('select session = number from api.boxes where id = 12'), 't',
		'... in one transaction';

	# A user's name that tells what the context is.
	$p->sql(q{
		create function app.name_it() returns trigger language plpgsql as $$
		begin
			new.name := new.name || postern.context()::text;
			return new;
		end $$;
		create trigger name_it before insert on api.users
		for each row execute function app.name_it();
	});
	is $do->('/jsonapi/operations', $box->('13'), $user->('Op'))->{status}, 200,
		'another two';
	is $p->sql(q{select name from api.users where name ~ '^Op.'}), 'Op{}',
		'the context of one is not that of the next';
	$p->sql('drop trigger name_it on api.users');

	$p->sql('delete from app.audit');
	$r = $do->('/jsonapi/operations?x_probe=plain', $user->('Zed'), $box->('14'));
	is said($r), '400 Plainly not.', 'one that is refused ends all';
	is $p->sql(q{select count(*) from api.boxes where id = 14}), 0,
		'... and nothing is kept';
	is $p->sql(q{select count(*) from app.audit}), 0, '... at all';
	is $p->sql(q{select count(*) from api.users where name = 'Zed'}), 0,
		'... of any';
};

# ---- what is registered --------------------------------------------------------

subtest 'a function that is gone lets nobody pass' => sub {
	$p->sql('alter function app.number(json) rename to counted');
	my $target = '/jsonapi/boxes?page[size]=1';
	is get($target)->{status}, 503, 'the request fails';
	is get('/jsonapi/events?page[size]=1')->{status}, 200, '... others do not';
	$p->sql('alter function app.counted(json) rename to number');
	is get($target)->{status}, 200, 'it is back';

	# In one transaction, as a migration does it.
	$p->sql(q{
		begin;
		select postern.drop_dependency('box', 'GET', 'app.number(json)');
		drop function app.number(json);
		commit;
	});
	is get($target)->{status}, 200, 'who registers less first loses nothing';
};

subtest 'registering says what is wrong' => sub {
	my $count = sub () { $p->sql('select count(*) from postern.dependencies') };
	my $before = $count->();
	my $refused = sub ($arguments) {
		return $p->sql(<<~SQL);
			create or replace function app.try() returns text language plpgsql as
			\$\$
			begin
				perform postern.dependency($arguments);
				return 'it is fine';
			exception when others then
				return sqlstate || ' ' || sqlerrm;
			end
			\$\$;
			set client_min_messages = warning;
			select app.try();
			SQL
	};
	like $refused->($_->[0]), $_->[1], $_->[0] for
		[q{'nobody', 'GET', 'app.one(json)'}, qr/42P01 .*no resource type nobody/],
		[q{'thing', 'PUT', 'app.one(json)'}, qr/23514/],
		[q{'thing', 'GET', 'app.one(json)', 'both'}, qr/23514/],
		[q{'thing', 'GET', 'app.none(json)'}, qr/42883/],
		[q{'thing', 'GET', 'app.ran(json, text, jsonb)'}, qr/42P13 .*must take json/],
		[q{'thing', 'GET', 'postern.depend(json)'}, qr/42P13/],
		[q{'thing', 'GET', 'pg_catalog.json_array_elements(json)'}, qr/42P13/],
		[q{'thing', 'GET', null}, qr/42P13/];
	is $refused->($_), 'it is fine', "again: $_" for
		q{'thing', 'get', 'app.two(json)'},
		q{'things', 'GET', 'app.two(json)', null},
		q{'Thing', 'ALL', 'app.detail(json)', view => 'DETAIL'};
	is $count->(), $before, 'what is there already is not there twice';
	is $p->sql(q{select postern.drop_dependency('thing', 'GET',
		'app.two(json)', 'list')}), 'f', 'what was not registered is not taken';
	is $p->sql(q{select postern.drop_dependency('thing', 'GET',
		'app.two(json)')}), 't', '... what was, is';
	is $count->(), $before - 1, '... alone';

	for my $role (split /, /, $roles) {
		is $p->sql(qq{select has_function_privilege('$role',
			'postern.dependency(text, text, regprocedure, text)', 'execute')
			or has_table_privilege('$role', 'postern.dependencies',
			'insert, update, delete, truncate')}), 'f',
			"$role cannot register";
	}
	is $p->sql('select postern.context()'), '{}', 'elsewhere the context is empty';
};

subtest 'a dependency is a statement of the request' => sub {
	local $ENV{POSTERN_CONFIG} = $p->var . '/run/postern.conf';
	my $text = qx($Postern::top/build/debug/postern explain GET /jsonapi/users);
	like $text, qr/\A
		select\ where\ postern\.depend\("postern"\."admin_only"\(\$1::json\)\)
		\ is\ null\n--\ \$1\ =\ \{"method":"GET".*"secret":false\}\n
		(?:select|with)\ [^\n]*\n(?:--[^\n]*\n)*\z/x,
		'before the one of the list, which is one as well';
	unlike qx($Postern::top/build/debug/postern explain GET /jsonapi/users/$john),
		qr/postern\.depend/, 'where there is none there is none';
};

done_testing;
