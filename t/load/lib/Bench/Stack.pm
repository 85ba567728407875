# What is measured: an instance of its own (nginx, pools, Postgres with its
# usual durability), a few more nginx servers to compare with, and the rows.
package Bench::Stack;

use v5.36;
use Bench::Measure;
use MIME::Base64 qw(decode_base64url encode_base64url);
use Postern;
use Time::HiRes qw(sleep);

# Users and events are called by numbers of eight digits, because numbers are
# all that pgbench can make up; so both sides look for the same names.
use constant {
	USERS     => 100_000,
	FIRST     => 10_000_001,
	RENAMED   => 20_000_000,
	OTHER     => 30_000_000,
	RENAMES   => 20_000,
	FRESH     => 40_000_000,
	POSITIONS => 2000
};

# The settings of a lane's session, see fcgi/io/pg.c.
our $options = join ' ', map { "-c $_" } qw(plan_cache_mode=force_generic_plan
	jit=off timezone=UTC datestyle=ISO bytea_output=hex
	search_path=pg_catalog lock_timeout=2000
	idle_in_transaction_session_timeout=10000
	client_connection_check_interval=1000 statement_timeout=5000
	role=postern_anonymous);

sub start ($class, %o)
{
	my $p = Postern->start(own_cluster => 1, workers => $o{workers} // 2,
		instance => {SHARED_BUFFERS => '128MB'},
		env => {POSTERN_WEBHOOK_ALLOW => '127.0.0.1'},
		bin => "$Postern::top/build/release/postern");
	my $self = bless {p => $p, fresh => FRESH}, $class;
	$self->_load;
	$self->_views;
	$self->_more_servers;
	return $self;
}

sub stop ($self)
{
	if (my $plain = delete $self->{plain}) {
		kill TERM => $plain->{pid};
		Bench::Measure::finish($plain, 1);
	}
	$self->{p}->stop;
}

sub sql ($self, $text) { return $self->{p}->sql($text) }
sub super ($self, $text) { return $self->{p}->sql($text, as => 'postgres') }
sub var ($self) { return $self->{p}->var }
sub url ($self, $port = $self->{p}->port) { "http://127.0.0.1:$port" }
sub port ($self, $which = 'ours')
{
	return $which eq 'ours' ? $self->{p}->port : $self->{ports}{$which};
}

# --- Rows --------------------------------------------------------------------

sub _load ($self)
{
	my ($n, $first) = (USERS, FIRST);
	$self->sql(<<~SQL);
		insert into api.users (name)
		select ($first - 1 + g)::text from generate_series(1, $n) as g;
		insert into api.events (name, address, schedule, host_id)
		select ($first - 1 + g)::text, g || ' Baker Street',
			'2024-01-01Z'::timestamptz + g * interval '1 minute', u.id
		from generate_series(1, $n) as g
		join api.users as u
			on u.name = ($first + g::bigint * 7919 % $n)::text;
		vacuum analyze api.users;
		vacuum analyze api.events;
		SQL
	$self->super('checkpoint');
	$self->_write_cursors('users', USERS);
}

