#!/usr/bin/perl
# Who may do what through GraphQL: grants make the schema of each role, what is
# not granted is refused by name, policies decide about rows, and whoever asks
# is who the token says.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer qw(authenticated registered claims_of);
use GraphQL;
use Postern;
use Rest qw(uri);

my $music = "$FindBin::Bin/fixtures/music";
my %quick = (POSTERN_ARGON2 => 'm=256,t=1,p=1');
my $p = Postern->start(migrations => $music, workers => 1, env => {%quick,
	POSTERN_BASE_URL => 'https://api.example.com',
	POSTERN_ACCESS   => 'owner',
	POSTERN_GRAPHQL_INTROSPECTION => 'members'});

my %user = map { $_ => signup($p, name => $_, email => lc "$_\@example.org",
	password => 'long enough of it') } qw(Ada Bob Eve);
my %id = map { $_ => $p->sql("select id from api.users where name = '$_'") }
	keys %user;
$p->sql("update auth.identities set role = 'admin' where id = "
	. "(select identity_id from api.users where name = 'Eve')");
$user{Admin}  = authenticated($p, %{$user{Eve}});
$user{Nobody} = registered($p);

$p->sql(<<~'SQL');
	insert into api.label (name, established_year) values ('A', 1900);
	insert into api.artist (name, label_id) values ('Ann', 1), ('Bea', 1);
	insert into api.artist_profile (artist_id, biography, phone)
	values (1, 'Born.', '555-1234');
	insert into api.contract (label_id, terms) values (1, 'Secret.');
	insert into api.award (name, artist_id) values ('Prize', 1);
	SQL

my $forbidden = 'Invalid permissions.';

# A document of one of them, or of nobody.
sub as ($who, $document, %variables)
{
	local %GraphQL::headers = $who ? %{bearer($user{$who})} : ();
	return query($p, $document, %variables);
}

sub who ($who) { return $who || 'a stranger' }

# It is done, and this is the answer.
sub may ($who, $document, $json, $name, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = as($who, $document, %variables);
	return is "$r->{status} " . squeeze($r->{body}),
		'200 {"data":' . squeeze($json) . '}', who($who) . ": $name";
}

