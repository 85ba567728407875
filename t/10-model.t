# The model: what Postgres knows about schema api, said once and the same to
# everybody.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Encode qw(encode_utf8);
use JSON::PP ();
use Time::HiRes qw(time);
use Bare;

binmode Test::More->builder->$_, ':encoding(UTF-8)'
	for qw(output failure_output todo_output);

my @roles = qw(postern_anonymous postern_member postern_admin);
my $everybody = \@roles;
my $signed_in = [@roles[1, 2]];
my $saved = "$Bare::top/t/unit/model.json";
my $bare = Bare->start;
my $weird = 'Weird "Table" Nämé 😀';

sub sql ($text) {
	return $bare->sql('nasty', $text);
}

sub decoded ($text) {
	return JSON::PP->new->decode($text);
}

sub model () {
	return decoded(sql('select postern.model()'));
}

sub table ($model, $name) {
	my ($found) = grep { $_->{name} eq $name } $model->{tables}->@*;
	return $found;
}

sub column ($model, $table, $name) {
	my ($found) = grep { $_->{name} eq $name }
		table($model, $table)->{columns}->@*;
	return $found;
}

# Some members of a column, as they are in the model.
sub is_column ($model, $table, $name, $expected, $sentence) {
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $column = column($model, $table, $name) // {};
	my %part;

	@part{keys %$expected} = @{$column}{keys %$expected};
	is_deeply \%part, $expected, $sentence;
}

