# What nginx does around GraphQL: how much may be sent, in which form it
# refuses, and who gets the page at /graphiql instead.
use v5.36;
use lib 't/lib';
use Test::More;
use Postern;

my $p = Postern->start(cors => 'https://app.example.org', env => {
	POSTERN_GRAPHQL_ROWS_MAX => 1_000_000, POSTERN_GRAPHQL_COST => 1_000_000});

sub refused ($r, $status, $message, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is "$r->{status} $r->{body}",
		qq($status {"errors":[{"message":"$message"}]}), $name;
	is $r->{headers}{'content-type'}, 'application/json', '... as JSON';
}

subtest 'what nginx refuses, it refuses in the form of GraphQL' => sub {
	refused $p->http(POST => '/graphql', body => ' ' x 262_145), 413,
		'Content Too Large: a GraphQL request may have 256 KiB.',
		'a body above 256 KiB';
	isnt $p->http(POST => '/graphql', body => ' ' x 262_144)->{status}, 413,
		'256 KiB are taken';
	for my $target ('/graphql', '/graphql?query=%7Bhello%7D') {
		my $r = $p->http(TRACE => $target);
		refused $r, 405, 'Method Not Allowed', "TRACE $target";
		is $r->{headers}{allow}, 'GET, HEAD, POST',
			'... says what is allowed';
	}
	like $p->http(TRACE => '/graphqls')->{body}, qr/\A\{"detail"/,
		'other paths have their own';
};

subtest 'a page of another origin may ask' => sub {
	my %from = (Origin => 'https://app.example.org',
		'Access-Control-Request-Method' => 'POST',
		'Access-Control-Request-Headers' => 'authorization,content-type,accept');
	my $r = $p->http(OPTIONS => '/graphql', headers => \%from);
	is "$r->{status} $r->{body}", '200 OK', 'a preflight';
	is $r->{headers}{'access-control-allow-headers'},
		'authorization,content-type,accept', '... with any header';
	$r = $p->http(OPTIONS => '/graphql', headers =>
		{%from, Origin => 'https://evil.example'});
	is $r->{status}, 400, '... not of any origin';
};

subtest 'what may be long is handed to the bulk pool' => sub {
	$p->http(POST => '/users', json => {name => 'Ada'});
	my $long = '{UsersMany(limit:100000){name}}';
	my $data = '{"data":{"UsersMany":[{"name":"Ada"}]}}';
	is $p->http(POST => '/graphql', json => {query => $long})->{body}, $data,
		'by POST, with its body';
	is $p->http(GET => "/graphql?query=$long")->{body}, $data, 'by GET';
	is $p->http(GET => '/graphql?query={UsersMany{name}}')->{body}, $data,
		'what is short is not';
	my @pools;
	for (1 .. 40) {    # the log is written once a second
		@pools = map { m{"uri":"/graphql.*/(\w+)\.sock} ? $1 : () }
			grep { /"status":200/ } split /\n/, $p->log('access');
		last if @pools >= 3;
		select undef, undef, undef, 0.1;
	}
	is join(' ', sort @pools), 'api bulk bulk', 'as the log says';
};

# --- The page ----------------------------------------------------------------

my $built = -e $p->var . '/nginx/graphiql/index.html';
SKIP: {
	skip 'GraphiQL is not built: make pages says why', 1 if !$built;
	subtest 'a browser that opens /graphql gets the page' => sub {
		my $page = $p->http(GET => '/graphiql')->{body};
		my %browser = (Accept => 'text/html,application/xhtml+xml,'
			. 'application/xml;q=0.9,*/*;q=0.8');
		my $r = $p->http(GET => '/graphql', headers => \%browser);
		is $r->{body}, $page, 'the same';
		like $r->{headers}{'content-security-policy'}, qr/script-src 'self';/,
			'... under the same policy';
		my %not = (
			'with a query' => [GET => '/graphql?query=%7B__typename%7D',
				headers => \%browser],
			'with a persisted one' => [GET => '/graphql?extensions=%7B%7D',
				headers => \%browser],
			'that sends one' => [POST => '/graphql', headers => \%browser,
				json => {query => '{__typename}'}],
			'that would take JSON' => [GET => '/graphql', headers =>
				{Accept => 'application/json, text/html'}],
			'that takes anything' => [GET => '/graphql', headers =>
				{Accept => '*/*'}],
		);
		unlike $p->http(@{$not{$_}})->{body}, qr/<html/, "not one $_"
			for sort keys %not;
	};
}

done_testing;
