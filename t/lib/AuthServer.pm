# Words for tests of the auth server: its routes, its errors, and tokens taken
# apart and put together as an attacker would.
#
#   my $u = registered($p, email => ..., password => ...);
#       by /auth/register and /auth/token; {email, password, identity, code,
#       verifier, challenge, token, refresh, expires_in, answer}
#   my $u = authenticated($p, %$u);         the same by /auth/authenticate
#   my $r = auth($p, 'verify', {...}, %more)      POST /auth/verify, as JSON
#   my $r = exchange($p, $code, $verifier)        GET /auth/token?...
#   my $r = grant($p, $code, $verifier)           as OAuth has it
#   my $r = refresh($p, $token)
#   refuses($r, 400, InvalidData => 'text' or qr/.../, 'name')
#   stranger($r, 'name')                          401 for a bad token
#   my ($base, %values) = redirect($r)            of a 302; lists of values
#   my $r = from($p, '192.0.2.1', POST => '/auth/...', json => {})
#       from an address that is not this machine's
#   head_of($jwt) claims_of($jwt) forge($key, {claims}, {head})
#   subkey($key, 'reset')                         HKDF-Expand
#   unspoken($p, name => $secret, ...)            no log holds it
package AuthServer;

use v5.36;
use Digest::SHA    qw(hmac_sha256);
use Encode         qw(decode_utf8);
use Exporter       qw(import);
use JSON::PP       ();
use MIME::Base64   qw(decode_base64url encode_base64url);
use Test::More     ();

use Auth;
use FastCGI;
use Postern;
use Rest qw(answers quote);

our @EXPORT = qw($PROVIDER registered authenticated auth exchange grant refresh
	refuses problem stranger redirect from head_of claims_of forge subkey
	unspoken plain_headers json);

our $PROVIDER = 'builtin::local_emailpassword';
my $coder = JSON::PP->new->utf8->canonical->allow_nonref;

sub json ($value) { return $coder->encode($value) }

# --- Routes ------------------------------------------------------------------

sub auth ($p, $route, $fields, %more)
{
	return ask($p, POST => "/auth/$route",
		json => {provider => $PROVIDER, %$fields}, %more);
}

sub exchange ($p, $code, $verifier, %more)
{
	return ask($p, GET => "/auth/token?code=$code&verifier=$verifier", %more);
}

sub grant ($p, $code, $verifier, %more)
{
	return ask($p, POST => '/auth/token', json => {
		grant_type => 'authorization_code', code => $code,
		code_verifier => $verifier}, %more);
}

sub refresh ($p, $token, %more)
{
	return ask($p, POST => '/auth/token', json => {
		grant_type => 'refresh_token', refresh_token => $token}, %more);
}

sub registered ($p, %user)
{
	state $n = 0;
	$n++;
	%user = (email => "native$n\@example.org",
		password => "correct horse $n", %user, %{pkce()});
	my $r = auth($p, register => {%user{qw(email password challenge)}});
	return _tokens($p, $r, %user);
}

sub authenticated ($p, %user)
{
	my %headers = %{delete $user{headers} // {}};
	%user = (%user, %{pkce()});
	my $r = auth($p, authenticate => {%user{qw(email password challenge)}},
		headers => \%headers);
	return _tokens($p, $r, %user, headers => \%headers);
}

sub _tokens ($p, $r, %user)
{
	my $headers = delete $user{headers} // {};
	my $code = $r->{json} && $r->{json}{code};
	return {%user, answer => $r} if !$code;
	$r = grant($p, $code, $user{verifier}, headers => $headers);
	my $json = $r->{json} // {};
	return {%user, answer => $r, code => $code, token => $json->{access_token},
		refresh => $json->{refresh_token}, expires_in => $json->{expires_in},
		identity => $json->{identity_id}};
}

# Straight to a worker of the auth pool, whose client is elsewhere.
sub from ($p, $address, $method, $target, %opt)
{
	my %params = (REMOTE_ADDR => $address, %{$opt{params} // {}});
	my $body = exists $opt{json} ? json($opt{json}) : $opt{body};
	my $r = FastCGI->new($p->var . '/run/auth.sock')->ask(
		$method => $target, body => $body, params => \%params)
		// {status => 0, headers => {}, body => ''};
	$r->{json} = eval { $coder->decode($r->{body}) };
	return $r;
}

# --- Answers -----------------------------------------------------------------

# What the body of an error is; its text is the test's own.
sub problem ($type, $text)
{
	return '{"error":{"message":' . quote($text) . qq(,"type":"$type"}});
}

sub refuses ($r, $status, $type, $text, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return answers($r, $status, problem($type, $text), $name) if !ref $text;
	my $error = ref $r->{json} eq 'HASH' ? $r->{json}{error} : undef;
	$error = {} if ref $error ne 'HASH';
	my $said = "$r->{status} $r->{body}";
	return Test::More::ok($r->{status} == $status
			&& ($error->{type} // '') eq $type
			&& ($error->{message} // '') =~ $text, $name)
		|| Test::More::diag("it said $said\nnot $status $type $text");
}

# A token that is not good: never served as if there were none.
sub stranger ($r, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $why = $r->{headers}{'www-authenticate'} // '(no WWW-Authenticate)';
	return Test::More::like("$r->{status} $why", qr/\A401\ Bearer\ 
		realm="postern",\ error="invalid_token"(?:,|\z)/x, $name);
}

sub redirect ($r)
{
	my ($url, $fragment) = split /#/, $r->{headers}{location} // '', 2;
	my ($base, $query) = split /\?/, $url // '', 2;
	my %values;
	for (split /&/, $query // '') {
		my ($name, $value) = map { _decoded($_) } split /=/, $_, 2;
		push @{$values{$name}}, $value;
	}
	$values{'#'} = [$fragment] if defined $fragment;
	return ($base // '', %values);
}

sub _decoded ($text)
{
	return decode_utf8($text =~ tr/+/ /r =~ s/%(..)/chr hex $1/ger);
}

# Headers that could tell one answer from another.
sub plain_headers ($r)
{
	my %h = %{$r->{headers}};
	delete @h{qw(date x-request-id)};
	return \%h;
}

# --- Tokens ------------------------------------------------------------------

sub _part ($jwt, $n)
{
	my $text = (split /\./, $jwt // '')[$n] // '';
	return eval { $coder->decode(decode_base64url($text)) } // {};
}

sub head_of ($jwt)   { return _part($jwt, 0) }
sub claims_of ($jwt) { return _part($jwt, 1) }

# Signed with HS256, whatever the head says.
sub forge ($key, $claims, $head)
{
	my $text = join '.',
		map { encode_base64url(ref $_ ? $coder->encode($_) : $_) }
		$head, $claims;
	return "$text." . encode_base64url(hmac_sha256($text, $key));
}

sub subkey ($key, $info) { return hmac_sha256("$info\x01", $key) }

# --- Logs --------------------------------------------------------------------

sub unspoken ($p, %secrets)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my %text = map { m{([^/]+)\z} => Postern::_slurp($_) }
		$p->var ? glob($p->var . '/log/*') : ();
	$text{cgi} = $p->{cgi_log};
	my @found;
	for my $name (sort keys %secrets) {
		next if !length($secrets{$name} // '');
		push @found, map { "$name is in $_" }
			grep { index($text{$_}, $secrets{$name}) >= 0 } sort keys %text;
	}
	my $size = 0;
	$size += length for values %text;
	Test::More::cmp_ok($size, '>', 0, 'there are logs');
	return Test::More::ok(!@found, 'no log holds a secret')
		|| Test::More::diag(join "\n", @found);
}

1;
