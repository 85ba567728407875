# Words for tests of accounts.  Each is also a method of Postern: signup($p)
# is $p->signup.
#
#   my $u = $p->signup(name => 'Ada', email => ..., password => ...);
#       what is not given is made up; {token, cookie, name, email, password,
#       answer}, without a token when it was refused
#   my $s = $p->signin(email => ..., password => ...);     the same, by /signin
#   headers => bearer($u)      to ask as this one; or a token as it is
#   headers => cookie($u)      the same as a browser does, from our own pages
#   my $k = pkce();            {verifier, challenge}
#   my @m = $p->mails(to => $email, wait => 1);
#       what the courier wrote, oldest first: {to, from, subject, text, html,
#       raw, token, code}; with `wait` once there are so many
#   $p->ask(POST => '/auth/...', ...)   http of a stack, cgi of a database
package Auth;

use v5.36;
use Digest::SHA    qw(sha256);
use Encode         qw(decode);
use Exporter       qw(import);
use MIME::Base64   qw(decode_base64 encode_base64url);
use MIME::QuotedPrint qw(decode_qp);
use Time::HiRes    qw(sleep);
use Postern;

our @EXPORT = qw(signup signin bearer cookie pkce mails ask);
push @Postern::ISA, __PACKAGE__;

my $COOKIE   = 'edgedb-auth-token';
my $PROVIDER = 'builtin::local_emailpassword';

sub ask ($p, @request)
{
	return $p->{running} ? $p->http(@request) : $p->cgi(@request);
}

sub signup ($p, %user)
{
	state $n = 0;
	$n++;
	%user = (name => "User $n", email => "user$n\@example.org",
		password => "correct horse $n", %user);
	return _session(ask($p, POST => '/auth/signup',
		json => {%user{qw(name email password)}}), %user);
}

sub signin ($p, %user)
{
	return _session(ask($p, POST => '/auth/signin',
		json => {provider => $PROVIDER, %user{qw(email password)}}), %user);
}

# What a signed-in client keeps.
sub _session ($r, %user)
{
	my $cookies = $r->{headers}{'set-cookie'} // '';
	my ($token) = join("\n", ref $cookies ? @$cookies : $cookies) =~
		/^\Q$COOKIE\E=([^;\s]+)/m;
	return {%user, answer => $r} if !defined $token;
	return {%user, answer => $r, token => $token,
		cookie => "$COOKIE=$token"};
}

sub bearer ($who)
{
	return {Authorization => 'Bearer ' . (ref $who ? $who->{token} : $who)};
}

sub cookie ($who)
{
	return {'Sec-Fetch-Site' => 'same-origin',
		Cookie => ref $who ? $who->{cookie} : "$COOKIE=$who"};
}

sub pkce ()
{
	open my $random, '<:raw', '/dev/urandom' or die "no random bytes: $!\n";
	read $random, my $bytes, 32;
	my $verifier = encode_base64url($bytes);
	return {verifier => $verifier,
		challenge => encode_base64url(sha256($verifier))};
}

# --- Mails -------------------------------------------------------------------

sub mails ($p, %opt)
{
	my @found;
	for (1 .. ($opt{wait} ? 300 : 1)) {
		@found = grep { !defined $opt{to} || $_->{to} =~ /\Q$opt{to}\E/ }
			map { _mail(Postern::_slurp($_)) } _files($p->state_dir);
		last if @found >= ($opt{wait} // 0);
		sleep 0.1;
	}
	return @found;
}

# Those that are complete, in the order in which they came.
sub _files ($dir)
{
	my %at = map { $_ => (Time::HiRes::stat($_))[9] // 0 }
		glob "$dir/mail/*.eml";
	return sort { $at{$a} <=> $at{$b} || $a cmp $b } keys %at;
}

sub _mail ($raw)
{
	my ($headers, $body) = _entity($raw);
	my %mail = map { $_ => decode('MIME-Header', $headers->{$_} // '') }
		qw(to from subject);
	@mail{qw(raw text html)} = ($raw, _parts($headers, $body));
	($mail{token}) = $mail{text} =~ /(?:verification|reset)_token=([\w.-]+)/;
	($mail{code}) = $mail{text} =~ /\b(\d{6})\b/ if !$mail{token};
	return \%mail;
}

# Headers, in small letters and unfolded, and what follows them.
sub _entity ($raw)
{
	my ($head, $body) = split /\r?\n\r?\n/, $raw, 2;
	my %headers = map { /^([^:]+):\s*(.*)/ ? (lc $1, $2) : () }
		split /\r?\n/, ($head // '') =~ s/\r?\n[ \t]+/ /gr;
	return (\%headers, $body // '');
}

# (plain text, HTML) of a body, whichever there are.
sub _parts ($headers, $body)
{
	my $type = $headers->{'content-type'} // 'text/plain';
	if (my ($boundary) = $type =~ /boundary="?([^";]+)/i) {
		my @both = ('', '');
		my (undef, @parts) = split /^--\Q$boundary\E(?:--)?\r?\n?/m, $body;
		for (@parts) {
			my @part = _parts(_entity($_));
			length $part[$_] and $both[$_] = $part[$_] for 0, 1;
		}
		return @both;
	}
	my $text = decode('UTF-8', _plain($headers, $body));
	return $type =~ m{^text/html}i ? ('', $text) : ($text, '');
}

sub _plain ($headers, $body)
{
	my $as = lc($headers->{'content-transfer-encoding'} // '');
	return $as =~ /quoted-printable/ ? decode_qp($body)
		: $as =~ /base64/ ? decode_base64($body) : $body;
}

1;
