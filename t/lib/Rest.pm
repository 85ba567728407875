package Rest;

# Words for the REST tests: how an answer is compared, what the bodies of
# errors look like, how a query is written, and many requests at once.
#
# Bodies are compared as bytes: compactness and the order of members are
# part of the contract.  Expected texts are characters; they are encoded
# here.

use v5.36;
use utf8;

use Encode qw(encode_utf8);
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use JSON::PP   ();
use Test::More ();

use Postern;

our @EXPORT = qw(answers quote detail issue missing null not_json fault uri
	names volley request $UUID $STAMP);

our $UUID  = qr/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
our $STAMP = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00/;

binmode Test::More->builder->$_, ':encoding(UTF-8)'
	for qw(output failure_output todo_output);

# The status and the body are these; a pattern must match the whole body.
sub answers ($r, $status, $body, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $got = "$r->{status} $r->{body}";
	return Test::More::is($got, "$status " . encode_utf8($body), $name)
		unless ref $body;
	return Test::More::like($got, qr/\A$status $body\z/, $name);
}

# A JSON string.
sub quote ($text)
{
	return JSON::PP->new->allow_nonref->encode("$text");
}

# {"detail":{"error":...}}
sub fault ($text)
{
	return '{"detail":{"error":' . quote($text) . '}}';
}

# The body of a 422 with these items.
sub detail (@issues)
{
	return '{"detail":[' . join(',', @issues) . ']}';
}

# One item: issue('body.name', 'field required', 'value_error.missing').
sub issue ($place, $message, $type, $ctx = undef)
{
	my $loc = join ',', map { quote($_) } split /\./, $place, 2;
	my $item = qq({"loc":[$loc],"msg":) . quote($message)
		. ',"type":' . quote($type);
	return $item . ($ctx ? qq(,"ctx":$ctx}) : '}');
}

sub missing ($place)
{
	return issue($place, 'field required', 'value_error.missing');
}

sub null ($place)
{
	return issue($place, 'none is not an allowed value',
		'type_error.none.not_allowed');
}

# The item for a text that is no JSON: why, and at which character.
sub not_json ($doc, $reason, $pos)
{
	my $before = substr $doc, 0, $pos;
	my $line   = 1 + ($before =~ tr/\n//);
	my $column = $pos - rindex($before, "\n");
	return qq({"loc":["body",$pos],"msg":)
		. quote("$reason: line $line column $column (char $pos)")
		. ',"type":"value_error.jsondecode","ctx":{"msg":'
		. quote($reason) . ',"doc":' . quote($doc)
		. qq(,"pos":$pos,"lineno":$line,"colno":$column}});
}

# uri('/users', name => 'Zoë'): names and values percent-encoded.
sub uri ($path, @pairs)
{
	my @parts;
	while (my ($name, $value) = splice @pairs, 0, 2) {
		push @parts, _percent($name) . '=' . _percent($value);
	}
	return @parts ? "$path?" . join('&', @parts) : $path;
}

sub _percent ($text)
{
	return encode_utf8($text) =~ s/([^A-Za-z0-9._~-])/
		sprintf '%%%02X', ord $1/gexr;
}

# The names in an answered list, joined by spaces.
sub names ($r)
{
	return "status $r->{status}: $r->{body}" if ref $r->{json} ne 'ARRAY';
	return join ' ', map { $_->{name} } $r->{json}->@*;
}

# The bytes of a request, for $p->raw and volley().
sub request ($method, $target, $body = undef, @headers)
{
	my @lines = ("$method $target HTTP/1.1", 'Host: localhost',
		'Connection: close', @headers);
	push @lines, 'Content-Type: application/json',
		'Content-Length: ' . length $body
		if defined $body;
	return join("\r\n", @lines) . "\r\n\r\n" . ($body // '');
}

# Send all requests as near to the same moment as one process can: each but
# its last byte, then the last bytes, then read the answers.
sub volley ($p, @requests)
{
	local $SIG{PIPE} = 'IGNORE';
	my @sockets;
	for my $bytes (@requests) {
		my $socket = _connect($p);
		syswrite $socket, $bytes, length($bytes) - 1;
		push @sockets, $socket;
	}
	syswrite $sockets[$_], substr($requests[$_], -1) for 0 .. $#requests;
	return map { Postern::parse(_read_all($_)) } @sockets;
}

sub _connect ($p)
{
	return IO::Socket::INET->new(
		PeerAddr => '127.0.0.1',
		PeerPort => $p->port,
		Timeout  => 10
	) // die "cannot connect to port ${\ $p->port}: $!\n";
}

sub _read_all ($socket)
{
	my ($text, $until) = ('', time + 30);
	my $select = IO::Select->new($socket);
	while (time < $until) {
		next if !$select->can_read(1);
		last if !sysread $socket, $text, 65536, length $text;
	}
	return $text;
}

1;
