#!/usr/bin/perl
# The house rules of fcgi/ that a machine can hold; fcgi/README.md has them all.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use List::Util qw(sum0);
use Test::More;

chdir dirname(abs_path($0)) . '/..' or die $!;

use constant {
	FUNCTION_MAX   => 60,
	FILE_MAX       => 600,
	PARAMETERS_MAX => 5,
	COLUMNS_MAX    => 80,
};

# Includes go down: a file may include its own layer and those before it.
my @layers = qw(base core io api courier top);
my %rank = map { $layers[$_] => $_ } 0 .. $#layers;

# What some files export besides names that begin like their own.
my %exports = (
	'base/err.c'         => qr/^issues_/,
	'core/model.c'       => qr/^table_/,
	'api/auth_known.c'   => qr/^well_known_api$/,
	'core/request.c'     => qr/^reply_/,
	'api/jsonapi/filter.c' => qr/^jsonapi_filter/,
	'routes.c'           => qr/^(?:routes_|openapi_parts$)/,
	'main.c'             => qr/^main$/,
);

# Functions that a library calls, with what it gives them.
my %callbacks = (unmark => 'json_c_visit');

# SQL is written in core/sql*.c and where a connection is looked after.
my %sql = ('serve_open.c' => ['select postern.model()']);

my $comment = qr{/\*.*?\*/|//[^\n]*}s;
my $string = qr/"(?:[^"\\\n]|\\.)*"/s;
my $char = qr/'(?:[^'\\\n]|\\.)+'/;

my @files = glob 'fcgi/*.[ch] fcgi/*/*.[ch] fcgi/*/*/*.[ch]';
my %text = map { $_ => slurp($_) } @files;
my %bare = map { $_ => without_text($text{$_}) } @files;

sub slurp ($path)
{
	open my $file, '<:encoding(UTF-8)', $path or return '';
	local $/;
	return <$file> // '';
}

# ---- reading C --------------------------------------------------------------

