#!/usr/bin/perl
# The actions of the two Hasura tutorials: what an engine sends, and what it
# has to be answered.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer;
use Postern;
use Rest;

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1'});
my $JWT = qr/[\w-]+\.[\w-]+\.[\w-]+/;

sub fails ($message, $code, $more = '')
{
	return '{"message":' . quote($message)
		. qq(,"extensions":{"code":"$code"}$more});
}

my $wrong = fails('Invalid credentials', 'invalid-credentials');

# As an engine sends it.
sub act ($path, $input, %more)
{
	return $p->http(POST => $path, json => {action => {name => 'any'},
		input => $input, request_query => 'mutation { any }',
		session_variables => {'x-hasura-role' => 'public'}}, %more);
}

sub count ($of) { return $p->sql("select count(*) from $of") }

my %ada = (email => 'ada@example.org', password => 'twelve monkeys');

subtest 'a sign-up' => sub {
	my $r = act('/signup', \%ada);
	answers $r, 200, '{"id":1,"email":"ada@example.org","password":""}',
		'has the members of the tutorial, and no hash';
	is $r->{headers}{'content-type'}, 'application/json', 'is JSON';
	is $r->{headers}{'cache-control'}, 'no-store', 'is not kept';
	is $r->{headers}{'set-cookie'}, undef, 'sets no cookie';
	like $p->sql(q{select secret from auth.factors
		where email = 'ada@example.org'}), qr/^\$argon2id\$v=19\$/,
		'what is stored is a hash';
	is count('api.users'), 0, 'there is no user, as there is no name';
	is count('postern.outbox'), 1, 'there is a mail to verify the address';
	answers act('/Signup', {email => 'zoë@example.org',
		password => 'thirteen monkeys', name => 'Zoë'}), 200,
		'{"id":2,"email":"zoë@example.org","password":""}',
		'the scaffold\'s name does the same';
	is $p->sql(q{select name from api.users}), 'Zoë', 'with a name, a user';
	answers act('/login', {email => 'zoë@example.org',
		password => 'thirteen monkeys'}), 200, qr/\{"token":"$JWT"\}/,
		'whose address may have any letters';
	answers act('/login', {email => 'zoe@example.org',
		password => 'thirteen monkeys'}), 401, $wrong, '... but no others';
	$p->sql('delete from auth.throttle');
};

subtest 'a sign-up that is refused' => sub {
	my $identities = count('auth.identities');
	my $said = 'Uniqueness violation. duplicate key value violates unique '
		. 'constraint "user_email_key"';
	answers act('/signup', \%ada), 400, fails($said, 'constraint-violation'),
		'the address is taken';
	answers act('/signup', {%ada, email => 'b@example.org', name => 'Zoë'}),
		400, fails($said =~ s/email/name/r, 'constraint-violation'),
		'the name is taken';
	answers act('/signup', {%ada, email => 'nobody'}), 400,
		fails('The e-mail address is not valid', 'validation-failed'),
		'that is no address';
	my $r = act('/signup', {email => 'b@example.org', password => 'short'});
	is "$r->{status} $r->{json}{extensions}{code}", '400 bad-request',
		'a password that is no good';
	for my $field (qw(email password)) {
		for my $bad ('', undef, 5, [], {}, "a\0b") {
			answers act('/signup', {%ada, $field => $bad}), 400,
				fails("Missing argument: $field", 'validation-failed'),
				"$field is " . JSON::PP->new->allow_nonref->encode($bad);
		}
	}
	answers act('/signup', {%ada, role => 'admin'}), 400,
		fails('Unexpected argument: role', 'validation-failed'),
		'an argument that there is not';
	is count('auth.identities'), $identities, 'none of them leaves anything';
};

subtest 'a log-in' => sub {
	for my $path (qw(/login /Login)) {
		my $r = act($path, \%ada);
		answers $r, 200, qr/\{"token":"$JWT"\}/, "$path answers a token";
		my $claims = claims_of($r->{json}{token});
		my $id = $p->sql(q{select identity_id from auth.factors
			where email = 'ada@example.org'});
		is_deeply $claims->{'https://hasura.io/jwt/claims'},
			{'x-hasura-allowed-roles' => ['user'],
			'x-hasura-default-role' => 'user', 'x-hasura-user-id' => $id},
			'... with the claims of the tutorial, and a text for the id';
		ok $claims->{iat} <= time && $claims->{exp} > time,
			'... that has a beginning and an end';
		answers $p->http(GET => '/auth/me',
			headers => bearer($r->{json}{token})), 200,
			qr/.*"ada\@example\.org".*/, '... and is known here';
	}
	$p->sql(q{update auth.identities set role = 'admin' where id =
		(select identity_id from auth.factors
		where email = 'ada@example.org')});
	is_deeply claims_of(act('/login', \%ada)->{json}{token})
		->{'https://hasura.io/jwt/claims'}{'x-hasura-allowed-roles'},
		['user', 'admin'], 'an administrator is one by the role store';
};

