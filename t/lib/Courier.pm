# The courier as a process of a test, beside a database without a stack.
#
#   my ($status, $log) = once($p, POSTERN_...)    `postern courier --once`
#   my $c = Courier->start($p, POSTERN_...)       one that stays
#       $c->log  $c->wait_for(qr/.../)  $c->pid
#       $c->stop                                  TERM; its exit status
#       $c->kill                                  ... and what nobody survives
#   register($p, $email, %o)                      an account with its mail
#       name, by, verify_url, challenge, redirect_to; the identity's id
#   outbox($p)                                    its rows, oldest first
#   due($p)                                       all that waits may be tried
package Courier;

use v5.36;
use Exporter   qw(import);
use File::Temp qw(tempfile);
use JSON::PP;
use POSIX       ();
use Time::HiRes qw(sleep);
use Postern;

our @EXPORT = qw(once register outbox due);

# The words of the settings, and no request.
sub _environment ($p, %more)
{
	my %env = $p->_cgi_environment(GET => '/');
	%env = (%env{grep { /^(?:POSTERN|HASURA)_/ } keys %env}, %more);
	delete $env{$_} for grep { !defined $env{$_} } keys %env;
	return %env;
}

sub start ($class, $p, %more)
{
	my %env  = _environment($p, %more);
	my @args = $env{ONCE} ? '--once' : ();
	my ($fh, $file) = tempfile(DIR => Postern::_home());
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		Postern::_sanitizers();
		my %keep = map { $_ => $ENV{$_} }
			grep { defined $ENV{$_} } qw(PATH ASAN_OPTIONS UBSAN_OPTIONS);
		%ENV = (%keep, %env);
		@SIG{qw(INT TERM HUP PIPE)} = ('DEFAULT') x 4;
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>&', $fh;
		open STDERR, '>&', $fh;
		exec $p->{bin}, 'courier', @args or POSIX::_exit(127);
	}
	return bless {pid => $pid, file => $file, owner => $$}, $class;
}

sub pid ($self) { return $self->{pid} }
sub log ($self) { return Postern::_slurp($self->{file}) }

# Until its log says so; false when that takes a minute.
sub wait_for ($self, $re)
{
	for (1 .. 600) {
		return 1 if $self->log =~ $re;
		sleep 0.1;
	}
	return 0;
}

sub _end ($self, $signal)
{
	return $self->{status} if !$self->{pid} || $self->{owner} != $$;
	kill $signal => $self->{pid} if $signal;
	waitpid delete $self->{pid}, 0;
	$self->{status} = $? & 127 || $? >> 8;
	Postern::complain($self->log);
	return $self->{status};
}

sub stop ($self) { return $self->_end('TERM') }
sub kill ($self) { return $self->_end('KILL') }

sub DESTROY ($self)
{
	local ($?, $@, $!);
	$self->_end('KILL');
}

sub once ($p, %more)
{
	my $courier = Courier->start($p, %more, ONCE => 1);
	my $status  = $courier->_end(0);
	return ($status, $courier->log);
}

sub _literal ($text)
{
	return defined $text ? "'" . $text =~ s/'/''/gr . "'" : 'null';
}

sub register ($p, $email, %o)
{
	my $by = _literal($o{by} // 'link');
	my ($address, $secret) = (_literal($email), _literal($o{secret} // 'x'));
	return $p->sql("select i.id from auth.signup($address, $secret, "
			. _literal($o{name})
			. ", null, $by, 'f', '0', '0', '', '') as s "
			. 'join auth.identities as i on i.id = s.identity_id::uuid')
		if defined $o{name};
	return $p->sql(sprintf 'select identity_id from auth.register(%s, %s, '
			. "%s, %s, %s, %s, 'f', '', '')", $address, $secret,
		map({ _literal($o{$_}) } qw(challenge verify_url redirect_to)), $by);
}

sub outbox ($p)
{
	my $rows = $p->sql('select coalesce(json_agg(o order by created_at, id), '
		. "'[]') from postern.outbox as o");
	return @{JSON::PP->new->decode($rows)};
}

sub due ($p)
{
	$p->sql("update postern.outbox set next_at = now() where state = 'waiting'");
	$p->sql('notify postern_mail');
}

1;
