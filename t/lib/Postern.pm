# Postern under test: a database and, if wanted, the whole stack around it.
#
#   my $p = Postern->database;         a migrated database, for cgi
#   my $p = Postern->start(...);       nginx, pools and a database
#       env => {POSTERN_...}           settings of the workers
#       own_cluster => 1               a Postgres of its own, to be broken
#       workers, cors, migrations      as for make start
#       instance => {...}              more variables of spawn/instance
#       bin => path                    instead of build/debug/postern
#
#   $p->http(GET => '/path?query', json => {} | body => '', type => '',
#            headers => {}, tls => 1)  over the network
#   $p->cgi(..., params => {})         the same, by one run of the program,
#                                      with more CGI parameters (undef: less)
#       both: {status, headers, body, json}
#   $p->key state_dir                  the text of its key; where mail/ is
#   $p->sql('select 1')                as psql -At prints it
#   $p->url port tls_port var pids('api') log stop restart_database ...
#
# With POSTERN_TEST_RECORD=<folder> each request and its answer are written to
# a file there, a line of JSON each, after the description that the API gave of
# itself to that caller; so do some suites in a run of all (Answers.pm).
#
# Everything ends with the object, the program, or a signal, whichever is
# first.  A sanitizer's complaint in a log fails the test file.
package Postern;

use v5.36;
use Encode qw(decode);
use Errno ();
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir tempfile);
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use POSIX        ();
use Scalar::Util qw(weaken);
use Socket       qw(SOL_SOCKET SO_RCVTIMEO);
use Time::HiRes  qw(sleep);
use lib dirname(__FILE__);
use Answers;
use Postern::Cluster;

our $top = $Postern::Cluster::top;
my (%alive, $home, $cluster, $complained);
my $owner = $$;

Answers::begin();

# --- A database, a stack ----------------------------------------------------

sub database ($class, %opt)
{
	my $self = $class->_new(%opt);
	$self->_database;
	return $self;
}

sub start ($class, %opt)
{
	my $self = $class->_new(%opt);
	$self->_database if !$opt{own_cluster};
	$self->{var} = _home() . "/v$self->{n}";
	for my $try (1 .. 5) {
		@$self{qw(port tls_port)} = (_free_port(), _free_port());
		my $said = $self->instance('start');
		return $self->_started if $? == 0;
		die "the instance did not start:\n$said\n"
			if $try == 5 || $said !~ /in use/;
	}
}

sub _new ($class, %opt)
{
	state $n = 0;
	my $self = bless {
		opt => \%opt,
		n   => ++$n,
		bin => $opt{bin} // $ENV{POSTERN_TEST_BIN}
			// "$top/build/debug/postern",
		cgi_log => ''
	}, $class;
	weaken($alive{$n} = $self);
	return $self;
}

sub _folders ($self)
{
	my $list = $self->{opt}{migrations} // return;
	return ref $list ? @$list : $list;
}

sub _database ($self)
{
	$cluster //= Postern::Cluster->get(_home() . '/c');
	$self->{database} = $cluster->create($self->_folders);
}

# Short, because sockets are in it, and open, because workers are another user.
sub _home ()
{
	$home //= do {
		my $dir = $ENV{POSTERN_TEST_DIR};
		my $new = tempdir('pXXXXXX', $dir ? (DIR => $dir) : (TMPDIR => 1));
		chmod 0755, $new;
		$new;
	};
	return $home;
}

sub _free_port ()
{
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
		or die "no port: $!\n";
	return $socket->sockport;
}

sub _started ($self)
{
	$self->{running} = 1;
	return $self;
}

