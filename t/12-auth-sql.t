#!/usr/bin/perl
# The half of the auth server that is SQL: who may call what, what each
# function does to accounts, and what happens when two do it at once.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp ();
use JSON::PP   ();
use Test::More;
use Accounts;
use Bare;

my $forever = '0';
my $nowhere = '00000000-0000-4000-8000-000000000000';

# --- Who may do what ---------------------------------------------------------

# The functions that are there, for whom.  All others are for nobody.
my @every = qw(identity_id role refuse connection_fault);
my @asked = qw(current_user current_user_id vouched_claims);
my @served = qw(action_signup change_password delete_account exchange hit mail_claim
	mail_code mail_done mail_failed me purge refresh register reset
	reset_by_code secret_of send_reset send_verification sessions_of
	signin_begin signin_code signin_failed signin_session signout
	signout_one signup verify verify_by_code);
my %for = (
	(map { $_ => "@roles" } @every),
	(map { $_ => "@requests" } @asked),
	(map { $_ => 'postern_auth' } @served),
);

subtest 'each function is for whom it is for' => sub {
	my %may = map { split /\|/, $_, 2 } split /\n/, $p->sql(qq{
		select p.proname, coalesce(string_agg(r.name, ' ' order by r.n)
			filter (where has_function_privilege(r.name, p.oid,
				'execute')), '')
		from pg_proc as p, unnest('{@{[join ',', @roles]}}'::text[])
			with ordinality as r (name, n)
		where p.pronamespace = 'auth'::regnamespace
		group by p.proname});
	cmp_ok scalar(keys %may), '>', scalar(keys %for),
		'there are functions, and inner ones';
	is_deeply {map { $_ => $may{$_} } grep { length $may{$_} } keys %may},
		\%for, 'each may be called by its roles alone';
	is $p->sql(q{
		select count(*)
		from pg_proc as p, aclexplode(coalesce(p.proacl,
			acldefault('f', p.proowner))) as a
		where p.pronamespace = 'auth'::regnamespace
		and a.grantee = 0}), 0, 'and none by everybody';
	is $p->sql(q{
		select string_agg(p.proname, ' ')
		from pg_proc as p
		where p.pronamespace in (
			'auth'::regnamespace, 'postern'::regnamespace)
		and (p.prosecdef and p.proconfig is null
			and p.proname <> 'event_write'
			or array_to_string(p.proconfig, ' ') ~ 'search_path='
			and not p.proconfig @> '{"search_path=pg_catalog, pg_temp"}')}), '',
		'whatever has the rights of its owner finds nothing of the session first';
	is refusal("set role $_; select auth.signout('$nowhere', null, 'all', '',"
		. " '')"), '42501', "$_ is refused" for @requests;
	is refusal("select auth.role()"), '42501',
		'and so is a worker that became nobody';
	is $p->sql(q{
		select string_agg(p.proname, ' ')
		from pg_proc as p
		where p.pronamespace = 'auth'::regnamespace
		and has_function_privilege('postern_auth', p.oid, 'execute')
		and obj_description(p.oid, 'pg_proc') is null}), '',
		'what may be called says what it does';
};

