#!/usr/bin/perl
# Who may do what by JSON:API: grants make the resources of each role, policies
# decide about rows, whoever asks is who the token says, and what is refused is
# said in a document.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer qw(authenticated registered);
use JsonApi;
use Postern;
use Rest qw(uri);

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/jsonapi",
	workers => 1, env => {POSTERN_ARGON2 => 'm=256,t=1,p=1',
	POSTERN_BASE_URL => $BASE, POSTERN_ACCESS => 'owner'});
my $api = JsonApi->new($p);

my %user = map { $_ => signup($p, name => $_, email => lc "$_\@example.org",
	password => 'long enough of it') } qw(Ada Bob Eve);
my %id = map { $_ => $p->sql("select id from api.users where name = '$_'") }
	keys %user;
$p->sql("update auth.identities set role = 'admin' where id = "
	. "(select identity_id from api.users where name = 'Eve')");
$user{Admin}  = authenticated($p, %{$user{Eve}});
$user{Nobody} = registered($p);

# As one of them, or as nobody; strictly, or in the seed's way.
sub as ($who, $mode, $method, $target, @more)
{
	my %who = $who ? bearer($user{$who})->%* : ();
	$who{Accept} = $ATOMIC
		if $mode eq 'strict' && $target eq '/operations';
	return $api->$mode($method => $target, @more, headers => \%who);
}

sub host ($name)
{
	return {host => {data => $name ? {type => 'user', id => $id{$name}}
		: undef}};
}

sub event ($name, $host)
{
	return (data => {type => 'event', attributes => {name => $name,
		address => 'Here', schedule => '2030-01-02T03:04:05Z'},
		relationships => host($host)});
}

# It is refused with this status, in a document without our own words.
sub refused ($r, $status, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like $r->{status}, qr/^(?:$status)$/, $name or diag $r->{body};
	ok ref $r->{json}{errors} eq 'ARRAY' || defined $r->{json}{detail},
		'... in a document' or diag $r->{body};
	unlike $r->{body}, qr/polic|row-level|SQL|permission denied for/i,
		'... without our own words';
}

sub everything ()
{
	return $p->sql(q{select string_agg(x, ' ' order by x) from (
		select u::text from api.users as u
		union all select e::text from api.events as e
		union all select d::text from api.diaries as d
		union all select n::text from api.notes as n) as everything (x)});
}

subtest 'an answer to one is no answer to others' => sub {
	for my $case (['', 'events', 200], ['', 'events/99', 404],
		['Ada', 'events', 200], ['Ada', 'events/99', 404])
	{
		my ($who, $path, $status) = @$case;
		my $r = as($who, strict => GET => "/jsonapi/$path");
		is $r->{status}, $status, "$path of '$who'";
		my $vary = $r->{headers}{vary};
		like ref $vary ? "@$vary" : $vary,
			qr/\bAccept, Authorization, Cookie\b/,
			'... says what it is about';
		is $r->{headers}{'cache-control'}, $who && 'private, no-cache'
			|| undef, '... and whom for';
	}
};

for my $name (qw(Fair Fete)) {
	is as(Admin => strict => POST => '/jsonapi/events',
		event($name, $name eq 'Fair' ? 'Ada' : 'Bob'))->{status}, 201,
		"$name is entered by an administrator";
}
my %event = map { $_ => $p->sql("select id from api.events where name = '$_'") }
	qw(Fair Fete);

