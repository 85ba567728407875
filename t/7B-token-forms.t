#!/usr/bin/perl
# Tokens in every form that a Hasura engine takes: HASURA_GRAPHQL_JWT_SECRET is
# read as the engine reads it, so that it takes ours, and we take what others
# sign for it.  The engine is t/npm/engine.mjs, where jose verifies.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP     ();
use MIME::Base64 qw(encode_base64url);
use POSIX        ();
use Test::More;

use Auth;
use AuthServer;
use Npm;
use Postern;
use Rest;

plan skip_all => Npm::why_not() if Npm::why_not();

my $NS      = 'https://hasura.io/jwt/claims';
my $SETTING = 'HASURA_GRAPHQL_JWT_SECRET';
my $base    = 'https://api.example.com';
my %env     = (POSTERN_ARGON2 => 'm=256,t=1,p=1', POSTERN_ACCESS => 'owner',
	POSTERN_BASE_URL => $base);
my $p     = Postern->database(env => {%env});
my $judge = Npm->start('engine.mjs');
my $long  = 'a shared secret that nobody knows: '
	. encode_base64url(join ',', map { int rand 1e9 } 1 .. 9);

# A table whose policy and default are made of the claims.
$p->sql(<<~"SQL");
	create function api.who()
	returns text
	language sql
	stable
	return nullif(current_setting('request.jwt.claims', true), '')::json
		#>> '{$NS,x-hasura-user-id}';
	comment on function api.who() is '\@hidden';
	create table api.notes (
		id uuid primary key default gen_random_uuid(),
		name text not null unique,
		owner text default api.who(),
		claims json default
			nullif(current_setting('request.jwt.claims', true), '')::json
	);
	alter table api.notes enable row level security;
	create policy everybody_reads on api.notes for select using (true);
	create policy mine on api.notes for insert with check (owner = api.who());
	grant select, insert on api.notes
	to postern_anonymous, postern_member, postern_admin;
	select postern.create_event_trigger('noted', 'api.notes',
		webhook => 'http://127.0.0.1:1/');
	SQL

my %user = map { $_ => signup($p, name => $_, email => lc "$_\@example.org",
	password => 'long enough of it') } qw(Ada Eve);
my %id = map { $_ => $p->sql("select id from api.users where name = '$_'") }
	keys %user;
my %identity = map { $_ => $p->sql(
	"select identity_id from api.users where name = '$_'") } keys %user;
$p->sql("update auth.identities set role = 'admin'"
	. " where id = '$identity{Eve}'");

# --- Keys --------------------------------------------------------------------

my $dir = Postern::_home() . '/forms';
mkdir $dir or die "$dir: $!\n";

sub file ($name, $text)
{
	my $path = "$dir/$name";
	my $old  = umask 077;
	open my $out, '>', $path or die "$path: $!\n";
	umask $old;
	print {$out} $text;
	close $out;
	Postern::Cluster::chown_to(Postern::Cluster::run_as(), $path);
	return $path;
}

# Asymmetric ones: {private, public, file}, and a certificate for those that
# are wanted.
my %pair = map { $_ => $judge->ask({do => 'pair', type => $_}) }
	qw(RS256 ES256 ES384 ES512 Ed25519);
$pair{$_}{file} = file($_, $pair{$_}{private}) for keys %pair;
@pair{qw(RS384 RS512)} = ($pair{RS256}) x 2;
$pair{other} = $judge->ask({do => 'pair', type => 'ES256'});
my $certificate = qx(openssl req -x509 -new -key $pair{ES256}{file} \\
	-subj /CN=engine -days 2 2>/dev/null);

# --- Forms -------------------------------------------------------------------