subtest 'the tables are private' => sub {
	my @tables = split /\n/, $p->sql(q{
		select oid::regclass from pg_class
		where relkind in ('r', 'v', 'm', 'S', 'f', 'p')
		and (relnamespace = 'auth'::regnamespace
			or oid = 'postern.outbox'::regclass)
		order by 1});
	is_deeply \@tables, [qw(auth.identities auth.factors auth.flows
		auth.sessions auth.codes auth.throttle auth.audit postern.outbox
		auth.live auth.numbers_number_seq auth.numbers)], 'these are there';
	for my $table (grep { $_ ne 'auth.live' } @tables) {
		my @may = grep {
			refusal("set role $_; select count(*) from $table") ne '42501'
		} @roles;
		is "@may", '', "nobody reads $table";
	}
	is $p->sql(qq{
		select count(*)
		from unnest('{@{[join ',', @tables]}}'::regclass[]) as t,
			unnest('{@{[join ',', @roles]}}'::text[]) as r
		where has_any_column_privilege(r, t, 'select, insert, update,
			references')
		or has_table_privilege(r, t, 'delete, truncate, trigger')}),
		scalar @roles, 'there is no privilege but one for each role';
	is refusal("set role $_; select * from auth.live"), '',
		"... $_ may look up sessions" for @roles;
	is refusal('select * from auth.live'), '42501',
		'a worker as itself may nothing';
};

subtest 'what happened cannot be changed' => sub {
	my $who = signup();
	is events($who), 'signup', 'a sign-up is noted';
	is refusal("set role postern_auth; $_"), '42501', $_
		for 'update auth.audit set event = null', 'delete from auth.audit',
		'truncate auth.audit', "insert into auth.audit (event) values ('x')";
	is auth('delete_account', $who->{identity_id}, 'phc', @client)->{status},
		'ok', 'the account is deleted';
	is events($who), 'signup account_deleted', '... and what was noted stays';
};

# --- A request is let in ------------------------------------------------------

subtest 'who is signed in is let in' => sub {
	my $who = signup();
	my $ask = 'select current_user, auth.role(), auth.identity_id(),'
		. ' auth.current_user_id(), (auth.current_user()).name';
	my $me = join '|', @$who{qw(identity_id user_id name)};

	is psql(as_who($who, $ask)), "postern_member|user|$me", 'a member';
	is psql(as_who(undef, $ask)), 'postern_anonymous||||', 'nobody';
	is psql(as_who($who, 'select 1') . $ask), "1\npostern_anonymous||||",
		'what was said of one request is not said of the next';
	is refusal(as_who($who, $ask, role => 'admin',
		database => 'postern_admin')), '28000', 'a role that it has not';
	is psql(as_who(admin(), 'select auth.role()', role => 'admin',
		database => 'postern_admin')), 'admin', '... an administrator has';
	is refusal(as_who({%$who, session_id => $nowhere}, $ask)), '28000',
		'a session that there is not';
	$p->sql("update auth.sessions set expires_at = now() - interval '1 s'"
		. " where id = '$who->{session_id}'");
	is refusal(as_who($who, $ask)), '28000', 'one that has expired';

	like psql("set enable_seqscan = off; set role postern_anonymous; explain"
		. ' (costs off) ' . enter($who) =~ s{ \\g /dev/null}{;}r),
		qr/\AResult\n  InitPlan 1[^\n]*\n    ->  Index Scan using sessions_pkey on/,
		'it takes one look into an index';
};

subtest 'who is disabled is out at once' => sub {
	my $who = signup();
	my $code = code_for($who, 'disabled');
	$p->sql('update auth.identities set disabled_at = now()'
		. " where id = '$who->{identity_id}'");
	is refusal(as_who($who, 'select 1')), '28000', 'of data';
	is auth('refresh', $who->{session_id}, '0', '9', @client)->{status}, 'gone',
		'of the session';
	is auth('exchange', $code, 'disabled', '9', '9', @client)->{status},
		'unknown', 'of what was begun';
	is factor($who)->{secret}, undef, 'no password is right';
	is auth('verify', $who->{identity_id}, $who->{email}, undef)->{status},
		'gone', 'no link is';

	my $admin = admin();
	$p->sql("update auth.identities set role = 'user'"
		. " where id = '$admin->{identity_id}'");
	is refusal(as_who($admin, 'select 1', role => 'admin',
		database => 'postern_admin')), '28000',
		'who is no administrator any more is none in open sessions';
	is refusal(as_who($admin, 'select 1')), '', '... and remains a member';
};

# --- Sign-up and sign-in -------------------------------------------------------

subtest 'sign-up makes everything or nothing' => sub {
	my $who = signup(name => 'Mina');
	is $who->{status}, 'ok', 'it works';
	is $who->{roles}, '["user"]', '... as a user';
	is $who->{counter}, 0, '... with a fresh session';
	is $p->sql("select name from api.users where id = '$who->{user_id}'"
		. " and identity_id = '$who->{identity_id}'"), 'Mina', 'a user is there';
	is $p->sql("select extract(epoch from expires_at - created_at)::int || ' '"
		. ' || extract(epoch from ends_at - created_at)::int'
		. " from auth.sessions where id = '$who->{session_id}'"), '100 1000',
		'the session lasts as long as was said';
	is $p->sql('select template, way, data from postern.outbox where factor_id'
		. " = '" . factor($who)->{factor_id} . "'"),
		'verify|link|{"verify_url":"https://app/verify"}', 'a mail waits';

	my $count = 'select (select count(*) from auth.identities),'
		. ' (select count(*) from auth.factors),'
		. ' (select count(*) from postern.outbox),'
		. ' (select count(*) from auth.audit)';
	my $before = $p->sql($count);
	is signup(email => $who->{email})->{status}, 'email_taken', 'a known e-mail';
	is signup(name => 'Mina')->{status}, 'name_taken', 'a known name';
	is signup(name => 'x' x 51)->{status}, 'name_taken', 'a name too long';
	is auth('register', $who->{email}, 'phc', 'c', 'v', undef, 'link', 'f',
		@client)->{status}, 'taken', 'a known e-mail, registered';
	is $p->sql($count), $before, '... leave nothing behind';
	is signup(email => uc $who->{email})->{status}, 'ok',
		'an e-mail in other letters is another';

	my $late = signup(required => 't');
	is "$late->{status} " . ($late->{session_id} // 'none'), 'ok none',
		'there is no session before an e-mail that must be verified is';
	my $made = auth('register', 'r@example.com', 'phc', 'reg', 'v', '/home',
		'code', 'f', @client);
	like $made->{sent_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/,
		'register says when the mail was sent';
	is auth('exchange', $made->{code}, 'reg', '9', '9', @client)->{identity_id},
		$made->{identity_id}, '... and gives a code for a session';
	is auth('register', 's@example.com', 'phc', 'reg2', 'v', undef, 'link', 't',
		@client)->{code}, undef, '... unless the e-mail must be verified';
};

subtest 'of two that sign up at once one is told' => sub {
	my $text = sub ($email, $name) {
		call('signup', $email, 'phc', $name, 'v', 'link', 'f', '9', '9', @client)
	};
	my @got = sort map { (rows_of($_))[0]{status} // $_ }
		at_once(map { $text->('twin@example.com', "Twin$_") } 1 .. 6);
	is "@got", 'email_taken ' x 5 . 'ok', 'for one e-mail';
	@got = sort map { (rows_of($_))[0]{status} // $_ }
		at_once(map { $text->("twin$_\@example.com", 'Castor') } 1 .. 6);
	is "@got", 'name_taken ' x 5 . 'ok', 'for one name';
	is $p->sql(q{select count(*) from auth.factors where email ~ '^twin'}), 2,
		'and the others left nothing';
};

subtest 'sign-in' => sub {
	my $who = signup();
	my $found = factor($who);
	is_deeply [@$found{qw(wait identity_id secret verified)}],
		[undef, $who->{identity_id}, 'phc', 'f'], 'finds the secret';
	is_deeply auth('signin_begin', 'nobody@example.com', 'x', ''),
		{map { $_ => undef } qw(wait factor_id identity_id secret verified)},
		'... or nothing';
	my $session = signin($who);
	is $session->{status}, 'ok', 'makes a session';
	is $session->{user_id}, $who->{user_id}, '... of the user';
	is events($who), 'signup signin', '... and is noted';
	is signin($who, secret => 'old')->{status}, 'gone',
		'not when the password was changed meanwhile';

	my @got = map { (rows_of($_))[0]{status} // $_ } at_once(map {
		call('signin_session', $found->{factor_id}, 'phc', "phc$_", 'k', '',
			'9', '9', @client)
	} 1 .. 4);
	is "@got", 'ok ok ok ok', 'several at once may hash the password anew';
	like $p->sql('select secret from auth.factors where id ='
		. " '$found->{factor_id}'"), qr/^phc[1-4]$/, '... and one of them has';
	is auth('change_password', $found->{factor_id}, 'phc', 'phc9', undef,
		@client)->{status}, 'ok', 'a change takes the secret that was read';
	is signin($who, secret => 'phc')->{status}, 'gone',
		'... and after it no older one is right';
	is auth('signin_code', $nowhere, 'x', undef, 'k', '', 'c', @client)->{status},
		'gone', 'nobody cannot sign in';
};

subtest 'a code is exchanged once' => sub {
	my $who = signup();
	my $code = code_for($who, 'once');
	my $exchange = sub ($challenge = 'once') {
		auth('exchange', $code, $challenge, '9', '9', @client)->{status}
	};
	is $exchange->('other'), 'mismatch', 'not with another verifier';
	is code_for($who, 'once'), $code, 'a challenge keeps its code';
	my @got = sort map { (rows_of($_))[0]{status} // $_ }
		at_once((call('exchange', $code, 'once', '9', '9', @client)) x 10);
	is "@got", 'ok' . ' unknown' x 9, 'of ten at once one has it';
	is $exchange->(), 'unknown', 'and then it is used up';
	is sessions($who), 2, 'there is one session more';

	$code = code_for($who, 'once');
	$p->sql("update auth.flows set expires_at = now() where id = '$code'");
	is $exchange->(), 'unknown', 'an old one is none';
	is code_for($who, 'once'), $code, 'it is fresh when it is asked for again';
	is $exchange->(), 'ok', '... and good';
	$code = $p->sql(q{insert into auth.flows (challenge) values ('alone')
		returning id});
	is $exchange->('alone'), 'unlinked', 'a code of nobody';
	is auth('exchange', $nowhere, 'x', '9', '9', @client)->{status}, 'unknown',
		'no code at all';
};

# --- Waiting -------------------------------------------------------------------

# A failure or a hit was longer ago.
sub later ($key, $interval)
{
	$p->sql(qq{
		update auth.throttle
		set hits = array(select h - interval '$interval'
				from unnest(hits) as h order by h),
			wait_until = wait_until - interval '$interval',
			forget_at = forget_at - interval '$interval'
		where key ~ '^[a-z]+:$key'});
}

subtest 'wrong passwords make waits' => sub {
	my $who = signup();
	my $fail = sub ($key, $from = '', $id = undef) {
		auth('signin_failed', $key, $from, $id, @client)->{wait}
	};
	my $wait = sub ($key, $from = '') {
		auth('signin_begin', $who->{email}, $key, $from)->{wait}
	};
	is_deeply [map { $fail->('acc') } 1 .. 4], [undef, undef, undef, undef],
		'four are free';
	is $fail->('acc', '', $who->{identity_id}), 60, 'after five it is a minute';
	is events($who), 'signup signin_failed', '... which the account is told';
	cmp_ok $wait->('acc'), '>', 50, '... which the next one is told first';
	is $wait->('other'), undef, '... and no other account';
	is signin($who, key => 'acc')->{status}, 'gone',
		'the right password does not help';
	is $fail->('acc'), 60, 'a guess that began before makes it no longer';
	my @waits;
	for (1 .. 6) {
		later('acc', '15 minutes');
		push @waits, $fail->('acc');
	}
	is "@waits", '120 240 480 900 900 900', 'each wait is twice the one before';
	later('acc', '12 hours');
	is $fail->('acc'), undef, 'after twelve hours it is forgotten';
	is_deeply [map { $fail->('acc') } 1 .. 4], [(undef) x 3, 60], '... all';
	later('acc', '1 minute');
	is signin($who, key => 'acc')->{status}, 'ok', 'the right password';
	is $fail->('acc'), undef, '... ends it';

	$fail->('slow'), later('slow', '5 minutes') for 1 .. 20;
	is $fail->('slow'), undef, 'a slow pace is no attack';
	is_deeply [grep { defined } map { $fail->("a$_", 'nat') } 1 .. 29], [],
		'an address has 29';
	is $fail->('a30', 'nat'), 60, '... and then a wait';
	cmp_ok $wait->('fresh', 'nat'), '>', 50, '... for every account';
	is $wait->('fresh', ''), undef, '... but not from elsewhere';

	my @got = map { (rows_of($_))[0]{wait} // 'none' }
		at_once((call('signin_failed', 'par', '', undef, @client)) x 8);
	is scalar(grep { $_ eq 'none' } @got), 4, 'at once they count one by one';
};

subtest 'limits are counted in a window that moves' => sub {
	my $hit = sub ($key) { auth('hit', $key, '3', '300')->{wait} };
	is_deeply [map { $hit->('h') } 1 .. 3], [undef, undef, undef], 'three';
	my $wait = $hit->('h');
	ok $wait > 290 && $wait <= 300, '... and no more';
	later('h', '200 seconds');
	$wait = $hit->('h');
	ok $wait > 90 && $wait <= 100, 'what is refused does not make it longer';
	later('h', '100 seconds');
	is $hit->('h'), undef, 'until the first is long enough ago';
	is $hit->(''), undef, 'nobody is not limited' for 1 .. 4;
	my @got = map { (rows_of($_))[0]{wait} // 'none' }
		at_once((call('hit', 'par', '3', '300')) x 8);
	is scalar(grep { $_ eq 'none' } @got), 3, 'at once they count one by one';
};

# --- Sessions --------------------------------------------------------------------

subtest 'refresh' => sub {
	my $who = signup();
	my $id = $who->{session_id};
	my $refresh = sub ($counter, $idle = '100') {
		auth('refresh', $id, $counter, $idle, 'Other/2', '192.0.2.9')
	};
	my $next = $refresh->('0');
	is_deeply [@$next{qw(status session_id identity_id user_id roles counter)}],
		['ok', $id, @$who{qw(identity_id user_id)}, '["user"]', 1],
		'gives the next number';
	is $refresh->('0')->{counter}, 1, 'the one before gives it again';
	is $refresh->('5')->{status}, 'gone', 'one from the future is none';
	my @got = map { my $r = (rows_of($_))[0]; "$r->{status} $r->{counter}" }
		at_once((call('refresh', $id, '1', '100', @client)) x 8);
	is_deeply \@got, [('ok 2') x 8], 'tabs at once get one number';

	$p->sql("update auth.sessions set ends_at = now() + interval '50 s'"
		. " where id = '$id'");
	$refresh->('2');
	my $end = sub { $p->sql('select expires_at = ends_at from auth.sessions'
		. " where id = '$id'") };
	is $end->(), 't', 'it never goes on beyond its end';
	$refresh->('3', $forever);
	is $end->(), 't', '... even for ever';

	$p->sql('update auth.sessions set refreshed_at = refreshed_at -'
		. " interval '31 s' where id = '$id'");
	is $refresh->('3')->{status}, 'reused', 'after half a minute it was stolen';
	is sessions($who), 0, '... and the session ends';
	is $refresh->('4')->{status}, 'gone', '... for everybody';
	is events($who), 'signup refresh_reused', '... which is noted';

	($id) = signin($who)->{session_id};
	$refresh->('0'), $refresh->('1');
	is $refresh->('0')->{status}, 'reused', 'an older number is stolen at once';
	$id = signin($who)->{session_id};
	$p->sql("update auth.sessions set expires_at = now() where id = '$id'");
	is $refresh->('0')->{status}, 'gone', 'one that expired is gone';
	my $ever = signup(idle => '0', most => '0');
	is $p->sql('select expires_at is null and ends_at is null from auth.sessions'
		. " where id = '$ever->{session_id}'"), 't', 'a session may be for ever';
};

subtest 'sessions are seen and ended' => sub {
	my $who = signup();
	my @more = map { signin($who)->{session_id} } 1 .. 3;
	my $other = signup();
	my $list = auth('sessions_of', @$who{qw(identity_id session_id)})
		->{sessions_of};
	is_deeply [map { $_->{id} } @$list], [reverse($who->{session_id}, @more)],
		'the latest is first';
	is_deeply [map { $_->{current} ? 1 : 0 } @$list], [0, 0, 0, 1],
		'... and one is this';
	is_deeply [@{$list->[0]}{qw(agent address)}], \@client, '... from somewhere';

	my $me = auth('me', @$who{qw(identity_id session_id)})->{me};
	is_deeply {%$me, created_at => ''}, {
		identity_id => $who->{identity_id}, email => $who->{email},
		email_verified => JSON::PP::false, role => 'user', created_at => '',
		session_id => $who->{session_id},
		user => {id => $who->{user_id}, name => $who->{name}},
	}, 'who I am';
	is auth('me', $nowhere, undef)->{me}, undef, '... if I am';

	is auth('signout_one', $who->{identity_id}, $other->{session_id})->{ended},
		0, 'nobody ends the session of another';
	is auth('signout_one', $who->{identity_id}, 'nonsense')->{ended}, 0,
		'nonsense is no session';
	is auth('signout_one', $who->{identity_id}, $more[0])->{ended}, 1,
		'one is ended';
	my $signout = sub ($scope) { auth('signout',
		@$who{qw(identity_id session_id)}, $scope, @client)->{ended} };
	is $signout->('others'), 2, 'the others are';
	is $signout->('this'), 1, 'this one is';
	is $signout->('this'), 0, '... once';
	my $again = signin($who);
	is $signout->('all'), 0, '... and ends no others any more';
	$who->{session_id} = $again->{session_id};
	is $signout->('all'), 1, 'all are';
	is sessions($other), 1, 'and nobody else\'s';
};

subtest 'a changed password ends what the old one began' => sub {
	my $who = signup();
	signin($who);
	my $code = code_for($who, 'change');
	my $old = auth('secret_of', $who->{identity_id}, 'k');
	is_deeply [@$old{qw(wait secret email)}], [undef, 'phc', $who->{email}],
		'the old one is asked for';
	is auth('change_password', $old->{factor_id}, 'wrong', 'new',
		$who->{session_id}, @client)->{status}, 'gone', 'it must be the old one';
	is auth('change_password', $old->{factor_id}, 'phc', 'new',
		$who->{session_id}, @client)->{status}, 'ok', 'it is changed';
	is $p->sql('select id from auth.sessions where identity_id ='
		. " '$who->{identity_id}'"), $who->{session_id}, 'this session stays';
	is auth('exchange', $code, 'change', '9', '9', @client)->{status}, 'unknown',
		'a code is gone';
	is $p->sql('select count(*) from postern.outbox where template ='
		. " 'changed' and factor_id = '$old->{factor_id}'"), 1,
		'a mail tells it';
	is signin($who)->{status}, 'gone', 'the old password is wrong';
};

subtest 'an account is deleted with its user' => sub {
	my $who = signup();
	my $delete = sub ($secret) {
		auth('delete_account', $who->{identity_id}, $secret, @client)->{status}
	};
	is $delete->('wrong'), 'gone', 'not by a wrong password';
	$p->sql("insert into api.events (name, host_id) values ('Ball',"
		. " '$who->{user_id}')");
	is $delete->('phc'), 'hosting', 'not while the user hosts an event';
	is sessions($who), 1, '... when nothing is changed';
	$p->sql(q{delete from api.events where name = 'Ball'});
	is $delete->('phc'), 'ok', 'then it is';
	is $p->sql("select count(*) from api.users where id = '$who->{user_id}'"), 0,
		'the user is gone';
	is sessions($who), 0, '... and the session';
};

# --- The mailbox -------------------------------------------------------------------

sub verified ($who)
{
	return factor($who)->{verified};
}

subtest 'an e-mail is verified by a link' => sub {
	my $who = signup();
	my $verify = sub ($email, $challenge = undef) {
		auth('verify', $who->{identity_id}, $email, $challenge)
	};
	is $verify->('other@example.com')->{status}, 'gone', 'not for another one';
	is $verify->(undef)->{status}, 'gone', '... or for none';
	is verified($who), 'f', '... which changes nothing';
	is_deeply $verify->($who->{email}), {status => 'ok', code => undef}, 'it is';
	is verified($who), 't', '... verified';
	my $code = $verify->($who->{email}, 'link')->{code};
	is auth('exchange', $code, 'link', '9', '9', @client)->{status}, 'ok',
		'a challenge gives a code';
	is auth('verify', $nowhere, $who->{email}, undef)->{status}, 'gone',
		'an account that is gone';
	is events($who), 'signup verified exchange', 'it is noted once';
};

subtest 'or by a code' => sub {
	my $who = signup();
	my $factor = factor($who)->{factor_id};
	my $mail = sub ($hash) { auth('mail_code', $factor, 'verify', $hash) };
	my $try = sub ($hash, $email = $who->{email}) {
		auth('verify_by_code', $email, $hash, undef)->{status}
	};
	my $forget = sub { $p->sql(q{delete from auth.throttle
		where key ~ '^code:'}) };
	is $try->('aa'), 'invalid', 'there is none yet';
	is $mail->('aa')->{status}, 'ok', 'one is mailed';
	is $mail->('bb')->{status}, 'ok', '... and another';
	is $try->('aa'), 'invalid', 'the first is good no more';
	is auth('reset_by_code', $who->{email}, 'bb', 'new', undef, @client)
		->{status}, 'invalid', 'it is good for one purpose';
	is $try->('bb'), 'ok', 'the second is';
	is verified($who), 't', '... and verifies';
	is $try->('bb'), 'invalid', '... once';

	$forget->(), $mail->('cc');
	$p->sql('update auth.codes set expires_at = now()');
	is $try->('cc'), 'expired', 'an old one is late';
	$forget->(), $mail->('dd');
	is_deeply [map { $try->('ee') } 1 .. 6],
		[('invalid') x 5, 'exhausted'], 'there are five tries';
	is $try->('dd'), 'exhausted', '... also for the right one';
	$mail->('ff');
	is $try->('ff'), 'exhausted', '... and for the next';
	is_deeply [map { $try->('ee', 'nobody@example.com') } 1 .. 6],
		[('invalid') x 5, 'exhausted'], 'nobody has as many';
	$forget->();
	my @got = map { (rows_of($_))[0]{status} // $_ } at_once(
		(call('verify_by_code', $who->{email}, 'ee', undef)) x 10);
	is scalar(grep { $_ eq 'invalid' } @got), 5, 'five at once as well';
	$forget->(), $mail->('aa');
	@got = sort map { (rows_of($_))[0]{status} // $_ } at_once(
		(call('verify_by_code', $who->{email}, 'aa', undef)) x 4);
	is "@got", 'invalid ' x 3 . 'ok', 'a right one at once is right once';
	is auth('mail_code', $nowhere, 'verify', 'aa')->{status}, 'gone',
		'nobody gets none';
};

subtest 'a password is reset by a link or a code' => sub {
	my $who = signup();
	my $factor = factor($who)->{factor_id};
	my $proof = sub { $p->sql(q{select encode(sha256(secret::bytea), 'base64')}
		. " from auth.factors where id = '$factor'") };
	my $reset = sub ($proof, $new, $challenge = undef) {
		auth('reset', $who->{identity_id}, $proof, $new, $challenge, @client)
	};
	my $token = $proof->();
	auth('mail_code', $factor, 'reset', 'aa');
	code_for($who, 'before');
	is $reset->('x', 'new')->{status}, 'stale', 'not by another token';
	is $reset->(undef, 'new')->{status}, 'stale', '... or none';
	my $done = $reset->($token, 'new', 'after');
	is $done->{status}, 'ok', 'a token';
	is auth('exchange', $done->{code}, 'after', '9', '9', @client)->{status},
		'ok', '... gives a code when a challenge was given';
	is verified($who), 't', 'it verifies the e-mail';
	is $p->sql('select count(*) from auth.sessions where id ='
		. " '$who->{session_id}'"), 0, 'all sessions end';
	is $p->sql(q{select count(*) from auth.flows where challenge = 'before'}),
		0, '... and flows';
	is auth('reset_by_code', $who->{email}, 'aa', 'x', undef, @client)->{status},
		'invalid', '... and codes';
	is $reset->($token, 'newer')->{status}, 'stale', 'a token works once';
	auth('mail_code', $factor, 'reset', 'bb');
	is auth('reset_by_code', $who->{email}, 'bb', 'newer', undef, @client)
		->{status}, 'ok', 'a code does it too';
	is signin($who, secret => 'newer')->{status}, 'ok', 'the new one is right';
	is auth('reset', $nowhere, undef, 'x', undef, @client)->{status}, 'stale',
		'nobody has no password';
};

# What a claim gives to us, and nothing else in the outbox.
sub claim ($n = '100')
{
	my @mails = auth('mail_claim', $n, '60');
	return @mails;
}

sub no_mails ()
{
	$p->sql('delete from postern.outbox');
}

subtest 'mails can be asked for, but not found out about' => sub {
	my $who = signup();
	no_mails();
	my $verify = sub ($email, $mailbox, $from = '', $id = undef) {
		auth('send_verification', $email, $id, 'v', undef, undef, 'link',
			$mailbox, $from)->{wait}
	};
	my $reset = sub ($email, $mailbox, $from = '') {
		auth('send_reset', $email, 'r', 'c', 'code', $mailbox, $from)->{wait}
	};
	is_deeply [map { $verify->($who->{email}, 'm1') } 1 .. 2], [undef, undef],
		'two at once';
	my $wait = $verify->($who->{email}, 'm1');
	ok $wait > 50 && $wait <= 60, '... and then one a minute';
	later('m1', '1 minute'), is $verify->($who->{email}, 'm1'), undef, '... so'
		for 1 .. 3;
	later('m1', '1 minute');
	$wait = $verify->($who->{email}, 'm1');
	ok $wait > 3300 && $wait < 3600, '... and five an hour';
	is_deeply [map { defined $verify->('no@example.com', 'm2') ? 1 : 0 } 1 .. 3],
		[0, 0, 1], 'an address of nobody has the same';
	is_deeply [map { $verify->("n$_\@example.com", "n$_", 'house') } 1 .. 30],
		[(undef) x 30], 'a house may send thirty';
	cmp_ok $verify->($who->{email}, 'm3', 'house'), '>', 3000,
		'... in an hour';
	is scalar(claim()), 5, 'who is there got mails, and nobody else';
	is $p->sql(q{select count(*) from postern.outbox where factor_id is null}),
		0, 'what was for nobody is gone';

	is $verify->(undef, 'm4', '', $who->{identity_id}), undef, 'by identity';
	is scalar(claim()), 1, '... too';
	auth('verify', $who->{identity_id}, $who->{email}, undef);
	is $verify->($who->{email}, 'm5'), undef, 'who is verified';
	is scalar(claim()), 0, '... gets none';
	is $reset->($who->{email}, 'm6'), undef, 'a reset';
	is $reset->('no@example.com', 'm7'), undef, '... of nobody';
	my @mails = claim();
	is scalar(@mails), 1, '... is one mail';
	is_deeply {%{$mails[0]}, id => ''}, {
		id => '', template => 'reset', by => 'code', recipient => $who->{email},
		identity_id => $who->{identity_id}, attempt => 1,
		factor_id => factor($who)->{factor_id},
		data => {reset_url => 'r', challenge => 'c', name => $who->{name}},
		proof => $p->sql(q{select encode(sha256('phc'), 'base64')}),
	}, '... with all that it needs';
};

subtest 'the outbox gives each mail to one' => sub {
	no_mails();
	signup() for 1 .. 12;
	my @got = map { map { $_->{id} } rows_of($_) }
		at_once((call('mail_claim', '3', '60')) x 6);
	my %once = map { $_ => 1 } @got;
	is scalar(keys %once), @got, 'nobody has what another has';
	push @got, map { $_->{id} } claim();
	is scalar(@got), 12, 'and all are given';
	is scalar(claim()), 0, '... for as long as the lease is';
	$p->sql(q{update postern.outbox set next_at = now()});
	is_deeply [map { $_->{attempt} } claim('1')], [2],
		'then again, as another attempt';

	my ($id, $other) = @got;
	is auth('mail_done', $id)->{status}, 'ok', 'one is sent';
	is auth('mail_done', $id)->{status}, 'gone', '... once';
	my @next;
	for my $n (1 .. 12) {
		$p->sql("update postern.outbox set attempts = $n where id = '$other'");
		my $next = auth('mail_failed', $other, 'no', 'f')->{next};
		my $most = 10 * 2**($n - 1);
		$most = 3600 if $most > 3600;
		push @next, $next if $next < $most / 2 || $next > $most;
	}
	is_deeply \@next, [], 'failures wait twice as long each time, up to an hour';
	$p->sql(q{update postern.outbox set created_at = created_at -}
		. " interval '24 hours' where id = '$other'");
	is auth('mail_failed', $other, 'no', 'f')->{next}, undef, 'for a day';
	is auth('mail_failed', $got[2], 'unknown mailbox', 't')->{next}, undef,
		'or until it is hopeless';
	is $p->sql("select state, error from postern.outbox where id = '$got[2]'"),
		'dead|unknown mailbox', '... which is said';
};

subtest 'what is moot is not sent' => sub {
	my ($gone, $disabled, $verified) = map { signup() } 1 .. 3;
	no_mails();
	auth('send_verification', $_->{email}, undef, 'v', undef, undef, 'link',
		'', '') for $gone, $disabled, $verified;
	is $p->sql('select count(*) from postern.outbox'), 3, 'three wait';
	auth('delete_account', $gone->{identity_id}, 'phc', @client);
	auth('verify', $verified->{identity_id}, $verified->{email}, undef);
	$p->sql('update auth.identities set disabled_at = now()'
		. " where id = '$disabled->{identity_id}'");
	is scalar(claim()), 0, 'to who is gone, disabled or verified';
};

subtest 'a mail wakes the courier' => sub {
	like psql('listen postern_mail;' . call('signup', 'n@example.com', 'phc', 'n',
		'v', 'link', 'f', '9', '9', @client) . 'select 1;'),
		qr/Asynchronous notification "postern_mail"/, 'when it is committed';
};

# --- Time --------------------------------------------------------------------------

subtest 'what time has ended is removed' => sub {
	my @old = map { signup(required => 't') } 1 .. 3;
	my ($host) = $old[1];
	my $verified = signup(required => 't');
	my $inside = signup();
	$p->sql(q{update auth.factors set created_at = now() - interval '8 days'});
	auth('verify', $verified->{identity_id} // $p->sql('select identity_id from'
		. " auth.factors where email = '$verified->{email}'"),
		$verified->{email}, undef);
	$p->sql("insert into api.events (name, host_id) select 'Wake', id"
		. " from api.users where name = '$host->{name}'");
	is auth('purge', 'f')->{removed} >= 0, 1, 'it counts';
	my $there = sub ($who) { $p->sql('select count(*) from auth.factors where'
		. " email = '$who->{email}'") };
	is $there->($old[0]), 1, 'unless they must, accounts need not be verified';
	1 while auth('purge', 't')->{removed} > 0;
	is join(' ', map { $there->($_) } @old, $verified, $inside), '0 0 0 1 1',
		'else they go after a week, but for who is verified or signed in';
	is $p->sql(q{select string_agg(name, ' ') from api.users where name in (}
		. join(', ', map { "'$_->{name}'" } @old) . ')'), $host->{name},
		'... with their users, but for a host';

	signup(), code_for($inside, 'late');
	auth('hit', 'late', '1', '9');
	auth('mail_done', $_->{id}) for claim();
	$p->sql($_) for q{update auth.sessions set expires_at = now()},
		q{update auth.flows set expires_at = now()},
		q{update auth.codes set expires_at = now() - interval '11 minutes'},
		q{update auth.throttle set forget_at = now()},
		q{update postern.outbox set ended_at = now() - interval '8 days',
			state = 'done'};
	1 while auth('purge', 'f')->{removed} > 0;
	is $p->sql('select ' . join ' + ', map { "(select count(*) from $_)" }
		qw(auth.sessions auth.flows auth.codes auth.throttle postern.outbox)),
		0, 'sessions, codes, limits and mails go';

	auth('signin_failed', 'nobody', '', undef, 'curl', '203.0.113.9');
	my $guesses = 'select count(*) from auth.audit where identity_id is null';
	1 while auth('purge', 'f')->{removed} > 0;
	cmp_ok $p->sql($guesses), '>', 0, 'a guess at no account is remembered';
	$p->sql("update auth.audit set at = now() - interval '31 days'");
	my $known = $p->sql('select count(*) from auth.audit'
		. ' where identity_id is not null');
	1 while auth('purge', 'f')->{removed} > 0;
	is $p->sql($guesses), 0, '... for a month';
	is $p->sql('select count(*) from auth.audit'), $known,
		'... what happened to accounts for ever';
};

# --- At once -----------------------------------------------------------------------

# A transaction is open while a call waits for it; what the call says when the
# transaction is committed.
sub behind ($first, $text)
{
	my $to = held("begin; $first;\n");
	my $from = Accounts::begin($text);
	wait_for('select count(*) > 0 from pg_locks where not granted', 't');
	print {$to} "commit;\n";
	close $to;
	my @rows = rows_of(Accounts::said($from));
	return $rows[0]{status} // $rows[0]{error};
}

sub held ($text)
{
	open my $to, '|-', 'psql', '-Xq', '-d', $p->conninfo, '-o', '/dev/null'
		or die "psql: $!\n";
	$to->autoflush;
	print {$to} $text;
	wait_for(q{select count(*) > 0 from pg_stat_activity
		where datname = current_database()
		and state = 'idle in transaction'}, 't');
	return $to;
}

subtest 'nobody comes in beside a change' => sub {
	my $who = signup();
	my $factor = factor($who)->{factor_id};
	my $in = call('signin_session', $factor, 'phc', undef, 'k', '', '9', '9',
		@client);
	my $change = "select * from auth.change_password('$factor', 'phc', 'new',"
		. " null, '', '')";
	is behind($change, $in), 'gone', 'with the password that is changed';
	is sessions($who), 0, '... so no session is left';
	is behind("select * from auth.change_password('$factor', 'new', 'phc',"
		. " null, '', '')", $in), 'ok', 'with the one it is changed to';
	my $code = code_for($who, 'beside');
	is behind("update auth.identities set disabled_at = now() where id ="
		. " '$who->{identity_id}'", call('exchange', $code, 'beside', '9', '9',
		@client)), 'unknown', 'when the identity is disabled';
	is sessions($who), 0, '... so no session is left';

	$who = signup();
	is behind("select * from auth.delete_account('$who->{identity_id}', 'phc',"
		. " '', '')", call('signin_code', factor($who)->{factor_id}, 'phc',
		undef, 'k', '', 'gone', @client)), 'gone', 'when it is deleted';
	is behind("select * from auth.signup('late\@example.com', 'phc', 'Late',"
		. " 'v', 'link', 'f', '9', '9', '', '')", call('register',
		'late@example.com', 'phc', 'c', 'v', undef, 'link', 'f', @client)),
		'taken', 'an e-mail that is being taken';
};

# Everything that there is to one account, over and over, from many sides.
subtest 'nobody waits in a circle' => sub {
	my @who = map { signup(name => "Circle$_") } 1 .. 2;
	my @calls = map {
		my $who = $_;
		my ($id, $session) = @$who{qw(identity_id session_id)};
		my $factor = factor($who)->{factor_id};
		my $in = sub ($secret) { call('signin_session', $factor, $secret,
			"$secret", 'circle', 'from', '99', '99', @client) };
		$in->('phc'), $in->('new'),
			call('signin_code', $factor, 'phc', undef, 'circle', 'from', 'round',
				@client),
			call('signin_failed', 'circle', 'from', $id, @client),
			call('change_password', $factor, 'phc', 'new', $session, @client),
			call('change_password', $factor, 'new', 'phc', undef, @client),
			"reset role; select json_agg(t) from auth.flows as f,"
				. " auth.exchange(f.id::text, 'round', '9', '9', '', '') as t;\n",
			call('refresh', $session, '0', '9', @client),
			call('signout', $id, $session, 'others', @client),
			call('verify', $id, $who->{email}, 'round'),
			call('verify_by_code', $who->{email}, 'aa', 'round'),
			call('mail_code', $factor, 'verify', 'aa'),
			call('send_reset', $who->{email}, 'r', 'c', 'link', 'box', 'from'),
			call('mail_claim', '5', '0'), call('purge', 't'),
			"reset role; update auth.identities set disabled_at = now()"
				. " where id = '$id'; update auth.identities"
				. " set disabled_at = null where id = '$id';\n"
	} @who;
	my @texts = map {
		my $by = $_;
		join '', "set client_min_messages = error;\n",
			map { $calls[$_ * $by % @calls] } 1 .. 320
	} 1, 3, 5, 7, 11, 13;
	my @wrong = grep { /ERROR/ } map { split /\n/ } as_owner(@texts);
	is "@wrong[0 .. ($#wrong > 2 ? 2 : $#wrong)]", '', 'nothing fails';
	is $p->sql('select deadlocks from pg_stat_database'
		. ' where datname = current_database()'), 0, '... or is a victim';
};

sub as_owner (@texts)
{
	my @from = map { Accounts::begin($_, 'postgres') } @texts;
	return map { Accounts::said($_) } @from;
}

# --- Databases that were there before ----------------------------------------------

subtest 'workers that were there before can let people sign in' => sub {
	my $bare = Bare->start;
	my $old = File::Temp->newdir;
	symlink $_, "$old/" . s{.*/}{}r
		for glob "$Bare::top/sql/{000[123]_*.sql,migrate,migrate.sql,apply.sql}";
	my $may = sub ($role) { $bare->sql('postgres', "select pg_has_role('$role',"
		. " 'postern_auth', 'member')") };
	my $prepare = sub ($owner) {
		$bare->sql('postgres', "create database $owner owner $owner");
		my ($status, $said) = $bare->run("$old/migrate",
			$bare->address($owner, $owner));
		is $status, 0, 'the database is an old one' or diag $said;
	};
	my $migrate = sub ($owner) {
		my ($status, $said) = $bare->run('sql/migrate',
			$bare->address($owner, $owner));
		return $status ? "failed: $said" : $said;
	};
	$bare->sql('postgres', 'create role maker login createrole;'
		. ' create role plain login; create role "old worker" login noinherit;'
		. ' create role stranger login');
	$prepare->('maker'), $prepare->('plain');
	$bare->sql('postgres', 'grant postern_anonymous, postern_member,'
		. ' postern_admin to "old worker"');

	like $migrate->('plain'), qr/postern_auth is missing.*Ask an administrator to run: create role postern_auth nologin;/s,
		'an owner who may not make roles says what is missing';
	$bare->sql('postgres', 'create role postern_auth nologin');
	my $said = $migrate->('plain');
	like $said, qr/Applied 0004_auth\.sql/, '... and goes on without';
	like $said, qr/Ask an administrator to run: grant postern_auth to "old worker";/,
		'... and says whom it could not help';
	is $may->('old worker'), 'f', '... whom it did not help';
	unlike $migrate->('maker'), qr/administrator/, 'one who may';
	is $may->('old worker'), 't', '... helps them';
	is $may->('stranger'), 'f', '... and nobody else';
};

done_testing;
