package GraphQL;

# Words for the GraphQL tests: how a document is sent and its answer compared.
#
#   query($p, $document, %variables)    the answer, {status, body, json, ...};
#                                       by the network if $p is running
#   data($p, $document, $json, $name, %variables)
#                                       the answer is 200 and this data alone
#   refused($p, $document, $messages, $name, %variables)
#                                       the answer is 200, with these errors
#   messages($r)                        the messages of the errors, in order
#   squeeze($json)                      JSON without white space
#
# Bodies are compared as bytes, because the order of members, the kind of every
# value and that there is no white space are part of the contract.

use v5.36;
use utf8;

use Encode   qw(encode_utf8);
use Exporter qw(import);
use JSON::PP ();
use Test::More ();

our @EXPORT = qw(query data refused messages squeeze post_json body_of);

# More headers for every request that follows: $GraphQL::headers{...}.
our %headers;

binmode Test::More->builder->$_, ':encoding(UTF-8)'
	for qw(output failure_output todo_output);

# The text of a request's body.
sub body_of ($document, %variables)
{
	my %body = (query => $document);
	$body{variables} = \%variables if %variables;
	return \%body;
}

# A POST of that value as JSON.
sub post_json ($p, $value, %more)
{
	my $way = $p->{running} ? 'http' : 'cgi';
	my $own = delete $more{headers} // {};
	return $p->$way(POST => '/graphql', json => $value,
		headers => {%headers, %$own}, %more);
}

sub query ($p, $document, %variables)
{
	return post_json($p, body_of($document, %variables));
}

sub squeeze ($json)
{
	return $json =~ s{("(?:[^"\\]|\\.)*+")|\s+}{$1 // ''}ger;
}

sub messages ($r)
{
	return "status $r->{status}: $r->{body}"
		if ref $r->{json} ne 'HASH' || ref $r->{json}{errors} ne 'ARRAY';
	return map { $_->{message} } $r->{json}{errors}->@*;
}

sub data ($p, $document, $json, $name, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = query($p, $document, %variables);
	return Test::More::is("$r->{status} $r->{body}",
		'200 {"data":' . squeeze(encode_utf8($json)) . '}', $name);
}

sub refused ($p, $document, $messages, $name, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = query($p, $document, %variables);
	return Test::More::is_deeply(
		[$r->{status}, messages($r)],
		[200, ref $messages ? @$messages : $messages], $name)
		|| Test::More::diag($r->{body});
}

1;
