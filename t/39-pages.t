#!/usr/bin/perl
# The pages at /docs, /redoc and /graphiql, there or not: how they are made, and
# what nginx serves of them under which policy.
use v5.36;
use lib 't/lib';
use Test::More;
use File::Path qw(make_path);
use Postern;

my $top = $Postern::top;
my $p   = Postern->start(env => {POSTERN_ARGON2 => 'm=512,t=2,p=1'});

sub spew ($file, $text)
{
	open my $out, '>', $file or die "$file: $!\n";
	print {$out} $text;
	close $out;
	chmod 0755, $file;
}

# --- Making them -------------------------------------------------------------
# A copy of what makes them, and commands to find there: no npm but ours.

my $home = Postern::_home() . '/pages';
make_path("$home/spawn", "$home/bin", "$home/build");
system 'cp', "$top/spawn/pages", "$home/spawn";
system 'cp', '-r', "$top/nginx", $home;
for my $name (qw(sh cat cp mv rm mkdir dirname sha256sum head timeout grep
	sed))
{
	my ($found) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};
	symlink $found, "$home/bin/$name" if $found;
}

# What it says, and whether all is well.
sub made (@arguments)
{
	local $ENV{PATH} = "$home/bin";
	my $said = `'$home/spawn/pages' @arguments 2>&1`;
	return ($said, $?);
}

subtest 'on a machine without npm' => sub {
	is_deeply [made('--if-it-can')], ["Left out, as all else works without:"
		. " /docs /redoc /graphiql (make pages, which needs npm)\n", 0],
		'the build says in one line what it left out, and is well';
	my ($said, $status) = made();
	ok $status, 'who asks for the pages gets an error';
	like $said, qr/needs npm/, '... and the reason';
};

subtest 'where npm has no network' => sub {
	spew("$home/bin/npm", qq(#!/bin/sh\necho x >>"$home/tried"\n)
		. "echo 'npm error network' >&2\nexit 1\n");
	my ($said, $status) = made('--if-it-can', 'docs');
	is $status, 0, 'all is well';
	like $said, qr/network.*Left out.*: \/docs \(make pages tries again\)$/s,
		'... without the page';
	($said, $status) = made('--if-it-can', 'docs');
	is "$status $said", "0 Left out, as all else works without: /docs"
		. " (make pages tries again)\n", 'it is not tried again by itself';
	ok((made('docs'))[1], '... but when it is asked for');
	is Postern::_slurp("$home/tried"), "x\n" x 2, '... as it says';
	is join(' ', glob "$home/build/docs* $home/build/redoc*"),
		"$home/build/docs.failed", 'no half of a page is left';
};

subtest 'with npm' => sub {
	spew("$home/bin/npm", <<~'END');
		#!/bin/sh
		mkdir -p node_modules/swagger-ui-dist node_modules/redoc/bundles
		cd node_modules/swagger-ui-dist
		for name in swagger-ui-bundle.js swagger-ui.css LICENSE NOTICE \
			swagger-ui-bundle.js.LICENSE.txt; do
			echo its own >$name
		done
		echo a LICENSE >../redoc/LICENSE
		echo others >../redoc/bundles/redoc.standalone.js.LICENSE.txt
		echo 'src:"https://cdn.redoc.ly/redoc/logo-mini.svg"' \
			>../redoc/bundles/redoc.standalone.js
		END
	my ($said, $status) = made('docs', 'redoc');
	is $status, 0, 'pages are made';
	is join(' ', sort map { s{.*/}{}r } glob "$home/build/docs/*"), 'LICENSE'
		. ' LICENSE-parts NOTICE index.html page.css page.js swagger-ui.css'
		. ' swagger-ui.js', '... of a few files';
	is Postern::_slurp("$home/build/redoc/redoc.js"), qq(src:"data:,"\n),
		'... that nothing from elsewhere belongs to';
	is_deeply [made('docs', 'redoc')], ['', 0], '... once';
	spew("$home/nginx/docs/page.js", 'changed');
	like +(made('docs', 'redoc'))[0], qr{\AFetching[^\n]*/docs[^\n]*\n\z},
		'... and again when something has changed';
	is Postern::_slurp("$home/build/docs/page.js"), 'changed', '... with it';
};

# --- Serving them ------------------------------------------------------------

my $apache = Postern::_slurp("$top/spawn/shared-hosting/.htaccess");

# The parts of a content policy, by name.
sub policy ($r)
{
	return map { /(\S+)\s*(.*)/ } split /;\s*/,
		$r->{headers}{'content-security-policy'};
}

sub is_a_page ($name)
{
	my $page = $p->http(GET => "/$name");
	is $page->{status}, 200, 'is there';
	is $page->{headers}{'content-type'}, 'text/html; charset=utf-8', 'is HTML';
	is $page->{headers}{'cache-control'}, 'no-cache', 'is asked for again';
	is $p->http(GET => "/$name", headers =>
		{'If-None-Match' => $page->{headers}{etag}})->{status}, 304,
		'... and not sent again';
	my %policy = policy($page);
	is $policy{'default-src'}, "'none'", 'allows nothing';
	is $policy{"$_-src"}, "'self'", "... but $_ of its own"
		for qw(script connect);
	unlike "@{[%policy]}", qr/unsafe|\*|http/, '... and of nobody else';
	like $apache, qr/"\Q$page->{headers}{'content-security-policy'}\E"/,
		'... on shared hosting neither';
	unlike $page->{body}, qr{<script[^>]*>[^<]|<style|\son\w+=|\sstyle=}i,
		'nothing is inline';
	return $page->{body} =~ /<(?:link|script)[^>]*(?:src|href)="([^"]+)/g;
}