# It is refused: that is the first message, at that path, and no data.
sub may_not ($who, $document, $message, $name, %more)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $path = delete $more{path};
	my $before = everything();
	my $r = as($who, $document, %more);
	my ($first) = messages($r);
	$name = who($who) . ": $name";
	ok $r->{status} == 200
		&& !grep({ defined } values %{$r->{json}{data} // {}})
		&& (ref $message ? $first =~ $message : $first eq $message), $name
		or diag "$r->{status} $r->{body}";
	my $there = $r->{json}{errors}[0]{path};
	is_deeply $there, $path, '... there' if $path;
	ok ref $there, '... somewhere' if !$path && $first eq $forbidden;
	unlike $r->{body},
		qr/polic|row-level|relation|SQL|permission denied|Secret|555/i,
		'... without saying more';
	return is everything(), $before, '... and nothing changes';
}

# Everything that could change.
sub everything ()
{
	return $p->sql('select string_agg(x, chr(10) order by x) from ('
		. join(' union all ', map { "select '$_ ' || t::text from api.$_ as t" }
			qw(users events label artist artist_profile award contract tag))
		. ') as all_of_it (x)');
}

subtest 'columns are hidden from some' => sub {
	my $ask = '{ ArtistProfilesMany { biography phone } }';
	my $no = qr/^Cannot query field "phone" on type "ArtistProfile"\./;
	may_not '', $ask, $no, 'no telephone number';
	may 'Ada', $ask, '{"ArtistProfilesMany":[{"biography":"Born.",'
		. '"phone":"555-1234"}]}', 'a telephone number';
	may_not '', $ask, $no, 'not even after somebody else';
	may '', '{ ArtistProfilesMany { id artistId biography artist { name } } }',
		'{"ArtistProfilesMany":[{"id":"1","artistId":"1","biography":"Born.",'
		. '"artist":{"name":"Ann"}}]}', 'the rest of it';
	may_not '', '{ ArtistsMany { artistProfile { phone } } }', $no,
		'nor from elsewhere';
	may_not '', "{ ArtistProfilesMany($_) { id } }", qr/"phone"/, "nor by $_"
		for 'where: {phone: {_like: "5"}}', 'orderBy: {phone: asc}';
	may_not '', '{ ArtistsMany(where: {artistProfile: {phone: {_like: "5"}}}) '
		. '{ id } }', qr/"phone"/, 'nor by a relation';
	may_not '', '{ ArtistProfilesAggregate { _max { phone } } }', qr/"phone"/,
		'nor as an aggregate';
	may_not '', 'mutation { insertArtistProfile(data: {artistId: 2, phone: "1"})'
		. ' { success } }', qr/"phone"/, 'nor does a stranger set it';
	may 'Ada', '{ ArtistsMany(where: {artistProfile: {phone: {_like: "5"}}}) '
		. '{ name artistProfile { phone } } }', '{"ArtistsMany":[{"name":"Ann",'
		. '"artistProfile":{"phone":"555-1234"}}]}', 'members do all that';
	my $set = 'mutation ($d: ArtistProfileUpdateInput!) { updateArtistProfile('
		. 'pk: 1, data: $d) { success result { biography } } }';
	my $r = as('', $set, d => {phone => '1'});
	like +(messages($r))[0], qr/phone/, 'a stranger: nor by variable';
	may '', $set, '{"updateArtistProfile":{"success":true,"result":'
		. '{"biography":"Lived."}}}', 'sets the rest', d =>
		{biography => 'Lived.'};
	is $p->sql('select phone from api.artist_profile'), '555-1234',
		'... and no more';
	may_not $_, '{ UsersMany { identityId } }',
		qr/^Cannot query field "identityId" on type "User"/,
		'who signs in as whom' for '', 'Ada', 'Admin';
};

subtest 'tables are for some' => sub {
	my $read = '{ ContractsMany { terms } }';
	may_not '', $read, $forbidden, 'no contracts', path => ['ContractsMany'];
	may $_, $read, '{"ContractsMany":[{"terms":"Secret."}]}', 'contracts'
		for 'Ada', 'Nobody', 'Admin';
	may_not '', $read, $forbidden, '... still none', path => ['ContractsMany'];
	may_not '', '{ c: ContractByPk(pk: 1) { id } }', $forbidden, 'nor one',
		path => ['c'];
	may_not '', '{ ContractsAggregate { _count { id } } }', $forbidden,
		'nor how many', path => ['ContractsAggregate'];
	is_deeply [messages(as('', '{ ContractsMany { id } WidesMany(where: '
		. '{range: {_eq: "[5,1]"}}) { id } }'))],
		[$forbidden, 'A value is none that its column takes.'],
		'what fails besides is told, too';
	my $r = as('', '{ LabelByPk(pk: 1) { name contracts { terms } } }');
	ok +(messages($r))[0] eq $forbidden && $r->{body} !~ /Secret/,
		'a stranger: nor those of a label' or diag $r->{body};
	$r = as('', '{ LabelsMany(where: {contracts: {terms: {_like: "S"}}}) '
		. '{ id } }');
	ok @{$r->{json}{errors} // []} && !$r->{json}{data}{LabelsMany},
		'a stranger: nor by asking for them' or diag $r->{body};
	may 'Ada', '{ LabelsMany(where: {contracts: {terms: {_like: "S"}}}) '
		. '{ contracts { terms label { name } } } }', '{"LabelsMany":['
		. '{"contracts":[{"terms":"Secret.","label":{"name":"A"}}]}]}',
		'members do all that';
	$r = as('', '{ hello ContractsMany { id } LabelsMany { id } }');
	is_deeply $r->{json}{data}, {hello => 'Hello World',
		ContractsMany => undef, LabelsMany => [{id => '1'}]},
		'a stranger: the other fields are answered';
	is_deeply [messages($r)], [$forbidden], '... and this one is told apart';
};

subtest 'writing is for some' => sub {
	my $insert = 'mutation { insertAward(data: {name: "Medal", artistId: 2}) '
		. '{ success result { artist { name } } } }';
	may_not $_, $insert, $forbidden, 'gives no award', path => ['insertAward']
		for '', 'Ada';
	may 'Admin', $insert, '{"insertAward":{"success":true,"result":{"artist":'
		. '{"name":"Bea"}}}}', 'gives one';
	may_not $_, 'mutation { updateAward(pk: 1, data: {name: "x"}) '
		. '{ success } }', $forbidden, 'changes none', path => ['updateAward']
		for '', 'Ada';
	may_not $_, 'mutation { deleteAward(pk: 1) { success } }', $forbidden,
		'takes none', path => ['deleteAward'] for '', 'Ada';
	may_not $_, 'mutation { insertArtist(data: {name: "New", awards: [{data: '
		. '{name: "x"}}]}) { success } }', $forbidden, 'not on the way either'
		for '', 'Ada';
	may_not $_, 'mutation { updateArtist(pk: 1, data: {name: "New", awards: '
		. '{updateStrategy: merge, items: [{pk: 1, data: {name: "x"}}]}}) '
		. '{ success } }', $forbidden, '... nor changes one so' for '', 'Ada';
	may_not 'Ada', 'mutation { insertTag(data: {name: "kept?"}) { success } '
		. 'deleteAward(pk: 1) { success } }', $forbidden,
		'all is undone, or nothing begun';
	may_not 'Ada', 'mutation { updateLabel(pk: 1, data: {contracts: '
		. '{updateStrategy: replace, items: []}}) { success } }',
		qr/^(?:Invalid\ permissions\.|.*UpdateStrategy\ 'replace'\ has\ resulted
			\ in\ a\ DELETE\ operation)/x, 'deletes nothing by replacing';
	may 'Admin', 'mutation { updateLabel(pk: 1, data: {contracts: '
		. '{updateStrategy: replace, items: []}}) { success } }',
		'{"updateLabel":{"success":true}}', 'does';
	may 'Ada', 'mutation { insertContract(data: {labelId: 1, terms: "New."}) '
		. '{ success result { terms } } }', '{"insertContract":{"success":true,'
		. '"result":{"terms":"New."}}}', 'what may be done is done';
	may_not 'Ada', 'mutation { deleteContract(pk: 2) { success } }', $forbidden,
		'what may not is not', path => ['deleteContract'];
};

# --- Rows that belong to somebody ----------------------------------------------

my %event;
for my $name ('Fair', 'Fete', 'Gala') {
	my $host = {Fair => 'Ada', Fete => 'Bob', Gala => 'Eve'}->{$name};
	my $r = as('Admin', 'mutation ($n: String!, $h: ID) { insertEvent(data: '
		. '{name: $n, address: "", schedule: "2030-01-02T03:04:05Z", '
		. 'hostId: $h}) { result { id } } }', n => $name, h => $id{$host});
	$event{$name} = $r->{json}{data}{insertEvent}{result}{id};
}
ok $event{Fair} && $event{Fete} && $event{Gala},
	'administrators enter events of anybody';

my $gone = qr/^(?:Invalid permissions\.|(?:User|Event) matching query does not)/;
my $new_event = 'mutation ($h: ID) { insertEvent(data: {name: "New", address: '
	. '"", schedule: "2030-01-02T03:04:05Z", hostId: $h}) { success } }';
# What would change Ada or hers.
my @changes = (
	['a name', 'mutation ($u: ID!) { updateUser(pk: $u, data: {name: "X"}) '
		. '{ success } }', u => $id{Ada}],
	['no user', 'mutation ($u: ID!) { deleteUser(pk: $u) { success } }',
		u => $id{Ada}],
	['a new user', 'mutation { insertUser(data: {name: "New"}) { success } }'],
	['a new event', $new_event, h => $id{Ada}],
	['a new event of nobody', $new_event, h => undef],
	['another event', 'mutation ($e: ID!) { updateEvent(pk: $e, data: '
		. '{address: "There"}) { success } }', e => $event{Fair}],
	['no event', 'mutation ($e: ID!) { deleteEvent(pk: $e) { success } }',
		e => $event{Fair}],
	['an event on the way', 'mutation ($u: ID!) { updateUser(pk: $u, data: '
		. '{events: {updateStrategy: replace, items: []}}) { success } }',
		u => $id{Ada}],
);

subtest 'rows of others' => sub {
	for my $who ('', 'Bob', 'Nobody') {
		for (@changes) {
			my ($what, $document, %variables) = @$_;
			may_not $who, $document, $gone, $what, %variables;
		}
		may $who, 'query ($u: ID!) { UserByPk(pk: $u) { name events { name } } }',
			'{"UserByPk":{"name":"Ada","events":[{"name":"Fair"}]}}',
			'reads them all', u => $id{Ada};
	}
};

subtest 'rows of one\'s own' => sub {
	may 'Ada', $new_event, '{"insertEvent":{"success":true}}', 'a new event',
		h => $id{Ada};
	may_not 'Ada', $new_event, $gone, 'an event of another', h => $id{Bob};
	may_not 'Ada', 'mutation ($e: ID!, $h: ID) { updateEvent(pk: $e, data: '
		. '{hostId: $h}) { success } }', $gone, 'an event is not given away',
		e => $event{Fair}, h => $id{Bob};
	may_not 'Ada', 'mutation ($e: ID!, $h: ID) { updateEvent(pk: $e, data: '
		. '{hostId: $h}) { success } }', $gone, '... nor taken',
		e => $event{Fete}, h => $id{Ada};
	may 'Ada', 'mutation ($e: ID!) { updateEvent(pk: $e, data: {address: '
		. '"There", host: {name: "Ada!"}}) { success result { address host '
		. '{ name } } } }', '{"updateEvent":{"success":true,"result":{"address":'
		. '"There","host":{"name":"Ada!"}}}}', 'an event, and oneself',
		e => $event{Fair};
	may_not 'Ada', 'mutation ($u: ID!, $e: ID!) { updateUser(pk: $u, data: '
		. '{events: {updateStrategy: merge, items: [{pk: $e, data: {address: '
		. '"Mine"}}]}}) { success } }', $gone, 'what another hosts is not below',
		u => $id{Ada}, e => $event{Fete};
	may 'Ada', 'mutation ($e: ID!) { deleteEvent(pk: $e) { success } }',
		'{"deleteEvent":{"success":true}}', 'no event', e => $event{Fair};
	may 'Admin', 'mutation ($u: ID!) { updateUser(pk: $u, data: {name: "Bobby"})'
		. ' { result { name } } }', '{"updateUser":{"result":{"name":"Bobby"}}}',
		'does everything', u => $id{Bob};
};

# --- Who asks --------------------------------------------------------------------

subtest 'tokens' => sub {
	my $ask = '{ ContractsMany { terms } }';
	my $good = $user{Ada}{token};
	my $changed = $good =~ s/\.\K(.)/$1 eq 'e' ? 'f' : 'e'/er;
	for my $token ('x', 'x.y.z', "${good}x", $changed) {
		my $r = post_json($p, body_of($ask), headers => bearer($token));
		is $r->{status}, 401, 'a token that is none: 401';
		ok ref $r->{json} eq 'HASH' && @{$r->{json}{errors} // []} == 1
			&& !exists $r->{json}{data}, '... said as GraphQL says it'
			or diag $r->{body};
		ok defined $r->{headers}{'www-authenticate'}, '... and how to ask';
	}
	is post_json($p, body_of('{ hello }'), headers => bearer('x'))->{status},
		401, 'even where nobody needs one';
	my $r = post_json($p, body_of($ask), headers => {%{bearer($user{Ada})},
		'X-Hasura-Role' => 'admin'});
	is $r->{status}, 403, 'a role that one does not have: 403';
	ok ref $r->{json}{errors}, '... said as GraphQL says it'
		or diag $r->{body};
	is post_json($p, body_of($ask), headers => {%{bearer($user{Admin})},
		'X-Hasura-Role' => 'user'})->{status}, 200, 'one that one has';
};

subtest 'cookies' => sub {
	my $cookie = {Cookie => $user{Ada}{cookie}};
	my $write = body_of('mutation { insertTag(data: {name: "csrf"}) '
		. '{ success } }');
	my %status = (403 => [{}, {'Sec-Fetch-Site' => 'cross-site'},
		{'Sec-Fetch-Site' => 'same-site'}, {Origin => 'https://evil.example'},
		{Origin => 'null'}]);
	for my $headers ($status{403}->@*) {
		my $r = post_json($p, $write, headers => {%$cookie, %$headers});
		is $r->{status}, 403, join ' ', 'from elsewhere:', %$headers;
		ok ref $r->{json}{errors}, '... said as GraphQL says it'
			or diag $r->{body};
	}
	my $r = $p->http(POST => '/graphql', type => 'text/plain', body =>
		'{"query":"mutation { insertTag(data: {name: \"csrf\"}) { success } }"}',
		headers => {%$cookie, 'Sec-Fetch-Site' => 'same-origin'});
	like $r->{status}, qr/^4(?:03|15)$/, 'what a form can send';
	$r = $p->http(GET => uri('/graphql', query => $write->{query}),
		headers => $cookie);
	is $r->{status}, 405, 'a mutation by a link';
	is $p->sql(q{select count(*) from api.tag where name = 'csrf'}), 0,
		'nothing of it was done';
	is squeeze($p->http(GET => uri('/graphql', query =>
		'{ ContractsMany { terms } }'), headers => $cookie)->{body}),
		'{"data":{"ContractsMany":[{"terms":"New."}]}}', 'reading needs no proof';
	is post_json($p, $write, headers => cookie($user{Ada}))->{status}, 200,
		'our own pages';
	is $p->sql(q{select count(*) from api.tag where name = 'csrf'}), 1,
		'... may';
};

subtest 'who may ask for the schema' => sub {
	my $schema = '{ __schema { queryType { name } } }';
	my $type = '{ __type(name: "Contract") { fields { name } } }';
	may_not '', $_, qr/POSTERN_GRAPHQL_INTROSPECTION/, "not: $_"
		for $schema, $type, "{ hello } $schema" =~ s/\} \{//r,
		'{ ...S } fragment S on QueryRoot { x: __schema { types { name } } }';
	may '', '{ __typename hello }', '{"__typename":"QueryRoot",'
		. '"hello":"Hello World"}', 'names are told';
	may 'Ada', $schema, '{"__schema":{"queryType":{"name":"QueryRoot"}}}',
		'members may';
	is +(messages(as('', '{ helo }')))[0],
		'Cannot query field "helo" on type "QueryRoot".', 'no hints either';
	like +(messages(as('Ada', '{ helo }')))[0],
		qr/ Did you mean "hello"\?$/, '... which members get';

	my %off = map { my $way = $_; $way => Postern->database(
		migrations => $music, env => {POSTERN_GRAPHQL_INTROSPECTION => $way}) }
		qw(all off);
	data $off{all}, $schema, '{"__schema":{"queryType":{"name":"QueryRoot"}}}',
		'all';
	like +(messages(query($off{off}, $schema)))[0],
		qr/POSTERN_GRAPHQL_INTROSPECTION/, 'nobody';
	data $off{off}, '{ hello }', '{"hello":"Hello World"}', '... but to the rest';

	my $fields = sub ($who, $type) {
		my $r = as($who, "{ __type(name: \"$type\") { fields { name } } }");
		return join ' ', sort map { $_->{name} }
			@{$r->{json}{data}{__type}{fields} // []};
	};
	is $fields->('Ada', 'ArtistProfile'), $fields->('Admin', 'ArtistProfile'),
		'the schema is that of the role';
	like $fields->('Ada', 'MutationRoot'), qr/\bdeleteAward\b/,
		'with what others may do';
};

subtest 'without owners' => sub {
	my $open = Postern->database(migrations => $music);
	data $open, 'mutation { insertUser(data: {name: "Zoë"}) { result { name } } '
		. '}', '{"insertUser":{"result":{"name":"Zoë"}}}', 'anybody may';
	my $r = query($open, '{ __type(name: "ArtistProfile") { fields { name } } }');
	unlike $r->{body}, qr/phone/, 'a stranger\'s schema has no telephone number';
	like $r->{body}, qr/biography/, '... but the rest';
};

done_testing;
