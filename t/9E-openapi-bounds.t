#!/usr/bin/perl
# Requests at the bounds that the API's description draws: one on this side is
# taken, one beyond it is refused, with a status that is described.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP;
use Postern;
use Rest;

my $p = Postern->database;
$p->sql(<<~'SQL');
	create type api.mood as enum ('upbeat', 'very sad');
	create table api.limits (
		id int generated always as identity primary key,
		name text not null unique check (char_length(name) <= 5),
		code varchar(3),
		small int2 not null,
		whole int4,
		big int8,
		mood api.mood,
		choice text check (choice in ('a', 'b')),
		day date,
		moment timestamptz,
		clock timestamp,
		flag bool not null default false,
		ref uuid,
		ratio float8,
		exact numeric,
		words text[]
	);
	comment on column api.limits.words is '@required';
	grant select, insert, update, delete on api.limits to postern_anonymous;
	SQL
my $document = $p->cgi(GET => '/openapi.json')->{json};
my $jsonapi = 'application/vnd.api+json';
my $host = '00000000-0000-0000-0000-00000000000a';
my $clear = 'delete from api.events; delete from api.users;'
	. ' delete from api.limits; insert into api.users (id, name)'
	. " values ('$host', 'Host')";

sub resolved ($value)
{
	while ($value->{'$ref'}) {
		my $at = $document;
		$at = $at->{$_} for split m{/}, $value->{'$ref'} =~ s{^#/}{}r;
		$value = $at;
	}
	return $value;
}

# ---- values -------------------------------------------------------------------

sub types ($schema)
{
	return ref $schema->{type} ? @{$schema->{type}} : ($schema->{type} // ());
}

my %formats = (
	uuid => ['11111111-2222-3333-4444-555555555555', '1111'],
	date => ['2024-02-29', '2023-02-29'],
	'date-time' => ['2024-02-29T23:59:59Z', '2024-02-29T25:00:00Z'],
	'date-time-local' => ['2024-02-29T23:59:59', 'noon'],
);

# [value, is it fine?, why] for each bound of a schema.
sub values_of ($schema)
{
	my %type = map { $_ => 1 } types($schema);
	my @all;
	push @all, [undef, $type{null} ? 1 : 0, 'null'];
	push @all, map { [$_, 1, "'$_'"] } grep { defined } @{$schema->{enum} // []};
	push @all, ['none of them', 0, 'a label that is none'] if $schema->{enum};
	if (my $max = $schema->{maxLength}) {
		push @all, ['x' x $max, 1, "$max letters"],
			["\x{1f600}" x $max, 1, "$max faces"],
			['x' x ($max + 1), 0, 'a letter more'],
			["\x{1f600}" x ($max + 1), 0, 'a face more'];
	}
	for (grep { defined $schema->{$_->[0]} } ['minimum', -1], ['maximum', 1]) {
		my ($bound, $beyond) = ($schema->{$_->[0]}, $_->[1]);
		push @all, [$bound, 1, "the $_->[0]"],
			[$bound + $beyond, 0, "beyond the $_->[0]"];
	}
	if (my $both = $formats{$schema->{format} // ''}) {
		push @all, [$both->[0], 1, $schema->{format}],
			[$both->[1], 0, "no $schema->{format}"];
	}
	push @all, [{}, 0, 'an object'] if !$type{object};
	push @all, ['many', 0, 'a word'] if $type{integer} || $type{number};
	push @all, [1.5, 0, 'a fraction'] if $type{integer};
	push @all, [['x', undef], 1, 'a list'], ['x', 0, 'no list'] if $type{array};
	return @all;
}

# ---- requests -----------------------------------------------------------------

# How to make a body of members: as it is, or as a resource's attributes.
sub wrapped ($table, $path, $members)
{
	return $members if $path !~ /^\/jsonapi/;
	return {data => {type => $table, attributes => $members,
		$table eq 'event' ? (relationships => {host => {data =>
			{type => 'user', id => $host}}}) : ()}};
}

sub is_described ($operation, $r)
{
	my $responses = $operation->{responses};
	my $range = substr($r->{status}, 0, 1) . 'XX';
	return $responses->{$r->{status}} || $responses->{$range};
}

sub judged ($method, $path, $members, $fine, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($table) = $path =~ m{(\w+)s$};
	my $operation = $document->{paths}{$path}{lc $method};
	$p->sql($clear);
	my %as = $path =~ /^\/jsonapi/
		? (type => $jsonapi, headers => {Accept => $jsonapi}) : ();
	$table = 'limits' if $table eq 'limit' && $path !~ /^\/jsonapi/;
	$table = resolved($operation->{requestBody}{content}{$jsonapi}{schema})
		->{properties}{data}{properties}{type}{const} if %as;
	my $r = $p->cgi($method => $path, %as,
		json => wrapped($table, $path, $members));
	my $got = $r->{status} < 300 ? 1 : $r->{status} < 500 ? 0 : -1;
	ok $got == $fine && is_described($operation, $r), "$name: $r->{status}"
		or diag $r->{body};
}

# A relationship that has to be there, and lead to somebody.
sub linked ($name, $relationships)
{
	$p->sql($clear);
	my $r = $p->cgi(POST => '/jsonapi/events', type => $jsonapi,
		headers => {Accept => $jsonapi}, json => {data => {type => 'event',
			attributes => {name => 'Party', address => 'Home',
				schedule => '2030-01-01T00:00:00Z'},
			relationships => $relationships}});
	is $r->{status}, 422, $name;
}

sub bounds_of ($path, $schema, $good)
{
	my $members = $schema->{properties};
	judged(POST => $path, $good, 1, 'what is good');
	for my $name (@{$schema->{required} // []}) {
		my %less = %$good;
		delete $less{$name};
		judged(POST => $path, \%less, 0, "without $name");
	}
	for my $name (sort keys %$members) {
		next if $name eq 'host_name';    # nobody of that name is fine
		judged(POST => $path, {%$good, $name => $_->[0]}, $_->[1],
			"$name: $_->[2]") for values_of($members->{$name});
	}
}

my %good = (
	users  => {name => 'Ada'},
	events => {name => 'Party', address => '', host_name => 'Ada',
		schedule => '2030-01-01T00:00:00Z'},
	limits => {name => 'a', small => 1, words => []},
);
for my $table (sort keys %good) {
	subtest $table => sub {
		bounds_of("/$table", resolved($document->{paths}{"/$table"}{post}
			{requestBody}{content}{'application/json'}{schema}),
			$good{$table});
	};
	subtest "JSON:API: $table" => sub {
		my $path = "/jsonapi/$table";
		my $data = resolved($document->{paths}{$path}{post}{requestBody}
			{content}{$jsonapi}{schema})->{properties}{data}{properties};
		my %attributes = $good{$table}->%*;
		delete $attributes{host_name};
		bounds_of($path, $data->{attributes}, \%attributes);
	};
}

subtest 'relationships' => sub {
	my $create = $document->{components}{schemas}{EventCreateDocument};
	my $links = $create->{properties}{data}{properties}{relationships};
	is_deeply $links->{required}, ['host'], 'one is required';
	is $links->{properties}{host}{'$ref'} =~ s{.*/}{}r,
		'JsonApiSomeIdentifier', '... of somebody';
	linked('not to be there', {});
	linked('nor to be nobody', {host => {data => undef}});
};

subtest 'parameters' => sub {
	for my $path (map { "/$_" } sort keys %good) {
		my $get = $document->{paths}{$path}{get};
		for my $parameter (map { resolved($_) } $get->{parameters}->@*) {
			next if $parameter->{in} ne 'query' || $parameter->{style};
			my $name = $parameter->{name};
			for (values_of($parameter->{schema})) {
				my ($value, $fine, $why) = @$_;
				next if !defined $value || ref $value || $value eq '';
				my $r = $p->cgi(GET => uri($path, $name => $value));
				# Nobody of that name is no fault of the request.
				my $got = $r->{status} < 300 || $r->{status} == 404 || 0;
				ok $got == $fine && is_described($get, $r),
					"$path?$name: $why: $r->{status}" or diag $r->{body};
			}
		}
	}
};

done_testing;