subtest 'anybody reads' => sub {
	for my $who ('', qw(Ada Admin Nobody)) {
		my $name = $who || 'a stranger';
		for my $mode (qw(seed strict)) {
			my $r = as($who, $mode, GET => '/jsonapi/events?include=host'
				. '&sort=name');
			is join(' ', map { $_->{attributes}{name} }
				($r->{json}{data} // [])->@*), 'Fair Fete', "$mode: $name";
			is join(' ', sort map { $_->{attributes}{name} }
				($r->{json}{included} // [])->@*), 'Ada Bob', '... and hosts';
		}
		unlike as($who, strict => GET => "/jsonapi/users/$id{Ada}")->{body},
			qr/identity/, 'never who signs in as whom';
	}
};

subtest 'whoever may not changes nothing' => sub {
	for my $case (['', 401], ['Bob', '403'], ['Nobody', '403']) {
		my ($who, $status) = @$case;
		my $name = $who || 'a stranger';
		for my $mode (qw(seed strict)) {
			my $before = everything();
			my $fair = {type => 'event', id => $event{Fair}};
			for my $try (
				['a new event', POST => '/jsonapi/events',
					event("New of $name", 'Ada')],
				['an event', PATCH => "/jsonapi/events/$event{Fair}", data =>
					{%$fair, attributes => {address => 'There'}}],
				['an event to another', PATCH =>
					"/jsonapi/events/$event{Fair}", data =>
					{%$fair, relationships => host('Bob')}],
				['no event', DELETE => "/jsonapi/events/$event{Fair}"],
				['a host', PATCH => "/jsonapi/events/$event{Fair}/"
					. 'relationships/host', data => {type => 'user',
					id => $id{Bob}}],
				['no host', PATCH => "/jsonapi/events/$event{Fair}/"
					. 'relationships/host', json => {data => undef}],
				['operations', POST => '/operations', type => $ATOMIC,
					json => {'atomic:operations' => [{op => 'remove',
					ref => $fair}]}],
				['a name', PATCH => "/jsonapi/users/$id{Ada}", data =>
					{type => 'user', id => $id{Ada},
					attributes => {name => 'Other'}}],
			) {
				my ($what, @request) = @$try;
				refused as($who, $mode, @request), "$status|404",
					"$mode: $name: $what";
				is everything(), $before, '... and nothing is changed'
					or return;
			}
		}
	}
};

subtest 'a member does what is his' => sub {
	my $r = as(Ada => strict => POST => '/jsonapi/events',
		event('Ball', 'Ada'));
	is $r->{status}, 201, 'an event of her own' or diag $r->{body};
	my $ball = $r->{json}{data}{id} // '';
	$r = as(Ada => strict => PATCH => "/jsonapi/events/$ball", data =>
		{type => 'event', id => $ball, attributes => {address => 'Hall'}});
	is "$r->{status} " . ($r->{json}{data}{attributes}{address} // ''),
		'200 Hall', '... changed';
	my $before = everything();
	$r = $api->seed(POST => '/operations', headers => bearer($user{Ada}),
		json => {'atomic:operations' => [
		{op => 'update', data => {type => 'event', id => $ball,
		attributes => {address => 'Elsewhere'}}},
		{op => 'remove', ref => {type => 'event', id => $event{Fete}}}]});
	refused $r, '403|404', 'operations, of which one is not hers';
	is everything(), $before, '... and none is done';
	$r = as(Ada => seed => DELETE => uri('/jsonapi/events', filter =>
		'[{"name":"address","op":"in","val":["Hall","Here"]}]'));
	is $r->{status}, 200, 'a list is deleted' or diag $r->{body};
	is join(' ', sort map { $_->{attributes}{name} }
		($r->{json}{data} // [])->@*), 'Ball Fair', '... as far as it is hers';
	is $p->sql('select name from api.events'), 'Fete', '... there';
	$r = as(Ada => strict => DELETE => "/jsonapi/users/$id{Ada}");
	is $r->{status}, 204, 'herself' or diag $r->{body};
};

subtest 'what some roles may' => sub {
	my $path = '/jsonapi/diaries';
	refused as('', strict => GET => $path), '401|404', 'not a stranger';
	refused as('', seed => GET => "$path/1"), '401|404', '... one neither';
	my $r = as(Bob => strict => GET => "$path?include=person");
	is names($r), '1', 'a member reads';
	is included($r), 'person/1', '... with whom';
	$r = as(Bob => strict => GET => '/jsonapi/people/1?include=diaries');
	is included($r), 'diary/1', '... and from there';
	for my $mode (qw(seed strict)) {
		$r = as('', $mode, GET => '/jsonapi/people/1?include=diaries');
		is $r->{status}, 400, "$mode: not from there for a stranger";
		is as('', $mode, GET => "/jsonapi/people/1/$_")->{status}, 404,
			'... nor at its own path'
			for 'diaries', 'relationships/diaries';
		$r = as('', $mode, GET => filter('/jsonapi/people',
			{name => 'diaries.text', op => 'like', val => '%'}));
		is $r->{status}, 400, '... nor by a filter';
		$r = as('', $mode, GET => uri('/jsonapi/people',
			'fields[diary]' => 'text'));
		ok $r->{status} >= 400, '... nor is its type known';
	}
	is_deeply [grep { /diar/ } keys as('', strict => GET => '/jsonapi/people/1')
		->{json}{data}{relationships}->%*], [], '... or shown';
	$r = as(Bob => strict => POST => $path, data => {type => 'diary',
		attributes => {text => 'Mine'}, relationships => {person =>
		{data => {type => 'person', id => '2'}}}});
	is $r->{status}, 201, 'a member writes' or diag $r->{body};
	$r = as(Bob => strict => PATCH => "$path/1", data => {type => 'diary',
		id => '1', attributes => {text => 'Changed'}});
	refused $r, '403', '... but does not change';
	$r = as(Admin => strict => PATCH => "$path/1", data => {type => 'diary',
		id => '1', attributes => {text => 'Changed'}});
	is $r->{status}, 200, '... as an administrator does';
	refused as('', strict => POST => '/jsonapi/notes', data => {type => 'note',
		attributes => {text => 'x', shown => JSON::PP::false}}), '401|403',
		'a row that one could not see is not written';
};

subtest 'tokens' => sub {
	for my $mode (qw(seed strict)) {
		my $r = $api->$mode(GET => '/jsonapi/people',
			headers => {Authorization => 'Bearer x.y.z'});
		refused $r, 401, "$mode: one that is none";
		like $r->{headers}{'www-authenticate'} // '', qr/^Bearer/,
			'... with a challenge';
	}
};

done_testing;
