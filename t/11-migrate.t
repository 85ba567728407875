# Migrations: each file once, wholly or not at all, and nobody is surprised.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Temp qw(tempdir);
use Time::HiRes qw(time);
use Bare;

my $bare = Bare->start;
my $top = $Bare::top;

sub database ($name, %options) {
	my $owner = $options{owner} // 'postgres';

	$bare->sql('postgres', qq{create database $name owner $owner});
	return $name;
}

sub folder (%files) {
	my $dir = tempdir('migXXXXXX', TMPDIR => 1, CLEANUP => 1);

	put("$dir/$_", $files{$_}) for keys %files;
	return $dir;
}

sub put ($path, $text) {
	open my $to, '>', $path or die "$path: $!";
	print {$to} $text;
	close $to or die "$path: $!";
}

sub plain_psql ($name, @options) {
	return $bare->run('psql', $bare->address($name, 'postgres'),
		'-v', 'ON_ERROR_STOP=1', @options);
}

sub exists_table ($name, $table) {
	return $bare->sql($name,
		"select to_regclass('$table') is not null") eq 't';
}

subtest 'roles that may not be made are asked for in a sentence' => sub {
	$bare->sql('postgres', 'create role plain login');
	my $name = database('unready', owner => 'plain');
	my ($status, $said) = $bare->run('sql/migrate',
		$bare->address($name, 'plain'));

	isnt $status, 0, 'the migration fails';
	like $said, qr/Role plain may not create roles, and postern_admin, postern_anonymous, postern_member are missing\./,
		'... says who may not do what';
	like $said, qr/Ask an administrator to run: create role postern_admin nologin; /,
		'... and what an administrator should do';
	like $said, qr/0001_roles\.sql/, '... and where';
	is $bare->sql($name, 'select count(*) from postern.migrations'), 0,
		'nothing is recorded';
};

subtest 'an owner who may make roles needs nothing more' => sub {
	$bare->sql('postgres', 'create role maker login createrole');
	my $name = database('made', owner => 'maker');
	my ($status, $said) = $bare->run('sql/migrate',
		$bare->address($name, 'maker'));

	is $status, 0, 'the migration works' or diag $said;
	is $bare->sql($name, q{
		select count(*) from pg_roles
		where rolname ~ '^postern_' and not rolcanlogin}), 4,
		'four roles exist, and none may log in';
	isnt $bare->sql($name, 'set role postern_anonymous; '
		. 'select postern.model()'), '', 'a role can read the model';
};

subtest 'an owner who may not make roles works once they are there' => sub {
	my ($status, $said) = $bare->run('sql/migrate',
		$bare->address('unready', 'plain'));

	is $status, 0, 'the migration works' or diag $said;
	ok exists_table('unready', 'api.events'), 'the tables are there';
};

subtest 'plain psql is enough' => sub {
	my $name = database('plain_one');
	my ($status, $said) = plain_psql($name, '-f', 'sql/migrate.sql');

	is $status, 0, 'it works from the top folder' or diag $said;
	like $said, qr/^Applied 0001_roles\.sql\nApplied 0002_postern\.sql\nApplied 0003_events\.sql\n/,
		'... in the order of names';
	like $said, qr/^\d+ migrations applied\.$/m, '... and counts';

	my $began = time;
	($status, $said) = plain_psql($name, '-f', 'sql/migrate.sql');
	my $took = time - $began;
	is $status, 0, 'again works too';
	like $said, qr/\ANothing to do: all \d+ migrations are applied\.\n\z/,
		'... and says that there is nothing to do';
	cmp_ok $took, '<', 1, sprintf '... at once (%.3f s)', $took;

	($status, $said) = $bare->run('sh', '-c',
		'cd / && exec psql "$1" -f "$2"', 'sh', $bare->address($name),
		"$top/sql/migrate.sql");
	isnt $status, 0, 'from elsewhere it cannot find the files';
	like $said, qr/There are no migrations here: start in the folder above/,
		'... and says how to help it';

	($status, $said) = $bare->run('sh', '-c',
		'cd / && exec psql "$1" -v dirs="$2/sql" -f "$2/sql/migrate.sql"',
		'sh', $bare->address($name), $top);
	is $status, 0, '... which works' or diag $said;

	is $bare->sql($name, q{
		select checksum from postern.migrations
		where name = '0001_roles.sql'}),
		(split ' ', `sha256sum '$top/sql/0001_roles.sql'`)[0],
		'the record holds the SHA-256 of the file';
};

