#!/usr/bin/perl
# The pages about the API as a person meets them, in a browser and under the
# policy that they are served with; "Try it out" as in the tutorial.
#
#   POSTERN_SAVE_PICTURE=1 prove t/39-docs.t   makes nginx/docs.png anew
use v5.36;
use lib 't/lib';
use Test::More;
use Browser;
use Postern;

plan skip_all => Browser::why_not(qw(docs redoc))
	if Browser::why_not(qw(docs redoc));

my $p       = Postern->start;
my $browser = Browser->start;
my $put     = '.opblock-put:has([data-path="/events"])';
my $answer  = "$put .live-responses-table tr.response";

$p->http(POST => '/users', json => {name => 'Mina Murray'});
$p->http(POST => '/events', json => {name => 'Resuscitation',
	address => 'Britain', schedule => '1889-07-27T23:59:59-07:00',
	host_name => 'Mina Murray'});

sub shown ($selector)
{
	return $browser->does('text', selector => $selector)->{text} // '';
}

sub press ($selector)
{
	return $browser->does('click', selector => $selector);
}

sub fill ($selector, $text)
{
	return $browser->does('fill', selector => $selector, text => $text);
}

# Nothing was asked of anybody else, and nothing went wrong.
sub is_at_home ($url)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply $browser->does('origins')->{list}, [$url],
		'nobody else was asked for anything';
	$browser->is_quiet('neither the policy nor the console complains');
}

subtest '/docs' => sub {
	my $r = $browser->does('open', url => $p->url . '/docs');
	is $r->{status}, 200, 'is there';
	my $list = $browser->does('texts', selector => '.opblock-summary')->{list};
	my %there = map { join(' ', /(\S+)\s+(\S+)/) => 1 } map {
		s/\x{200b}//gr } @$list;
	ok $there{$_}, $_ for map { ("GET $_", "POST $_", "PUT $_", "DELETE $_",
		"GET $_/{id}", "PATCH $_/{id}", "DELETE $_/{id}") } '/users', '/events';
	is_at_home($p->url);
	$browser->does('picture', file => "$Postern::top/nginx/docs.png")
		if $ENV{POSTERN_SAVE_PICTURE};
};

subtest 'Try it out on PUT /events' => sub {
	press("$put .opblock-summary-control");
	press("$put .try-out__btn");
	fill("$put [data-param-name=current_name] input", 'Resuscitation');
	fill("$put .body-param__text", '{"name":"Burial","address":"Transylvania",'
		. '"schedule":"1889-11-06T18:00:00+02:00",'
		. '"host_name":"Mina Murray"}');
	press("$put .execute");
	like shown("$answer .response-col_status"), qr/\A200\b/,
		'shows the status';
	like shown("$answer .response-col_description"),
		qr/"name": "Burial",\s+"address": "Transylvania"/, '... and the event';
	is $browser->does('sent')->{list}[0]{path},
		'/events?current_name=Resuscitation', '... which it has asked for';
	is $p->http(GET => '/events?name=Burial')->{json}{schedule},
		'1889-11-06T16:00:00+00:00', 'the event is another';
	is_at_home($p->url);
};

subtest 'the rest of /docs' => sub {
	fill("$put [data-param-name=current_name] input", 'Nobody');
	press("$put .execute");
	like shown("$answer .response-col_status:has-text('500')"), qr/\A500\b/,
		'an error is shown';
	like $browser->does('complaints')->{list}[0], qr/status of 500/,
		'... and complained about';
	press('.models .json-schema-2020-12-accordion');
	$browser->is_quiet('other parts work under the policy');
	$browser->does('open', url => $p->tls_url . '/docs');
	like shown('.information-container'), qr/Postern/, 'so does all over TLS';
	$browser->is_quiet('... under the policy');
	unlike $browser->does('kept')->{text}, qr/Burial|Mina/, 'nothing is kept';
};

subtest '/redoc' => sub {
	my $r = $browser->does('open', url => $p->url . '/redoc');
	is $r->{status}, 200, 'is there';
	my $text = join "\n", @{$browser->does('texts',
		selector => '.api-content [id] button')->{list}};
	like $text, qr{^$_$}m, $_ for '/users', '/events';
	fill('[role=search] input', 'events');
	like shown('[role=search] [role=menu]'), qr/events/, 'it can be searched';
	is_deeply [grep { !/^OpenAPI Sampler/ }
		@{$browser->does('complaints')->{list}}], [],
		'neither the policy nor the console complains';
};

done_testing;
