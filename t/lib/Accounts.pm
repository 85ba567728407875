# Accounts for tests, made and used as the program does it: by the functions of
# schema auth, as the role that may call them.
#
#   use Accounts;                       $p is a migrated database
#   my $who = signup(name => 'Mina');   {email, name, identity_id, ...}
#   auth('signin_begin', ...)           what the function answers, as a hash
#   as_who($who, $text, %more)          the text as a request of theirs
#   psql($text) refusal($text)          what psql says; the SQLSTATE
#   at_once(@texts)                     what each says, begun together
package Accounts;

use v5.36;
use Exporter   qw(import);
use File::Temp qw(tempfile);
use JSON::PP   ();
use Time::HiRes qw(sleep);
use Postern;

our @EXPORT = qw($p @requests @roles @client psql refusal call rows_of auth
	at_once wait_for signup factor signin code_for admin sessions events
	as_who enter);

our $p        = Postern->database;
our @requests = qw(postern_anonymous postern_member postern_admin);
our @roles    = (@requests, 'postern_auth');
our @client   = ('Browser/1.0', '192.0.2.7');

# --- psql, as workers connect ------------------------------------------------

sub quoted ($value)
{
	return 'null' if !defined $value;
	return "'" . $value =~ s/'/''/gr . "'";
}

# A psql that reads from a file; what it says comes from the handle.
sub begin ($text, $user = 'postern')
{
	my ($in, $file) = tempfile(UNLINK => 1);
	print {$in} $text;
	close $in;
	my $pid = open(my $from, '-|') // die "fork: $!\n";
	return $from if $pid;
	delete @ENV{grep { /^PG/ } keys %ENV};
	$ENV{PGOPTIONS} = '-c search_path=pg_catalog -c timezone=UTC'
		. ' -c plan_cache_mode=force_generic_plan';
	open STDERR, '>&', \*STDOUT;
	exec 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose',
		'-d', $p->conninfo($user), '-f', $file or POSIX::_exit(127);
}

sub said ($from)
{
	my $said = do { local $/; <$from> } // '';
	local $?;
	close $from;
	chomp $said;
	return $said;
}

sub psql ($text, $user = 'postern') { return said(begin($text, $user)) }

# The SQLSTATE of a refusal, or ''.
sub refusal ($text, $user = 'postern')
{
	return psql($text, $user) =~ /ERROR:\s+(\w{5}):/ ? $1 : '';
}

sub call ($name, @arguments)
{
	my $list = join ', ', map { quoted($_) } @arguments;
	return "set role postern_auth;\n"
		. "select json_agg(t) from (select * from auth.$name($list)) as t;\n";
}

sub rows_of ($said)
{
	my $rows = eval { JSON::PP->new->allow_nonref->decode($said) };
	return $rows ? @$rows : {error => $said} if length $said;
	return;
}

# The rows that a function of the auth server answers with; in a scalar
# context the first.
sub auth ($name, @arguments)
{
	my @rows = rows_of(psql(call($name, @arguments)));
	return wantarray ? @rows : $rows[0];
}

# Texts that begin when all are ready; what each said.
sub at_once (@texts)
{
	my $n = @texts;
	my $gate = "select pg_advisory_lock(42) \\g /dev/null\n";
	open my $holder, '|-', 'psql', '-Xq', '-d', $p->conninfo, '-o', '/dev/null'
		or die "psql: $!\n";
	$holder->autoflush;
	print {$holder} $gate;
	wait_for("select count(*) from pg_locks where locktype = 'advisory'"
		. ' and granted', 1);
	my @from = map { begin($gate =~ s/lock\(/lock_shared(/r . $_) } @texts;
	wait_for("select count(*) from pg_locks where locktype = 'advisory'"
		. ' and not granted', $n);
	close $holder;
	return map { said($_) } @from;
}

sub wait_for ($question, $answer)
{
	for (1 .. 1000) {
		return if $p->sql($question) eq $answer;
		sleep 0.01;
	}
	die "waited in vain for: $question\n";
}

# --- Accounts ----------------------------------------------------------------

my $n = 0;

sub signup (%more)
{
	my $name = 'u' . ++$n;
	my %row = (email => "$name\@example.com", secret => 'phc', name => $name,
		url => 'https://app/verify', way => 'link', required => 'f',
		idle => '100', most => '1000', %more);
	return {%row, auth('signup', @row{qw(email secret name url way required
		idle most)}, @client)->%*};
}

sub factor ($who) { return auth('signin_begin', $who->{email}, 'x', '') }

sub signin ($who, %more)
{
	return auth('signin_session', factor($who)->{factor_id},
		$more{secret} // $who->{secret}, $more{new}, $more{key} // 'k', '',
		'100', '1000', @client);
}

sub code_for ($who, $challenge)
{
	return auth('signin_code', factor($who)->{factor_id}, $who->{secret},
		undef, 'k', '', $challenge, @client)->{code};
}

sub admin (%more)
{
	my $who = signup(%more);
	$p->sql("update auth.identities set role = 'admin'"
		. " where id = '$who->{identity_id}'");
	return $who;
}

sub sessions ($who)
{
	return $p->sql('select count(*) from auth.sessions'
		. " where identity_id = '$who->{identity_id}'");
}

sub events ($who)
{
	return $p->sql(q{select string_agg(event, ' ' order by id)}
		. " from auth.audit where identity_id = '$who->{identity_id}'");
}

# --- Requests ----------------------------------------------------------------

sub enter ($who, %more)
{
	my ($role, $database) = ($more{role} // 'user',
		$more{database} // 'postern_member');
	return <<~SQL;
		select set_config('role', coalesce((select '$database'
			from auth.live
			where id = '$who->{session_id}' and '$role' = any (roles)),
			auth.refuse()), true),
			set_config('request.jwt.claims',
				'{"sub":"$who->{identity_id}"}', true) \\g /dev/null
		SQL
}

sub as_who ($who, $text, %more)
{
	my $access = $more{access} // 'owner';
	return "set postern.access = '$access'; set role postern_anonymous;"
		. ' begin; ' . ($who ? enter($who, %more) : '')
		. "$text; commit;";
}

# Before everything else goes.
END { local $?; undef $p }

1;
