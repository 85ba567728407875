#!/usr/bin/perl
# The description of the API: what of it is there for whom, and that it is
# the one that t/fixtures/openapi holds, so that each change of the API shows.
#
# POSTERN_SAVE_OPENAPI=1 writes it there.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP;
use Postern;

my $saved = "$FindBin::Bin/fixtures/openapi/shipped.json";
my $p = Postern->database(env => {POSTERN_ARGON2 => 'm=512,t=2,p=1'});

sub described ($of = $p, %opt)
{
	return $of->cgi(GET => '/openapi.json', %opt)->{json};
}

# What the command prints: the text, and the status.
sub command ($of, @arguments)
{
	local %ENV = (%ENV, $of->_cgi_environment(GET => '/'));
	delete @ENV{qw(REQUEST_METHOD REQUEST_URI)};
	open my $from, '-|', $of->{bin}, 'openapi', @arguments or die $!;
	my $text = do { local $/; <$from> };
	close $from;
	return ($text, $? >> 8);
}

sub operations ($document)
{
	return map {
		my $path = $_;
		map { "$_ $path" } sort keys $document->{paths}{$path}->%*
	} sort keys $document->{paths}->%*;
}

# Every reference in a value, and what stands under a name in it.
sub references ($value)
{
	return map { references($_) } @$value if ref $value eq 'ARRAY';
	return if ref $value ne 'HASH';
	return $value->{'$ref'} if exists $value->{'$ref'};
	return map { references($_) } values %$value;
}