subtest 'folders of one\'s own come after ours' => sub {
	my $name = database('folders');
	my $one = folder(
		'0001_venues.sql' => "create table api.venues (id uuid primary key
			default postern.uuid7());\n",
		'0002_it\'s "two".sql' => "alter table api.venues add name text",
		'notes.sql' => 'this is no migration',
	);
	my $two = folder('0001_halls.sql' =>
		"create table api.halls (id uuid references api.venues);\n");
	my ($status, $said) = $bare->migrate($name, $one, $two);

	is $status, 0, 'they are applied' or diag $said;
	like $said, qr/0003_events.*0001_venues.*0002_it's "two".*0001_halls/s,
		'... in the order in which they were named';
	put("$one/0000_late.sql", "create table api.late ();\n");
	($status, $said) = $bare->migrate($name, $one, $two);
	is $said, "Applied 0000_late.sql\n1 migration applied.\n",
		'a file that comes late is applied late';

	put("$two/0001_venues.sql", "select 1;\n");
	($status, $said) = $bare->migrate($name, $one, $two);
	isnt $status, 0, 'two files of one name are refused';
	like $said, qr/Two migrations have the name 0001_venues\.sql\./,
		'... by name';
	($status, $said) = $bare->migrate($name, "$one/missing");
	isnt $status, 0, 'a missing folder is refused';
	like $said, qr/There is no folder \S+missing\./, '... by name';
};

subtest 'a changed old file is refused' => sub {
	my $name = database('changed');
	my $own = folder('0001_a.sql' => "create table api.a ();\n");

	$bare->migrate($name, $own);
	put("$own/0001_a.sql", "create table api.a (id integer);\n");
	put("$own/0002_b.sql", "create table api.b ();\n");
	my ($status, $said) = $bare->migrate($name, $own);
	isnt $status, 0, 'the run fails';
	like $said, qr/0001_a\.sql was changed after it had been applied/,
		'... and names the file';
	ok !exists_table($name, 'api.b'), '... and does nothing further';

	put("$own/0001_a.sql", "create table api.a ();\n");
	($status, $said) = $bare->migrate($name, $own);
	is $status, 0, 'restoring it helps' or diag $said;
	ok exists_table($name, 'api.b'), '... and the next file is applied';
};

subtest 'a failing file leaves nothing' => sub {
	my $name = database('failing');
	my $own = folder(
		'0001_good.sql' => "create table api.good ();\n",
		'0002_bad.sql' => "create table api.bad ();\nselect 1 / 0;\n",
		'0003_never.sql' => "create table api.never ();\n",
	);
	my ($status, $said) = $bare->migrate($name, $own);

	isnt $status, 0, 'the run fails';
	like $said, qr/0002_bad\.sql:2: ERROR:  division by zero/,
		'... with the file, the line and the reason';
	ok exists_table($name, 'api.good'), 'what came before stays';
	ok !exists_table($name, 'api.bad'), '... the bad file is undone';
	ok !exists_table($name, 'api.never'), '... what comes after waits';

	put("$own/0002_bad.sql", "create table api.bad ();\n");
	($status, $said) = $bare->migrate($name, $own);
	is $said, "Applied 0002_bad.sql\nApplied 0003_never.sql\n"
		. "2 migrations applied.\n", 'mended, the rest is applied';
};

