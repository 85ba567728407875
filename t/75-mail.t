#!/usr/bin/perl
# Mails, from the outbox into files: what they say, what no value in them can
# do, and what the courier does when things are missing.
use v5.36;
use lib 't/lib';
use Auth qw(mails pkce);
use Courier;
use Digest::SHA  qw(sha256);
use JSON::PP     qw(decode_json);
use MIME::Base64 qw(decode_base64url encode_base64);
use Postern;
use Test::More;
use Time::HiRes qw(sleep);

my $BASE = 'https://api.example.org:8443';
my $p = Postern->database(env => {
	POSTERN_BASE_URL  => $BASE,
	POSTERN_MAIL_FROM => 'Our Events <events@example.org>',
});
my $dir = $p->state_dir . '/mail';

# The claims of a token, unverified.
sub claims ($token) { decode_json(decode_base64url((split /\./, $token)[1])) }

sub header ($mail, $name) { $mail->{raw} =~ /^\Q$name\E: (.*?)\r$/m; $1 }

sub files ()
{
	my @all = sort glob "$dir/*";
	return @all;
}

# A new account, whose mail is delivered; the mail.
sub mail_of ($email, %o)
{
	my %env = %{delete $o{env} // {}};
	register($p, $email, %o);
	my ($status, $log) = once($p, %env);
	is $status, 0, 'the courier is content' or diag $log;
	my @found = mails($p, to => $email);
	is scalar(@found), 1, 'there is one mail';
	return $found[0] // {raw => '', text => '', html => '', subject => ''};
}

subtest 'a link to verify an address' => sub {
	my $id   = register($p, 'ada@example.org', challenge => 'c' x 43,
		redirect_to => "$BASE/in");
	my $from = time;
	my ($status, $log) = once($p);
	is $status, 0, 'the courier ends when nothing is left';
	my ($file) = files();
	like $file, qr{/\d{8}T\d{6}\.\d{6}Z-[0-9a-f-]{36}\.eml\z},
		'the name of the file sorts by time';
	is sprintf('%o', (stat $file)[2] & 0777), 600, 'nobody else reads it';
	like $log, qr/\Q$file\E/, 'the log says where it is';
	unlike $log, qr/ada\@|_token/, '... and nothing that is in it';
	is scalar(grep { !/\.eml\z/ } glob "$dir/.* $dir/*"), 2,
		'nothing else is left there';
	my ($mail) = mails($p, to => 'ada@example.org');
	my ($row) = outbox($p);
	is header($mail, 'To'), 'ada@example.org', 'To';
	is header($mail, 'From'), 'Our Events <events@example.org>', 'From';
	is header($mail, 'Message-ID'), "<$row->{id}\@api.example.org>",
		'Message-ID: the row of the outbox, at our host';
	is header($mail, 'Auto-Submitted'), 'auto-generated', 'Auto-Submitted';
	like header($mail, 'Date'),
		qr/\A(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} 20\d\d \d\d:\d\d:\d\d \+0000\z/,
		'Date';
	is $mail->{subject}, 'Confirm your address for api.example.org:8443',
		'Subject';
	my $link = qr{\Q$BASE\E/auth/verify\?provider=builtin%3A%3Alocal_emailpassword&verification_token=};
	like $mail->{text}, qr/^$link[\w.-]+\r?$/m, 'the link has a line to itself';
	my $claims = claims($mail->{token});
	is_deeply [@$claims{qw(sub email iss verify_url challenge redirect_to)}],
		[$id, 'ada@example.org', "$BASE/auth", "$BASE/auth/verify",
			'c' x 43, "$BASE/in"], 'what the token says';
	is $claims->{exp} - $claims->{iat}, 86400, 'it is good for a day';
	cmp_ok $claims->{iat}, '>=', $from, '... from when the mail is made';
	ok !exists $claims->{secret}, 'it holds nothing of the password';
	my $other = $mail->{html} =~ s/&amp;/&/gr;
	like $other, qr/href="[^"]*verification_token=\Q$mail->{token}\E"/,
		'the HTML has the same link';
	is_deeply [@$row{qw(state attempts error)}], ['done', 1, undef],
		'the row is done';
	once($p);
	is scalar(files()), 1, 'and is not sent again';
};