# Another form: what we are given (a text, or JSON), what the engine is, the
# files of keys; what else the tests have to know.
sub form ($name, $given, %more)
{
	my %as = (%env, $SETTING => ref $given ? json($given) : $given);
	$as{POSTERN_KEYS} = $more{keys} if $more{keys};
	my %engine = (ref $given ? %$given : (), %{$more{engine} // {}});
	my $type = $more{type} // $engine{type};
	my %own = $type =~ /^HS/ ? (private => $engine{key})
		: %{$pair{$type}};
	return {%more, name => $name, env => \%as, type => $type,
		engine => \%engine, private => $own{private},
		asymmetric => $type !~ /^HS/};
}

# What is asked in there is asked of a program with that setting.
sub under ($form, $code)
{
	local $p->{opt}{env} = $form->{env};
	return $code->();
}

sub with_form ($form, @request)
{
	return under($form, sub { ask($p, @request) });
}

sub login ($form, $who, $path = '/login')
{
	my ($email, $password) = @{$user{$who}}{qw(email password)};
	my %input = ($path eq '/action' ? 'username' : 'email', $email);
	my $r = with_form($form, POST => $path, json => {
		action => {name => 'login'}, input => {%input, password => $password},
		request_query => '', session_variables => {}});
	my $token = $r->{json} && ($r->{json}{token} // $r->{json}{AccessToken});
	diag "$form->{name}: $path: $r->{status} $r->{body}" if !$token;
	return $token // 'none';
}

# Has the engine no complaint?  Then what it read.
sub engine_takes ($form, $token, $name, %more)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $said = $judge->ask({do => 'read', token => $token,
		config => $form->{engine}, %more});
	ok !$said->{error}, $name or diag explain $said, $form->{name}, $token;
	return $said;
}

# Where the public keys are that this form tells; '' when they cannot matter.
sub published ($form)
{
	my $r = with_form($form, GET => '/.well-known/jwks.json');
	unlike $r->{body}, qr/"oct"|"k":|\Q$long\E/,
		'the set of keys has no secret';
	return '' if !$form->{asymmetric};
	return $judge->ask({do => 'serve', jwks => $r->{body}})->{url};
}

my $notes = 0;

# A note is written: the answer, the event's session variables, the row.
sub noted ($form, $token, %headers)
{
	my $name = 'Note ' . ++$notes;
	my $r = with_form($form, POST => '/notes', json => {name => $name},
		headers => {%{bearer($token)}, %headers});
	my $found = $p->sql("select json_build_object('note', to_json(n),
		'session', (select payload -> 'session_variables'
			from postern.event_log as e
			where e.payload #>> '{data,new,name}' = n.name))
		from api.notes as n where name = '$name'");
	my $json = $found eq '' ? {} : JSON::PP->new->utf8->decode($found);
	return {%$r, %$json};
}

# All that the table, its policies and its events can see of the caller.
sub seen ($r, $role, $variables, $sub, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is $r->{status}, 201, $name or return diag "$r->{status} $r->{body}";
	is $r->{note}{owner}, $variables->{'x-hasura-user-id'},
		'... policies see the claims' if $variables->{'x-hasura-user-id'};
	is $r->{note}{claims}{sub}, $sub, '... of this identity' if defined $sub;
	is_deeply $r->{session}, {'x-hasura-role' => $role, %$variables},
		'... and events do' or diag explain $r->{session};
}

# The tokens of a form are taken by the engine and by ourselves.
sub holds ($form)
{
	my $token = login($form, 'Ada');
	my $alg = $form->{type} =~ s/Ed25519/EdDSA/r;
	is head_of($token)->{alg}, $alg, 'the algorithm';
	my $variables = {'x-hasura-user-id' => $id{Ada},
		%{$form->{variables} // {}}};
	my $url = published($form);
	my @ways = ($form->{engine}{key} ? {} : (), $url ? {url => $url} : ());
	for my $way (@ways) {
		my $said = engine_takes($form, $token, 'the engine takes it, by '
			. ($url && $way->{url} ? 'the set of keys' : 'the key'), %$way);
		is $said->{role}, 'user', '... as a user';
		is_deeply $said->{variables}, $variables, '... with the claims';
	}
	seen noted($form, $token), 'user', $variables, $identity{Ada},
		'we take it';
	return ($token, $variables);
}

# --- Keys and algorithms -----------------------------------------------------

my %user_claims = ('x-hasura-allowed-roles' => ['user'],
	'x-hasura-default-role' => 'user');
my %foreign = (exp => time + 600, $NS => {%user_claims,
	'x-hasura-user-id' => $id{Ada}, 'x-hasura-org' => 'Acme'});

sub signed ($form, $claims, %head)
{
	my $said = $judge->ask({do => 'sign', type => $form->{type},
		key => $form->{private}, claims => $claims, head => \%head});
	diag explain $said if !$said->{token};
	return $said->{token} // 'none';
}

my @public = (keys => join ' ', $p->key_file, map { $pair{$_}{file} }
	qw(Ed25519 RS256 ES256));
my @kinds = (
	form('a bare string', $long, engine => {type => 'HS256', key => $long}),
	form('HS256', {type => 'HS256', key => substr $long, -32}),
	(map { form($_, {type => $_, key => $long}) } qw(HS384 HS512)),
	(map { form($_, {type => $_, key => $pair{$_}{private}},
		engine => {key => $pair{$_}{public}}) }
		qw(RS256 RS384 RS512 ES256 ES384 ES512 Ed25519)),
	(map { form("$_, as an engine has it", {type => $_,
		key => $pair{$_}{public}}, @public) } qw(RS512 Ed25519)),
	form('ES256, by a certificate', {type => 'ES256', key => $certificate},
		@public),
	(map { form("a URL of keys, and $_", {jwk_url =>
		"$base/.well-known/jwks.json"}, type => $_,
		keys => $pair{$_}{file} . ' ' . $p->key_file) }
		qw(RS256 ES256 Ed25519)),
);

for my $form (@kinds) {
	subtest "a key: $form->{name}" => sub {
		holds($form);
		my $theirs = signed($form, \%foreign);
		return stranger with_form($form, GET => '/notes', headers =>
			bearer($theirs)), 'others do not sign with it'
			if $form->{engine}{jwk_url};
		seen noted($form, $theirs), 'user', {'x-hasura-user-id' => $id{Ada},
			'x-hasura-org' => 'Acme'}, $identity{Ada},
			'and what others sign with it';
	};
}

subtest 'a public key that is none of ours' => sub {
	my $form = form('foreign', {type => 'ES256',
		key => $pair{other}{public}}, keys => $p->key_file);
	my $token = login($form, 'Ada');
	is head_of($token)->{alg}, 'HS256', 'we sign with our own key';
	seen noted($form, $token), 'user', {'x-hasura-user-id' => $id{Ada}},
		$identity{Ada}, '... and take it';
	seen noted($form, signed({%$form, private => $pair{other}{private}},
		\%foreign)), 'user', {'x-hasura-user-id' => $id{Ada},
		'x-hasura-org' => 'Acme'}, $identity{Ada},
		'others sign with theirs';
	published($form);
};

# --- Claims ------------------------------------------------------------------

my %hs = (type => 'HS256', key => $long);
my %map = ('x-hasura-allowed-roles' => {path => '$.roles.all'},
	'x-hasura-default-role' => {path => '$.roles.first', default => 'user'},
	'x-hasura-user-id' => {path => q{$.person['the id']}},
	'x-hasura-site' => 'here');
my %text = (claims_format => 'stringified_json');
my @shapes = (
	form('a namespace', {%hs, claims_namespace => 'my claims'}),
	form('the root', {%hs, claims_namespace_path => '$'}),
	form('a path', {%hs, claims_namespace_path => '$.a.b'}),
	form('a path with odd names', {%hs,
		claims_namespace_path => q{$.a['b%c']}}),
	form('a text', {%hs, %text}),
	form('a text in a namespace', {%hs, %text, claims_namespace => 'my.own'}),
	form('a text at a path', {%hs, %text, claims_namespace_path => '$.a.b'}),
	form('json by its name', {%hs, claims_format => 'json'}),
	form('a map', {%hs, claims_map => \%map},
		variables => {'x-hasura-site' => 'here'}),
	form('a map, which wins over a namespace', {%hs, claims_map => \%map,
		claims_namespace => 'x'}, variables => {'x-hasura-site' => 'here'}),
	form('an audience', {%hs, audience => 'my-app'}),
	form('audiences', {%hs, audience => ['my-app', 'our-app']}),
	form('an issuer', {%hs, issuer => 'https://issuer.example.com/'}),
	form('all of it', {type => 'ES384', key => $pair{ES384}{private},
		%text, claims_namespace_path => q{$.a['b%c']}, allowed_skew => 60,
		audience => ['a', 'b'], issuer => 'me'},
		engine => {key => $pair{ES384}{public}}),
);

for my $form (@shapes) {
	subtest "claims: $form->{name}" => sub {
		my ($token) = holds($form);
		is with_form($form, GET => '/notes', headers => {%{bearer($token)},
			'X-Hasura-Role' => 'admin'})->{status}, 403,
			'a role that is not allowed';
		my $admin = login($form, 'Eve');
		my $said = engine_takes($form, $admin, 'an administrator\'s',
			role => 'user');
		is_deeply [sort @{$said->{allowed} // []}], [qw(admin user)],
			'... has both roles';
		is engine_takes($form, $admin, '... of which')->{role}, 'admin',
			'... the first is the administrator\'s';
		my $variables = {'x-hasura-user-id' => $id{Eve},
			%{$form->{variables} // {}}};
		seen noted($form, $admin, 'X-Hasura-Role' => 'user'), 'user',
			$variables, $identity{Eve}, 'she is one of ours';
	};
}

subtest 'a map to what a token has anyhow' => sub {
	my $form = form('sub', {%hs, claims_map => {
		'x-hasura-allowed-roles' => ['user', 'admin'],
		'x-hasura-default-role' => 'user',
		'x-hasura-user-id' => {path => '$.sub'}}});
	my ($token) = holds($form);
	is with_form($form, GET => '/auth/me', headers => bearer($token))
		->{json}{identity_id}, $identity{Ada}, 'the identity is not lost';
	stranger with_form($form, GET => '/notes', headers => {%{bearer($token)},
		'X-Hasura-Role' => 'admin'}),
		'a role that every token is given is not everybody\'s here';
};

# --- Where tokens come from --------------------------------------------------

for my $form (grep { $_->{name} =~ /^(?:all of it|a map|RS384)$/ } @kinds,
	@shapes) {
	subtest "who hands them out: $form->{name}" => sub {
		my %given;
		$given{'/action'} = login($form, 'Ada', '/action');
		$given{'/auth/signin'} = under($form, sub { signin($p,
			%{$user{Ada}}) })->{token};
		my $one = under($form, sub { authenticated($p, %{$user{Ada}}) });
		$given{'/auth/token'} = $one->{token};
		my $r = with_form($form, POST => '/auth/refresh', json =>
			{refresh_token => $one->{refresh} // ''});
		$given{'/auth/refresh'} = $r->{json}{access_token};
		$notes++;
		$given{'/auth/signup'} = under($form, sub { signup($p, name =>
			"New $notes", email => "new$notes\@example.org") })->{token};
		for my $path (sort keys %given) {
			my $said = engine_takes($form, $given{$path} // 'none', $path);
			like $said->{variables}{'x-hasura-user-id'}, qr/\A$UUID\z/,
				'... with a user';
			is with_form($form, GET => '/auth/me', headers =>
				bearer($given{$path} // 'none'))->{status}, 200,
				'... whom we know';
		}
		my $token = $given{'/auth/signin'} // 'none';
		is with_form($form, POST => '/auth/signout',
			headers => bearer($token))->{status}, 204, 'a sign-out';
		stranger with_form($form, GET => '/notes', headers => bearer($token)),
			'... is the end of its token';
	};
}

# --- What others sign --------------------------------------------------------

sub changed (%more) { return {%foreign, %more} }

sub claims (%more)
{
	return changed($NS => {%{$foreign{$NS}}, %more});
}

sub without ($hash, @names)
{
	my %less = %$hash;
	delete @less{@names};
	return \%less;
}

sub reads ($form, $token, %headers)
{
	return with_form($form, GET => '/notes', headers => {%{bearer($token)},
		%headers});
}

my ($hs512) = grep { $_->{name} eq 'HS512' } @kinds;
my ($rs256) = grep { $_->{name} eq 'RS256' } @kinds;

subtest 'signatures that are not theirs' => sub {
	my %short = (typ => 'JWT');
	stranger reads($hs512, forge($long, \%foreign, {%short, alg => $_})),
		"HS512 is asked for, and it says $_"
		for 'HS256', 'HS384', 'none', 'None', '', 'RS256';
	stranger reads($hs512, signed({%$hs512, type => $_}, \%foreign)),
		"... and is $_" for qw(HS256 HS384);
	my $none = forge($long, \%foreign, {%short, alg => 'none'}) =~
		s/[^.]*\z//r;
	stranger reads($_, $none), "$_->{type}: none at all" for $hs512, $rs256;
	stranger reads($hs512, signed({%$hs512, private => $_}, \%foreign)),
		'another key' for $long . 'x', substr($long, 1), 'x' x 64;
	for my $alg (qw(HS256 RS256)) {
		stranger reads($rs256, forge($_, \%foreign, {%short, alg => $alg})),
			"a public key is no secret, though it says $alg"
			for $pair{RS256}{public}, $pair{RS256}{public} =~ s/\n\z//r;
	}
	stranger reads($rs256, signed({%$rs256, type => $_}, \%foreign)),
		"RS256 is asked for, and it is $_" for qw(RS384 RS512);
	my $key = $p->key;
	stranger reads($hs512, forge($key, \%foreign, {%short, alg => 'HS256',
		kid => substr encode_base64url(subkey($key, 'kid')), 0, 16})),
		'a key of ours that is not the engine\'s signs no foreign ones';
};

subtest 'their heads' => sub {
	is reads($hs512, signed($hs512, \%foreign, %$_))->{status}, 200, json($_)
		for {}, {typ => 'JWT'}, {typ => 'jwt'}, {typ => 'JWT', kid => 'theirs'};
	stranger reads($hs512, forge($long, \%foreign, {alg => 'HS512',
		crit => ['exp']})), 'crit';
};

subtest 'their times' => sub {
	my $now  = time;
	my $skew = form('skew', {%hs, allowed_skew => 120});
	is reads($_->[0], signed($_->[0], changed(%{$_->[1]})))->{status}, $_->[2],
		$_->[3] for
		[$hs512, {exp => $now - 100}, 401, 'expired'],
		[$skew, {exp => $now - 60}, 200, 'expired within the allowed skew'],
		[$skew, {exp => $now - 200}, 401, 'expired before that'],
		[$hs512, {nbf => $now + 300}, 401, 'not good yet'],
		[$skew, {nbf => $now + 60}, 200, 'soon, within the allowed skew'],
		[$skew, {nbf => $now + 300}, 401, 'later than that'],
		[$hs512, {exp => $now + 100.5}, 200, 'parts of a second'],
		[$hs512, {exp => $now - 100.5}, 401, '... that are over'],
		[$hs512, {exp => 1e300, nbf => -1e300}, 200, 'far away'],
		[$hs512, {exp => -1e300}, 401, 'long ago'],
		[$hs512, {exp => undef}, 401, 'an end that is null'],
		[$hs512, {exp => 'tomorrow'}, 401, 'an end that is a text'];
	is reads($hs512, signed($hs512, without(\%foreign, 'exp')))->{status},
		200, 'without an end it does not end';
};

subtest 'their claims' => sub {
	stranger reads($hs512, signed($hs512, $_->[1])), $_->[0] for
		['no claims', without(\%foreign, $NS)],
		['claims that are a text', changed($NS => json($foreign{$NS}))],
		['claims that are null', changed($NS => undef)],
		['claims that are a list', changed($NS => [])],
		['no default role', changed($NS => without($foreign{$NS},
			'x-hasura-default-role'))],
		['a default role that is no text',
			claims('x-hasura-default-role' => ['user'])],
		['no allowed roles', changed($NS => without($foreign{$NS},
			'x-hasura-allowed-roles'))],
		['allowed roles that are a text',
			claims('x-hasura-allowed-roles' => 'user')],
		['a claim twice, in other letters',
			claims('X-Hasura-User-ID' => $id{Eve})],
		['an allowed role that is no text',
			claims('x-hasura-allowed-roles' => ['user', 5])],
		(map { ["a claim that is " . json($_), claims('X-Hasura-Level' => $_)] }
			5, undef, JSON::PP::true, ['5'], {a => 'b'});
	seen noted($hs512, signed($hs512, changed($NS => {
		'X-Hasura-Allowed-Roles' => ['user'], 'X-HASURA-DEFAULT-ROLE' => 'user',
		'X-Hasura-User-Id' => $id{Ada}, other => 5}))), 'user',
		{'x-hasura-user-id' => $id{Ada}}, $identity{Ada},
		'names in any case, and others that mean nothing';
	is reads($hs512, signed($hs512, changed(aud => 'anybody',
		iss => 'https://example.net', iat => time, sub => 'x|5')))->{status},
		200, 'what is not asked for may be anything';
	for my $shape (grep { $_->{name} =~ /^(?:a path|a text|the root)$/ }
		@shapes) {
		my $c = $foreign{$NS};
		my %at = ('a path' => {a => {b => $c}}, 'a text' => {$NS => json($c)},
			'the root' => {%$c, sub => 'auth0|1234'});
		seen noted($shape, signed($shape, {exp => time + 60,
			%{$at{$shape->{name}}}})), 'user', {'x-hasura-user-id' =>
			$id{Ada}, 'x-hasura-org' => 'Acme'}, $identity{Ada}, $shape->{name};
		stranger reads($shape, signed($shape, $shape->{name} eq 'a text'
			? {$NS => '{"x-hasura-'} : \%foreign)), '... and nowhere else';
	}
	my ($map) = grep { $_->{name} eq 'a map' } @shapes;
	my %mapped = (exp => time + 60, roles => {all => ['user', 'admin'],
		first => 'admin'}, person => {'the id' => $id{Ada}});
	my %is = ('x-hasura-user-id' => $id{Ada}, 'x-hasura-site' => 'here');
	seen noted($map, signed($map, \%mapped)), 'admin', \%is, $identity{Ada},
		'a map';
	seen noted($map, signed($map, {%mapped, roles => {all => ['user']}})),
		'user', \%is, $identity{Ada}, '... has a default';
	stranger reads($map, signed($map, without(\%mapped, 'person'))),
		'... and what has none must be there';
};

subtest 'their audience and issuer' => sub {
	my $form = form('both', {%hs, audience => ['a', 'b'], issuer => 'me'});
	my $one  = form('one', {%hs, audience => 'a'});
	is reads($_->[0], signed($_->[0], changed(%{$_->[1]})))->{status},
		$_->[2], json($_->[1]) for
		[$form, {aud => 'b', iss => 'me'}, 200],
		[$form, {aud => ['x', 'a'], iss => 'me'}, 200],
		[$form, {aud => 'a'}, 200],
		[$form, {aud => 'a', iss => 'you'}, 401],
		[$form, {aud => 'a', iss => 'me '}, 401],
		[$form, {aud => 'c', iss => 'me'}, 401],
		[$form, {aud => ['c', 'ab'], iss => 'me'}, 401],
		[$form, {aud => [], iss => 'me'}, 401],
		[$form, {iss => 'me'}, 401],
		[$one, {aud => ['a']}, 200], [$one, {aud => 'ab'}, 401],
		[$one, {}, 401];
};

subtest 'their roles' => sub {
	my $both = claims('x-hasura-allowed-roles' => ['user', 'admin', 'editor']);
	my $token = signed($hs512, $both);
	my %is = ('x-hasura-user-id' => $id{Ada}, 'x-hasura-org' => 'Acme');
	seen noted($hs512, $token), 'user', \%is, $identity{Ada}, 'the default';
	seen noted($hs512, $token, 'X-Hasura-Role' => 'admin'), 'admin', \%is,
		$identity{Ada}, 'another one';
	is reads($hs512, $token, 'X-Hasura-Role' => $_)->{status}, 403, $_
		for 'editor', 'root', 'postern_admin';
	is reads($hs512, signed($hs512, \%foreign), 'X-Hasura-Role' => 'admin')
		->{status}, 403, 'one that is not allowed';
	is reads($hs512, signed($hs512, claims('x-hasura-allowed-roles' =>
		['editor'], 'x-hasura-default-role' => 'editor')))->{status}, 403,
		'a default that is none of ours';
};

subtest 'who they are' => sub {
	my $token = signed($hs512, \%foreign);
	my $put = sub ($name, $token) {
		return with_form($hs512, PUT => "/users?current_name=$name",
			json => {name => $name}, headers => bearer($token))->{status};
	};
	is $put->(Ada => $token), 200, 'Ada changes herself';
	is $put->(Eve => $token), 403, '... and nobody else';
	is $put->(Eve => signed($hs512, claims('x-hasura-allowed-roles' =>
		['admin'], 'x-hasura-default-role' => 'admin'))), 200,
		'an administrator changes others';
	for my $stranger ('12345', 'auth0|5', '',
		'00000000-0000-4000-8000-000000000000') {
		$token = signed($hs512, claims('x-hasura-user-id' => $stranger));
		is reads($hs512, $token)->{status}, 200, "'$stranger' may read";
		is $put->(Ada => $token), 403, '... and is not Ada';
	}
	is reads($hs512, signed($hs512, {$NS => \%user_claims}))->{status}, 200,
		'one may be nobody at all';
	stranger with_form($hs512, GET => '/auth/me', headers =>
		bearer(signed($hs512, \%foreign))), 'none has a session here';
	stranger reads($hs512, signed($hs512, changed(iss => "$base/auth",
		aud => $base, sub => $identity{Ada}, sid => $_))),
		"... though it says sid '$_'"
		for '00000000-0000-4000-8000-000000000000', 'x';
	stranger reads({env => \%env}, signed({%$hs512, type => 'HS256'}, \%foreign)),
		'without the setting nobody else signs';
};

# --- Settings that will not do -----------------------------------------------

# The status of `postern check` with that setting, and what it says.
sub check ($given, %more)
{
	my $pid = open(my $from, '-|') // die "fork: $!\n";
	if (!$pid) {
		delete @ENV{grep { /^(?:PG|POSTERN_|HASURA_)/ } keys %ENV};
		%ENV = (%ENV, POSTERN_CONFIG => '/dev/null',
			POSTERN_STATE => $p->cgi_state,
			POSTERN_DATABASE => $p->conninfo('postern'),
			POSTERN_KEYS => $p->key_file,
			$SETTING => ref $given ? json($given) : $given, %more);
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		alarm 30;
		exec $p->{bin}, 'check' or POSIX::_exit(127);
	}
	my $said = do { local $/; <$from> } // '';
	close $from;
	return ($?, $said);
}

my @bad = (
	['the tutorial\'s', 'a-very-secret-secret'],
	['the tutorial\'s in JSON', {type => 'HS256',
		key => 'a-very-secret-secret'}],
	['31 characters', {type => 'HS256', key => substr $long, -31}],
	(map { ["type " . json($_), {%hs, type => $_}] }
		'HS1024', 'none', 'hs256', '', 5, undef),
	['no type', {key => $long}],
	['no key', {type => 'HS256'}],
	['nothing', {}],
	['a key that is no text', {%hs, key => 5}],
	['a key and a URL', {%hs, jwk_url => $base}],
	['a namespace and a path', {%hs, claims_namespace => 'x',
		claims_namespace_path => '$.x'}],
	['JSON that breaks off', '{"type":"HS256","key":"' . $long],
	['JSON with more behind', json(\%hs) . '}'],
	(map { ["the path $_", {%hs, claims_namespace_path => $_}] }
		'a.b', '', '$.', '$..a', '$a', q{$['a'}, q{$.a['b}, '$.a b', '$[]'),
	['a path that is no text', {%hs, claims_namespace_path => ['a']}],
	['a namespace that is no text', {%hs, claims_namespace => 5}],
	['a format', {%hs, claims_format => 'yaml'}],
	['an audience that is no text', {%hs, audience => 5}],
	['audiences that are no texts', {%hs, audience => ['a', 5]}],
	['an issuer that is no text', {%hs, issuer => ['me']}],
	['a skew below nothing', {%hs, allowed_skew => -5}],
	['a skew that is no number', {%hs, allowed_skew => 'long'}],
	['a map that is none', {%hs, claims_map => 'x'}],
	['a map without roles', {%hs, claims_map => {'x-hasura-user-id' =>
		{path => '$.sub'}}}],
	['a map to no path', {%hs, claims_map => {%map,
		'x-hasura-user-id' => {path => 'sub'}}}],
	['RS256 and no PEM', {type => 'RS256', key => $long}],
	['RS256 and a key on a curve', {type => 'RS256',
		key => $pair{ES256}{private}}],
	['ES256 and another curve', {type => 'ES256',
		key => $pair{ES384}{private}}],
	['Ed25519 and RSA', {type => 'Ed25519', key => $pair{RS256}{private}}],
	['a small RSA key', {type => 'RS256',
		key => scalar qx(openssl genpkey -algorithm RSA -pkeyopt \\
			rsa_keygen_bits:1024 2>/dev/null)}],
	['a public key and none that signs', {type => 'ES256',
		key => $pair{ES256}{public}}, POSTERN_KEYS => ''],
	['a URL and no key that signs', {jwk_url => $base}, POSTERN_KEYS => ''],
);

subtest 'what will not do' => sub {
	for my $case (@bad) {
		my ($name, $given, %more) = @$case;
		my ($status, $said) = check($given, %more);
		ok $status > 255, "$name is refused" or diag "$status $said";
		like $said, exists $more{POSTERN_KEYS} ? qr/POSTERN_KEYS|$SETTING/
			: qr/$SETTING/, '... by its name';
		my $key = ref $given ? $given->{key} // '' : $given;
		my ($hidden) = $key =~ /\A(?:-----.*?-----\s+)?(\S.{9,40})/s;
		unlike $said, qr/\Q$hidden\E/, '... which is not told' if $hidden;
	}
	for my $good ($long, substr($long, -32), \%hs, {%hs,
		header => {type => 'Authorization'}}) {
		my ($status, $said) = check($good);
		is $status, 0, 'others will' or diag $said;
	}
};

subtest 'nothing starts with it' => sub {
	my $r = with_form({env => {%env, $SETTING => 'a-very-secret-secret'}},
		GET => '/users');
	is $r->{body}, '', 'no single run';
	like $p->{cgi_log}, qr/$SETTING/, '... and it says why';
	for my $pool (qw(api auth)) {
		my $pid = fork // die "fork: $!\n";
		if (!$pid) {
			delete @ENV{grep { /^(?:PG|POSTERN_|HASURA_)/ } keys %ENV};
			%ENV = (%ENV, POSTERN_CONFIG => '/dev/null',
				POSTERN_STATE => $p->cgi_state,
				POSTERN_DATABASE => $p->conninfo('postern'),
				POSTERN_KEYS => $p->key_file,
				$SETTING => 'a-very-secret-secret');
			open STDOUT, '>', "$dir/pool";
			open STDERR, '>&', \*STDOUT;
			exec 'timeout', 10, 'spawn-fcgi', '-n', '-s', "$dir/sock", '--',
				$p->{bin}, 'pool', $pool or POSIX::_exit(127);
		}
		waitpid $pid, 0;
		my $status = $?;
		unlink "$dir/sock";
		my $said = Postern::_slurp("$dir/pool");
		ok $status && $status >> 8 != 124, "no pool $pool" or
			diag "$status $said";
		like $said, qr/$SETTING/, '... and it says why';
		unlike $said, qr/very-secret/, '... without the secret';
	}
};

subtest 'it may stand in the file of settings' => sub {
	my $form = form('file', {%hs, claims_namespace => 'filed'});
	$form->{env} = {%env, POSTERN_CONFIG => file('postern.conf',
		"$SETTING=" . json({%hs, claims_namespace => 'filed'}) . "\n")};
	my $said = engine_takes($form, login($form, 'Ada'), 'a token');
	is $said->{variables}{'x-hasura-user-id'}, $id{Ada}, '... is of that form';
};

# --- All of it at once, over the network -------------------------------------

subtest 'a server' => sub {
	my ($form) = grep { $_->{name} eq 'all of it' } @shapes;
	my $lines = JSON::PP->new->pretty->encode(JSON::PP->new->decode(
		$form->{env}{$SETTING}));
	my $s = Postern->start(env => {%{$form->{env}}, $SETTING => $lines});
	my $u = signup($s, name => 'Ada', email => 'ada@example.org',
		password => 'long enough of it');
	my $r = $s->http(POST => '/login', json => {input => {
		%$u{qw(email password)}}});
	my $said = engine_takes($form, $r->{json}{token} // 'none', 'its token',
		url => $s->url . '/.well-known/jwks.json');
	like $said->{variables}{'x-hasura-user-id'}, qr/\A$UUID\z/,
		'... has a user';
	my $put = sub ($token, %headers) {
		return $s->http(PUT => '/users?current_name=Ada',
			json => {name => 'Ada'}, headers => {%{bearer($token)}, %headers})
			->{status};
	};
	is $put->($r->{json}{token} // 'none'), 200, '... which it takes'
		for 1 .. 2;
	my $claims = {exp => time + 60, aud => 'b', iss => 'me', a => {'b%c' =>
		json({%user_claims, 'x-hasura-user-id' =>
			$said->{variables}{'x-hasura-user-id'}})}};
	my $token = signed($form, $claims);
	is $put->($token), 200, '... and one that it has not made' for 1 .. 2;
	is $put->($token, 'X-Hasura-Role' => 'admin'), 403, '... by its roles';
	stranger $s->http(GET => '/users', headers => bearer(signed($form,
		{%$claims, aud => 'c'}))), '... for others it is not';
	is $put->(signed($form, {%$claims, exp => time - 100})), 401,
		'... nor when it is over';

	my $now = sub { $put->($token) . ' ' . $s->http(POST => '/login',
		json => {input => {%$u{qw(email password)}}})->{status} };
	delete $s->{opt}{env}{$SETTING};
	for my $bad ('a-very-secret-secret', '{"type":"ES384"}') {
		my $said = $s->instance('reload', $SETTING => $bad);
		isnt $?, 0, "reload does not take $bad";
		like $said, qr/$SETTING/, '... and says why';
		unlike $said, qr/very-secret/, '... and not what';
		is $now->(), '200 200', '... and all is as it was';
	}
	$s->instance('reload');
	is $?, 0, 'the setting is remembered';
	is $now->(), '200 200', '... by the workers to come';
	unspoken $s, key => (split /\n/, $form->{private})[1], token => $token;
};

unspoken $p, secret => $long, 'a bad one' => 'very-secret',
	key => (split /\n/, $pair{RS256}{private})[1];

done_testing;
