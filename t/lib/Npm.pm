# Programs of the JavaScript world that tests hold Postern against: the
# packages that t/npm and its likes (t/npm-graphql, ...) pin, installed below
# build/ when a test first wants them, and the scripts there.
#
#   plan skip_all => Npm::why_not() if Npm::why_not();     ('npm-graphql')
#   my $script = Npm->start('smtp.mjs', 'argument', ...);  npm-graphql/....mjs
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
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

use constant {INSTALL_LIMIT => 300, ANSWER_LIMIT => 60};    # seconds

# Empty when the scripts of a folder can run, else the reason, for skip_all.
sub why_not ($folder = 'npm')
{
	state %why;
	return $why{$folder} //= _obstacle($folder);
}

sub _obstacle ($folder)
{
	for my $program (qw(node npm)) {
		return "$program is not installed; spawn/packages --test does it"
			if !grep { -x "$_/$program" } split /:/, $ENV{PATH};
	}
	my $oldest = _oldest($folder);
	return "node is older than $oldest" if _node() < $oldest;
	mkdir "$top/build";
	open my $lock, '>', "$top/build/$folder.lock"
		or return "build/$folder.lock: $!";
	flock $lock, LOCK_EX;
	mkdir "$top/build/$folder";
	my $said = _install($folder);
	return "npm cannot install the packages of t/$folder: $said"
		if length $said;
	return _scripts($folder);
}

sub _node ()
{
	my ($major) = `node --version` =~ /^v(\d+)/;
	return $major // 0;
}

# The first version of node that the packages of a folder run on.
sub _oldest ($folder)
{
	my $about = $json->decode(_slurp("$top/t/$folder/package.json"));
	my ($oldest) = ($about->{engines}{node} // '') =~ /(\d+)/;
	return $oldest // 18;
}

# Once: until the list of packages changes.
sub _install ($folder)
{
	my $home   = "$top/build/$folder";
	my $wanted = _slurp("$top/t/$folder/package-lock.json");
	return '' if _slurp("$home/.installed") eq $wanted;
	copy("$top/t/$folder/$_", "$home/$_") or return "$_: $!"
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
sub _scripts ($folder)
{
	for my $script (glob "$top/t/$folder/*.mjs") {
		my $copy = "$top/build/$folder/" . basename($script);
		copy($script, "$copy.$$") or return "$copy: $!";
		rename "$copy.$$", $copy;
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
	return _node() < 20
		? qw(--experimental-global-webcrypto --no-warnings) : ();
}

sub start ($class, $script, @arguments)
{
	my ($folder, $file) = $script =~ m{(.+)/(.+)} ? ($1, $2) : ('npm', $script);
	die why_not($folder) . "\n" if why_not($folder);
	my @flags = _flags();
	pipe my $in, my $to     or die "pipe: $!\n";
	pipe my $from, my $out  or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		@SIG{qw(INT TERM HUP PIPE)} = ('DEFAULT') x 4;
		open STDIN,  '<&', $in;
		open STDOUT, '>&', $out;
		close $_ for $to, $from;
		exec 'node', @flags, "$top/build/$folder/$file", @arguments
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