# Run spawn/instance; what it said, with the status in $?.
sub instance ($self, $command, %more)
{
	my %env = (
		VAR         => $self->{var},
		POSTERN_BIN => $self->{bin},
		POSTERN_KEYS => $self->key_file,
		$self->_instance_variables, %{$self->{opt}{env} // {}},
		%{$self->{opt}{instance} // {}}, %more
	);
	my ($fh, $file) = tempfile(DIR => _home());
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		delete @ENV{grep { /^(?:PG|POSTERN_(?!TEST_))/ } keys %ENV};
		delete @ENV{qw(DATABASE_URL MIGRATE_URL MIGRATIONS CORS LISTEN
			RATE_LIMIT SHARED_BUFFERS WORKERS HASURA_GRAPHQL_JWT_SECRET)};
		@ENV{keys %env} = values %env;
		_sanitizers();
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>&', $fh;
		open STDERR, '>&', $fh;
		exec "$top/spawn/instance", $command or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return _slurp($file, unlink => 1);
}

sub _instance_variables ($self)
{
	my $opt = $self->{opt};
	my %env = (PORT => $self->{port}, TLS_PORT => $self->{tls_port},
		SHARED_BUFFERS => '32MB');
	$env{WORKERS}    = $opt->{workers} if defined $opt->{workers};
	$env{CORS}       = $opt->{cors}    if defined $opt->{cors};
	$env{MIGRATIONS} = join ' ', $self->_folders;
	if ($self->{database}) {
		$env{DATABASE_URL} = $self->conninfo('postern');
		$env{MIGRATE_URL}  = $self->conninfo('postern_owner');
	}
	return %env;
}

sub _sanitizers ()
{
	$ENV{ASAN_OPTIONS}  //= 'detect_stack_use_after_return=1';
	$ENV{UBSAN_OPTIONS} //= 'print_stacktrace=1';
}

# --- Facts -----------------------------------------------------------------

sub var ($self)      { return $self->{var} }
sub port ($self)     { return $self->{port} }
sub tls_port ($self) { return $self->{tls_port} }
sub url ($self)      { return "http://127.0.0.1:$self->{port}" }
sub tls_url ($self)  { return "https://127.0.0.1:$self->{tls_port}" }

# How to connect to the database as a user.
sub conninfo ($self, $user = 'postern_owner')
{
	return $cluster->url($self->{database}, $user) if $self->{database};
	return 'host=' . readlink("$self->{var}/run")
		. " dbname=postern user=$user";
}

sub sql ($self, $text, %opt)
{
	delete $self->{described};
	return Postern::Cluster::query(
		$self->conninfo($opt{as} // 'postern_owner'), $text);
}

# The file of the key that signs, one per run of a test file, and its text.
sub key_file ($self)
{
	state $file = do {
		my $name = _home() . '/auth.key';
		my $old  = umask 077;
		open my $out, '>', $name or die "$name: $!\n";
		umask $old;
		open my $random, '<', '/dev/urandom' or die "no random bytes: $!\n";
		read $random, my $bytes, 32;
		print {$out} encode_base64url($bytes), "\n";
		close $out;
		Postern::Cluster::chown_to(Postern::Cluster::run_as(), $name);
		$name;
	};
	return $file;
}

sub key ($self)
{
	chomp(my $text = _slurp($self->key_file));
	return $text;
}

# The directory of locks and mails: the instance's, or that of runs as CGI.
sub state_dir ($self)
{
	return $self->{var} // $self->cgi_state;
}

# Of this user, who need not be the workers'.
sub cgi_state ($self)
{
	my $dir = _home() . "/s$self->{n}";
	-d $_ or mkdir $_, 0700 or die "$_: $!\n"
		for $dir, "$dir/locks", "$dir/mail";
	return $dir;
}

# The pid of a pool's supervisor, then its workers'.
sub pids ($self, $pool = 'api')
{
	my ($pid) = _slurp("$self->{var}/run/pool-$pool.proc") =~ /^(\d+)/
		or return;
	return ($pid, split ' ', _slurp("/proc/$pid/task/$pid/children"));
}

# What a pool, nginx, access or postgres logged, or the runs of cgi.
sub log ($self, $name = 'api')
{
	return $self->{cgi_log} if !$self->{var};
	return _slurp("$self->{var}/log/$name.log");
}

sub _slurp ($file, %opt)
{
	open my $in, '<', $file or return '';
	my $text = do { local $/; <$in> };
	unlink $file if $opt{unlink};
	return $text // '';
}

# --- Requests ----------------------------------------------------------------

# Body and content type of the options: JSON unless something else is said;
# an empty type is none.
sub _body (%opt)
{
	my $json = JSON::PP->new->utf8->canonical->allow_nonref;
	my $body = exists $opt{json} ? $json->encode($opt{json}) : $opt{body};
	my $type = $opt{type} // (defined $body ? 'application/json' : '');
	return ($body, $type);
}

sub http ($self, $method, $target, %opt)
{
	my ($body, $type) = _body(%opt);
	my %headers = (Connection => 'close', %{$opt{headers} // {}});
	$headers{'Content-Type'}   //= $type       if length $type;
	$headers{'Content-Length'} //= length $body if defined $body;
	return $self->_curl($method, $target, $body, \%headers) if $opt{tls};
	$self->_record_before(\%opt);
	my $head = join '', "$method $target HTTP/1.1\r\n",
		exists $headers{Host} ? '' : "Host: localhost:$self->{port}\r\n",
		(map { "$_: $headers{$_}\r\n" } sort keys %headers), "\r\n";
	my $r = $self->raw($head . ($body // ''), $method eq 'HEAD');
	return $self->_record_after($method, $target, \%opt, $r);
}

# A signal that a client is ended with may come just then.
sub _connect ($port)
{
	my $socket;
	do {
		$socket = IO::Socket::INET->new(
			PeerAddr => '127.0.0.1',
			PeerPort => $port
		);
	} while (!$socket && $!{EINTR});
	return $socket;
}

# Send bytes, read an answer.
sub raw ($self, $bytes, $no_body = 0)
{
	local $SIG{PIPE} = 'IGNORE';
	my $socket = _connect($self->{port})
		or die "cannot connect to port $self->{port}: $!\n";
	setsockopt $socket, SOL_SOCKET, SO_RCVTIMEO, pack 'l!l!', 60, 0;
	$self->_send($socket, $bytes);
	my $answer = '';
	while (1) {
		my $n = sysread $socket, $answer, 1 << 18, length $answer;
		next if !defined $n && $!{EINTR};
		last if !$n || $no_body && $answer =~ /\r\n\r\n/;
	}
	return parse($answer);
}

sub _send ($self, $socket, $bytes)
{
	my $sent = 0;
	while ($sent < length $bytes) {
		my $n = syswrite $socket, $bytes, 1 << 16, $sent;
		next if !defined $n && $!{EINTR};
		last if !$n;    # refused half way; the answer says why
		$sent += $n;
	}
}

# By curl, which speaks TLS and HTTP/2.
sub _curl ($self, $method, $target, $body, $headers)
{
	my ($in, $file) = tempfile(DIR => _home());
	print {$in} $body // '';
	close $in;
	delete @$headers{qw(Connection Content-Length)};
	my @command = ('curl', '-sk', '-i', '--path-as-is', '-m', 60, '-H',
		'Expect:', map { ('-H', "$_: $headers->{$_}") } sort keys %$headers);
	push @command, $method eq 'HEAD' ? '-I' : ('-X', $method);
	push @command, '--data-binary', "\@$file" if defined $body;
	push @command, '-H', 'Content-Type:'
		if defined $body && !exists $headers->{'Content-Type'};
	open my $out, '-|', @command, $self->tls_url . $target
		or die "curl: $!\n";
	my $answer = do { local $/; <$out> };
	{ local $?; close $out; }
	unlink $file;
	return parse($answer // '');
}

# One run of the program as CGI.
sub cgi ($self, $method, $target, %opt)
{
	my ($body, $type) = _body(%opt);
	$self->_record_before(\%opt);
	my %env = $self->_cgi_environment($method, $target, %opt);
	$env{CONTENT_TYPE}   = $type       if length $type;
	$env{CONTENT_LENGTH} = length $body if defined $body;
	my ($in, $in_name)   = tempfile(DIR => _home());
	my ($err, $err_name) = tempfile(DIR => _home());
	print {$in} $body // '';
	close $in;
	my $answer = _run_cgi($self->{bin}, \%env, $in_name, $err);
	my $status = $?;
	$self->_cgi_said(_slurp($err_name), $status);
	unlink $in_name, $err_name;
	my $r = parse("HTTP/1.1 200 OK\r\n$answer", 1);
	if (my $said = delete $r->{headers}{status}) {
		($r->{status}) = $said =~ /^(\d+)/;
	}
	return $self->_record_after($method, $target, \%opt, $r);
}

# --- What was asked and answered, for others to judge ------------------------

# The caller's description, asked for again only when it may be another.
sub _record_before ($self, $opt)
{
	return if !$ENV{POSTERN_TEST_RECORD} || $opt->{params};
	local $ENV{POSTERN_TEST_RECORD};
	my %headers = map { $_ => $opt->{headers}{$_} }
		grep { exists $opt->{headers}{$_} }
		qw(Authorization Cookie X-Hasura-Role);
	my $who = join "\n", %headers;
	my $how = $self->{running} ? 'http' : 'cgi';
	my $known = $self->{described} //= {};
	$known->{$who} //= $self->$how(GET => '/openapi.json',
		headers => \%headers)->{body};
	$known->{''} //= $self->$how(GET => '/openapi.json')->{body};
	$known->{now} = $known->{$who} =~ /^\{"openapi"/ ? $known->{$who}
		: $known->{''};
}

sub _record_after ($self, $method, $target, $opt, $r)
{
	my $dir = $ENV{POSTERN_TEST_RECORD};
	return $r if !$dir || $opt->{params};
	my $document = $self->{described}{now};
	open my $out, '>>', "$dir/$$.json" or die "$dir: $!\n";
	if ($document ne ($self->{recorded} // '')) {
		print {$out} qq({"document":$document}\n);
		$self->{recorded} = $document;
	}
	my ($body, $type) = _body(%$opt);
	print {$out} JSON::PP->new->utf8->canonical->encode({
		method => $method, target => "$target",
		headers => $opt->{headers} // {}, type => $type,
		status => $r->{status}, answered => $r->{headers},
		body => decode('UTF-8', $r->{body})}), "\n";
	return $r;
}

sub _cgi_environment ($self, $method, $target, %opt)
{
	my ($path, $query) = split /\?/, $target, 2;
	my %headers = %{$opt{headers} // {}};
	my %env = (
		GATEWAY_INTERFACE => 'CGI/1.1',
		SERVER_PROTOCOL   => 'HTTP/1.1',
		REQUEST_METHOD    => $method,
		REQUEST_URI       => $target,
		QUERY_STRING      => $query // '',
		REMOTE_ADDR       => '127.0.0.1',
		POSTERN_CONFIG    => '/dev/null',
		POSTERN_DATABASE  => $self->conninfo('postern'),
		POSTERN_KEYS      => $self->key_file,
		POSTERN_STATE     => $self->cgi_state,
		%{$self->{opt}{env} // {}}
	);
	$env{'HTTP_' . uc(s/-/_/gr)} = $headers{$_} for keys %headers;
	%env = (%env, %{$opt{params} // {}});
	return map { $_ => $env{$_} } grep { defined $env{$_} } keys %env;
}

sub _run_cgi ($bin, $env, $in, $err)
{
	my $pid = open(my $out, '-|') // die "fork: $!\n";
	if (!$pid) {
		_sanitizers();
		my %keep = map { $_ => $ENV{$_} }
			grep { defined $ENV{$_} } qw(PATH ASAN_OPTIONS UBSAN_OPTIONS);
		%ENV = (%keep, %$env);
		open STDIN,  '<',  $in;
		open STDERR, '>&', $err;
		alarm 60;
		exec $bin or POSIX::_exit(127);
	}
	my $answer = do { local $/; <$out> };
	close $out;
	return $answer // '';
}

sub _cgi_said ($self, $text, $status)
{
	$self->{cgi_log} .= $text;
	complain($text);
	warn sprintf "%s ended with status %d, signal %d\n%s", $self->{bin},
		$status >> 8, $status & 127, $text
		if $status && !($text =~ /^\{/);
}

# Bytes of an answer as {status, headers, body, json}.
sub parse ($text, $bare = 0)
{
	my ($head, $body) = split /\r?\n\r?\n/, $text, 2;
	# An interim answer comes before the real one.
	return parse($body // '') if ($head // '') =~ m{^HTTP/\S+ 1\d\d\b};
	my ($first, @lines) = split /\r?\n/, $head // '';
	my ($status) = ($first // '') =~ m{^HTTP/[\d.]+ (\d{3})};
	my $headers = _headers(@lines);
	$body = _dechunk($body // '')
		if ($headers->{'transfer-encoding'} // '') eq 'chunked';
	my $r = {status => $status // 0, headers => $headers, body => $body // ''};
	$r->{json} = eval { JSON::PP->new->utf8->allow_nonref->decode($body) }
		if ($headers->{'content-type'} // '') =~ m{^application/(?:\S+\+)?json};
	return $r;
}

sub _headers (@lines)
{
	my %headers;
	for (@lines) {
		my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
		my $old = $headers{lc $name};
		$headers{lc $name} = !defined $old ? $value
			: ref $old ? [@$old, $value] : [$old, $value];
	}
	return \%headers;
}

sub _dechunk ($text)
{
	my ($body, $at) = ('', 0);
	while (1) {
		my $end = index $text, "\r\n", $at;
		last if $end < 0;
		my $n = hex substr $text, $at, $end - $at;
		last if !$n;
		$body .= substr $text, $end + 2, $n;
		$at = $end + 2 + $n + 2;
	}
	return $body;
}

# --- Its own Postgres, for faults ------------------------------------------

sub _pg_ctl ($self, @arguments)
{
	die "this needs own_cluster => 1\n" if !$self->{opt}{own_cluster};
	my $log = $self->{var} . '/log';
	Postern::Cluster::quietly("$log/test_pg_ctl.log",
		Postern::Cluster::as_user(Postern::Cluster::run_as(),
			Postern::Cluster::binary('pg_ctl'), '-D', "$self->{var}/pg", '-w',
			'-s', '-l', "$log/postgres.log", @arguments))
		or die "pg_ctl @arguments failed\n";
}

sub stop_database ($self, $mode = 'fast')
{
	$self->_pg_ctl('-m', $mode, 'stop');
}

sub start_database ($self) { $self->_pg_ctl('start') }

sub restart_database ($self, $mode = 'fast')
{
	$self->_pg_ctl('-m', $mode, 'restart');
}

# --- The end -----------------------------------------------------------------

# A sanitizer's words are a failure, whatever the tests say.
sub complain ($text)
{
	return
		if $text !~ /(?:Address|Leak)Sanitizer|runtime error:/;
	$complained = 1;
	print STDERR "# a sanitizer complains:\n", map { "# $_\n" } split /\n/,
		substr $text, 0, 8000;
}

sub stop ($self)
{
	return if $$ != $owner || $self->{stopped}++;
	delete $alive{$self->{n}};
	if ($self->{var}) {
		$self->instance('stop');
		complain($self->log($_)) for qw(api auth bulk courier);
		# A state folder that had to move elsewhere.
		remove_tree(readlink $self->{var}) if -l $self->{var};
	}
	$cluster->drop($self->{database}) if $self->{database};
}

sub DESTROY ($self)
{
	local ($?, $@, $!);
	$self->stop;
}

sub finish ()
{
	return if $$ != $owner;
	$_->stop for grep { defined } values %alive;
	undef $cluster;
	return if !$home;
	Postern::Cluster::sweep($home);
	remove_tree($home);
	undef $home;
}

@SIG{qw(INT TERM HUP PIPE)} = (sub { exit 130 }) x 4;

END {
	my $status = $?;
	finish();
	Answers::end();
	$? = $status || ($complained ? 1 : 0);
}

1;
