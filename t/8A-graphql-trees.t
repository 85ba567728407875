#!/usr/bin/perl
# The scripts of t/unit/sql_tree.golden, run on a real database: each of them
# in a transaction, after some rows are there, and what it leaves behind.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempfile);
use Test::More;

use Postern;

my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/music");

# Labels 1 and 2 with two artists and one; album 1 is of artist 1.
my $rows = <<~'E';
	set local client_min_messages = error;
	truncate api.label, api.song, api.wide restart identity cascade;
	insert into api.label (name, established_year) values
		('Stax', 1957), ('Sub Pop', 1986);
	insert into api.artist (name, label_id) values
		('One', 1), ('Two', 1), ('Three', 2), ('Free', null);
	insert into api.album (title, artist_id, released_date) values
		('First', 1, '2000-01-01'), ('Third', 3, null);
	insert into api.song (title) values ('Song');
	insert into api.chart_entry (week, place, song_id) values
		('2020-01-06', 3, 1), ('2020-01-06', 4, 1);
	E

my $labels  = "select string_agg(name, ' ' order by id) from api.label";
my $artists = "select string_agg(concat_ws(':', name, label_id), ' '"
	. " order by id) from api.artist";
my $albums  = "select string_agg(concat_ws(':', title, artist_id, rating), ' '"
	. " order by id) from api.album";
my $profiles = "select string_agg(concat_ws(':', artist_id, biography), ' ')"
	. " from api.artist_profile";
my $charts = "select string_agg(concat_ws(':', week, place, note), ' '"
	. " order by week, place) from api.chart_entry";

# What is there before, what is there afterwards or goes wrong.
my @cases = (
	['a row' => '', $labels, 'Stax Sub Pop Motown'],
	['a row with rows that name it' => '',
		$artists, 'One:1 Two:1 Three:2 Free Ross:3 Gaye:3'],
	['a row after the rows that it names' => '',
		$artists, 'One:1 Two:1 Three:2 Free Ross:3'],
	['a row after the rows that it names' => '',
		$albums, 'First:1 Third:3 Diana:5'],
	['a row of a table without a key' => '',
		'select song_id from api.play', '1'],
	['a row without values' => '', 'select count(*) from api.wide', '1'],
	['a change' => '', $labels, 'Tamla Sub Pop'],
	['a change' => 'truncate api.label cascade', $labels, 'PV002 0'],
	['a change of nothing locks the row' => '', $labels, 'Stax Sub Pop'],
	['a change of nothing locks the row' =>
		'truncate api.label cascade', $labels, 'PV002 0'],
	['nulls' => '', $artists, 'One Two:1 Three:2 Free'],
	['a merged list' => '',
		$artists, 'Ross:1 Two:1 Three:2 Free Wonder:1'],
	['a merged list' => 'update api.artist set label_id = 2 where id = 2',
		$artists, 'PV002 3'],
	['a replaced list' => '', $artists, 'Ross:1 Three:2 Free Wonder:1'],
	['a list without any rows' => 'delete from api.album',
		$artists, 'Three:2 Free'],
	['a list without any rows' => '', $artists, '23503'],
	['a replaced list whose rows may not go' => '',
		$artists, 'PV001 []'],
	['a replaced list whose rows may not go' =>
		'delete from api.artist where id = 2',
		$artists, 'One:1 Three:2 Free'],
	['a list of rows with a key of two columns' => '',
		$charts, '2020-01-06:3:Up 2020-01-13:2'],
	['what a row names is changed, or made' => '',
		$labels, 'Tamla Sub Pop'],
	['what a row names is changed, or made' => '',
		$albums, 'First:1:5.00 Third:3'],
	['what a row names is changed, or made' =>
		'update api.artist set label_id = null where id = 1',
		$labels, 'Stax Sub Pop Tamla'],
	['what a row names is changed, or made' =>
		'update api.artist set label_id = null where id = 1',
		$artists, 'Ross:3 Two:1 Three:2 Free'],
	['what a row names is changed, or made' =>
		'delete from api.album', $artists, 'PV002 0'],
	['what a row names is changed and not made' => '',
		$labels, 'Tamla Sub Pop'],
	['what a row names is changed and not made' =>
		'update api.artist set label_id = null where id = 1',
		$labels, 'PV002 1'],
	['the one row that names it is changed, or made' => '',
		$profiles, '1:Long'],
	['the one row that names it is changed, or made' =>
		'insert into api.artist_profile (artist_id, biography)'
		. " values (1, 'Short')", $profiles, '1:Long'],
	['the one row that names it goes' =>
		'insert into api.artist_profile (artist_id) values (1), (2)',
		$profiles, '2'],
	['the one row that names it goes' => '', $artists,
		'Ross:1 Two:1 Three:2 Free'],
	['a row that names its own kind' => '',
		"select string_agg(concat_ws(':', name, mentor_id), ' '"
		. ' order by id) from api.artist',
		'One Two Three Free Gordy Ross:5 Jackson:6'],
	['a row that goes' => '', $labels, '23503'],
	['a row that goes' => 'update api.artist set label_id = null',
		$labels, 'Sub Pop'],
	['a row with a key of two columns that goes' => '',
		$charts, '2020-01-06:4'],
	['checks of stored columns' => '', $labels, 'Stax Sub Pop'],
	['checks of stored columns' =>
		'update api.album set released_date = null',
		$labels, 'PV001 [{"item":2,"check":1}]'],
	['checks that fail' => '', $labels,
		'PV001 [{"item":0,"check":0}, {"item":0,"check":1}, '
		. '{"item":2,"check":0}]'],
);