subtest 'a hash of other cost is made anew' => sub {
	my $c = Postern->database(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1'});
	my $hash = 'select secret from auth.factors';
	my %ada = %ada;
	my $ask = sub ($path, %more) {
		return $c->cgi(POST => $path, json => {input => \%ada}, %more);
	};
	$ask->('/signup', params => {POSTERN_ARGON2 => 'm=64,t=2,p=1'});
	like $c->sql($hash), qr/m=64,t=2,p=1/, 'there is one of other cost';
	answers $ask->('/login'), 200, qr/.*/, '... that is read';
	my $new = $c->sql($hash);
	like $new, qr/m=256,t=1,p=1/, '... and made anew';
	answers $ask->('/login'), 200, qr/.*/, 'the usual cost';
	is $c->sql($hash), $new, '... stays';

	# As the tutorial's library made them, before and after its release 21.2,
	# but with less memory; the password is %ada's.
	for my $theirs (
		'$argon2id$v=19$m=256,t=2,p=8$cvHLW0tmgZvULY2fT1CTxw'
			. '$sCPuzsKdBqtfY73jBriIqw',
		'$argon2id$v=19$m=64,t=3,p=4$EYHjzqXSaMV2WPYxdHWvdw'
			. '$r4ahmr8FtKU5GcSaIrE7LVksu7HgITXLosW3wbRgNHU') {
		$c->sql("update auth.factors set secret = '$theirs'");
		answers $c->cgi(POST => '/login', json => {input => {%ada,
			password => 'twelve monkey'}}), 401, $wrong,
			'a wrong password against a hash of others';
		is $c->sql($hash), $theirs, '... leaves it';
		answers $ask->('/login'), 200, qr/.*/, 'the right one is right';
		like $c->sql($hash), qr/m=256,t=1,p=1\$.{22}\$.{43}\z/,
			'... and makes it anew';
	}
	$ada{email} = 'ada2@example.org';
	$ask->('/signup');
	my @salts = split /\n/, $c->sql("select split_part(secret, '\$', 5)
		from auth.factors");
	is scalar(@salts), 2, 'two accounts with one password';
	isnt $salts[0], $salts[1], '... have salts of their own';
};

subtest 'who cannot log in' => sub {
	my $r = act('/login', {%ada, password => 'wrong'});
	answers $r, 401, $wrong, 'a wrong password';
	my $other = act('/login', {%ada, email => 'nobody@example.org'});
	answers $other, 401, $wrong, 'an address that nobody has';
	delete $_->{headers}{date}, delete $_->{headers}{'x-request-id'}
		for $r, $other;
	is_deeply $r->{headers}, $other->{headers}, '... to the last header';
	my $c = Postern->database(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1'});
	$c->cgi(POST => '/signup', json => {input => \%ada});
	for my $email ($ada{email}, 'nobody@example.org') {
		my $status = sub (%params) {
			return $c->cgi(POST => '/login', params => \%params, json =>
				{input => {email => $email, password => 'wrong'}})->{status};
		};
		is join(' ', $status->(), $status->(POSTERN_STATE => '/dev/null/no')),
			'401 503', "... and not before there is room for a hash: $email";
	}
	answers act('/login', {email => 'ada@example.org'}), 400,
		fails('Missing argument: password', 'validation-failed'),
		'without a password';
	like $p->sql(q{select count(*) from auth.throttle
		where key like 'account:%'}), qr/^2$/, 'both are counted';
	act('/login', {%ada, password => 'wrong'}) for 1 .. 8;
	$r = act('/login', \%ada);
	answers $r, 429, fails('Too many attempts: try again later',
		'too-many-attempts'), 'too many guesses have to wait';
	like $r->{headers}{'retry-after'}, qr/^\d+$/, '... and are told how long';
	$p->sql('delete from auth.throttle');
};

subtest 'what is no action' => sub {
	my $no_input = fails('The body must be an action with an input',
		'validation-failed');
	for my $path (qw(/signup /login /action)) {
		answers $p->http(POST => $path, body => '{"input":'), 400,
			qr/\{"message":"Malformed\ JSON:.*"bad-request"\}\}/x,
			"$path: no JSON";
		answers $p->http(POST => $path, body => '[]'), 400,
			fails('The body must be a JSON object', 'bad-request'),
			"$path: a list";
		answers $p->http(POST => $path), 400, $no_input, "$path: nothing";
		my $r = $p->http(GET => $path);
		is "$r->{status} $r->{headers}{allow}", '405 POST', "$path: GET";
		answers $p->http(POST => $path, body => '<a/>', type => 'text/xml'),
			400, fails('Unsupported Content-Type: text/xml', 'bad-request'),
			"$path: XML";
	}
	answers $p->http(POST => '/login', json => {email => 'a', password => 'b'}),
		400, $no_input, 'arguments without an input';
	answers $p->http(POST => '/login', json => {input => {%ada}}), 200,
		qr/\{"token":"$JWT"\}/, 'the other members may be absent';
	my $r = $p->http(POST => '/signup', body => ' ' x (100 * 1024));
	answers $r, 413, fails('Content Too Large', 'unexpected'),
		'nginx refuses in the same form';
};

subtest 'the action of the other tutorial' => sub {
	my %input = (username => $ada{email}, password => $ada{password});
	my $r = act('/action', \%input);
	answers $r, 200, qr/\{"AccessToken":"$JWT"\}/, 'answers a token';
	is claims_of($r->{json}{AccessToken})->{'https://hasura.io/jwt/claims'}
		{'x-hasura-default-role'}, 'admin', '... as any other one';
	answers act('/action', {%input, password => 'wrong'}), 401, $wrong,
		'a wrong password';
	answers act('/action', {%input, more => 1}), 200, qr/.*/,
		'more input is not looked at';

	my %all = (action => {name => 'login'}, input => \%input,
		request_query => '', session_variables => {});
	my $is = sub ($change, $name, @issues) {
		my %body = (%all, %$change);
		delete $body{$_} for grep { ref $body{$_} eq 'CODE' } keys %body;
		answers $p->http(POST => '/action', json => \%body), 422,
			fails('The body is no action with a username and a password',
				'validation-failed', ',"detail":['
				. join(',', @issues) . ']'), $name;
	};
	my $gone = sub { };
	my $loc = sub ($place, $message, $type) {
		return '{"loc":[' . join(',', map { quote($_) } split /\./, $place)
			. qq(],"msg":"$message","type":"$type"});
	};
	my @missing = ('field required', 'value_error.missing');
	$is->({$_ => $gone}, "without $_", $loc->("body.$_", @missing))
		for qw(action input request_query session_variables);
	$is->({input => {username => 'a'}}, 'without a password',
		$loc->('body.input.password', @missing));
	$is->({input => [], action => {name => undef}}, 'two faults',
		$loc->('body.action.name', 'none is not an allowed value',
			'type_error.none.not_allowed'),
		$loc->('body.input', 'value is not a valid dict', 'type_error.dict'));
	$is->({session_variables => {a => 5}}, 'variables are texts',
		$loc->('body.session_variables.a', 'str type expected',
			'type_error.str'));
	$is->({request_query => {}}, 'a query is a text', $loc->(
		'body.request_query', 'str type expected', 'type_error.str'));
};

subtest 'nobody reads a password' => sub {
	for my $name (qw(api auth)) {
		unlike $p->log($name), qr/monkeys/, "not in the log of $name";
	}
};

subtest 'a secret' => sub {
	my $c = Postern->database(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1',
		POSTERN_ACTION_SECRET => 'horse'});
	my $ask = sub ($path, %headers) {
		return $c->cgi(POST => $path, json => {input => \%ada},
			headers => \%headers);
	};
	for my $path (qw(/signup /login /action)) {
		answers $ask->($path), 401,
			fails('The action\'s secret is missing', 'unauthorized'),
			"$path needs it";
		answers $ask->($path, 'ACTION-SECRET' => $_), 403,
			fails('The action\'s secret is wrong', 'forbidden'),
			"$path is not opened by $_" for qw(hors horses HORSE);
	}
	answers $ask->('/signup', 'ACTION-SECRET' => 'horse'), 200,
		qr/\{"id":1,.*/, 'with it all is as without';
	answers $c->cgi(POST => '/login', json => {input => \%ada},
		headers => {'X-Mine' => 'horse'},
		params => {POSTERN_ACTION_HEADER => 'X-Mine'}), 200,
		qr/\{"token":"$JWT"\}/, 'its header has the name that is set';
};

subtest 'an address may have to be verified first' => sub {
	my $c = Postern->database(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1',
		POSTERN_VERIFICATION => 'required'});
	my $ask = sub ($path) {
		return $c->cgi(POST => $path, json => {input => \%ada});
	};
	answers $ask->('/signup'), 200, qr/\{"id":1,.*/, 'one may sign up';
	answers $ask->('/login'), 401, fails('Email verification is required',
		'unauthorized'), '... but not log in yet';
};

done_testing;
