# A listener in place of a pool, to see what nginx says to which pool.
#
#   my $r = Recorder->listen('/path/of/socket', 'auth');
#
# It answers every request with JSON: {pool, params, bytes of the body}.  A
# path that ends with /die is dropped without an answer.  A parameter
# that begins with "x" in the query is a header to answer with: ?x=Name:value
#
#   $r->seen      "METHOD path" of all requests, in their order
#
# The listener is a process, which ends with the object.
package Recorder;

use v5.36;
use FastCGI;
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP;
use POSIX ();

sub listen ($class, $path, $pool)
{
	unlink $path;
	my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 128)
		or die "$path: $!\n";
	chmod 0666, $path;
	my $self = bless {pool => $pool, log => "$path.seen", owner => $$}, $class;
	$self->{pid} = fork // die "fork: $!\n";
	return $self if $self->{pid};
	$SIG{PIPE} = 'IGNORE';
	$SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
	$self->_serve($socket);
	POSIX::_exit(0);
}

sub seen ($self)
{
	open my $in, '<', $self->{log} or return;
	chomp(my @lines = <$in>);
	return @lines;
}

sub DESTROY ($self)
{
	return if $$ != $self->{owner} || !$self->{pid};
	local $?;
	kill KILL => $self->{pid};
	waitpid $self->{pid}, 0;
}

sub _serve ($self, $socket)
{
	my $wait = IO::Select->new($socket);
	my %bytes;
	while (my @ready = $wait->can_read) {
		for my $from (@ready) {
			if ($from == $socket) {
				my $new = $socket->accept // next;
				$wait->add($new);
				$bytes{fileno $new} = '';
				next;
			}
			next if sysread($from, $bytes{fileno $from}, 65536,
				length $bytes{fileno $from})
				&& $self->_turn($from, \$bytes{fileno $from});
			$wait->remove($from);
			close $from;
		}
	}
}

# False when the connection is to be closed.
sub _turn ($self, $to, $bytes)
{
	while (my $request = _request($bytes)) {
		my %params = _pairs($request->{params});
		$self->_write_down(\%params);
		return 0 if $params{PATH_INFO} =~ m{/die\z};
		syswrite $to, $self->_answer($request, \%params);
		return 0 if !$request->{keep};
	}
	return 1;
}

# Take a whole request from the front, if it is there.
sub _request ($bytes)
{
	my ($at, %r) = (0, params => '', body => 0);
	while (length $$bytes >= $at + 8) {
		my (undef, $type, undef, $n, $padding) = unpack 'CCnnC',
			substr $$bytes, $at, 8;
		return if length $$bytes < $at + 8 + $n + $padding;
		my $content = substr $$bytes, $at + 8, $n;
		$at += 8 + $n + $padding;
		$r{keep} = unpack 'x2C', $content if $type == FastCGI::BEGIN_REQUEST;
		$r{params} .= $content if $type == FastCGI::PARAMS;
		next if $type != FastCGI::STDIN_DATA;
		$r{body} += $n;
		next if $n;
		substr $$bytes, 0, $at, '';
		return \%r;
	}
	return;
}

sub _pairs ($text)
{
	my ($at, @all) = (0);
	my $size = sub {
		my $n = unpack 'C', substr $text, $at++, 1;
		return $n if $n < 128;
		$n = 0x7fffffff & unpack 'N', substr $text, $at - 1, 4;
		$at += 3;
		return $n;
	};
	while ($at < length $text) {
		my @sizes = ($size->(), $size->());
		for (@sizes) {
			push @all, substr $text, $at, $_;
			$at += $_;
		}
	}
	return @all;
}

sub _write_down ($self, $params)
{
	open my $out, '>>', $self->{log} or return;
	print {$out} "$params->{REQUEST_METHOD} $params->{PATH_INFO}\n";
}

sub _answer ($self, $request, $params)
{
	my $body = JSON::PP->new->canonical->encode({pool => $self->{pool},
		params => $params, bytes => $request->{body}});
	my ($more) = ($params->{QUERY_STRING} // '') =~ /(?:^|&)x=([\w:-]+)/;
	my $text = "Status: 200\r\nContent-Type: application/json\r\n"
		. (defined $more ? $more =~ s/:/: /r . "\r\n" : '') . "\r\n$body";
	return FastCGI::stream(FastCGI::STDOUT_DATA, $text)
		. FastCGI::record(FastCGI::END_REQUEST, "\0" x 8);
}

1;