subtest 'a file that ends its own transaction is not recorded' => sub {
	my $name = database('ending');
	my $own = folder('0001_ends.sql' => "select 1;\ncommit;\nselect 2;\n");
	my ($status, $said) = $bare->migrate($name, $own);

	isnt $status, 0, 'the run fails';
	like $said, qr/0001_ends\.sql ended its own transaction\./,
		'... and says why';
	is $bare->sql($name, q{select count(*) from postern.migrations
		where name = '0001_ends.sql'}), 0, '... and it counts as not done';
};

subtest 'what one file sets does not reach the next' => sub {
	my $name = database('settings');
	my $own = folder(
		'0001_sets.sql' => "set search_path = api;\n"
			. "set role postern_member;\n\\set ON_ERROR_STOP off\n",
		'0002_sees.sql' => "create table public.seen as select "
			. "current_setting('search_path') as path, "
			. "current_user::text as who;\n",
	);
	my ($status, $said) = $bare->migrate($name, $own);

	is $status, 0, 'both are applied' or diag $said;
	is $bare->sql($name, 'select * from public.seen'),
		'"$user", public|postgres', 'the second starts afresh';
};

subtest 'of two at once, one waits' => sub {
	my $name = database('twice');
	my $own = folder('0001_slow.sql' =>
		"create table api.slow ();\nselect pg_sleep(0.7);\n");
	my @runs = map {
		my $pid = open(my $from, '-|') // die "fork: $!";
		if (!$pid) {
			my ($status, $said) = $bare->migrate($name, $own);
			print $said;
			close STDOUT;
			POSIX::_exit($status);
		}
		$from;
	} 1 .. 2;
	my @said = map { my $from = $_; local $/; <$from> } @runs;
	my @failed = grep { !close $_ } @runs;

	is @failed, 0, 'neither fails' or diag @said;
	my $all = 1 + (() = glob "$top/sql/0*.sql");
	is scalar(grep { /$all migrations applied/ } @said), 1,
		'one applies everything';
	is scalar(grep { /Another migration .* is running: waiting.*Nothing to do/s }
		@said), 1, 'the other says that it waits, and has nothing to do';
};

subtest 'workers are told' => sub {
	my $name = database('told');
	my $listen = sub {
		my ($status, $said) = $bare->run('psql',
			$bare->address($name), '-Xq', '-c', 'listen postern',
			'-c', "\\! sql/migrate '" . $bare->address($name) . q{'},
			'-c', 'select 1');
		return $said;
	};

	like $listen->(), qr/notification "postern" received/,
		'when something was applied';
	unlike $listen->(), qr/notification/, '... and not when nothing was';
};

subtest 'the worked example works as printed' => sub {
	open my $from, '<', "$top/sql/README.md" or die $!;
	my ($example, $row) = join('', <$from>) =~ m{
		`sql/0100_venues\.sql`:\n\n```sql\n(.*?)```
		.*? ```sql\n(insert\ .*?)```}sx;
	my $name = database('example');
	my $own = folder('0100_venues.sql' => $example,
		'0101_words.sql' => $row);
	my ($status, $said) = $bare->migrate($name, $own);

	is $status, 0, 'it is applied' or diag $said;
	is $bare->sql($name, q{
		select t ->> 'type', t #> '{unique,0}' ->> 'message',
			t #> '{columns,1}' ->> 'max_length',
			t #> '{foreign_keys,0}' ->> 'table'
		from json_array_elements(postern.model() -> 'tables') as t
		where t ->> 'name' = 'venues'}),
		q{Venue|There is a venue '{name}' already.|80|users},
		'... and the model knows it';
};

subtest 'without a database the command explains itself' => sub {
	my ($status, $said) = $bare->run('sql/migrate');

	is $status, 2, 'it fails';
	like $said, qr/^usage: /, '... with its usage';
};

done_testing;
