#!/usr/bin/perl
# Every table gets the same routes: the dialect of the tutorial is data.

use v5.36;
use utf8;
use Encode qw(encode_utf8);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/tables");

sub get ($path, @query)    { $p->cgi(GET => uri($path, @query)) }
sub post ($path, $json)    { $p->cgi(POST => $path, json => $json) }
sub put ($path, $json)     { $p->cgi(PUT => $path, json => $json) }
sub remove ($path, @query) { $p->cgi(DELETE => uri($path, @query)) }

# A table with a name as key, and nothing said about wording
my %hall = (name => 'Hall', city => 'Rome');
my $r = post('/venues', {%hall, capacity => 5, opened => '1990-05-01',
	price => 9.5});
answers $r, 201, qr/\{"id":1,"name":"Hall","city":"Rome","capacity":5,
	"opened":"1990-05-01","open":true,"price":9\.50?\}/x,
	'members stand in the order of the columns, defaults filled in';
is $r->{headers}{location}, '/venues/1', '... with a place by number';
answers post('/venues', {name => 'Nook', city => 'Oslo', id => 77,
	open => JSON::PP::false}), 201, '{"id":2,"name":"Nook","city":"Oslo",'
	. '"capacity":null,"opened":null,"open":false,"price":null}',
	'what may be absent may be absent; an identity is ours';
answers get('/venues', name => 'Hall'), 200, $r->{body}, 'found by name';
is names(get('/venues')), 'Hall Nook', 'the list';
my %default = (
	'GET of a missing one'    => [get('/venues', name => 'X'), 404,
		"Venue 'X' does not exist."],
	'PUT of a missing one'    => [put('/venues?current_name=X', \%hall), 404,
		"Venue 'X' was not found."],
	'DELETE of a missing one' => [remove('/venues', name => 'X'), 404,
		"Venue 'X' was not found."],
	'POST of a taken key'     => [post('/venues', \%hall), 400,
		"Venue name 'Hall' already exists."],
	'PUT to a taken key'      => [put('/venues?current_name=Nook', \%hall),
		400, "Venue name 'Hall' already exists."],
	'POST against a check'    => [post('/venues', {%hall, name => 'Y',
		capacity => 0}), 400,
		"Venue violates the rule 'venues_capacity_check'."],
	'PUT against a check'     => [put('/venues?current_name=Nook', {%hall,
		name => 'Nook', capacity => -1}), 400,
		"Venue violates the rule 'venues_capacity_check'."],
);
for my $name (sort keys %default) {
	my ($r, $status, $text) = $default{$name}->@*;
	answers $r, $status, fault($text), "$name: the default words";
}
answers put('/venues?current_name=Nook', {name => 'Nook', city => 'Bergen'}),
	200, qr/\{"id":2,"name":"Nook","city":"Bergen",.*\}/, 'PUT by name';
answers get('/venues', name => 'x' x 51), 404,
	fault("Venue '" . 'x' x 51 . "' does not exist."),
	'a key without a limit has no limit';
answers put('/venues', {}), 422, detail(missing('query.current_name'),
	missing('body.name'), missing('body.city')),
	'required is what may not be null and has no default';
answers post('/venues', {%hall, open => undef}), 422,
	detail(null('body.open')), 'what may not be null may not be null';
$p->sql(q{create function lose() returns trigger language plpgsql as
		'begin return jsonb_populate_record(new, tg_argv[0]::jsonb); end';
	create trigger lose before insert on api.venues for each row
		when (new.name = 'Barn') execute function lose('{"city":null}');
	create trigger lose before insert on api.tickets for each row
		when (new.seat = '?') execute function lose('{"venue_id":null}')});
answers post('/venues', {%hall, name => 'Barn'}), 400,
	fault('Venue city is required.'), 'what the database misses is named';
answers post('/tickets', {seat => '?', venue_id => 1}), 400,
	fault('Ticket venue is required.'), '... and so is a link';
answers remove('/venues'), 422, detail(missing('query.name')),
	'DELETE needs the key';