# Cursors at random places that have a whole page behind them.
sub _write_cursors ($self, $table, $rows)
{
	my $some = $self->{p}->http(GET => "/$table?limit=1");
	my ($cursor) = ($some->{headers}{link} // '') =~ /after=([^>&]+)/
		or die "no cursor\n";
	my ($mark) = decode_base64url($cursor) =~ /^(\["[^"]+",")/
		or die "a cursor that is not understood\n";
	$self->{mark}{$table} = $mark;
	my $file = $self->var . "/cursors-$table";
	open my $out, '>', $file or die "$file: $!\n";
	my @ids = $self->ids($table, $rows);
	say {$out} encode_base64url(qq($mark$_"])) for @ids;
	close $out;
	chmod 0644, $file;
	$self->{ids}{$table} = [@ids[0 .. 15]];
	return $file;
}

# Behind so many rows; once there are cursors of that table.
sub cursor ($self, $table, $rows)
{
	my $id = $self->sql("select id from api.$table order by id
		offset $rows - 1 limit 1");
	return encode_base64url(qq($self->{mark}{$table}$id"]));
}

sub cursors ($self, $table = 'users') { return $self->var . "/cursors-$table" }

sub ids ($self, $table, $rows)
{
	my $n    = POSITIONS;
	my $last = $rows - ($rows > 5000 ? 1100 : 100);
	my $each = $last > $n ? int($last / $n) : 1;
	return split /\n/, $self->sql(<<~SQL);
		select id from (
			select id, row_number() over (order by id) as at
			from api.$table) as t
		where at <= $last and at % $each = 0
		order by random() limit $n
		SQL
}

# Names that were never given: room for one run.
sub fresh ($self, $room = 500_000)
{
	my $first = $self->{fresh};
	$self->{fresh} += $room;
	return $first;
}

# The users that are renamed, with their first names.
sub reset_renamed ($self)
{
	my ($a, $b, $n) = (RENAMED, OTHER, RENAMES);
	$self->sql(<<~SQL);
		delete from api.users
		where name between '$a' and '@{[$a + 9_999_999]}'
			or name between '$b' and '@{[$b + 9_999_999]}';
		insert into api.users (name)
		select ($a + g)::text from generate_series(0, $n - 1) as g;
		vacuum api.users;
		SQL
}

# Tables that differ only in their length, and one statement of two seconds.
sub table_like_users ($self, $name, $rows)
{
	my $first = FIRST;
	$self->sql(<<~SQL);
		create table api.$name (like api.users including all);
		grant select on api.$name to postern_anonymous;
		insert into api.$name (name)
		select ($first - 1 + g)::text from generate_series(1, $rows) as g;
		vacuum analyze api.$name;
		notify postern;
		SQL
	$self->super('checkpoint');
	sleep 1;
}

sub _views ($self)
{
	$self->sql(<<~SQL);
		create view api.slow as
		select 1 as id, pg_sleep(2)::text as slept;
		grant select on api.slow to postern_anonymous;
		notify postern;
		SQL
	sleep 0.5;
}

# Restart Postgres with other memory; the workers come back by themselves.
sub shared_buffers ($self, $size)
{
	$self->super("alter system set shared_buffers = '$size'");
	$self->{p}->restart_database;
	for (1 .. 50) {
		sleep 0.2;
		last if $self->{p}->http(GET => '/users?limit=1')->{status} == 200;
	}
	sleep 1;
}

# --- nginx beside ours -----------------------------------------------------------

# In the same nginx: an answer without any work; the same with everything
# that our server adds; our server without kept connections to the workers;
# our server before plain workers, see accept.c.
sub _more_servers ($self)
{
	my $nginx = $self->var . '/nginx';
	my %port  = map { $_ => Postern::_free_port() } qw(bare edge cold plain);
	my $json  = '{"id":"01a1f8c6-205b-7143-a656-a287b55aeea2",'
		. '"name":"10000001","created_at":"2026-11-20T11:44:56.410385+00:00"}';
	_spew("$nginx/cold.conf",  $self->_without_keeping);
	_spew("$nginx/plain.conf", $self->_plain_server);
	_spew("$nginx/bench.conf", <<~CONF);
		server {
			listen 127.0.0.1:$port{bare} backlog=4096;
			access_log off;
			keepalive_requests 1000000;
			default_type application/json;
			location / { return 200 '$json'; }
		}
		server {
			listen 127.0.0.1:$port{edge} backlog=4096;
			include postern/server.conf;
			location = /return {
				default_type application/json;
				return 200 '$json';
			}
		}
		server {
			listen 127.0.0.1:$port{cold} backlog=4096;
			include cold.conf;
		}
		server {
			listen 127.0.0.1:$port{plain} backlog=4096;
			include plain.conf;
		}
		CONF
	my $conf = _slurp("$nginx/nginx.conf");
	$conf =~ s/\}\s*\z/include bench.conf;\n}\n/;
	_spew("$nginx/nginx.conf", $conf);
	$self->{ports} = \%port;
	$self->_reload_nginx($port{cold});
}

# server.conf, but with a new connection for each request.
sub _without_keeping ($self)
{
	my $pieces = $self->var . '/nginx/postern';
	my $conf   = _slurp("$pieces/server.conf");
	my ($socket) = _slurp("$pieces/upstreams.conf")
		=~ m{(unix:\S+/api\.sock)} or die "no socket in upstreams.conf\n";
	$conf =~ s/fastcgi_keep_conn on/fastcgi_keep_conn off/;
	$conf =~ s/fastcgi_pass  postern_api;/fastcgi_pass $socket;/;
	return $conf;
}

# The same before plain workers, who get the parameters that nginx's own file
# has for everybody.
sub _plain_server ($self)
{
	my $conf   = $self->_without_keeping;
	my $socket = $self->_plain_socket;
	my $stock  = '/etc/nginx/fastcgi_params';
	my $params = -r $stock ? "include $stock;" : 'include postern/fastcgi.conf;';
	$conf =~ s{^location / \{.*?^\}}{location / {
		fastcgi_pass unix:$socket;
		$params
	}}ms or die "no location / in server.conf\n";
	return $conf;
}

sub _plain_socket ($self)
{
	return readlink($self->var . '/run') . '/plain.sock';
}

# Eight plain workers for one statement.
sub start_plain ($self, $statement)
{
	my $bin = $self->var . '/accept';
	system($ENV{CC} // 'cc', qw(-std=gnu11 -O2), '-I/usr/include/postgresql',
		'-o', $bin, "$Bench::Measure::dir/accept.c", '-lfcgi', '-lpq') == 0
		or die "accept.c does not build\n";
	$self->{plain} = Bench::Measure::begin(
		limit   => 36_000,
		env     => {PGOPTIONS => $options},
		command => ['spawn-fcgi', '-n', '-s', $self->_plain_socket, '-M', '0666',
			'-b', 4096, '--', $bin, 8, $self->{p}->conninfo('postern')
				. ' application_name=plain', $statement]
	);
	sleep 1;
}

sub _plain_pids ($self)
{
	my $pid = $self->{plain}{pid} // return;
	return ($pid, Bench::Measure::children($pid));
}

sub _reload_nginx ($self, $port)
{
	my @old = Bench::Measure::children($self->_nginx);
	kill HUP => $self->_nginx;
	for (1 .. 100) {
		sleep 0.1;
		my %now = map { $_ => 1 } Bench::Measure::children($self->_nginx);
		last if !grep { $now{$_} } @old;
	}
	IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
		or die "nginx did not take the servers of the bench, see "
		. $self->var . "/log/nginx.log\n";
}

sub _slurp ($file)
{
	open my $in, '<', $file or die "$file: $!\n";
	local $/;
	return <$in>;
}

sub _spew ($file, $text)
{
	open my $out, '>', $file or die "$file: $!\n";
	print {$out} $text;
	close $out;
	chmod 0644, $file;
}

# --- Processes ----------------------------------------------------------------

sub _nginx ($self)
{
	my ($pid) = split ' ', _slurp($self->var . '/run/nginx.proc');
	return $pid;
}

sub postmaster ($self)
{
	my ($pid) = split ' ', _slurp($self->var . '/pg/postmaster.pid');
	return $pid;
}

sub workers ($self, $pool = 'api')
{
	my (undef, @workers) = $self->{p}->pids($pool);
	return @workers;
}

sub backends ($self, $name = 'postern api')
{
	return split /\n/, $self->sql("select pid from pg_stat_activity
		where application_name = '$name'");
}

# Who does the work, for a port of nginx and the pools behind it.
sub groups ($self, $port = 'ours', @pools)
{
	my $plain = $port eq 'plain';
	@pools = 'api' if !@pools;
	my @backends = $plain ? $self->backends('plain')
		: map { $self->backends("postern $_") } @pools;
	my %theirs = map { $_ => 1 } @backends;
	return {
		nginx   => [Bench::Measure::children($self->_nginx)],
		workers => [$plain ? $self->_plain_pids
			: map { $self->workers($_) } @pools],
		backends => \@backends,
		postgres => [grep { !$theirs{$_} }
			$self->postmaster, Bench::Measure::children($self->postmaster)]
	};
}

# --- Statements ----------------------------------------------------------------

# What a request becomes: the text, and the values of $1, $2, ...
sub explain ($self, $method, $target, $body = '')
{
	pipe my $in, my $to or die $!;
	my $pid = open(my $out, '-|') // die "fork: $!\n";
	if (!$pid) {
		open STDIN, '<&', $in;
		$ENV{POSTERN_CONFIG} = $self->var . '/run/postern.conf';
		@ENV{qw(CONTENT_TYPE CONTENT_LENGTH)} =
			('application/json', length $body) if length $body;
		close $to;
		exec $self->{p}{bin}, 'explain', $method, $target
			or POSIX::_exit(127);
	}
	close $in;
	print {$to} $body;
	close $to;
	my @lines = <$out>;
	close $out or die "no statement for $method $target\n";
	chomp @lines;
	my @values = map { /^-- \$\d+ = (.*)$/ ? $1 : () } @lines;
	return (join("\n", grep { !/^-- / } @lines), @values);
}

1;