subtest 'links lead where they were asked to lead' => sub {
	my $mail = mail_of('query@example.org',
		verify_url => 'https://app.example.org/v?a=1&b=%20#/top');
	like $mail->{text},
		qr{^https://app\.example\.org/v\?a=1&b=%20&provider=[^&\s]+&verification_token=[\w.-]+#/top\r?$}m,
		'a query and a fragment are kept';
	$mail = mail_of('page@example.org',
		env => {POSTERN_VERIFY_URL => 'https://app.example.org/page'});
	like $mail->{text}, qr{^https://app\.example\.org/page\?provider=}m,
		'POSTERN_VERIFY_URL';
};

subtest 'a code to verify an address' => sub {
	my $mail = mail_of('code@example.org', by => 'code');
	like $mail->{text}, qr/^ +\d{6}\r?$/m, 'six digits';
	unlike $mail->{text}, qr{https?://}, 'and no link';
	like $mail->{html}, qr{<b>$mail->{code}</b>}, 'the same in HTML';
	my $stored = sub { $p->sql("select encode(c.hash, 'hex'), c.purpose
		from auth.codes as c join auth.factors as f on f.id = c.factor_id
		where f.email = 'code\@example.org'") };
	my $first = $stored->();
	like $first, qr/\A[0-9a-f]{64}\|verify\z/, 'what is stored is a hash';
	$p->sql("select * from auth.send_verification('code\@example.org', null,
		null, null, null, 'code', '', '')");
	once($p);
	my @both = mails($p, to => 'code@example.org');
	is scalar(@both), 2, 'another is mailed';
	isnt $stored->(), $first, '... and takes the place of the first';
};

subtest 'a link to reset a password' => sub {
	my $id = register($p, 'reset@example.org', secret => '$argon2id$old');
	once($p);
	$p->sql("select * from auth.send_reset('reset\@example.org',
		'https://app.example.org/reset?x=1', 'ch', 'link', '', '')");
	once($p);
	my ($mail) = grep { $_->{text} =~ /reset_token/ }
		mails($p, to => 'reset@example.org');
	like $mail->{text},
		qr{^https://app\.example\.org/reset\?x=1&reset_token=[\w.-]+\r?$}m,
		'it leads to the page that was asked for';
	my $claims = claims($mail->{token});
	is_deeply [@$claims{qw(sub email challenge secret)}],
		[$id, 'reset@example.org', 'ch',
			encode_base64(sha256('$argon2id$old'), '')],
		'its token is bound to the password of now';
	is $claims->{exp} - $claims->{iat}, 600, 'it is good for ten minutes';
};

subtest 'a code to reset a password' => sub {
	register($p, 'resetcode@example.org');
	$p->sql("select * from auth.send_reset('resetcode\@example.org',
		'', 'ch', 'code', '', '')");
	once($p);
	my ($mail) = grep { $_->{subject} =~ /new password/ }
		mails($p, to => 'resetcode@example.org');
	like $mail->{code} // '', qr/\A\d{6}\z/, 'six digits';
};

subtest 'a name can do nothing' => sub {
	# Whoever has longer names has long ones in mails.
	$p->sql('alter table api.users drop constraint users_name_length');
	my $name = qq(<img src=x onerror="a()">{{code}} {{\r\nBcc: eve\@example.org\r\n\r\nO'Hara & S\x{f6}hne);
	my $mail = mail_of('name@example.org', name => $name);
	my ($head) = split /\r\n\r\n/, $mail->{raw};
	unlike $head, qr/eve\@/, 'no header';
	unlike $mail->{raw}, qr/^Bcc/m, '... and no line';
	like $mail->{text}, qr/^Hello name\@example\.org,/m, 'no link either';
	$mail = mail_of('line@example.org',
		name => $name =~ s/: eve\@example\.org/ eve/r);
	unlike $mail->{raw}, qr/^Bcc/m, 'nor a line without one';
	unlike $mail->{html}, qr/<img/, 'no markup';
	like $mail->{html},
		qr/&lt;img src=x onerror=&quot;a\(\)&quot;&gt;\{\{code\}\} \{\{/,
		'it is shown as it is, holes and all';
	like $mail->{text}, qr/<img .*O'Hara & S\x{f6}hne,/, 'in the text too';
	$mail = mail_of('long@example.org', name => "\x{fc}" x 5000);
	like $mail->{text}, qr/Hello \x{fc}{100},/, 'a long name is cut';
	cmp_ok length $mail->{raw}, '<', 10_000, '... so the mail is short';
	is scalar(grep { length > 998 } split /\r\n/, $mail->{raw}), 0,
		'and so is every line';
};

subtest 'an address that is none gets nothing' => sub {
	my @bad = ("a\@b\r\nBcc: eve\@example.org", 'a@b,eve@example.org',
		'"a b"@example.org', '<eve@example.org>', 'nobody',
		('a' x 300) . '@example.org');
	register($p, $_) for @bad;
	my $before = files();
	my ($status, $log) = once($p);
	is $status, 0, 'the courier goes on';
	is scalar(files()), scalar($before), 'there is no mail';
	my @dead = grep { $_->{state} eq 'dead' } outbox($p);
	is scalar(@dead), scalar(@bad), 'all of them are given up';
	is $dead[0]{error}, 'the recipient is no address', '... with the reason';
	unlike $log, qr/eve\@/, 'the log does not repeat them';
};

subtest 'templates can be replaced' => sub {
	my $own = Postern::_home() . '/templates';
	mkdir $own;
	my $write = sub ($name, $text) {
		open my $out, '>:utf8', "$own/$name" or die $!;
		print {$out} $text;
		close $out;
	};
	my %env = (POSTERN_TEMPLATES => $own);
	$write->('verify-link.txt', "Subject: Gr\x{fc}\x{df}e, {{name}}\n\n"
		. "{{ link }} {{site}} \x{2014} {{email}} {{hours}} {{url}}\n");
	my $mail = mail_of('own@example.org', name => 'Ada L', env => \%env);
	is $mail->{subject}, "Gr\x{fc}\x{df}e, Ada L", 'the subject';
	like $mail->{text}, qr{^\Q$BASE\E/auth/verify\?\S+[ ]api\.example\.org:8443
		[ ]\x{2014}[ ]own\@example\.org[ ]24[ ]\Q$BASE\E}mx, 'the text';
	like $mail->{html}, qr/Confirm this address/,
		'what is not replaced is ours';
	$write->('verify-link.html', '');
	$mail = mail_of('plain@example.org', env => \%env);
	unlike $mail->{raw}, qr/multipart|html/, 'an empty one leaves it away';

	$write->('verify-link.txt', "Subject: x\n\n{{lnik}}\n");
	register($p, 'broken@example.org');
	my ($status, $log) = once($p, %env);
	is scalar(mails($p, to => 'broken@')), 0, 'a broken one is not sent';
	like $log, qr/unknown \{\{lnik\}\}/, '... and the log says why';
	my ($row) = (outbox($p))[-1];
	is $row->{state}, 'waiting', 'the mail waits';
	like $row->{error}, qr/lnik/, '... and says for what';
	$write->('verify-link.txt', "no subject\n");
	due($p);
	(undef, $log) = once($p, %env);
	like $log, qr/does not begin with its subject/, 'as one without subject';
	$write->('verify-link.txt', "Subject: x\n\n{{link}}\n");
	due($p);
	once($p, %env);
	is scalar(mails($p, to => 'broken@')), 1, 'once mended it goes';
};

subtest 'what has become moot is not sent' => sub {
	my $id = register($p, 'moot@example.org');
	$p->sql("update auth.factors set email_verified_at = now()
		where email = 'moot\@example.org'");
	my $gone = register($p, 'gone@example.org');
	$p->sql("delete from auth.identities where id = '$gone'");
	once($p);
	is scalar(mails($p, to => $_)), 0, $_ for 'moot@', 'gone@';
};

subtest 'two couriers share the work' => sub {
	register($p, "many$_\@example.org") for 1 .. 30;
	my @both = map { Courier->start($p) } 1 .. 2;
	my @found = mails($p, to => 'many', wait => 30);
	is $_->stop, 0, 'TERM ends one well' for @both;
	@found = mails($p, to => 'many');
	my %to = map { $_->{to} => 1 } @found;
	is scalar(@found), 30, 'each mail is sent once';
	is scalar(keys %to), 30, '... to whom it is for';
};

subtest 'nothing that is missing loses a mail' => sub {
	register($p, 'later@example.org');
	my ($status, $log) = once($p, POSTERN_DATABASE => 'host=/nonexistent');
	is $status, 1, 'without a database --once fails';
	like $log, qr/the outbox cannot be asked/, '... and says so';
	($status, $log) = once($p, POSTERN_KEYS => '/nonexistent');
	is $status, 1, 'so it does without a key';
	like $log, qr/key/i, '... and says so';
	($status, $log) = once($p, POSTERN_STATE => '/nonexistent');
	is $status, 0, 'a place that cannot be written to is no end';
	like $log, qr{/nonexistent/mail: No such file}, '... but is told';
	is scalar(mails($p, to => 'later@')), 0, 'nothing is sent';
	due($p);
	once($p);
	is scalar(mails($p, to => 'later@')), 1, 'until all is there';
};

subtest 'one that stays hears of new mails' => sub {
	my $courier = Courier->start($p);
	register($p, 'heard@example.org');
	is scalar(mails($p, to => 'heard@', wait => 1)), 1, 'and sends them';
	is $courier->stop, 0, 'until TERM';
};

subtest 'it cleans up behind the auth server' => sub {
	$p->sql("insert into auth.flows (challenge, expires_at)
		select 'c' || n, now() - interval '1 minute'
		from generate_series(1, 2500) as n");
	$p->sql("update postern.outbox set ended_at = now() - interval '8 days'
		where state <> 'waiting'");
	once($p);
	is $p->sql('select count(*) from auth.flows where expires_at < now()'), 0,
		'however much has expired';
	is $p->sql('select count(*) from postern.outbox'), 0, 'and old mails';
};

# ---- an instance ------------------------------------------------------------

my $PROVIDER = 'builtin::local_emailpassword';
my $i = Postern->start(own_cluster => 1);

sub verified ($email)
{
	return $i->sql("select email_verified_at is not null from auth.factors
		where email = '$email'");
}

# The mails of one address, once there are so many; the last.
sub last_mail ($email, $n = 1)
{
	my @found = $i->mails(to => $email, wait => $n);
	is scalar(@found), $n, "there are $n for $email";
	return $found[-1] // {};
}

# Until the code is true; false when that takes a minute.
sub eventually ($code)
{
	for (1 .. 600) {
		return 1 if $code->();
		sleep 0.1;
	}
	return 0;
}

subtest 'a link that arrives works' => sub {
	my $u = $i->signup;
	my $token = last_mail($u->{email})->{token};
	is verified($u->{email}), 'f', 'it is not verified yet';
	my $r = $i->http(POST => '/auth/verify', json => {
		provider => $PROVIDER, verification_token => $token});
	is $r->{status}, 204, 'the token is taken' or diag $r->{body};
	is verified($u->{email}), 't', 'now it is';
	$r = $i->http(POST => '/auth/send-reset-email', json => {
		provider => $PROVIDER, email => $u->{email},
		reset_url => 'http://localhost:' . $i->port . '/reset',
		challenge => pkce()->{challenge}});
	is $r->{status}, 200, 'a new password is asked for' or diag $r->{body};
	my $mail = last_mail($u->{email}, 2);
	$r = $i->http(POST => '/auth/reset-password', json => {
		provider => $PROVIDER, reset_token => $mail->{token},
		password => 'an other battery'});
	is $r->{status}, 200, 'its token is taken' or diag $r->{body};
	like last_mail($u->{email}, 3)->{subject}, qr/password .* has changed/,
		'a notice tells the owner';
	ok $i->signin(%$u, password => 'an other battery')->{token},
		'the new one is good';
};

subtest 'the supervisor looks after the courier' => sub {
	my ($above, @below) = $i->pids('courier');
	is scalar(@below), 1, 'there is one';
	kill KILL => @below;
	my $u = $i->signup;
	last_mail($u->{email});
	my (undef, @new) = $i->pids('courier');
	isnt "@new", "@below", 'a dead one is replaced';
	my $said = $i->instance('reload', POSTERN_PROOF => 'code');
	is $?, 0, 'it can be reloaded' or diag $said;
	my ($same, @after) = $i->pids('courier');
	is $same, $above, 'the supervisor stays';
	isnt "@after", "@new", 'the courier is new';
};

subtest 'a code that arrives works' => sub {
	my $u    = $i->signup;
	my $code = last_mail($u->{email})->{code};
	my $r = $i->http(POST => '/auth/verify', json => {
		provider => $PROVIDER, email => $u->{email}, code => $code});
	is $r->{status}, 204, 'it is taken' or diag $r->{body};
	is verified($u->{email}), 't', 'now it is verified';
};

subtest 'the database goes away and comes back' => sub {
	my (undef, @before) = $i->pids('courier');
	$i->stop_database;
	ok eventually(sub { $i->log('courier') =~ /outbox cannot be asked/ }),
		'the courier notices';
	$i->start_database;
	my $u;
	ok eventually(sub { ($u = $i->signup)->{token} }), 'sign-up works again';
	last_mail($u->{email});
	my (undef, @after) = $i->pids('courier');
	is "@after", "@before", 'the same courier goes on';
	is scalar(() = $i->log('courier') =~ /outbox cannot be asked/g), 1,
		'it complained once';
};

# Statements of the workers that serve requests, as Postgres logs them.
sub statements ($code)
{
	my $count = sub {
		return scalar(() = $i->log('postgres') =~
			/^postern (?:api|auth)\b.*(?:execute|statement)/mg);
	};
	my $before = $count->();
	$code->();
	return $count->() - $before;
}

subtest 'a mail server that is down is nothing to a sign-up' => sub {
	$i->sql("alter system set log_line_prefix = '%a '", as => 'postgres');
	$i->sql("alter system set log_statement = 'all'", as => 'postgres');
	$i->sql('select pg_reload_conf()', as => 'postgres');
	ok eventually(sub { statements(sub { $i->signup }) > 0 }),
		'statements can be counted';
	my $up = statements(sub { $i->signup });
	my $said = $i->instance('reload', POSTERN_PROOF => 'link',
		POSTERN_SMTP => '127.0.0.1:' . Postern::_free_port(),
		POSTERN_SMTP_SECURITY => 'PlainText');
	is $?, 0, 'the server is down' or diag $said;
	$i->signup;
	my $u;
	my $down = statements(sub { $u = $i->signup });
	is $u->{answer}{status}, 200, 'signing up works';
	is $down, $up, "... with as many statements, $up";
	ok eventually(sub { $i->sql("select count(*) from postern.outbox
		where state = 'waiting' and attempts > 0 and error ~ 'connect'")
		== 2 }), 'the mails wait';
	is scalar($i->mails(to => $u->{email})), 0, 'nothing is written';
	$i->instance('reload', POSTERN_SMTP => '');
	due($i);
	ok eventually(sub { $i->mails(to => $u->{email}) }), 'later they come';
	my $claims = claims(last_mail($u->{email})->{token});
	is $claims->{exp} - $claims->{iat}, 86400, '... as good as new';
};

subtest 'where mails go is said at the start' => sub {
	$i->instance('stop');
	my $said = $i->instance('start');
	like $said, qr{^Mails go to \Q$i->{var}\E/mail }m, 'into files';
	$i->instance('stop');
	$said = $i->instance('start', POSTERN_SMTP => 'localhost:25');
	unlike $said, qr/Mails go/, 'with a server nothing is';
};

done_testing;
