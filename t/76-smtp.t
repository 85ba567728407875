#!/usr/bin/perl
# Mails to a mail server that other people wrote (npm's smtp-server), which
# does as it is told: encrypts, wants a password, refuses, is slow, goes away.
use v5.36;
use lib 't/lib';
use Auth;
use Courier;
use File::Temp qw(tempfile);
use Npm;
use Postern;
use Test::More;

plan skip_all => Npm::why_not() if Npm::why_not();

my $p = Postern->database(env => {
	POSTERN_BASE_URL  => 'https://api.example.org',
	POSTERN_MAIL_FROM => "Gr\xc3\xbc\xc3\x9fe <events\@example.org>",
});
my $home = Postern::_home();

# ---- certificates -----------------------------------------------------------

sub openssl (@arguments)
{
	Postern::Cluster::quietly("$home/openssl.log", 'openssl', @arguments)
		or die "openssl @arguments failed\n";
}

# An authority, and a certificate that it gives a name.
openssl(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
	-days 2 -subj /CN=Authority -keyout), "$home/ca.key", '-out',
	"$home/ca.pem");

sub certificate ($name)
{
	my $file = "$home/$name";
	open my $out, '>', "$file.ext";
	print {$out} "subjectAltName=DNS:$name\n";
	close $out;
	openssl(qw(req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
		-subj), "/CN=$name", '-keyout', "$file.key", '-out', "$file.csr");
	openssl(qw(x509 -req -days 2 -CAcreateserial -CA), "$home/ca.pem",
		'-CAkey', "$home/ca.key", '-in', "$file.csr", '-out', "$file.pem",
		'-extfile', "$file.ext");
	return (key => "$file.key", cert => "$file.pem");
}

my %ours   = certificate('localhost');
my %others = certificate('mail.example.org');
my %trust  = (SSL_CERT_FILE => "$home/ca.pem");

# ---- words ------------------------------------------------------------------

# A server: {script, env}, where env lets the courier find it.
sub server (%o)
{
	my $json   = JSON::PP->new->canonical->encode({tls => 'none', %o});
	my $script = Npm->start('smtp.mjs', $json);
	my $port   = $script->hear->{port};
	return {script => $script, env => {
		POSTERN_SMTP          => "localhost:$port",
		POSTERN_SMTP_SECURITY => 'PlainText',
	}};
}

sub faults ($s, @list) { $s->{script}->ask({do => 'faults', list => \@list}) }
sub count ($s)         { $s->{script}->ask({do => 'count'}) }
sub next_mail ($s)     { $s->{script}->ask({do => 'next'}) }

sub round ($s, %more) { return once($p, %{$s->{env}}, %more) }

# The last row of the outbox.
sub row () { (outbox($p))[-1] }

sub delivers ($s, $why, %more)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	state $n = 0;
	my $email = 'd' . ++$n . '@example.org';
	register($p, $email);
	my ($status, $log) = round($s, %more);
	is row()->{state}, 'done', $why or diag $log;
	return {} if row()->{state} ne 'done';
	my $mail = next_mail($s);
	is_deeply $mail->{to}, [$email], '... to whom it is for';
	return $mail;
}

# One that is not delivered, and is tried again or not; what the log says.
sub fails ($s, $state, $error, %more)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	state $n = 0;
	my $before = count($s)->{mails};
	register($p, 'f' . ++$n . '@example.org');
	my ($status, $log) = round($s, %more);
	is $status, 0, 'the courier goes on';
	is row()->{state}, $state, $state eq 'dead' ? 'it is given up' : 'it waits';
	like row()->{error}, $error, '... with the reason';
	is count($s)->{mails}, $before, 'nothing came';
	forget();
	return $log;
}

