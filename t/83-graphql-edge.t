# What nginx does around GraphQL: how much may be sent, in which form it
# refuses, and the page at /graphiql, there or not.
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

my $folder = $p->var . '/nginx/graphiql';

subtest 'without GraphiQL' => sub {
	rename $folder, "$folder.away";
	my $r = $p->http(GET => '/graphiql');
	is $r->{status}, 501, 'there is no page';
	is $r->{headers}{'content-type'}, 'text/plain; charset=utf-8',
		'... but a text';
	like $r->{body}, qr/make graphiql/, '... that says how to make it';
	is $p->http(GET => '/graphiql/graphiql.js')->{status}, 404,
		'nor its script';
	is $p->http(GET => '/users')->{status}, 200, 'nothing else misses it';
	rename "$folder.away", $folder;
};

my @built = glob "$folder/*.js $folder/*.css";
SKIP: {
	skip 'GraphiQL is not built: make graphiql says why', 1 if !@built;
	subtest 'GraphiQL' => sub {
		my $page = $p->http(GET => '/graphiql');
		is $page->{status}, 200, 'is there';
		is $page->{headers}{'content-type'}, 'text/html; charset=utf-8',
			'is HTML';
		my %policy = map { /(\S+)\s*(.*)/ } split /;\s*/,
			$page->{headers}{'content-security-policy'};
		is $policy{'default-src'}, "'none'", 'allows nothing';
		is $policy{"$_-src"}, "'self'", "... but $_ of its own"
			for qw(script connect);
		unlike "@{[%policy]}", qr/unsafe|\*|http/, '... and of nobody else';
		unlike $page->{body}, qr{<script[^>]*>[^<]|<style|\son\w+=|\sstyle=}i,
			'nothing is inline';
		my @links = $page->{body} =~ /<(?:link|script)[^>]*(?:src|href)="([^"]+)/g;
		cmp_ok scalar(@links), '>=', 5, 'it refers to styles and scripts';
		for my $link (@links) {
			unlike $link, qr{\A(?:\w+:|/)}, "$link is ours";
			my $r = $p->http(GET => "/$link");
			is $r->{status}, 200, '... is there';
			is $r->{headers}{'content-type'}, ($link =~ /css$/ ? 'text/css'
				: 'text/javascript') . '; charset=utf-8', '... with its type';
			is $p->http(GET => "/$link", headers =>
				{'If-None-Match' => $r->{headers}{etag}})->{status}, 304,
				'... and not sent again';
			my $short = $p->http(GET => "/$link", headers =>
				{'Accept-Encoding' => 'gzip'});
			is $short->{headers}{'content-encoding'}, 'gzip', '... and packed';
		}
		for my $path ('/graphiql', '/graphiql/page.js') {
			my $r = $p->http(POST => $path);
			is $r->{status}, 405, "POST $path";
			is $r->{headers}{allow}, 'GET, HEAD', '... says what is allowed';
		}
		is $p->http(GET => "/graphiql/$_")->{status}, 404, "no /graphiql/$_"
			for '', 'index.html', 'LICENSE', '.made', 'package.json',
				'x.js';
	};

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
