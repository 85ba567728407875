# The description of the API before judges from elsewhere: two that know what
# OpenAPI is, and a compiler that makes a typed client of it, with which the
# tutorial runs.
use v5.36;
use lib 't/lib';
use Test::More;
use JSON::PP;
use Npm;
use Postern;

plan skip_all => Npm::why_not('npm-openapi') if Npm::why_not('npm-openapi');

my $p = Postern->start(env => {POSTERN_BASE_URL => 'https://api.postern.test'});
my $odd = Postern->database(env =>
	{POSTERN_BASE_URL => 'https://api.postern.test'});
$odd->sql(Postern::_slurp("$Postern::top/t/fixtures/nasty.sql"));
my $judge = Npm->start('npm-openapi/judges.mjs');

sub asked ($what, %more)
{
	my $r = $judge->ask({do => $what, %more});
	diag "$what: $r->{error}" if defined $r->{error};
	return $r;
}

my %document = (
	'the shipped application' => $p->http(GET => '/openapi.json')->{json},
	'awkward tables' => $odd->cgi(GET => '/openapi.json')->{json},
);
my $shipped = $document{'the shipped application'};

sub copy ($value)
{
	return JSON::PP->new->decode(JSON::PP->new->encode($value));
}

for my $name (sort keys %document) {
	for my $who (qw(redocly parser)) {
		my $r = asked($who, document => $document{$name});
		is_deeply $r->{problems}, [], "$who has nothing against $name"
			or diag explain $r->{problems};
	}
}

subtest 'they can object' => sub {
	my $bad = copy($shipped);
	$bad->{paths}{'/users'}{post}{operationId} = 'listUsers';
	$bad->{components}{responses}{UserRow}{content}{'application/json'}
		{example}{name} = 5;
	my $r = asked(redocly => document => $bad);
	is_deeply [sort map { s/:.*//r } @{$r->{problems}}],
		['no-invalid-media-type-examples', 'operation-operationId-unique'],
		'redocly' or diag explain $r;
	$bad = copy($shipped);
	$bad->{paths}{'/users'}{get}{responses} = 'none';
	ok @{asked(parser => document => $bad)->{problems}}, 'swagger-parser';
};

my $tutorial = <<~'TS';
	import createClient from 'openapi-fetch';
	import type {components, paths} from './types.js';

	type User = components['schemas']['User'];
	type Event = components['schemas']['Event'];

	function one<T>(answer: {data?: T | T[]; error?: unknown}): T {
		if (answer.data === undefined || Array.isArray(answer.data))
			throw new Error(JSON.stringify(answer.error ?? answer.data));
		return answer.data;
	}

	export default async function (baseUrl: string) {
		const api = createClient<paths>({baseUrl});
		const user: User = one(await api.POST('/users',
			{body: {name: 'Jonathan Harker'}}));
		const body = {name: 'Resuscitation', address: 'Britain',
			schedule: '1889-07-27T23:59:59-07:00',
			host_name: 'Jonathan Harker'};
		const event: Event = one(await api.POST('/events', {body}));
		const host: string | undefined = event.host?.name;
		const list = await api.GET('/events', {params: {query: {
			schedule: {lt: '1900-01-01T00:00:00Z'}, 'name[like]': 'Res%',
			limit: 5}}});
		const found = one(await api.GET('/users',
			{params: {query: {name: 'Jonathan Harker'}}}));
		const same = one(await api.GET('/users/{id}',
			{params: {path: {id: user.id}}}));
		const changed = one(await api.PUT('/events', {body: {...body,
			address: 'Transylvania'}, params: {query:
			{current_name: 'Resuscitation'}}}));
		const patched = one(await api.PATCH('/users/{id}',
			{body: {name: 'Dr. Van Helsing'},
				params: {path: {id: user.id}}}));
		const missing = await api.GET('/users',
			{params: {query: {name: 'Nobody'}}});
		const invalid = await api.POST('/users', {body: {} as {name: string}});
		const used = await api.DELETE('/users',
			{params: {query: {name: patched.name}}});
		const gone = one(await api.DELETE('/events',
			{params: {query: {name: 'Resuscitation'}}}));
		const last = one(await api.DELETE('/users',
			{params: {query: {name: patched.name}}}));
		const signedUp = await api.POST('/auth/signup', {body: {name: 'Mina',
			email: 'mina@example.org', password: 'a quiet night at sea'}});
		const hello = await api.POST('/graphql', {body: {query: '{ hello }'}});
		return {host, found: found.id === same.id,
			list: Array.isArray(list.data) && list.data.length,
			address: changed.address, gone: gone.host?.name, last: last.name,
			errors: [missing.error, invalid.error, used.error],
			message: signedUp.data?.message, hello: hello.data?.data};
	}
	TS

subtest 'a typed client' => sub {
	my %ask = (document => $shipped, url => $p->url);
	my $r = asked(client => program => $tutorial, %ask);
	like $r->{types}, qr/listUsers: \{/, 'types are made';
	is_deeply $r->{faults}, [], '... the tutorial compiles with them'
		or diag explain $r->{faults};
	is_deeply $r->{result}, {
		host => 'Jonathan Harker', found => JSON::PP::true, list => 1,
		address => 'Transylvania', gone => 'Dr. Van Helsing',
		last => 'Dr. Van Helsing', message => 'User registered',
		hello => {hello => 'Hello World'},
		errors => [
			{detail => {error => "Username 'Nobody' does not exist."}},
			{detail => [{loc => ['body', 'name'], msg => 'field required',
				type => 'value_error.missing'}]},
			{detail => {error => 'User attached to an event. '
				. 'Cannot delete.'}},
		],
	}, '... and runs' or diag explain $r->{result};
	my %wrong = (
		'a member that is none'      => [qr/user\.id/, 'user.number'],
		'a member of another type'   => [qr/limit: 5/, "limit: '5'"],
		'a null that may be'         => [qr/host\?\.name;/, 'host.name;'],
		'a member that is missing'   => [qr/address: 'Britain',/, ''],
		'a path that is none'        => [qr{'/graphql'}, "'/graph'"],
	);
	for (sort keys %wrong) {
		my ($text, $other) = @{$wrong{$_}};
		my $program = $tutorial =~ s/$text/$other/r;
		ok @{asked(client => program => $program, %ask)->{faults}},
			"... but not $_";
	}
};

done_testing;