sub found ($document, $reference)
{
	my $at = $document;
	for (split m{/}, $reference =~ s{^#/}{}r) {
		$at = ref $at eq 'HASH' ? $at->{$_} : undef;
	}
	return $at;
}

# What any document has to be, whatever its tables are called.
sub sound ($document, $name)
{
	subtest $name => sub {
		my %wanted = map { $_ => 1 } references($document);
		my @ids = map { map { $_->{operationId} } values %$_ }
			values $document->{paths}->%*;
		my %ids = map { $_ => 1 } @ids;
		my @names = map { keys %$_ } values $document->{components}->%*;

		is_deeply [grep { !found($document, $_) } sort keys %wanted], [],
			'what is referred to is there';
		my @parts = map { my $kind = $_; map { "#/components/$kind/$_" }
			keys $document->{components}{$kind}->%* }
			grep { $_ ne 'securitySchemes' }
			keys $document->{components}->%*;
		is_deeply [grep { !$wanted{$_} } sort @parts], [],
			'... and nothing else';
		is scalar(@ids), scalar(keys %ids), 'operations have names of their own';
		is_deeply [grep { !/^[A-Za-z][A-Za-z0-9]*$/ } @ids], [],
			'... that programs can use';
		is_deeply [grep { !/^[A-Za-z0-9._-]+$/ } @names], [],
			'components likewise';
		my %tags = map { $_->{name} => 1 } $document->{tags}->@*;
		is_deeply [grep { !$tags{$_} } map { map { $_->{tags}->@* }
			values %$_ } values $document->{paths}->%*], [],
			'every tag is explained';
	};
}

my ($text, $status) = command($p);
is $status, 0, 'the command prints it';
{
	open my $old, '>&', \*STDERR;
	open STDERR, '>', '/dev/null';
	is_deeply [command($p, 'postgres')], ['', 1],
		'... for no role that the API does not know';
	open STDERR, '>&', $old;
}
$text =~ s/("version":\s*"[\d.]+\+)[0-9a-f]{12}/$1.../;
if ($ENV{POSTERN_SAVE_OPENAPI}) {
	open my $out, '>', $saved or die "$saved: $!";
	print {$out} $text;
	close $out or die "$saved: $!";
}
open my $in, '<', $saved or die "$saved: $!";
my $golden = do { local $/; <$in> };
is $text, $golden, 'nothing of the API has changed'
	or diag 'see POSTERN_SAVE_OPENAPI';

my $r = $p->cgi(GET => '/openapi.json');
is $r->{status}, 200, 'GET /openapi.json';
is $r->{headers}{'content-type'}, 'application/json', '... is JSON';
my $document = $r->{json};
$golden = JSON::PP->new->utf8->decode($text);
$golden->{info}{version} = $document->{info}{version};
is_deeply $document, $golden, '... the same';
sound($document, 'it is sound');
my $etag = $r->{headers}{etag};
like $etag, qr/^"[0-9a-f]{16}"$/, 'it has a tag';
$r = $p->cgi(GET => '/openapi.json', headers => {'If-None-Match' => $etag});
is "$r->{status} $r->{body}", '304 ', '... by which it is not sent again';
is $p->cgi(POST => '/openapi.json', json => {})->{status}, 405,
	'it cannot be changed by a request';

subtest 'whose it is' => sub {
	my $of = Postern->database;
	$of->sql(<<~'SQL');
		revoke delete on api.users from postern_anonymous;
		revoke select on api.users from postern_anonymous;
		grant select (id, name) on api.users to postern_anonymous;
		revoke update (name) on api.users from postern_anonymous;
		revoke all on api.events from postern_anonymous;
		SQL
	my $d = described($of);
	sound($d, 'of less it is sound');
	is_deeply [grep { m{ /users} } operations($d)],
		['get /users', 'post /users', 'get /users/{id}'],
		'what may not be done is not there';
	ok !$d->{paths}{'/events'} && !$d->{components}{schemas}{Event},
		'... nor a table of which nothing may be';
	is_deeply [sort keys $d->{components}{schemas}{User}{properties}->%*],
		['id', 'name'], '... nor a column';
	my ($text) = command($of, 'postern_member');
	is_deeply [grep { m{ /(?:users|events)} } operations(
		JSON::PP->new->utf8->decode($text))],
		[grep { m{ /(?:users|events)} } operations($document)],
		'members may more';
};

subtest 'tables of all kinds' => sub {
	my $of = Postern->database;
	$of->sql(Postern::_slurp("$FindBin::Bin/fixtures/nasty.sql"));
	$of->sql(<<~'SQL');
		create table api."Error" (id int primary key, n int, t text[],
			f float8 not null, b bigint, s varchar(3), flag bool,
			old text, d date);
		comment on column api."Error".n is '@example {"broken';
		comment on column api."Error".flag is E'Up?\n@example false';
		comment on column api."Error".old is '@deprecated use s';
		create table api.user_create (id int primary key);
		create table api.users_again (id int primary key);
		comment on table api.users_again is '@type User';
		create view api.seen as select 1 as one;
		grant all on all tables in schema api to postern_anonymous;
		SQL
	my $d = described($of);
	ok $d, 'are described' or return;
	sound($d, 'soundly');
	my ($one) = grep { $_->{operationId} =~ /^create/ }
		values $d->{paths}{'/Error'}->%*;
	my $json = $one->{requestBody}{content}{'application/json'};
	isnt $json->{schema}{'$ref'}, '#/components/schemas/ErrorCreate',
		'one that is called as something else has another name';
	my $s = found($d, $json->{schema}{'$ref'})->{properties};
	is_deeply $s->{n}, {type => ['integer', 'null'], format => 'int32',
		minimum => -2147483648, maximum => 2147483647}, 'a number';
	is $json->{example}{n}, 1, '... whose example is none';
	is_deeply $s->{t}, {type => ['array', 'null'],
		items => {type => ['string', 'null']}}, 'an array';
	is_deeply $s->{f}, {type => 'number'}, 'a fraction';
	is_deeply $s->{b}, {type => ['integer', 'null'], format => 'int64'},
		'a long number';
	is_deeply $s->{s}, {type => ['string', 'null'], maxLength => 3},
		'a short text';
	is_deeply $s->{flag}, {type => ['boolean', 'null'],
		description => 'Up?'}, 'a flag';
	ok !$json->{example}{flag}, '... with an example';
	is_deeply $s->{old}, {type => ['string', 'null'],
		deprecated => JSON::PP::true}, 'what should not be used';
	my ($answer) = grep { $_->{properties}{flag} && $_->{properties}{f}{anyOf} }
		values $d->{components}{schemas}->%*;
	is_deeply $answer->{properties}{f}, {anyOf => [{type => 'number'},
		{'$ref' => '#/components/schemas/NotANumber'}]},
		'a fraction that is answered may be none';
	is_deeply [operations({paths => {'/seen' => $d->{paths}{'/seen'}}})],
		['get /seen'], 'a view is read';
	ok $d->{paths}{'/order_items/{id}'}, 'a composite key is one';
};

done_testing;