# --- the golden file ---------------------------------------------------------

sub slurp ($path)
{
	open my $in, '<:encoding(UTF-8)', $path or die "$path: $!\n";
	local $/;
	return scalar <$in>;
}

# A statement's text, and its arguments as literals.
sub statement (@lines)
{
	my $text = shift(@lines) =~ s/^(?:[a-z]+ ?)?\d*: //r;
	my @arguments = map {
		/^\$\d+ = (.*)/ ? "'" . $1 =~ s/'/''/gr . "'" : 'null'
	} @lines;
	return [$text, @arguments];
}

# name => [statement, ...]
sub scripts ($text)
{
	my %scripts;
	for my $case (split /^== /m, $text) {
		my ($name, undef, $script) =
			$case =~ /\A(.*?)\n(.*?)^--\n(.*?)\n*\z/ms or next;
		my @statements = split /\n(?!\$\d)/, $script;
		$scripts{$name} = [map { statement(split /\n/) } @statements];
	}
	return \%scripts;
}

# As the server would: prepared, by the role, with nothing on the path.
sub text_of ($script, $before, $after)
{
	my $n = 0;
	return join "\n", 'begin;', $rows, "$before;",
		'set local role postern_anonymous;',
		'set local search_path = pg_catalog;',
		(map {
			my ($text, @arguments) = @$_;
			my $list = @arguments ? '(' . join(', ', @arguments) . ')' : '';
			"prepare s" . ++$n . " as $text;\n\\o /dev/null\n"
				. "execute s$n$list;\n\\o"
		} @$script),
		"reset role;", "$after;", 'rollback;';
}

sub run ($text)
{
	my ($fh, $file) = tempfile(UNLINK => 1);
	binmode $fh, ':encoding(UTF-8)';
	print {$fh} $text;
	close $fh;
	my @psql = ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1',
		'-v', 'VERBOSITY=verbose', '-d', $p->conninfo('postgres'), '-f', $file);
	open my $from, '-|', "@{[map { qq('$_') } @psql]} 2>&1" or die $!;
	binmode $from, ':encoding(UTF-8)';
	my $said = do { local $/; <$from> } // '';
	close $from;
	chomp $said;
	return $said if !$?;
	my ($state)  = $said =~ /ERROR:  (\w{5}):/ or return $said;
	my ($detail) = $said =~ /^DETAIL:  (.*?)\n(?:CONTEXT|LOCATION)/ms;
	$detail =~ s/\s+/ /g if $detail;
	return $state =~ /^PV/ ? "$state $detail"
		: $state =~ /^23/ ? $state : $said;
}

my $scripts = scripts(slurp("$FindBin::Bin/unit/sql_tree.golden"));
my %run;
for my $case (@cases) {
	my ($name, $before, $after, $expected) = @$case;
	my $script = $scripts->{$name} or die "$name is no case\n";
	$run{$name}++;
	is run(text_of($script, $before, $after)), $expected,
		$before ? "$name, after $before" : $name;
}
is_deeply [grep { !$run{$_} } sort keys %$scripts], [],
	'every script has been run';
done_testing;