sub newlines ($text) { "\n" x ($text =~ tr/\n//) }

# The code, with comments gone, literals empty, and its lines where they were.
sub without_text ($text)
{
	return $text =~ s{($comment)|$string|$char}
		{defined $1 ? newlines($1) : '""'}gesr;
}

# What the string literals say.
sub literals ($text)
{
	my @all;
	while ($text =~ /$comment|$char|($string)/g) {
		push @all, substr $1, 1, -1 if defined $1;
	}
	return @all;
}

# {name, line, lines, parameters} of every function of a file.
sub functions ($code)
{
	my @lines = split /\n/, $code, -1;
	my ($begin, @all);

	for my $i (0 .. $#lines) {
		$begin = $i if $lines[$i] eq '{';
		next if $lines[$i] ne '}' || !defined $begin;
		push @all, {signature($begin, @lines), lines => $i - $begin + 1};
		undef $begin;
	}
	return @all;
}

# What stands above the brace, back to what ended before.
sub signature ($at, @lines)
{
	my $from = $at;
	$from-- while $from > 0 && $lines[$from - 1] !~ /^\s*$|^#|[};]\s*$/;
	my $text = join ' ', @lines[$from .. $at - 1];
	my ($name, $list) = $text =~ /(\w+)\s*(\((?:[^()]|(?2))*\))\s*$/
		or return (name => '?', parameters => 0);
	$list = substr $list, 1, -1;
	$list =~ s/\([^()]*\)//g;    # of a pointer to a function
	return (name => $name,
		parameters => $list eq 'void' ? 0 : 1 + $list =~ tr/,//);
}

# Every complaint of a rule, with the place, in one test.
sub holds ($rule, @complaints)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok !@complaints, $rule or diag join "\n", @complaints;
}

# Numbers of the lines for which the code is true.
sub lines_of ($text, $is)
{
	my ($n, @found) = (0);
	for (split /\n/, $text) {
		$n++;
		push @found, $n if $is->();
	}
	return @found;
}

sub where ($texts, $is)
{
	return map { my $f = $_; map { "$f:$_" } lines_of($texts->{$f}, $is) }
		@files;
}

# ---- the reader itself ------------------------------------------------------

subtest 'the reader of C sees what is there' => sub {
	my $c = join "\n", '/* "no" { */ char *s = "a\\"{"; // }', 'int',
		'f(int a, void (*g)(int, int))', '{', "\tputs(\"}\"); c = '\"';",
		'}', '';
	is_deeply [literals($c)], ['a\\"{', '}'], 'literals, not comments';
	unlike without_text($c), qr/no|puts\("}"\)/, 'code without either';
	is_deeply [functions(without_text($c))],
		[{name => 'f', parameters => 2, lines => 3}], 'a function';
	is scalar(functions("enum {\n\tA\n};\nstatic const int a[] = {\n1\n};\n")),
		0, 'tables are none';
	cmp_ok sum0(map { scalar functions($bare{$_}) } @files), '>', 400,
		'there are functions to look at';
};

# ---- sizes ------------------------------------------------------------------

holds 'no function is longer than ' . FUNCTION_MAX . ' lines', map {
	my $f = $_;
	map { "$f: $_->{name} has $_->{lines} lines" }
		grep { $_->{lines} > FUNCTION_MAX } functions($bare{$f})
} @files;

holds 'no function has more than ' . PARAMETERS_MAX . ' parameters', map {
	my $f = $_;
	map { "$f: $_->{name} has $_->{parameters}" }
		grep { $_->{parameters} > PARAMETERS_MAX && !$callbacks{$_->{name}} }
		functions($bare{$f})
} @files;

holds 'no file is longer than ' . FILE_MAX . ' lines',
	grep { $text{$_} =~ tr/\n// > FILE_MAX } @files;

# Tabs are eight wide.  The rows of tables are clang-format's to break.
sub width ($line)
{
	return 0 if $line =~ /^\s*(?:\[\w+\] = )?\{|\},$/;
	1 while $line =~ s/^([^\t]*)\t/$1 . ' ' x (8 - length($1) % 8)/e;
	return length $line;
}

holds 'no line is wider than ' . COLUMNS_MAX . ' columns',
	where(\%text, sub { width($_) > COLUMNS_MAX });

# ---- layers -----------------------------------------------------------------

sub layer ($path) { $path =~ s{^fcgi/}{}r =~ m{^(\w+)/} ? $1 : 'top' }

sub includes ($file)
{
	return $text{$file} =~ /^#\s*include\s+"([^"]+)"/mg;
}

holds 'includes go down only', map {
	my $f = $_;
	map { "$f includes $_" }
		grep { $rank{layer($_)} > $rank{layer($f)} } includes($f)
} @files;

# rest_list.c is a part of rest; what interfaces share is answer.h, and how
# they describe themselves part.h.
holds 'interfaces do not include each other', map {
	my $f = $_;
	my ($own) = $f =~ m{^fcgi/api/([a-z]+)};
	map { "$f includes $_" }
		grep { !m{^api/(?:answer\.h|openapi/part\.h|\Q$own\E[_./])} }
		grep { layer($_) eq 'api' } includes($f)
} grep { layer($_) eq 'api' } @files;

holds 'core does nothing but compute', map {
	my $f = $_;
	map { "$f includes <$_>" } $text{$f} =~
		m{^\#\s*include\s+<((?:sys/|net|poll|unistd|fcntl|signal|time|
			libpq|fcgi|pthread|errno)[^>]*)>}xmg
} grep { layer($_) eq 'core' } @files;

holds 'a file includes its own header first', map {
	my ($own) = m{^fcgi/(.*)\.c$};
	my ($first) = $text{$_} =~ /^#\s*include\s+(\S+)/m;
	$own && -e "fcgi/$own.h" && $first ne "\"$own.h\"" ? $_ : ()
} @files;

holds 'every header opens with what it promises',
	grep { /\.h$/ && $text{$_} !~ m{^/\*\n(?: \*[^\n]*\n){1,20} \*/\n} } @files;

# ---- names ------------------------------------------------------------------

# foo.c and foo_bar.c export foo_*: the part before a '_' has the header.
sub is_own ($file, $symbol)
{
	my ($dir, $stem) = $file =~ m{^(.*/)?(\w+)\.c$};
	$dir //= '';
	# What has no header of its own is declared in the family's.
	my $family = $dir =~ s{.*?(\w*)/?$}{$1}r;
	return 1 if -e "fcgi/$dir$family.h" && !-e "fcgi/$dir$stem.h"
		&& $symbol =~ /^\Q$family\E_/;
	return 1 if $symbol =~ ($exports{$file} // qr/^\Q$stem\E_/);
	while (1) {
		return 1 if $symbol =~ /^\Q$stem\E_/ && -e "fcgi/$dir$stem.h";
		$stem =~ s/_[^_]*$// or return 0;
	}
}

subtest 'files export names of their own' => sub {
	system('make', '-s', 'debug') == 0 or BAIL_OUT('it does not build');
	my $headers = join '', map { $bare{$_} } grep { /\.h$/ } @files;
	my (@foreign, @hidden, $n);

	for my $source (grep { /\.c$/ } @files) {
		my $object = "build/debug/$source" =~ s/c$/o/r;
		my $file = $source =~ s{^fcgi/}{}r;
		for (qx(nm -g --defined-only $object)) {
			my ($symbol) = / [TDBRVWC] ([a-z]\w*)$/ or next;
			$n++;
			push @foreign, "$file exports $symbol"
				if !is_own($file, $symbol);
			push @hidden, "$file exports $symbol"
				if $symbol ne 'main' && $headers !~ /\b$symbol\b/;
		}
	}
	cmp_ok $n, '>', 100, 'there are names to look at';
	holds 'they begin like the file', @foreign;
	holds 'a header declares each', @hidden;
};

holds 'types are structs, not typedefs',
	where(\%bare, sub { /^\s*typedef\b/ });

# ---- what is not written ----------------------------------------------------

holds 'functions that write without knowing the room are not called',
	where(\%bare, sub {
		/\b(?:strcpy|strcat|stpcpy|v?sprintf|gets|strtok|ato[ifl]l?|alloca|
			system|popen|tmpnam|mktemp)\s*\(/x
	});

holds 'nothing is left to be done',
	where(\%text, sub { /\b(?:TODO|FIXME|XXX|HACK)\b/ });

sub is_sql ($literal)
{
	return $literal =~ /^\s*(?:select|insert|update|delete|with|set|begin|
			commit|rollback|listen|notify|prepare|deallocate|execute|
			create|alter|drop|truncate|grant|revoke|copy)\s+[\w"(%]/x
		|| $literal =~ /^\s*(?:insert\s+into|delete\s+from|order\s+by|
			group\s+by|left\s+join)\b|^\s(?:from|where|returning|limit|
			values|set)\s/x;
}

subtest 'SQL is written in core/sql*.c and io/ alone' => sub {
	ok is_sql($_), "this is some: $_" for 'select 1', ' order by ',
		'delete from x', ' where ', 'listen postern', 'set role x';
	ok !is_sql($_), "this is none: $_" for 'select', 'delete', ', ',
		'where the tutorial prints it', 'cannot begin: %s',
		'from %lld to %lld', 'update';
	for my $f (grep { layer($_) ne 'io' && !m{^fcgi/core/sql\w*\.c$} } @files) {
		my $allowed = $sql{$f =~ s{^fcgi/}{}r} // [];
		my @found = grep { is_sql($_) } literals($text{$f});
		is_deeply \@found, $allowed, $f if @found || @$allowed;
	}
};

# ---- the manual -------------------------------------------------------------

subtest 'the manual knows every command and setting' => sub {
	my $manual = slurp('fcgi/postern.8') =~ s/\\-/-/gr =~ s/\\&//gr;
	plan skip_all => 'there is no manual yet' if !length $manual;
	my ($rows) = $text{'fcgi/main.c'} =~ /commands\[\] = \{\n(.*?)\n\};/s;
	my @commands = $rows =~ /^\t\{"(\w+)",/mg;
	my @settings = $text{'fcgi/base/conf.c'} =~
		/^\t(?:TEXT|NUMBER)\("(\w+)"/mg;

	cmp_ok scalar(@commands), '>', 5, 'there are commands';
	cmp_ok scalar(@settings), '>', 10, 'there are settings';
	holds 'commands', grep { $manual !~ /^\.\w+ .*\b\Q$_\E\b/m } @commands;
	holds 'settings', grep { $manual !~ /\b\Q$_\E\b/ } @settings;
	my %known = map { $_ => 1 } @settings, qw(POSTERN_CONFIG POSTERN_BULK
		POSTERN_URL);
	holds 'and invents none',
		grep { !$known{$_} } $manual =~ /\b(POSTERN_[A-Z_]+)\b/g;
};

done_testing;
