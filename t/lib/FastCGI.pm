# A FastCGI client: what nginx says to a worker, said by a test.
#
#   my $c = FastCGI->new('/path/of/socket', keep => 1);
#   my $r = $c->ask(POST => '/users', body => '...', params => {...});
#       {status, headers, body, ended}; undef when the connection is gone
#   $c->alive         may another request follow on the connection?
#   $c->raw($bytes)   anything at all
#   $c->close
#
# The records of a request are written at once, as nginx does; and as nginx,
# it does not keep a connection on which something follows an answer.
package FastCGI;

use v5.36;
use IO::Select;
use IO::Socket::UNIX;

use constant {
	BEGIN_REQUEST => 1,
	END_REQUEST   => 3,
	PARAMS        => 4,
	STDIN_DATA    => 5,
	STDOUT_DATA   => 6,
	WAIT          => 60,    # seconds
};

sub new ($class, $path, %opt)
{
	return bless {path => $path, keep => 0, %opt}, $class;
}

sub record ($type, $content)
{
	return pack('CCnnCC', 1, $type, 1, length $content, 0, 0) . $content;
}

# A stream in records of at most 32 KiB, with its end.
sub stream ($type, $content)
{
	my @parts = unpack '(a32768)*', $content;
	return join '', (map { record($type, $_) } @parts), record($type, '');
}

sub pairs (%params)
{
	my $size = sub ($n) { $n < 128 ? chr $n : pack 'N', $n | 1 << 31 };
	return join '', map {
		$size->(length $_) . $size->(length $params{$_}) . $_ . $params{$_}
	} sort keys %params;
}

# A request's bytes.
sub request ($self, $method, $target, %opt)
{
	my ($path, $query) = split /\?/, $target, 2;
	my %params = (
		REQUEST_METHOD => $method,
		PATH_INFO      => $path =~ s/%(..)/chr hex $1/ger,
		$query         ? (QUERY_STRING   => $query)             : (),
		defined $opt{body} ? (CONTENT_LENGTH => length $opt{body},
			CONTENT_TYPE => 'application/json') : (),
		%{$opt{params} // {}}
	);
	my $begin = pack 'nCx5', 1, $self->{keep} ? 1 : 0;
	return record(BEGIN_REQUEST, $begin)
		. stream(PARAMS, pairs(%params))
		. stream(STDIN_DATA, $opt{body} // '');
}

sub _socket ($self)
{
	return $self->{socket} //= IO::Socket::UNIX->new(Peer => $self->{path});
}

sub raw ($self, $bytes)
{
	local $SIG{PIPE} = 'IGNORE';
	my $socket = $self->_socket // return 0;
	while (length $bytes) {
		my $n = syswrite $socket, $bytes;
		return 0 if !$n;
		substr $bytes, 0, $n, '';
	}
	return 1;
}

# Exactly so many bytes, or undef.
sub _take ($self, $n)
{
	my ($socket, $bytes) = ($self->{socket}, '');
	while (length $bytes < $n) {
		return if !IO::Select->new($socket)->can_read(WAIT);
		sysread $socket, $bytes, $n - length $bytes, length $bytes
			or return;
	}
	return $bytes;
}

# The text of an answer and whether it came to its end.
sub answer ($self)
{
	my $text = '';
	while (defined(my $head = $self->_take(8))) {
		my (undef, $type, undef, $n, $padding) = unpack 'CCnnC', $head;
		my $content = $self->_take($n + $padding) // last;
		$text .= substr $content, 0, $n if $type == STDOUT_DATA;
		return ($text, 1) if $type == END_REQUEST;
	}
	return ($text, 0);
}

sub parse ($text)
{
	my ($head, $body) = split /\r\n\r\n/, $text, 2;
	my %headers = map { /^([^:]+): (.*)/ ? (lc $1, $2) : () }
		split /\r\n/, $head // '';
	my ($status) = ($headers{status} // '') =~ /^(\d+)/;
	return (status => $status, headers => \%headers, body => $body);
}

sub ask ($self, $method, $target, %opt)
{
	$self->raw($self->request($method, $target, %opt)) or return;
	my ($text, $ended) = $self->answer;
	$self->close if !$self->{keep} || !$ended || !$self->alive;
	return if !length $text;
	return {parse($text), ended => $ended};
}

# Nothing stands there to be read, not even the end.
sub alive ($self)
{
	return $self->{socket} && !IO::Select->new($self->{socket})->can_read(0);
}

sub close ($self)
{
	close delete $self->{socket} if $self->{socket};
}

1;
