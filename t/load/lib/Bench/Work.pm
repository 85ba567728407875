# The workloads: what wrk asks, and the same statement for pgbench.
package Bench::Work;

use v5.36;
use Bench::Measure;
use Bench::Stack;

# `request` is turned into its statement; `vary` says for which of its values
# pgbench computes another one with every transaction, `preamble` how.
my ($first, $last) = (Bench::Stack::FIRST,
	Bench::Stack::FIRST + Bench::Stack::USERS - 1);
my $count = Bench::Stack::RENAMES / 8;

our @ids = qw(R1 R20 R100 R1000 W1 W2 W3);

our %work = (
	R1 => {
		what    => 'one user by name',
		request => [GET => "/users?name=$first"],
		vary    => {$first => "random($first, $last)"},
		script  => sub ($s) {
			['user.lua', '/users?name=', $first, $last, int rand 1e9]
		}
	},
	(map { my $n = $_; ("R$n" => _page($n)) } 20, 100, 1000),
	W1 => {
		what    => 'create a user',
		request => [POST => '/users', '{"name":"40000000"}'],
		vary    => {40000000 => ':fresh + :client_id * 50000 + :i'},
		script  => sub ($s) { ['create_user.lua', $s->fresh] }
	},
	W2 => {
		what    => 'create an event with a host',
		request => [POST => '/events', '{"name":"40000000","address":'
			. '"221b Baker Street","schedule":"2024-01-01T00:00:00Z",'
			. qq("host_name":"$first"})],
		vary => {
			40000000 => ':fresh + :client_id * 50000 + :i',
			$first   => "random($first, $last)"
		},
		script => sub ($s) {
			['create_event.lua', $s->fresh, $first, $last]
		}
	},
	W3 => {
		what    => 'rename a user',
		request => [PUT => '/users?current_name=20000000',
			'{"name":"30000000"}'],
		before => sub ($s) { $s->reset_renamed },
		vary   => {
			20000000 => _renamed(':i / ' . $count . ' % 2'),
			30000000 => _renamed("1 - :i / $count % 2")
		},
		script => sub ($s) {
			['rename.lua', Bench::Stack::RENAMED, Bench::Stack::OTHER,
				Bench::Stack::RENAMES]
		}
	}
);

sub _page ($n)
{
	return {
		what    => "a page of $n behind a cursor",
		page    => $n,
		request => sub ($s) {
			my ($cursor) = Bench::Stack::_slurp($s->cursors) =~ /^(.*)$/m;
			return (GET => "/users?limit=$n&after=$cursor");
		},
		script => sub ($s) {
			['page.lua', "/users?limit=$n&after=", $s->cursors]
		}
	};
}

# The name that a client's next user has in this pass or in the other.
sub _renamed ($pass)
{
	my ($start, $step) = (Bench::Stack::RENAMED,
		Bench::Stack::OTHER - Bench::Stack::RENAMED);
	return "$start + ($pass) * $step + :client_id * $count"
		. " + :i % $count";
}

# --- Ours --------------------------------------------------------------------

sub run ($s, $id, %o)
{
	my $w = $work{$id};
	$w->{before}->($s) if $w->{before};
	my $r = Bench::Measure::wrk_cpu(
		url     => $s->url($s->port($o{port} // 'ours')),
		groups  => $s->groups($o{port} // 'ours'),
		script  => $w->{script}->($s),
		seconds => $o{seconds},
		c       => $o{c} // 64
	);
	die "$id: $r->{errors} requests failed\n" if $r->{errors};
	return $r;
}

# --- pgbench's -----------------------------------------------------------------

# Arguments and files of pgbench for the statement of a workload.
sub prepare ($s, $id)
{
	my $w = $work{$id};
	my @request = ref $w->{request} eq 'CODE' ? $w->{request}->($s)
		: $w->{request}->@*;
	my ($text, @values) = $s->explain(@request);
	$w->{statement} = $text;
	$w->{files} = $w->{page} ? _page_files($s, $id, $text, @values)
		: [_file($s, $id, _varied($w, $text, @values))];
}

sub _file ($s, $name, $text)
{
	my $file = $s->var . "/$name.pgbench";
	Bench::Stack::_spew($file, $text);
	return $file;
}

sub _varied ($w, $text, @values)
{
	my $preamble = "\\set i :i + 1\n";
	for my $n (1 .. @values) {
		my $value = $values[$n - 1];
		my $how   = $w->{vary}{$value};
		$preamble .= "\\set a$n $how\n" if $how;
		push $w->{constants}->@*, '-D', "a$n=$value" if !$how;
	}
	return $preamble . (_without_colons($text) =~ s/\$(\d+)/:a$1/gr) . "\n";
}

# The same constants in other letters: pgbench sees variables in 'HH24:MI'.
sub _without_colons ($text)
{
	return $text =~ s{'((?:[^']|'')*)'}{
		my $literal = $1;
		$literal =~ /:[a-z_]/i && $literal !~ /\\/
			? "E'" . $literal =~ s/:/\\x3a/gr . "'" : "'$literal'"
	}ger;
}

# pgbench cannot make up a uuid: sixteen scripts, each with its place.
sub _page_files ($s, $id, $text, @values)
{
	my ($w, @files) = ($work{$id});
	my ($after) = grep { $values[$_] =~ /^[0-9a-f-]{36}$/ } 0 .. $#values;
	die "$id has no place to vary\n" if !defined $after;
	for my $n (1 .. @values) {
		push $w->{constants}->@*, '-D', "a$n=$values[$n - 1]"
			if $n != $after + 1;
	}
	my @ids = $s->{ids}{$w->{table} // 'users'}->@*;
	for my $k (0 .. $#ids) {
		push $w->{constants}->@*, '-D', "p$k=$ids[$k]";
		my $sql = $text =~ s/\$(\d+)/$1 == $after + 1 ? ":p$k" : ":a$1"/ger;
		push @files, _file($s, "$id-$k", "$sql\n");
	}
	return \@files;
}

sub pgbench ($s, $id, $seconds)
{
	my $w = $work{$id};
	$w->{before}->($s) if $w->{before};
	return Bench::Measure::pgbench(
		program    => Postern::Cluster::binary('pgbench'),
		postmaster => $s->postmaster,
		options    => $Bench::Stack::options,
		conninfo   => $s->{p}->conninfo('postern'),
		seconds    => $seconds,
		arguments  => ['-D', 'i=0', '-D', 'fresh=' . $s->fresh,
			($w->{constants} // [])->@*,
			map { ('-f', $_) } $w->{files}->@*]
	);
}

1;