# One line per table and per column, so that a change can be read.
sub by_line ($text) {
	return $text =~ s/, (?=\{"(?:schema|name)" : )/,\n/gr . "\n";
}

# The last statement of a script that runs as an ordinary role.
sub last_line ($text) {
	return (split /\n/, $text)[-1];
}

$bare->sql('postgres', 'create database nasty');
my ($status, $said) = $bare->migrate('nasty');
is $status, 0, 'the migrations are applied' or BAIL_OUT($said);

my $plain = decoded(sql('select postern.model()'));
$bare->file('nasty', "$Bare::top/t/fixtures/nasty.sql");
my $text = sql('select postern.model()');
my $model = decoded($text);

if ($ENV{POSTERN_SAVE_MODEL}) {
	open my $to, '>', $saved or die "$saved: $!";
	print {$to} encode_utf8(by_line($text));
	close $to or die "$saved: $!";
}

subtest 'the shipped tables are what the tutorial needs' => sub {
	is_deeply [map { $_->{name} } $plain->{tables}->@*],
		['events', 'users'], 'users and events are all there is';
	is_deeply $plain->{roles}, $everybody, 'three roles are spoken of';

	my $users = table($plain, 'users');
	is_deeply [map { $_->{name} } $users->{columns}->@*],
		[qw(id name created_at identity_id)],
		'columns are in the order of the answer';
	is_column $plain, 'users', 'identity_id', {
		tags => {hidden => JSON::PP::true}, nullable => JSON::PP::true,
		grants => {select => $everybody, insert => [], update => []},
	}, 'who signs in as whom is shown to nobody and set by nobody';
	is $users->{type}, 'User', 'a user is a User';
	is $users->{kind}, 'table', 'users is a table';
	ok $users->{versioned}, '... whose rows have versions';
	is_deeply $users->{primary_key},
		{name => 'users_pkey', columns => ['id']}, 'it has a key';
	is_deeply $users->{unique}, [{
		name => 'users_identity_id_key',
		columns => ['identity_id'],
		message => undef,
	}, {
		name => 'users_name_key',
		columns => ['name'],
		message => "Username '{name}' already exists.",
	}], '... and names are unique, with a message';
	is_deeply $users->{checks}, [{
		name => 'users_name_length',
		columns => ['name'],
		expression => '(char_length(name) <= 50)',
		message => "Username '{name}' already exists.",
	}], '... and not too long, with the same one';
	is_deeply $users->{referenced_by}, [{
		name => 'events_host_id_fkey',
		schema => 'api',
		table => 'events',
		columns => ['host_id'],
		references => ['id'],
		message => 'User attached to an event. Cannot delete.',
	}], '... and events refer to users';
	is_deeply $users->{foreign_keys}, [],
		'... and a link to what is private is none';
	ok $users->{guarded}, '... and its rows have policies';
	ok !table($model, 'boxes')->{guarded}, '... which other tables need not';
	is_column $plain, 'users', 'name', {
		type => 'text', sql_type => 'pg_catalog.text', base => 'text',
		array => JSON::PP::false, enum => undef, default => undef,
		nullable => JSON::PP::false, generated => undef,
		max_length => 50, tags => {example => 'Jonathan Harker'},
		comment => 'What the user is called: unique, and at most 50 '
			. 'characters long.',
		grants => {select => $everybody, insert => $everybody,
			update => $everybody},
	}, 'a name is described in full';
	is_column $plain, 'users', 'id', {
		default => 'postern.uuid7()', base => 'uuid',
		grants => {select => $everybody, insert => [], update => []},
	}, 'nobody chooses an id';

	my $events = table($plain, 'events');
	is_deeply [map { $_->{name} } $events->{columns}->@*],
		[qw(id name address schedule host_id created_at)],
		'events have their columns in order';
	ok column($plain, 'events', $_)->{tags}{required},
		"$_ is required of clients"
		for qw(address schedule host_id);
	is_deeply column($plain, 'events', 'created_at')->{tags},
		{hidden => JSON::PP::true}, 'created_at is hidden';
	is_deeply $events->{foreign_keys}, [{
		name => 'events_host_id_fkey',
		columns => ['host_id'],
		schema => 'api',
		table => 'users',
		references => ['id'],
		on_delete => 'no action',
		message => 'User attached to an event. Cannot delete.',
	}], 'a host is a user';
	is_deeply [map { join ' ', @{$_}{qw(table method situation status
			strict_status)} } $plain->{messages}->@*], [
		'events DELETE missing 500 404',
		'events POST constraint 400 400',
		'events PUT missing 500 404',
		'users GET missing 404 404',
	], 'what is peculiar to them is rows of data';
	is $plain->{messages}[1]{detail},
		q{Event name '{name}' already exists,},
		'... one of them a plain string with a comma';
	is_deeply [grep { !length($_->{comment} // '') }
		map { ($_, $_->{columns}->@*) } $plain->{tables}->@*], [],
		'every table and column is described';
};

subtest 'everybody reads the same document' => sub {
	like $text, qr/^\{"version" : "[0-9a-f]{32}", /, 'it begins with a version';
	for my $role (@roles) {
		is last_line(sql("set role $role; select postern.model()")),
			$text, "as $role";
	}
	is last_line(sql("$_; select postern.model()")), $text, "after $_"
		for 'set search_path = api, public',
			"set search_path = ''",
			"set timezone = 'Asia/Kathmandu'",
			"set datestyle = 'German, DMY'",
			"set intervalstyle = 'iso_8601'",
			'set extra_float_digits = -5',
			'set quote_all_identifiers = on',
			'set standard_conforming_strings = off';
	is last_line(sql(q{
		create temp table pg_class (oid oid);
		create temp table roles (name text);
		select postern.model()})), $text,
		'temporary tables cannot stand in front of the catalog';

	my $copy = last_line(sql(q{
		begin;
		comment on table api.people is 'Changed.';
		select postern.model()}));
	isnt decoded($copy)->{version}, $model->{version},
		'a change gives another version';
};

subtest 'awkward names survive' => sub {
	my $table = table($model, $weird);

	ok $table, 'a table with quotes, spaces and letters beyond ASCII';
	is_deeply [map { $_->{name} } $table->{columns}->@*],
		['Id', 'a column', 'quo"te', "it's", 'naïve 😀', 'dollar$1',
		'back\\slash', 'percent%s', ':colon'], '... and its columns';
	is_deeply $table->{primary_key},
		{name => 'Weird "pk" ü', columns => ['Id']}, '... and its key';
	is_deeply $table->{unique}, [{name => 'uniqué "x"',
		columns => ['naïve 😀'],
		message => "Already have '{naïve 😀}'."}],
		'... and its constraints';
	is_deeply $table->{tags}, {type => 'Weird', colour => 'red green',
		flag => JSON::PP::true}, 'tags are read from its comment';
	is $table->{comment}, "Two lines,\nof \"text\" with \\ and é.",
		'... and the rest of it is the description';
	is_deeply [map { $_->{name} } table($model, 'order')->{columns}->@*],
		[qw(select from table user group limit)],
		'reserved words are names like others';
	is_deeply column($model, 'categories', 'mood')->{enum},
		['sad', 'it\'s "ok"', 'Glücklich', '😀', 'with space'],
		'labels are in the order of the type';
};

subtest 'columns say what they take' => sub {
	is_column $model, 'categories', 'moods', {array => JSON::PP::true,
		base => 'Mood', sql_type => 'api."Mood"[]', type => 'api."Mood"[]',
		nullable => JSON::PP::false,
		enum => column($model, 'categories', 'mood')->{enum}},
		'an array of an enum';
	is_column $model, 'categories', 'short', {base => 'text',
		sql_type => 'api."Short Label"', nullable => JSON::PP::false,
		max_length => 12}, 'a domain over a domain';
	is_column $model, 'categories', 'shorts', {base => 'text',
		array => JSON::PP::true, nullable => JSON::PP::true,
		max_length => undef}, 'an array of domains';
	is_column $model, 'categories', 'marks', {base => 'int4',
		array => JSON::PP::true, sql_type => 'api.marks'},
		'a domain over an array';
	is_column $model, 'categories', 'range', {base => 'int4range',
		type => 'int4range', array => JSON::PP::false},
		'a type that is nobody\'s favourite';
	is_column $model, 'categories', 'letter',
		{base => 'char', type => '"char"'}, 'the other char';
	is_column $model, 'order_items', 'amount', {type => 'numeric(10,2)',
		sql_type => 'pg_catalog."numeric"', default => '0.00'},
		'a number with a scale';
	is_column $model, 'order_items', 'total', {generated => 'always',
		default => undef}, 'a generated column';
	is_column $model, 'order', 'select', {generated => 'identity always',
		nullable => JSON::PP::false}, 'an identity';
	is_column $model, 'orders', 'id', {generated => 'identity by default'},
		'an identity that may be chosen';
	is column($model, 'categories', 'gone'), undef,
		'a dropped column is gone';

	my @casts = map { $_->{sql_type} } map { $_->{columns}->@* }
		$model->{tables}->@*;
	my ($status, $said) = $bare->psql('nasty', join '', "set search_path = '';",
		map { "prepare p as select \$1::$_; deallocate p;" } @casts);
	is $status, 0, 'parameters can be cast to every sql_type' or diag $said;
};

subtest 'limits of length are read from types and checks' => sub {
	my %limit = (
		"order\ttable" => 20, "order\tlimit" => 3, "order\tfrom" => undef,
		"$weird\ta column" => 10, "$weird\tquo\"te" => 4,
		"$weird\tit's" => undef, "$weird\tnaïve 😀" => undef,
		"people\tname" => undef, "categories\tnames" => undef,
	);
	for (sort keys %limit) {
		my ($table, $column) = split /\t/;
		is column($model, $table, $column)->{max_length}, $limit{$_},
			"$column: " . ($limit{$_} // 'none');
	}

	my @expressions = (
		['(char_length(a) <= 50)', 50],
		['(length((a)::text) < 50)', 49],
		['((char_length(a) >= 1) AND (char_length(a) <= 50))', 50],
		['((b > 1) AND (char_length(a) <= 9) AND (length(a) < 9))', 8],
		['((char_length(a) <= 50) OR (b > 1))', ''],
		['(NOT (char_length(a) <= 50))', ''],
		['(NOT ((char_length(a) >= 1) AND (char_length(a) <= 5)))', ''],
		['f(((b > 1) AND (char_length(a) <= 50)))', ''],
		['(((b > 1) AND (char_length(a) <= 5)) IS NOT FALSE)', ''],
		['((b > 1) AND (char_length(aa) <= 5))', ''],
		["((b <> ' AND (char_length(a) <= 5) AND ') AND (c > 1))", ''],
		['(("x AND (char_length(a) <= 5) AND y" > 1) AND (c > 1))', ''],
	);
	is sql("select postern.length_limit(\$e\$$_->[0]\$e\$, 'a')"), $_->[1],
		$_->[0] for @expressions;
};

subtest 'keys, links and checks are all there' => sub {
	my $items = table($model, 'order_items');

	is_deeply $items->{primary_key}{columns}, [qw(order_id line)],
		'a composite key keeps its order';
	is_deeply [map { "$_->{name}: @{$_->{columns}}" }
		$items->{unique}->@*], [
		'order_items_plain: buyer_id line',
		'order_items_sku_colour_key: sku colour',
	], 'plain unique indexes count, partial ones and expressions do not';
	is $items->{unique}[0]{message}, 'Line {line} was bought already.',
		'an index has a message too';
	is_deeply [map { "@{$_->{columns}} > $_->{table}: $_->{on_delete}" }
		$items->{foreign_keys}->@*], [
		'buyer_id > users: restrict',
		'gift_order_id > order: set null',
		'order_id > order: cascade',
		'seller_id > users: set default',
	], 'several links to one table are told apart';
	is_deeply table($model, 'boxes')->{foreign_keys}[1]{columns},
		[qw(order_id line)], 'a composite link keeps its order';
	is_deeply table($model, 'boxes')->{referenced_by}[0]{columns},
		['inside'], 'a table may refer to itself';
	is_deeply [map { "$_->{name}: @{$_->{columns}}" }
		table($model, 'categories')->{checks}->@*], [
		'Short Label_length: short',
		'Short Label_length: shorts',
		'label_filled: label',
		'label_filled: short',
		'label_filled: shorts',
	], 'checks of domains are checks of each of their columns';
};

subtest 'what GraphQL asks for' => sub {
	my $choices = sub ($name) {
		column($model, 'choices', $name)->{choices} };

	is_deeply $choices->('plain'),
		['rock', 'hip-hop', "it's", 'back\\slash'],
		'a check that is a list of texts gives choices, none twice';
	is_deeply $choices->('short'), ['a', 'b'], '... of a varchar as well';
	is_deeply $choices->('quo"te'), ['x', ') AND (', 'y'],
		'... whatever the texts and the column are called';
	is $choices->($_), undef, "... but nothing else: $_" for qw(either
		negated more single folded number unchecked), 'whole row', 'id';
	is column($model, 'categories', 'mood')->{choices}, undef,
		'... and an enumeration is one already';
	is_deeply column($model, 'choices', 'number')->{tags},
		{graphql => 'ID'}, 'a tag may say what a column is to GraphQL';

	my %expression = map { $_->{name} => $_->{expression} }
		table($model, 'choices')->{checks}->@*;
	is $expression{choices_negated_check},
		"(negated <> ALL (ARRAY['a'::text, 'b'::text]))",
		'a check can be put to a row that is not there yet';
	ok exists $expression{whole} && !defined $expression{whole},
		'... except one of whole rows';
	is_deeply [map { $_->{expression} }
		table($model, 'categories')->{checks}->@*], [
		'(select (char_length((VALUE)::text) <= 12)'
			. ' from (select short) as d (value))',
		undef,
		"(select (VALUE <> ''::text) from (select label) as d (value))",
		"(select (VALUE <> ''::text) from (select short) as d (value))",
		undef],
		'... and one of a domain by what its column is, not its elements';
	is $model->{comment}, 'The tables that clients see. '
		. 'What is not here is not served.', 'the whole is described';
};

subtest 'a statement can end itself' => sub {
	my $says = sub ($call, $role = $roles[0]) {
		my ($status, $said) = $bare->psql('nasty',
			"set role $role; set client_min_messages = error;
			do \$\$
			declare
				said text;
			begin
				perform $call;
			exception when others then
				get stacked diagnostics said = pg_exception_detail;
				raise exception '<%>', sqlstate || ' ' || said;
			end \$\$");
		return $said =~ /<(.*)>/ ? $1 : $said;
	};

	for my $role (@roles) {
		is $says->(q{postern.invalid('[{"path":[0]}]')}, $role),
			'PV001 [{"path":[0]}]', "with its faults, as $role";
		is $says->('postern.missing(7)', $role), 'PV002 7',
			'... or with what is missing';
	}
	is $says->(q{case when false then postern.missing(1) end}), '',
		'... but not when it is not asked to';
};

subtest 'queries persist, up to a number' => sub {
	# A query as an expression; as whom, and under which hash.
	my $persist = sub ($query, $role = $roles[0], $hash = undef) {
		$hash //= "encode(sha256(convert_to($query, 'UTF8')), 'hex')";
		return last_line(sql("set role $role;
			select postern.persist_query($hash, $query)"));
	};
	my $hello = "'{ hello }'";
	my $hash = sql("select encode(sha256($hello), 'hex')");
	my $ask = sub ($role) {
		return last_line(sql("set role $role;
			select query from postern.persisted_query('$hash')")) // '';
	};

	is $ask->($roles[0]), '', 'what nobody sent is not there';
	is $persist->($hello), 't', 'a query is kept';
	is $persist->($hello, $_), 't', "... again, by $_" for @roles;
	is $ask->($_), '{ hello }', "... and there for $_" for @roles;
	is $persist->("'{ other }'", $roles[0], "'$hash'"), 'f',
		'a wrong hash is refused';
	is $persist->("repeat('x', 65537)"), 'f', '... and so is a long query';
	is $persist->("repeat('é', 32768)"), 't', '... but not one of 64 KiB';
	is sql("begin read only; set role $roles[0];
		select count(*) from postern.persisted_query('$hash')"), 1,
		'asking writes nothing where nothing can be written';

	sql(q{
		insert into postern.persisted_queries (hash, query, used_at)
		select encode(sha256(n::text::bytea), 'hex'), n,
			now() - interval '2 hours' - interval '1 second' * n
		from generate_series(1, 10100) as n});
	sql("update postern.persisted_queries
		set used_at = now() - interval '1 day' where hash = '$hash'");
	is $ask->($roles[1]), '{ hello }', 'who is asked for is used';
	is $persist->("'{ new }'"), 't', 'there is always room for one more';
	is sql(q{select count(*), count(*) filter (where query = '{ hello }'),
		count(*) filter (where query = '{ new }'),
		min(query::integer) filter (where query ~ '^\d+$'),
		max(query::integer) filter (where query ~ '^\d+$')
		from postern.persisted_queries}), '10000|1|1|1|9997',
		'... because those go that were not used for longest';
	for my $role (@roles) {
		my ($status, $said) = $bare->psql('nasty',
			"set role $role; table postern.persisted_queries");
		like $said, qr/permission denied/, "nobody reads them all: $role";
	}
};

subtest 'only what may be used is there' => sub {
	is table($model, 'secrets'), undef, 'a table without grants is not';
	is_deeply [grep { $_->{table} eq 'secrets' }
		table($model, 'order')->{referenced_by}->@*], [],
		'... nor are links from it';
	is table($model, 'measurements')->{kind}, 'partitioned',
		'a partitioned table is';
	is_deeply [grep { /^measurements_/ } map { $_->{name} }
		$model->{tables}->@*], [], '... its parts are not';
	is_deeply table($model, 'people')->{grants}, {
		select => [$roles[0]], insert => [], update => [$roles[0]],
		delete => [$roles[2]],
	}, 'a grant on one column counts for its table';
	ok !table($model, 'people')->{versioned},
		'... but whoever has no other cannot see versions of rows';
	is_deeply column($model, 'people', 'salary')->{grants},
		{select => [], insert => [], update => []},
		'... and not for the other columns';

	my $view = table($model, 'busy_people');
	is $view->{kind}, 'view', 'a view is';
	ok !$view->{versioned}, '... without versions';
	is_deeply $view->{primary_key}, {name => undef, columns => ['id']},
		'... with the key that its tag names';
	is_deeply $view->{grants}, {select => $signed_in, insert => [],
		update => [], delete => []}, '... and no writing through a group';
	is table($model, 'plain_users')->{primary_key}, undef,
		'a tag that names no column makes no key';
	is_deeply column($model, 'plain_users', 'loud')->{grants}{update}, [],
		'an expression in a view cannot be written';
	is_deeply column($model, 'plain_users', 'name')->{grants}{update},
		$signed_in, '... a column can';
	is table($model, 'totals')->{kind}, 'materialized',
		'a materialized view is';
	is_deeply table($model, 'nothing')->{columns}, [],
		'a table without columns has none';
};

# What Postgres does is asked of Postgres: each statement is tried as each
# role, on no row, and only a refusal for want of a privilege counts.
subtest 'grants in the model are those that Postgres enforces' => sub {
	my (@tries, @expected);

	for my $table ($model->{tables}->@*) {
		my $name = $bare->sql('nasty',
			"select format('api.%I', \$n\$$table->{name}\$n\$)");
		next if $table->{kind} =~ /view|materialized/;
		for my $column (grep { !$_->{generated} }
				$table->{columns}->@*) {
			my $quoted = '"' . $column->{name} =~ s/"/""/gr . '"';
			my %statement = (
				select => "select $quoted from $name where false",
				insert => "insert into $name ($quoted) "
					. "select null::$column->{sql_type} where false",
				update => "update $name set $quoted = default "
					. 'where false',
			);
			for my $operation (sort keys %statement) {
				push @tries, [$operation, $statement{$operation}];
				push @expected, $column->{grants}{$operation};
			}
		}
		push @tries, ['delete', "delete from $name where false"];
		push @expected, $table->{grants}{delete};
	}

	for my $role (@roles) {
		my $rows = join ', ', map { "(\$s\$$_->[1]\$s\$)" } @tries;
		my @got = split /\n/, last_block($rows, $role);
		my @wrong = grep {
			my $may = grep { $_ eq $role } $expected[$_]->@*;
			($got[$_] eq 't') != ($may > 0)
		} 0 .. $#tries;
		is scalar(@got), scalar(@tries), "$role tried everything";
		is_deeply [map { $tries[$_][1] } @wrong], [],
			'... and the model is right';
	}
};

sub last_block ($rows, $role) {
	return sql(<<~SQL);
		begin;
		create temp table tries (n serial, statement text, may boolean);
		insert into tries (statement) values $rows;
		grant select, update on tries to $role;
		set local role $role;
		do \$do\$
		declare
			r record;
		begin
			for r in select * from tries order by n loop
				begin
					execute r.statement;
					update tries set may = true where n = r.n;
				exception
					when insufficient_privilege then
						update tries set may = false
						where n = r.n;
					when others then
						update tries set may = true
						where n = r.n;
				end;
			end loop;
		end
		\$do\$;
		select may from tries order by n;
		rollback;
		SQL
}

subtest 'types have names in the singular' => sub {
	my %type = map { $_->{name} => $_->{type} } $model->{tables}->@*;
	is_deeply [@type{qw(order orders order_items boxes categories people
		busy_people measurements), $weird}],
		[qw(Order Orders OrderItem Box Category People BusyPeople
		Measurement Weird)], 'in the fixture, and none twice';

	my %one = (addresses => 'address', statuses => 'status',
		buses => 'bus', houses => 'house', databases => 'database',
		news => 'news', people => 'people', series => 'series',
		movies => 'movie', branches => 'branch', children => 'child',
		women => 'woman', analyses => 'analysis', keys => 'key',
		OrderItems => 'OrderItem', USERS => 'USER', staff => 'staff',
		'größen' => 'größen', s => 's', heroes => 'hero');
	my $in = join ', ', map { "('$_')" } sort keys %one;
	is_deeply [split /\n/, sql("select postern.singular(w)
			from (values $in) as v (w) order by w collate \"C\"")],
		[map { $one{$_} } sort keys %one], 'words by themselves';
};

subtest 'identifiers are in the order of their making' => sub {
	my ($version, $variant) = split /\|/, sql(q{
		select substr(u, 15, 1), substr(u, 20, 1)
		from (select postern.uuid7()::text as u) as one});
	is $version, 7, 'the version is 7';
	like $variant, qr/[89ab]/, 'the variant is the usual one';
	is sql(q{
		with made as materialized (
			select n, postern.uuid7() as id
			from generate_series(1, 20000) as n
		)
		select count(distinct id), bool_and(coalesce(id > before, true))
		from (
			select id, lag(id) over (order by n) as before from made
		) as pairs}), '20000|t', 'each is greater than the one before';
	cmp_ok sql(q{
		select abs(date_part('epoch', clock_timestamp()) - ('x0000'
			|| translate(left(postern.uuid7()::text, 13), '-', ''))
			::bit(64)::bigint / 1000.0)}), '<', 2,
		'the time in it is the time';
	unlike sql(q{explain verbose insert into api.users (name)
		values ('x')}), qr/uuid7/, 'no function is called for it';
	is sql(q{
		with made as (
			insert into api.users (name)
			select 'n' || n from generate_series(1, 500) as n
			returning 1
		)
		select count(*) from made}), 500, 'rows are added';
	is sql(q{
		select bool_and(n = rank) from (
			select substr(name, 2)::integer as n,
				row_number() over (order by id) as rank
			from api.users
		) as ranked}), 't', 'and the key has them in the order of insertion';
};

subtest 'a hundred tables are described at once' => sub {
	$bare->sql('postgres', 'create database many template nasty');
	$bare->sql('many', q{
		do $$
		begin
			for i in 1..100 loop
				execute format('create table api.t%s (
					id integer primary key,
					a text check (char_length(a) <= 20),
					b text unique,
					c numeric(10, 2),
					d timestamptz default now(),
					e integer references api.t%s,
					f varchar(20),
					g uuid references api.users,
					h boolean,
					j jsonb)', i, greatest(i - 1, 1));
				execute format('grant all on api.t%s
					to postern_member', i);
			end loop;
		end $$});
	my @took = sort { $a <=> $b } split /\n/, $bare->sql('many', join ';',
		map { q{
		with begun as materialized (select clock_timestamp() as at),
		done as materialized (
			select length(postern.model()::text) as n from begun
			where at is not null)
		select round(extract(epoch from clock_timestamp() - at) * 1000)
		from begun, done where n > 100000} } 1 .. 3);
	diag "model() of 117 tables: $took[0] ms";
	cmp_ok $took[0], '<', 5000, 'and does not grow out of hand';
};

subtest 'the document that the unit tests read is this one' => sub {
	open my $from, '<:encoding(UTF-8)', $saved or die "$saved: $!";
	my $old = do { local $/; <$from> };

	ok $old eq by_line($text),
		't/unit/model.json is current: else save it with '
		. 'POSTERN_SAVE_MODEL=1 prove t/10-model.t';
};

done_testing;
