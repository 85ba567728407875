# What JSON:API costs: pages of events with the users who host them, beside
# pgbench with the statement that they become; and a page far from the first,
# by its number and by a cursor.
package Bench::JsonApi;

use v5.36;
use Bench::Measure;
use Bench::Stack;
use Bench::Work;

use constant {
	SIZE => 20,     # of a page
	DEEP => 1000    # pages before that of J2
};

# In the order of the report.
our @ids  = ('J1', 'J2 first', 'J2 number', 'J2 cursor');
our @held = ('J1');    # against pgbench

my $list  = '/jsonapi/events?page%5Bsize%5D=' . SIZE;
my $after = '&page%5Bafter%5D=';

# --- Requests ------------------------------------------------------------------

sub prepare ($s)
{
	my $file = $s->_write_cursors('events', Bench::Stack::USERS);
	my ($some) = Bench::Stack::_slurp($file) =~ /^(.*)$/m;
	my $behind = "$list&include=host$after";
	$Bench::Work::work{J1} = {
		what    => SIZE . ' events behind a cursor, with their hosts',
		page    => SIZE,
		table   => 'events',
		request => [GET => "$behind$some"],
		script  => sub ($s) { ['page.lua', $behind, $file] }
	};
	Bench::Work::prepare($s, 'J1');
	my $deep = $s->cursor('events', SIZE * DEEP);
	_path('J2 first',  "$list$after", 'the first ' . SIZE);
	_path('J2 number', "$list&page%5Bnumber%5D=" . (DEEP + 1),
		SIZE . ' behind ' . DEEP . ' pages, by number');
	_path('J2 cursor', "$list$after$deep", '... by cursor');
	_compare($s, 'J2 number', 'J2 cursor');
}

sub _path ($id, $path, $what)
{
	$Bench::Work::work{$id} = {
		what    => $what,
		request => [GET => $path],
		script  => sub ($s) { ['get.lua', $path] }
	};
}

# Both are the same page, or there is nothing to compare.
sub _compare ($s, @ids)
{
	my @pages = map {
		my (undef, $path) = $Bench::Work::work{$_}{request}->@*;
		my $r = $s->{p}->http(GET => $path);
		join ' ', map { $_->{id} } ($r->{json}{data} // [])->@*;
	} @ids;
	die "@ids: these pages differ:\n", map { "$_\n" } @pages
		if $pages[0] ne $pages[1] || $pages[0] !~ / /;
}

# --- A round ---------------------------------------------------------------------

# {J1, 'L2 J1', ...}
sub round ($s, $seconds)
{
	my %r;
	for my $id (@ids) {
		$r{"L2 $id"} = Bench::Work::pgbench($s, $id, $seconds)
			if grep { $_ eq $id } @held;
		$r{$id} = Bench::Work::run($s, $id, seconds => $seconds);
	}
	return %r;
}

# --- What is aimed at ----------------------------------------------------------------

# What a request costs all but the load, in microseconds.
sub _cost ($r, $id)
{
	return Bench::Measure::sum(map { $r->{$id}{cpu}{$_} // 0 }
		qw(nginx workers backends postgres));
}

# Each: what, at least or at most, the aim, what a round says, decimals.
our @aims = (
	['J1 of L2', 'least', 0.45, sub ($r) { $r->{J1}{rps} / $r->{'L2 J1'}{tps} }, 2],
	['J2 by cursor, times the first page', 'most', 1.2,
		sub ($r) { _cost($r, 'J2 cursor') / _cost($r, 'J2 first') }, 2]
);

# [name, ratio] of one round.
sub ratios ($r)
{
	return map { [$_->[0], $_->[3]->($r)] } @aims;
}

1;
