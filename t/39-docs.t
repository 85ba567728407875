#!/usr/bin/perl
# The page about the API: three static files that need nothing from elsewhere
# and nothing that a strict content policy forbids.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Postern;

my $p      = Postern->start;
my $page   = $p->http(GET => '/docs');
my %type   = (css => 'text/css', js => 'text/javascript');
my $policy = "default-src 'none'; script-src 'self'; style-src 'self';"
	. " connect-src 'self'; base-uri 'none'; form-action 'none';"
	. " frame-ancestors 'none'";

subtest 'GET /docs' => sub {
	is $page->{status}, 200, 'is there';
	is $page->{headers}{'content-type'}, 'text/html; charset=utf-8', 'is HTML';
	is $page->{headers}{'content-security-policy'}, $policy,
		'allows itself and nobody else';
	is $page->{headers}{'x-content-type-options'}, 'nosniff',
		'has the headers of every answer';
	is $page->{headers}{'cache-control'}, 'no-cache', 'is asked for again';
	is $p->http(GET => '/docs', headers =>
		{'If-None-Match' => $page->{headers}{etag}})->{status}, 304,
		'and not sent again';
	unlike $page->{body}, qr{<script[^>]*>[^<]|<style|\son\w+=|\sstyle=}i,
		'nothing is inline';
};

my @links = $page->{body} =~ /(?:src|href)="([^"#][^"]*)"/g;
subtest 'what it refers to' => sub {
	cmp_ok scalar(@links), '>=', 3, 'a style, a script and a description';
	for my $link (@links) {
		unlike $link, qr{\A(?:\w+:|/)}, "$link is ours, wherever that is";
		my $r = $p->http(GET => "/$link");
		my ($ending) = $link =~ /(\w+)\z/;
		is $r->{status}, 200, '... is there';
		is $r->{headers}{'content-type'} =~ s/;.*//r,
			$type{$ending} // 'application/json', '... with its type';
	}
};

my @pages = ('/docs', grep { /docs/ } map { "/$_" } @links);
for my $path (@pages) {
	subtest $path => sub {
		my $get = $p->http(GET => $path);
		unlike $get->{body}, qr{//[\w-]+\.|https?:}, 'no foreign address';
		unlike $get->{body}, qr/innerHTML|insertAdjacent|document\.write|eval/,
			'no text becomes markup or a program';
		my $head = $p->http(HEAD => $path);
		is $head->{status}, 200, 'HEAD';
		is $head->{headers}{'content-length'}, length $get->{body},
			'... knows the length';
		for my $method (qw(POST PUT PATCH DELETE)) {
			my $r = $p->http($method => "$path?x");
			is "$r->{status} $r->{body}",
				'405 {"detail":"Method Not Allowed"}', $method;
			is $r->{headers}{allow}, 'GET, HEAD', '... says what is allowed';
		}
	};
}

for my $path ('/docs/', '/docs/index.html', '/docs/docs.css/', '/docs.css') {
	is $p->http(GET => $path)->{status}, 404, "$path is nothing";
}

# The part of the script that needs no page, where there is a node.
SKIP: {
	my $node = grep { -x "$_/node" } split /:/, $ENV{PATH};
	skip 'node is not installed', 1 if !$node;
	my $file = Postern::_home() . '/openapi.json';
	open my $out, '>', $file or die "$file: $!\n";
	print {$out} $p->http(GET => '/openapi.json')->{body};
	close $out;
	open my $in, '-|', 'node', "$FindBin::Bin/lib/docs.js", $file or die;
	my @failed = grep { !/^ok/ } my @lines = <$in>;
	close $in;
	ok $? == 0 && @lines > 10 && !@failed, 'the script reads the description'
		or diag @failed;
}

done_testing;