# Values that do not fit
my @samples = (
	['i4', 'integer', 'value is not a valid integer', 1.5, 'x', [], {}, '1e3'],
	['i2', 'integer', 'value is not a valid integer', 'x'],
	['f8', 'float', 'value is not a valid float', 'x', [], ''],
	['n', 'decimal', 'value is not a valid decimal', 'x', {}, ''],
	['b', 'bool', 'value could not be parsed to a boolean', 'perhaps', 2],
	['u', 'uuid', 'value is not a valid uuid', 'x', '', '1' x 32 . 'g'],
	['m', 'enum', q{value is not a valid enumeration member; permitted:}
		. q{ 'sad', 'so so', 'it's "ok"'}, 'Sad', ''],
);
for my $case (@samples) {
	my ($column, $type, $words, @values) = @$case;
	for my $value (@values) {
		my $shown = JSON::PP->new->allow_nonref->encode($value);
		answers post('/samples', {name => 'bad', $column => $value}),
			422, detail(issue("body.$column", $words,
			"type_error.$type")), "$shown is no $type";
	}
}
for my $value ('2000-02-30', '2000-13-01', 'x', 'today', '') {
	answers post('/samples', {name => 'bad', d => $value}), 422,
		detail(issue('body.d', 'invalid date format', 'value_error.date')),
		"'$value' is no date";
}
for my $case (['i2', 32768], ['i4', 2147483648], ['i4', 5000000000],
	['ip', 'x'], ['pt', 'x'], ['r', '[2,1]'], ['iv', 'x'], ['t', '25:00'],
	['ts', 'x'], ['vc', '123456'], ['n2', 1e9], ['f4', 1e300], ['raw', '\\xg'])
{
	my ($column, $value) = @$case;
	my $r = post('/samples', {name => 'bad', $column => $value});
	ok $r->{status} == 422 || $r->{status} == 400,
		"$column does not take $value" or diag "$r->{status} $r->{body}";
	unlike $r->{body}, qr/syntax|SQLSTATE|ERROR:|pg_|22P02/,
		'... said in our words';
}
is $p->sql('select count(*) from api.samples'), 0, 'nothing bad was stored';

# Every type comes back as it went in, and goes in as it came back
my $all = '{"name":"s","i2":-32768,"i4":2147483647,"i8":9223372036854775807,'
	. '"f4":0.5,"f8":0.1,"n":123456789012345678901234567890.123456789,'
	. '"n2":-12.25,"b":true,"vc":"Zoë😀","d":"2000-02-29","t":"23:59:59",'
	. '"ts":"2000-01-01T02:03:04","tz":"2000-01-01T02:03:04.000005+00:00",'
	. '"iv":"1 day","u":"11111111-2222-3333-4444-555555555555",'
	. '"js":{"a":[1,2.50,null,"x"]},"jb":{"b":[true]},"m":"it\'s \"ok\"",'
	. '"ip":"10.0.0.1","pt":"(1,2)","r":"[1,5)",'
	. '"ta":["a","b\"c",null,"d,e{}"],"ia":[1,2,3],"raw":"\\\\xdeadbeef"}';
$r = $p->cgi(POST => '/samples', body => encode_utf8($all));
is $r->{status}, 201, 'a row of every type' or diag $r->{body};
my $sent = JSON::PP->new->decode($all);
for my $column (qw(i2 i4 i8 f4 f8 b vc d t ts tz iv u js jb m ip pt r ta ia raw)) {
	is_deeply $r->{json}{$column}, $sent->{$column}, "... with its $column";
}
like $r->{body}, qr/"n":"?123456789012345678901234567890\.123456789"?,/,
	'... a long number in full';
like $r->{body}, qr/"i8":9223372036854775807,/, '... a big one as number';
like $r->{body}, qr/"n2":"?-12\.25"?,/, '... an exact one exactly';
my $back = $r->{body} =~ s/"name":"s"/"name":"s2"/r;
my $again = $p->cgi(POST => '/samples', body => $back);
answers $again, 201, qr/\Q$back\E/, 'what came out goes in again';
is get('/samples', name => 's')->{body}, $r->{body}, 'read as written';
$r = post('/samples', {name => 'nulls'});
ok !(grep { $_ ne 'name' && defined $r->{json}{$_} } keys $r->{json}->%*),
	'every type may be null' or diag $r->{body};
$p->sql(q{insert into api.samples (name, f8, f4, n, d, ts, tz) values ('odd',
	'NaN', 'Infinity', 'NaN', 'infinity', '-infinity', 'infinity')});
$r = get('/samples', name => 'odd');
is $r->{status}, 200, 'values that JSON has no word for';
is ref $r->{json}, 'HASH', '... are JSON still' or diag $r->{body};

answers $p->cgi(POST => '/samples', body =>
	'{"name":"big","n":123456789012345678901234567890}'), 201,
	qr/\{.*"n":"?123456789012345678901234567890"?,.*\}/,
	'a whole number is as long as its column allows';
$r = $p->cgi(POST => '/samples', body => '{"name":98765432109876543210,"js":'
	. '[98765432109876543210],"jb":{"a":-98765432109876543210},'
	. '"f8":100000000000000000000,"ta":[98765432109876543210]}');
answers $r, 201, qr/\{"name":"98765432109876543210",.*
	"f8":1e\+20,.*"js":\[98765432109876543210\],
	"jb":\{"a":-98765432109876543210\},.*"ta":\["98765432109876543210"\],
	.*\}/x, '... also in JSON, in lists, as a text';
for my $column (qw(i2 i4 i8)) {
	answers $p->cgi(POST => '/samples', body => qq({"name":"bad",)
		. qq("$column":98765432109876543210})), 422,
		detail(issue("body.$column", 'value is not a valid integer',
		'type_error.integer')), "... but $column holds no more than it can";
}
answers $p->cgi(POST => '/samples', body => '{"name":"bad","n":'
	. '1' x 41 . '}'), 422, qr/.*Number of more than 40 digits.*/,
	'... up to 40 digits';

# Postgres writes jsonb with blanks, and keeps those of json
my $tight = q("js":{"a":[1,"b: c, d"]},"jb":{"z":{},)
	. q("x y":[1,{},"\"q\\\\\\", : ,",true,null,""]});
$r = $p->cgi(POST => '/samples', body => qq({"name":"tight",$tight}));
answers $r, 201, qr/.*\Q$tight\E,.*/, 'JSON is printed without blanks';
$p->sql(q{update api.samples set js = E'\n{ "a" :\t[ 1 , "b: c, d" ] }'
	where name = 'tight'});
is get('/samples', name => 'tight')->{body}, $r->{body},
	'... with which it was stored, either';

# Links, also two and necessary ones
my $ada = post('/users', {name => 'Ada'})->{json};
answers post('/tickets', {venue_name => 'Hall', seat => 'A1',
	owner_name => 'Ada'}), 201, qq({"venue":{"id":1,"name":"Hall"},)
	. qq("seat":"A1","owner":{"id":"$ada->{id}","name":"Ada"}}),
	'links are given by name and shown as objects';
$r = post('/tickets', {venue_id => 2, seat => 'B,1', owner_id => $ada->{id}});
answers $r, 201, qr/\{"venue":\{"id":2,"name":"Nook"\},.*\}/, '... or by id';
answers post('/tickets', {venue_name => 'Hall', seat => 'A2'}), 201,
	'{"venue":{"id":1,"name":"Hall"},"seat":"A2","owner":null}',
	'a link that may be absent may be absent';
answers post('/tickets', {}), 422, detail(missing('body.venue_name'),
	missing('body.seat')), 'a necessary link is a required field';
answers post('/tickets', {venue_name => 'Nope', seat => 'A3'}), 400,
	fault('Ticket refers to a venue that does not exist.'),
	'... and may not be unknown';
answers $p->cgi(PATCH => '/tickets/1,A1', json => {venue_name => 'Nope'}), 400,
	fault('Ticket refers to a venue that does not exist.'),
	'... nor become unknown';
answers $p->cgi(PATCH => '/tickets/1,A1', json => {venue_id => 4711}), 400,
	fault('Ticket refers to a venue that does not exist.'), '... by id';
answers post('/tickets', {venue_name => 'Hall', seat => 'A1'}), 400, qr/.*/,
	'the composite key is unique';
answers remove('/venues', name => 'Hall'), 400,
	fault('Venue is referenced by tickets. Cannot delete.'),
	'what is referenced stays, in the default words';
$r = remove('/users', name => 'Ada');
is $r->{status}, 400, '... by any table';
answers post('/categories', {title => 'Top'}), 201,
	'{"id":1,"title":"Top","parent":null}', 'a table may point to itself';
answers post('/categories', {title => 'Sub', parent_title => 'Top'}), 201,
	'{"id":2,"title":"Sub","parent":{"id":1,"title":"Top"}}', '... by its key';
answers remove('/categories', title => 'Top'), 400, fault('Category is'
	. ' referenced by categories. Cannot delete.'), '... and holds itself';

# Routes follow from keys, kinds and grants
my $key = 'GET, HEAD, POST, PUT, DELETE';
for my $case (
	[venues => $key], [countries => $key], [categories => $key],
	['Order%20Lines' => $key], [select => $key], [samples => $key],
	[tickets => 'GET, HEAD, POST'], [remarks => 'GET, HEAD, POST'],
	[readings => 'GET, HEAD, POST'], [open_venues => 'GET, HEAD'],
) {
	my ($table, $allow) = @$case;
	is get("/$table")->{status}, 200, "GET /$table";
	for my $method (qw(POST PUT DELETE PATCH)) {
		next if $allow =~ /$method/;
		$r = $p->cgi($method => "/$table", json => {name => 'x'});
		answers $r, 405, '{"detail":"Method Not Allowed"}',
			"$method /$table";
		is $r->{headers}{allow}, $allow, '... says what is allowed';
	}
}
answers get('/open_venues', name => 'Hall'), 200, qr/.*"Hall".*/, 'a view';
answers post('/remarks', {line => 'x'}), 201,
	'{"line":"x","at":"2020-01-01T00:00:00+00:00"}', 'a table without keys';
answers post('/readings', {day => '2020-05-05', meter => 1, value => 2}), 201,
	qr/\{"day":"2020-05-05","meter":1,"value":2(?:\.0)?\}/,
	'a table of partitions';
answers get('/readings/2020-05-05,1'), 200, qr/.*/, '... by id';
is $p->cgi(PATCH => '/readings/2020-05-05,1', json => {value => 3})
	->{json}{value}, 3, '... is changed';
answers get('/vaults'), 404, '{"detail":"Not Found"}',
	'what nobody may touch is not there';
$p->sql("insert into api.accounts (login) values ('root')");
answers get('/accounts'), 200, '[{"id":1,"login":"root"}]',
	'a column that nobody may see is not shown';
for my $r (post('/accounts', {login => 'x', secret => 'y'}),
	remove('/accounts', login => 'root'),
	$p->cgi(PATCH => '/accounts/1', json => {login => 'x'}))
{
	like $r->{status}, qr/\A40[135]\z/, 'what is not granted is refused'
		or diag $r->{body};
}
is $p->sql('select login, secret from api.accounts'), 'root|hunter2',
	'... and not done';

# Names that need quoting
my $line = '/Order%20Lines';
answers $p->cgi(POST => $line, body => encode_utf8('{"Größe":"XL","select":1,'
	. '"a\"b":"q","from to":true,"😀":"x"}')), 201, '{"id":1,"Größe":"XL",'
	. '"select":1,"User":"nobody","a\"b":"q","from to":true,"😀":"x"}',
	'any name will do for a column';
answers get($line, Größe => 'XL'), 200, qr/\{.*\}/, '... for the key';
answers put("$line?" . substr(uri('', 'current_Größe' => 'XL'), 1),
	{Größe => 'L', select => 2}), 200, qr/\{"id":1,.*"select":2,.*\}/,
	'... in current_<key>';
for my $name ('a"b', 'from to', '😀', 'User', 'select') {
	my $value = {'a"b' => 'q', 'from to' => 'true', '😀' => 'x',
		User => 'nobody', select => 2}->{$name};
	$r = get($line, "${name}[eq]" => $value, order => "-$name");
	is $r->{status}, 200, encode_utf8("... $name in filters and orders");
}
is $p->cgi(PATCH => "$line/1", json => {User => 'me'})->{json}{User}, 'me',
	'... by id';
answers remove($line, Größe => 'L'), 200, qr/.*/, '... for DELETE';
answers post('/select', {order => 'asc', table => 1}), 201,
	'{"order":"asc","table":1}', 'reserved words are names';
is get('/select/asc')->{json}{table}, 1, '... and found';

# A key whose object would have the name of a column
$p->sql(<<~'SQL');
	create table api.shows (
		id integer generated always as identity primary key,
		venue_id integer references api.venues, venue text);
	grant select, insert on api.shows to postern_anonymous;
	SQL
answers post('/shows', {venue_id => undef, venue => 'tba'}), 201,
	'{"id":1,"venue_id":null,"venue":"tba"}', 'no member stands there twice';

done_testing;