sub is_a_part ($link)
{
	unlike $link, qr{\A(?:\w+:|/)}, "$link is ours, wherever that is";
	my $r = $p->http(GET => "/$link");
	is $r->{status}, 200, '... is there';
	is $r->{headers}{'content-type'}, ($link =~ /css$/ ? 'text/css'
		: 'text/javascript') . '; charset=utf-8', '... with its type';
	is $r->{headers}{'x-content-type-options'}, 'nosniff',
		'... and the headers of every answer';
	is $p->http(GET => "/$link", headers =>
		{'If-None-Match' => $r->{headers}{etag}})->{status}, 304,
		'... and not sent again';
	is $p->http(GET => "/$link", headers => {'Accept-Encoding' => 'gzip'})
		->{headers}{'content-encoding'}, 'gzip', '... and packed';
}

for my $name (qw(docs redoc graphiql)) {
	my $folder = $p->var . "/nginx/$name";
	my $built  = -e "$folder/index.html";

	subtest "without /$name" => sub {
		rename $folder, "$folder.away";
		my $r = $p->http(GET => "/$name");
		is $r->{status}, 501, 'there is no page';
		is $r->{headers}{'content-type'}, 'text/plain; charset=utf-8',
			'... but a text';
		like $r->{body}, qr{make pages.*build/$name }, '... that says why';
		is $p->http(GET => "/$name/page.js")->{status}, 404,
			'nor its script';
		is $p->http(GET => $_)->{status}, 200, "$_ does not miss it"
			for '/users', '/openapi.json';
		rename "$folder.away", $folder;
	};
	SKIP: {
		skip "/$name is not built: make pages says why", 1 if !$built;
		subtest "/$name" => sub {
			my @links = grep { !/^data:/ } is_a_page($name);
			cmp_ok scalar(@links), '>=', 3, 'it has styles and scripts';
			is_a_part($_) for @links;
		};
	}
	subtest "around /$name" => sub {
		for my $path ("/$name?x", "/$name/page.js") {
			my $r = $p->http(POST => $path);
			is $r->{status}, 405, "POST $path";
			is $r->{headers}{allow}, 'GET, HEAD', '... says what is allowed';
		}
		is $p->http(GET => "/$name/$_")->{status}, 404, "no /$name/$_"
			for '', 'index.html', 'LICENSE', 'NOTICE', '.made',
				'package.json', 'x.js', 'page.js/', '..%2Fnginx.conf';
	};
}

subtest 'a part that a page has no more' => sub {
	my $folder = $p->var . '/nginx/docs';
	plan skip_all => '/docs is not built' if !-d $folder;
	spew("$folder/old.js", '');
	is $p->http(GET => '/docs/old.js')->{status}, 200, 'is there';
	$p->instance('reload');
	is $p->http(GET => '/docs/old.js')->{status}, 404, '... until a reload';
	is $p->http(GET => '/docs/page.js')->{status}, 200, '... of the others';
};

done_testing;
