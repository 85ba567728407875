# Programs of the JavaScript world that tests hold Postern against: the
# packages that t/npm pins, installed into build/npm, and the scripts there.
#
#   plan skip_all => Npm::why_not() if Npm::why_not();
#   my $script = Npm->start('smtp.mjs', 'argument', ...);
#   my $first  = $script->hear;            what it says of itself, decoded
#   my $answer = $script->ask({do => 'x'}) one line of JSON, and one back
#   my $other  = $script->tell({...})      ... to hear() later
#
# A script ends with its object: its standard input is closed, then it is
# killed.
package Npm;

use v5.36;
use Cwd            qw(abs_path);
use Fcntl          qw(LOCK_EX);
use File::Basename qw(basename dirname);
use File::Copy     qw(copy);
use IO::Handle;
use JSON::PP;
use POSIX ();

my $top  = abs_path(dirname(__FILE__) . '/../..');
my $home = "$top/build/npm";
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $why;

use constant {INSTALL_LIMIT => 120, ANSWER_LIMIT => 60};    # seconds

# Empty when scripts can run, else the reason, for skip_all.
sub why_not ()
{
	$why //= _obstacle();
	return $why;
}

sub _obstacle ()
{
	for my $program (qw(node npm)) {
		return "$program is not installed; spawn/packages --test does it"
			if !grep { -x "$_/$program" } split /:/, $ENV{PATH};
	}
	my ($major) = `node --version` =~ /^v(\d+)/;
	return 'node is older than 18' if ($major // 0) < 18;
	mkdir "$top/build";
	open my $lock, '>', "$top/build/npm.lock" or return "build/npm.lock: $!";
	flock $lock, LOCK_EX;
	mkdir $home;
	my $said = _install();
	return "npm cannot install the packages of t/npm: $said" if length $said;
	return _scripts();
}

# Once: until the list of packages changes.
sub _install ()
{
	my $wanted = _slurp("$top/t/npm/package-lock.json");
	return '' if _slurp("$home/.installed") eq $wanted;
	copy("$top/t/npm/$_", "$home/$_") or return "$_: $!"
		for qw(package.json package-lock.json);
	my $said = `cd '$home' && timeout @{[INSTALL_LIMIT]} npm ci \\
		--ignore-scripts --no-audit --no-fund --loglevel=error \\
		--fetch-retries=1 </dev/null 2>&1`;
	return _reason($said) if $?;
	open my $out, '>', "$home/.installed" or return "$!";
	print {$out} $wanted;
	close $out;
	return '';
}

sub _reason ($said)
{
	my ($line) = grep { !/A complete log|Unknown user config/ }
		map { s/^npm (?:error|ERR!) //r } grep { /\S/ } split /\n/, $said;
	return $line // 'it says nothing';
}

# Beside the packages, where node looks for them.
sub _scripts ()
{
	for my $script (glob "$top/t/npm/*.mjs") {
		my $name = basename($script);
		copy($script, "$home/$name.$$") or return "$name: $!";
		rename "$home/$name.$$", "$home/$name";
	}
	return '';
}

sub _slurp ($path)
{
	open my $in, '<', $path or return '';
	local $/;
	return <$in> // '';
}

# Before version 20 Web Crypto has to be asked for.
sub _flags ()
{
	my ($major) = `node --version` =~ /^v(\d+)/;
	return $major < 20
		? qw(--experimental-global-webcrypto --no-warnings) : ();
}

sub start ($class, $script, @arguments)
{
	die why_not() . "\n" if why_not();
	my @flags = _flags();
	pipe my $in, my $to     or die "pipe: $!\n";
	pipe my $from, my $out  or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		@SIG{qw(INT TERM HUP PIPE)} = ('DEFAULT') x 4;
		open STDIN,  '<&', $in;
		open STDOUT, '>&', $out;
		close $_ for $to, $from;
		exec 'node', @flags, "$home/$script", @arguments
			or POSIX::_exit(127);
	}
	close $_ for $in, $out;
	$to->autoflush(1);
	return bless {
		pid => $pid, owner => $$, to => $to, from => $from, rest => '',
		name => $script
	}, $class;
}

sub tell ($self, $value)
{
	print { $self->{to} } $json->encode($value), "\n";
}

# The next line that it says, decoded.
sub hear ($self)
{
	while ($self->{rest} !~ /\n/) {
		my $ready = '';
		vec($ready, fileno $self->{from}, 1) = 1;
		my $n = select $ready, undef, undef, ANSWER_LIMIT;
		next if $n < 0 && $!{EINTR};
		die "$self->{name} does not answer\n" if $n <= 0;
		sysread $self->{from}, $self->{rest}, 1 << 16, length $self->{rest}
			or die "$self->{name} has ended\n";
	}
	$self->{rest} =~ s/\A(.*?)\n//s;
	return $json->decode($1);
}

sub ask ($self, $value)
{
	$self->tell($value);
	return $self->hear;
}

sub stop ($self)
{
	return if !$self->{pid} || $self->{owner} != $$;
	local ($?, $!);
	close $self->{to};
	kill KILL => $self->{pid};
	waitpid delete $self->{pid}, 0;
}

sub DESTROY ($self)
{
	$self->stop;
}

1;
