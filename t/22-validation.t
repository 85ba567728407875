#!/usr/bin/perl
# What is refused, and in which words: rows G02 and G03 of the contract.
# The words are those of the first generation of pydantic, and of Python's
# json module for texts that are no JSON.

use v5.36;
use utf8;
use Encode qw(encode_utf8);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->database;
my $str   = issue('body.name', 'str type expected', 'type_error.str');
my $dict  = issue('body', 'value is not a valid dict', 'type_error.dict');
my $whole = missing('body');
my $long  = issue('query.name', 'ensure this value has at most 50 characters',
	'value_error.any_str.max_length', '{"limit_value":50}');

sub refused ($method, $target, $body, $issues, $name, %more)
{
	my $r = $p->cgi($method => $target, body => $body, %more);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	answers $r, 422, detail(@$issues), $name;
	return if $r->{status} != 422;
	is $r->{headers}{'content-type'}, 'application/json', '... as JSON'
		if ($r->{headers}{'content-type'} // '') ne 'application/json';
}

# The body of a user
for my $case (
	['{}',                       missing('body.name')],
	['{"Name":"x"}',             missing('body.name')],
	['{"name ":"x"}',            missing('body.name')],
	['{"name":null}',            null('body.name')],
	['{"name":[]}',              $str],
	['{"name":["x"]}',           $str],
	['{"name":{}}',              $str],
	['{"name":{"name":"x"}}',    $str],
	['[]',                       $dict],
	['[{"name":"x"}]',           $dict],
	['"name"',                   $dict],
	['5',                        $dict],
	['1.5e3',                    $dict],
	['true',                     $dict],
	['false',                    $dict],
	['',                         $whole],
) {
	my ($body, @issues) = @$case;
	refused POST => '/users', $body, \@issues, "POST of '$body'";
	refused PUT => '/users?current_name=x', $body, \@issues,
		"PUT of '$body'";
}

# null is no object; FastAPI calls it absent
my $r = $p->cgi(POST => '/users', body => 'null');
like $r->{body}, qr/\A\{"detail":\[\{"loc":\["body"\],"msg":/,
	'a null body is refused as a whole';
is $r->{status}, 422, '... with 422';

# NUL
my $nul = issue('body.name', 'NUL characters are not allowed',
	'value_error.nul');
refused POST => '/users', '{"name":"\u0000"}', [$nul], 'NUL is no text';
refused POST => '/users', '{"name":"a\u0000b"}', [$nul], '... anywhere';
refused PUT => '/users?current_name=x', '{"name":"a\u0000"}', [$nul],
	'... nor for PUT';

# Texts that are no JSON, in Python's words
my $name_end = '{"name":"x"';
for my $case (
	['{',                    'Expecting property name enclosed in double quotes', 1],
	['{"name"',              'Expecting \':\' delimiter', 7],
	['{"name":',             'Expecting value', 8],
	['{"name":}',            'Expecting value', 8],
	[$name_end,              'Expecting \',\' delimiter', 11],
	["$name_end,}",          'Expecting property name enclosed in double quotes', 12],
	["$name_end} y",         'Extra data', 13],
	["$name_end}}",          'Extra data', 12],
	["$name_end}{}",         'Extra data', 12],
	['{"name":"x',           'Unterminated string starting at', 8],
	["{\"name\":\"a\nb\"}",  'Invalid control character at', 10],
	["{\"name\":\"\t\"}",    'Invalid control character at', 9],
	["{\"name\":\"\x{1}\"}", 'Invalid control character at', 9],
	['{"name":"\x"}',        'Invalid \\escape', 9],
	['{"name":"\u12G4"}',    'Invalid \\uXXXX escape', 10],
	['nul',                  'Expecting value', 0],
	['  ',                   'Expecting value', 2],
	['name=x',               'Expecting value', 0],
	["{'name':1}",           'Expecting property name enclosed in double quotes', 1],
	['{name:1}',             'Expecting property name enclosed in double quotes', 1],
	['{"name":01}',          'Expecting \',\' delimiter', 9],
	['{"name":1.}',          'Expecting \',\' delimiter', 9],
	['{"name":0x10}',        'Expecting \',\' delimiter', 9],
	['{"name":+1}',          'Expecting value', 8],
	['{"name":.5}',          'Expecting value', 8],
	['{"name":-}',           'Expecting value', 8],
	['{"name":tru}',         'Expecting value', 8],
	['{"name":TRUE}',        'Expecting value', 8],
	['{"a":1 "name":2}',     'Expecting \',\' delimiter', 7],
	['{"a":[1 2]}',          'Expecting \',\' delimiter', 8],
	['[1,]',                 'Expecting value', 3],
	["\n\n  {\"a\":}",       'Expecting value', 9],
	['{"é😀":é}',            'Expecting value', 6],
	["// x\n{}",             'Expecting value', 0],
	['{} /* x */',           'Extra data', 3],
) {
	my ($doc, $reason, $pos) = @$case;
	refused POST => '/users', encode_utf8($doc),
		[not_json($doc, $reason, $pos)],
		'POST of ' . quote($doc) . ' is no JSON';
}
refused PUT => '/users', '{', [not_json('{',
	'Expecting property name enclosed in double quotes', 1)],
	'a text that is no JSON is told alone';
refused PUT => '/events', 'x', [not_json('x', 'Expecting value', 0)],
	'... for events too';

# A media type that is not JSON leaves a text, and a text is no object
for my $type ('text/plain', 'application/x-www-form-urlencoded',
	'multipart/form-data; boundary=x', 'application/xml',
	'application/jsonx', 'application/javascript', 'json', 'text/json')
{
	refused POST => '/users', '{"name":"Typed"}', [$dict],
		"$type is not JSON", type => $type;
	refused POST => '/users', '{', [$dict],
		'... and is not looked into', type => $type;
}
my $n = 0;
for my $type ('application/json', 'application/json; charset=utf-8',
	'Application/JSON', 'application/merge-patch+json',
	'application/problem+json;x=y')
{
	$n++;
	my $r = $p->cgi(POST => '/users', body => qq({"name":"T$n"}),
		type => $type);
	answers $r, 201, qr/.*/, "$type is JSON";
}
answers $p->cgi(POST => '/users', body => '{"name":"Untyped"}', type => ''),
	201, qr/.*/, 'a body without a type is JSON';
answers $p->cgi(POST => '/users', body => " \t\r\n{ \"name\" : \"W\" }\n "),
	201, qr/.*/, 'white space around a body is white space';

# All faults are told together: query first, body in the order of the columns
my $current = missing('query.current_name');
my @fields = map { "body.$_" } qw(name address schedule host_name);
refused PUT => '/users', '{}', [$current, missing('body.name')],
	'a fault of the query comes before those of the body';
refused PUT => '/users', '', [$current, $whole],
	'... also when the whole body is absent';
refused PUT => '/users', '[]', [$current, $dict],
	'... or is no object';
refused POST => '/events', '{}', [map { missing($_) } @fields],
	'every absent field is told, in order';
refused POST => '/events',
	'{"host_name":null,"schedule":null,"address":null,"name":null}',
	[map { null($_) } @fields], 'every null is told, in order';
refused PUT => '/events',
	'{"schedule":{},"host_name":"\u0000","name":null}',
	[$current, null('body.name'), missing('body.address'),
		issue('body.schedule', 'str type expected', 'type_error.str'),
		issue('body.host_name', 'NUL characters are not allowed',
			'value_error.nul')], 'different faults are told together';
refused POST => '/events', '{"schedule":"never"}',
	[map { missing("body.$_") } qw(name address host_name)],
	'a bad date waits until the shape is right';
refused PUT => '/users?name=' . 'x' x 51, '{}',
	[$current, missing('body.name')], 'PUT does not look at name';

# The query
refused GET => '/users?name=' . 'x' x 51, undef, [$long],
	'a name too long to exist is not looked for';
refused GET => '/events?name=' . '%C3%A9' x 51, undef, [$long],
	'... counted in characters';
refused DELETE => '/users?current_name=x', undef, [missing('query.name')],
	'DELETE does not look at current_name';
refused DELETE => '/events', undef, [missing('query.name')],
	'DELETE of events needs a name';

is $p->sql('select count(*) from api.users'), $n + 2,
	'what was refused left nothing';
is $p->sql('select count(*) from api.events'), 0, '... at all';

done_testing;
