# The clients that people use, each as its own documentation uses it, and a
# gateway that takes us for a part of its own schema.
use v5.36;
use lib 't/lib';
use Test::More;
use Auth;
use Npm;
use Postern;

plan skip_all => Npm::why_not('npm-graphql') if Npm::why_not('npm-graphql');

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=512,t=2,p=1'});
my $client = Npm->start('npm-graphql/clients.mjs', $p->url . '/graphql');

$p->sql(<<~'SQL');
	insert into api.users (name) values ('Ada'), ('Bob');
	insert into api.events (name, address, schedule, host_id)
	select 'Party', 'Home', '2030-01-02T03:04:05Z', id
	from api.users where name = 'Ada';
	SQL
my %id = map { split /\|/ } split /\n/, $p->sql('select name, id from api.users');

sub does ($what, %ask)
{
	my $r = $client->ask({do => $what, what => 'query', %ask});
	diag "$what: $r->{error}" if defined $r->{error};
	return $r;
}

# What a document asks for, without what a client adds to it.
sub plain ($value)
{
	return [map { plain($_) } @$value] if ref $value eq 'ARRAY';
	return $value if ref $value ne 'HASH';
	return {map { $_ => plain($value->{$_}) }
		grep { $_ ne '__typename' } keys %$value};
}

my $users = <<~'GRAPHQL';
	query Users($name: String) {
	  UsersMany(where: {name: {_eq: $name}}) { ...Who events { name schedule } }
	}
	fragment Who on User { id name }
	GRAPHQL
my $ada = {UsersMany => [{id => $id{Ada}, name => 'Ada', events =>
	[{name => 'Party', schedule => '2030-01-02T03:04:05+00:00'}]}]};
my $one = 'query One($pk: ID!) { UserByPk(pk: $pk) { id name } }';
my $rename = <<~'GRAPHQL';
	mutation Rename($pk: ID!, $name: String!) {
	  updateUser(pk: $pk, data: {name: $name}) { success result { id name } }
	}
	GRAPHQL
my $nobody = '00000000-0000-0000-0000-000000000000';

for my $with (qw(apollo urql request)) {
	subtest $with => sub {
		my %ask = (document => $users, variables => {name => 'Ada'});
		is_deeply plain(does($with, %ask)->{data}), $ada, 'a query';
		is_deeply plain(does($with, %ask, get => 1)->{data}), $ada,
			'... by GET';
		my $new = "Bob by $with";
		is_deeply plain(does($with, what => 'mutate', document => $rename,
			variables => {pk => $id{Bob}, name => $new})->{data}),
			{updateUser => {success => JSON::PP::true,
				result => {id => $id{Bob}, name => $new}}}, 'a mutation';
		is $p->sql("select name from api.users where id = '$id{Bob}'"), $new,
			'... which is done';

		my $r = does($with, document => $one, variables => {pk => $nobody});
		is_deeply $r->{errors}, ['User matching query does not exist.'],
			'an error of a field';
		$r = does($with, document => '{ UsersMany { nothing } }');
		is_deeply $r->{errors},
			['Cannot query field "nothing" on type "User".'],
			'an error of the document';
		$r = does($with, document => $one, variables => {pk => {}});
		like $r->{errors}[0], qr/^Variable "\$pk" got invalid value/,
			'an error of the variables';

		my $u = signup($p, name => "Cyd of $with");
		$r = does($with, %ask, headers => bearer($u));
		is_deeply plain($r->{data}), $ada, 'with a token';
		$r = $client->ask({do => $with, what => 'query', %ask,
			headers => bearer('x.y.z')});
		ok !$r->{data} && ($r->{errors} || $r->{error}),
			'... that is none: an error';
	};
}

subtest 'the cache of Apollo' => sub {
	my $all = '{ UsersMany { id name } }';
	does(apollo => document => $all);
	does(apollo => what => 'mutate', document => $rename,
		variables => {pk => $id{Bob}, name => 'Bob the last'});
	my %name = map { $_->{id} => $_->{name} }
		@{does(cached => document => $all)->{data}{UsersMany} // []};
	is $name{$id{Bob}}, 'Bob the last', 'a mutation changes what is in it';
};

subtest 'Apollo by hash' => sub {
	my $r = does(persisted => document => '{ hello }');
	is $r->{data}{hello}, 'Hello World', 'is answered';
	is_deeply $r->{sent}, ['GET false', 'POST true'], 'the text goes over once'
		or diag explain $r->{sent};
	$r = does(persisted => document => '{ hello }');
	is $r->{data}{hello}, 'Hello World', 'is answered again';
	is_deeply $r->{sent}, ['GET false'], '... without it'
		or diag explain $r->{sent};
};

subtest 'graphql-codegen' => sub {
	my $program = <<~'TS';
		import type {UsersQuery, UsersQueryVariables, RenameMutation,
			OneQuery, MutationRoot} from './types.js';
		export const variables: UsersQueryVariables = {name: null};
		export function names(data: UsersQuery): string[] {
			return (data.UsersMany ?? []).map((one) => one.name);
		}
		export function done(data: RenameMutation): boolean | null | undefined {
			return data.updateUser?.success;
		}
		export function maybe(data: OneQuery): string | undefined {
			return data.UserByPk?.id;
		}
		export const roots: (keyof MutationRoot)[] =
			['insertUser', 'updateEvent', 'deleteEvent'];
		TS
	my @documents = ($users, $one, $rename);
	my $r = does(codegen => documents => \@documents, program => $program);
	like $r->{types}, qr/export type User = \{/, 'makes types';
	is_deeply $r->{faults}, [], '... that a program compiles with'
		or diag explain $r->{faults};
	$r = does(codegen => documents => \@documents,
		program => $program =~ s/one\.name/one.nothing/r);
	like "@{$r->{faults} // []}", qr/'nothing' does not exist/,
		'... and a wrong one does not';
};

subtest 'a gateway' => sub {
	my %ask = (document => $users, variables => {name => 'Ada'});
	my $r = does(wrap => %ask);
	is_deeply $r->{data}, $ada, 'passes a query on' or diag explain $r;
	$r = does(wrap => document => 'query ($on: Boolean!) { a: UsersMany(where:'
		. ' {name: {_eq: "Ada"}}) { __typename name @include(if: $on) } '
		. 'b: hello __schema { queryType { name } } }',
		variables => {on => JSON::PP::true});
	is_deeply $r->{data}, {a => [{__typename => 'User', name => 'Ada'}],
		b => 'Hello World', __schema => {queryType => {name => 'QueryRoot'}}},
		'aliases and directives' or diag explain $r;
	$r = does(wrap => document => $rename,
		variables => {pk => $id{Bob}, name => 'Bob by gateway'});
	is $r->{data}{updateUser}{result}{name}, 'Bob by gateway', 'a mutation'
		or diag explain $r;
	$r = does(wrap => document => $one, variables => {pk => $nobody});
	is_deeply $r->{errors}, ['User matching query does not exist.'],
		'an error of a field';
	$r = does(wrap => document => '{ UsersMany(where: {name: {_eq: "Ada"}}) '
		. '{ __typename ... on Their_User { events { __typename } } } }',
		transform => 'Their_');
	is_deeply $r->{data}, {UsersMany => [{__typename => 'Their_User',
		events => [{__typename => 'Their_Event'}]}]}, 'types are renamed'
		or diag explain $r;
};

done_testing;