sub forget ()
{
	$p->sql("update postern.outbox set state = 'dead', ended_at = now()
		where state = 'waiting'");
}

# ---- delivery ---------------------------------------------------------------

my $plain = server();

subtest 'a mail arrives as it was made' => sub {
	my $id   = register($p, 'ada@example.org', name => "Ada <b>\x{c4}da</b>");
	my ($status, $log) = round($plain);
	is $status, 0, 'the courier ends well' or diag $log;
	my $mail = next_mail($plain);
	is $mail->{from}, 'events@example.org', 'from';
	is_deeply $mail->{to}, ['ada@example.org'], 'to';
	is $mail->{id}, '<' . row()->{id} . '@api.example.org>', 'Message-ID';
	is $mail->{subject}, 'Confirm your address for api.example.org', 'subject';
	like $mail->{text}, qr/^Hello Ada <b>\x{c4}da<\/b>,$/m,
		'a reader sees the name in the text';
	like $mail->{html}, qr/Hello Ada &lt;b&gt;\x{c4}da&lt;\/b&gt;,/,
		'... and in the HTML';
	like $mail->{text},
		qr{^https://api\.example\.org/auth/verify\?\S+&verification_token=[\w.-]+$}m,
		'and the link';
	my ($from) = grep { /^From:/i } @{$mail->{lines}};
	is $from, 'From: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= <events@example.org>',
		'the sender has a name';
	is scalar(grep { length > 998 } split /\r\n/, $mail->{raw}), 0,
		'no line is too long';
	is scalar(glob $p->state_dir . '/mail/*') // 0, 0, 'there is no file';
	unlike $log, qr/ada\@|token=/, 'and nothing of it in the log';
};

subtest 'many go over one connection' => sub {
	register($p, "m$_\@example.org") for 1 .. 5;
	my $before = count($plain);
	round($plain);
	my $after = count($plain);
	is $after->{mails} - $before->{mails}, 5, 'five mails';
	is $after->{connections} - $before->{connections}, 1, 'one connection';
	next_mail($plain) for 1 .. 5;
};

# ---- encryption, login ------------------------------------------------------

subtest 'STARTTLS' => sub {
	my $s = server(tls => 'starttls', %ours);
	$s->{env}{POSTERN_SMTP_SECURITY} = 'STARTTLS';
	my $mail = delivers($s, 'with a certificate that we trust', %trust);
	ok $mail->{tls}, 'it is encrypted';
	my $log = fails($s, 'waiting', qr/certificate/i);
	like $log, qr/again in \d+ s/, 'one that we do not trust is told';
	ok delivers($s, 'unless nobody is to look', POSTERN_SMTP_CHECK => 'no')
		->{tls}, '... but encrypted';
	fails($plain, 'waiting', qr/SSL/i, POSTERN_SMTP_SECURITY => 'STARTTLS');
	$s->{env}{POSTERN_SMTP_SECURITY} = 'STARTTLSOrPlainText';
	ok delivers($s, 'or as it comes', %trust)->{tls}, '... encrypted if it can';
	ok !delivers($plain, 'or as it comes',
		POSTERN_SMTP_SECURITY => 'STARTTLSOrPlainText')->{tls},
		'... plain if not';
};

subtest 'a certificate of somebody else' => sub {
	my $s = server(tls => 'starttls', %others);
	$s->{env}{POSTERN_SMTP_SECURITY} = 'STARTTLS';
	fails($s, 'waiting', qr/certificate/i, %trust);
};

subtest 'TLS' => sub {
	my $s = server(tls => 'implicit', %ours);
	$s->{env}{POSTERN_SMTP_SECURITY} = 'TLS';
	ok delivers($s, 'from the first byte', %trust)->{tls}, 'it is encrypted';
	fails($s, 'waiting', qr/certificate/i);
};

subtest 'login' => sub {
	my $s = server(tls => 'starttls', %ours, user => 'postern',
		password => 'geh heim');
	my ($out, $file) = tempfile(DIR => $home);
	print {$out} "geh heim\n";
	close $out;
	my %env = (%trust, POSTERN_SMTP_SECURITY => 'STARTTLS',
		POSTERN_SMTP_USER => 'postern', POSTERN_SMTP_PASSWORD_FILE => $file);
	is delivers($s, 'with the password of the file', %env)->{user}, 'postern',
		'signed in';
	fails($s, 'waiting', qr/530/, %env, POSTERN_SMTP_USER => undef);
	open $out, '>', $file;
	print {$out} "falsches Wort\n";
	close $out;
	my $log = fails($s, 'waiting', qr/AUTH: 535/, %env);
	unlike $log, qr/geh|falsches|cG9z|ZmFs|AHBv/,
		'a wrong one is ours to mend, and in no log';
	fails($s, 'waiting', qr/PASSWORD_FILE cannot be read/, %env,
		POSTERN_SMTP_PASSWORD_FILE => '/nonexistent');
};

# ---- faults -----------------------------------------------------------------

subtest 'what the server refuses' => sub {
	my $log = fails($plain, 'dead', qr/\ARCPT: 550 No such user/)
		if faults($plain, {at => 'rcpt', code => 550, text => 'No such user'});
	like $log, qr/given up: RCPT: 550 No such user/, 'the log says it';
	faults($plain, {at => 'data', code => 554, text => 'Looks like spam'});
	fails($plain, 'dead', qr/\ADATA: 554 Looks like spam/);
	for (
		[{at => 'greeting', code => 554}, 'everybody'],
		[{at => 'mail', code => 550}, 'the sender'],
		[{at => 'rcpt', code => 550, text => '5.7.1 Relaying denied'},
			'to pass on'],
		[{at => 'rcpt', code => 530}, 'those who do not sign in'],
		[{at => 'rcpt', code => 450}, 'for now'],
		)
	{
		my ($fault, $what) = @$_;
		note "it refuses $what";
		faults($plain, $fault);
		fails($plain, 'waiting', qr/$fault->{code}/);
	}
};

subtest 'what fails for now is tried again' => sub {
	register($p, 'again@example.org');
	faults($plain, {at => 'data', code => 451, text => 'Greylisted'});
	my (undef, $log) = round($plain);
	like $log, qr/attempt 1: DATA: 451 Greylisted; again in \d+ s/, 'later';
	my $later = $p->sql("select extract(epoch from next_at - now()) between 3
		and 11 from postern.outbox where state = 'waiting'");
	is $later, 't', '... in about ten seconds';
	(undef, $log) = round($plain);
	is $log, '', 'not at once';
	due($p);
	round($plain);
	is_deeply next_mail($plain)->{to}, ['again@example.org'], 'then it arrives';
	is_deeply [@{row()}{qw(state attempts error)}], ['done', 2, undef],
		'... at the second attempt';
};

subtest 'a server that is slow, goes away, or is not there' => sub {
	faults($plain, {at => 'greeting', wait => 1500});
	delivers($plain, 'one that greets late is waited for');
	faults($plain, {at => 'data', drop => 1});
	fails($plain, 'waiting', qr/\w/);
	faults($plain, {at => 'greeting', drop => 1});
	fails($plain, 'waiting', qr/\w/);
	fails($plain, 'waiting', qr/connect/i,
		POSTERN_SMTP => 'localhost:' . Postern::_free_port());
	fails($plain, 'waiting', qr/resolve/i, POSTERN_SMTP => 'mail.invalid:25');
	delivers($plain, 'and the next mail goes');
};

subtest 'a courier that dies before it has recorded' => sub {
	register($p, 'twice@example.org');
	faults($plain, {at => 'hold'});
	my $courier = Courier->start($p, %{$plain->{env}});
	my $first   = next_mail($plain);
	is $courier->kill, 9, 'it dies with the mail delivered';
	$plain->{script}->ask({do => 'release'});
	is row()->{state}, 'waiting', '... and not recorded';
	my (undef, $log) = round($plain);
	is $log, '', 'it is not sent again at once';
	is $p->sql("select next_at between now() and now() + interval '60 s'
		from postern.outbox where state = 'waiting'"), 't',
		'... but when the lease ends, within a minute';
	due($p);
	round($plain);
	my $second = next_mail($plain);
	is $second->{id}, $first->{id}, 'with the same Message-ID';
	is row()->{state}, 'done', 'and then it is done';
};

subtest 'TERM lets the mail in hand be finished' => sub {
	register($p, 'inhand@example.org');
	register($p, 'next@example.org');
	faults($plain, {at => 'hold'});
	my $courier = Courier->start($p, %{$plain->{env}});
	next_mail($plain);
	kill TERM => $courier->pid;
	$plain->{script}->ask({do => 'release'});
	is $courier->stop, 0, 'the courier ends well';
	my @rows = (outbox($p))[-2, -1];
	is $rows[0]{state}, 'done', 'the mail is recorded';
	is $rows[1]{attempts}, 0, 'no other is begun';
	round($plain);
	next_mail($plain);
};

subtest 'TERM does not wait for ever' => sub {
	register($p, 'stuck@example.org');
	faults($plain, {at => 'hold'});
	my $courier = Courier->start($p, %{$plain->{env}},
		POSTERN_DRAIN_LIMIT => 1);
	next_mail($plain);
	is $courier->stop, 0, 'it ends while the server is silent';
	is row()->{state}, 'waiting', 'the mail goes to the next one';
	$plain->{script}->ask({do => 'release'});
	forget();
};

done_testing;
