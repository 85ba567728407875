#!/usr/bin/perl
# JSON:API, writes that insist on what their client saw, and writes of rows
# that may be seen only.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use JsonApi;
use Postern;

my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/jsonapi");
my $api = JsonApi->new($p);

sub tag ($target, $mode = 'seed')
{
	return $api->$mode(GET => $target)->{headers}{etag};
}

sub patch ($id, $tag, %o)
{
	my $mode = $o{mode} // 'seed';
	return $api->$mode(PATCH => $o{target} // "/jsonapi/groups/$id",
		headers => {'If-Match' => $tag}, data => {type => 'group',
		id => "$id", %{$o{data} // {attributes => {name => $o{name} // 'x'}}}});
}

sub called ($id) { return $p->sql("select name from api.groups where id = $id") }

subtest 'a version' => sub {
	my $old = tag('/jsonapi/groups/1');
	like $old, qr/^"[0-9a-f]+-[0-9a-f]+-[0-9a-f]+"$/, 'is what a row has';
	isnt tag('/jsonapi/groups/1', 'strict'), $old, '... in each mode another';
	isnt tag('/jsonapi/groups/1?fields[group]=name'), $old,
		'... and of each choice of members';
	isnt tag('/groups/1'), $old, '... and in REST';
	is $api->seed(GET => '/jsonapi/groups/1', headers =>
		{'If-None-Match' => $old})->{status}, 304, '... which is known by it';
	my $r = patch(1, $old, name => 'n37');
	is $r->{status}, 200, 'a change of what was seen';
	is called(1), 'n37', '... is made';
	is $r->{headers}{etag}, tag('/jsonapi/groups/1'), '... and has the new one';
	for my $mode (qw(seed strict)) {
		for my $tag ($old, '"x"', '"0123456789abcdef"', 'W/' . tag(
			'/jsonapi/groups/1'))
		{
			$r = patch(1, $tag, mode => $mode);
			is $r->{status}, 412, "$mode: with $tag it is refused"
				or diag $r->{body};
		}
		$r = patch(1, $old, mode => $mode, data => {});
		is $r->{status}, 412, '... even if it changes nothing';
		$r = patch(1, $old, mode => $mode, data => {attributes => {},
			relationships => {people => {data => []}}});
		is $r->{status}, 412, '... or links alone';
		$r = patch(1, $old, mode => $mode,
			target => '/jsonapi/groups/1?include=people');
		is $r->{status}, 412, '... or answers more';
		$r = patch(99, '*', mode => $mode);
		is $r->{status}, 412, '... of what is not there';
		$r = $api->$mode(DELETE => '/jsonapi/groups/1',
			headers => {'If-Match' => $old});
		is $r->{status}, 412, '... and a deletion';
		$r = $api->$mode(DELETE => '/jsonapi/groups?filter[name]=n37',
			headers => {'If-Match' => $old});
		is $r->{status}, 412, '... of several';
		$r = $api->$mode(PATCH => '/jsonapi/groups/1/relationships/people',
			json => {data => []}, headers => {'If-Match' => $old});
		is $r->{status}, 412, '... and of a relationship';
	}
	is called(1), 'n37', '... and nothing is changed';
	is $p->sql('select count(*) from api.memberships where group_id = 1'), 2,
		'... nor unlinked';
	is patch(1, '*', name => 'n38')->{status}, 200, 'any will do';
	is patch(1, tag('/groups/1'), name => 'n39')->{status}, 200,
		'... or one that REST gave';
	is patch(1, '"x", ' . tag('/jsonapi/groups/1', 'strict'), name => 'n36')
		->{status}, 200, '... or one of several, in the other mode';
	$r = $api->seed(PATCH => '/jsonapi/groups/1/relationships/people',
		json => {data => [{type => 'person', id => '1'}]},
		headers => {'If-Match' => tag('/jsonapi/groups/1')});
	is $r->{status}, 200, 'a relationship of the version that was seen';
	$r = $api->strict(POST => '/jsonapi/groups', data => {type => 'group',
		attributes => {name => 'New'}});
	is $r->{headers}{etag}, tag($r->{headers}{location}, 'strict'),
		'a new row comes with its own';
	is $api->seed(DELETE => $r->{headers}{location}, headers =>
		{'If-Match' => $r->{headers}{etag}})->{status}, 204,
		'... and is deleted by it';
};

subtest 'a row without versions' => sub {
	my $tag = tag('/jsonapi/people/1');
	my $r = $api->seed(PATCH => '/jsonapi/people/1', headers =>
		{'If-Match' => $tag}, data => {id => '1', attributes => {age => 1}});
	is $r->{status}, 412, 'is not changed by what it looked like';
	$r = $api->seed(PATCH => '/jsonapi/people/1', headers =>
		{'If-Match' => '*'}, data => {id => '1', attributes => {age => 1}});
	is $r->{status}, 200, '... but if it is there at all';
};

subtest 'rows that may be seen only' => sub {
	$p->sql('create policy most on api.notes as restrictive for update
		using (id <> 1); create policy many on api.notes as restrictive
		for delete using (id <> 1)');
	for my $mode (qw(seed strict)) {
		my %data = (type => 'note', id => '1');
		for my $case (
			['are not changed', PATCH => '/jsonapi/notes/1',
				data => {%data, attributes => {text => 'x'}}],
			['... with more to answer', PATCH =>
				'/jsonapi/notes/1?include=remarks', data => {%data,
				attributes => {text => 'x'}}],
			['... with links', PATCH => '/jsonapi/notes/1', data => {%data,
				attributes => {text => 'x'},
				relationships => {remarks => {data => []}}}],
			['are not deleted', DELETE => '/jsonapi/notes/1'],
		) {
			my ($what, @request) = @$case;
			my $r = $api->$mode(@request);
			is $r->{status}, 401, "$mode: they $what by a stranger"
				or diag $r->{body};
			like $r->{headers}{'www-authenticate'} // '', qr/^Bearer/,
				'... who may be somebody';
		}
		my $r = $api->$mode(POST => '/operations', type => $ATOMIC,
			$mode eq 'strict' ? (headers => {Accept => $ATOMIC}) : (),
			json => {'atomic:operations' => [{op => 'remove',
			ref => {type => 'note', id => '1'}}]});
		is $r->{status}, 401, '... nor by an operation' or diag $r->{body};
		for my $id (2, 99) {
			$r = $api->$mode(PATCH => "/jsonapi/notes/$id", data =>
				{type => 'note', id => "$id", attributes => {text => 'x'}});
			is $r->{status}, 404, "... those that may not be seen are not there";
		}
	}
	is $p->sql("select text from api.notes where id = 1") ne 'x', 1,
		'nothing is changed';
	is $p->sql('select count(*) > 0 from api.remarks where note_id = 1'), 't',
		'... nor unlinked';
};

done_testing;
