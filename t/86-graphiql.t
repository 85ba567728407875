# GraphiQL as a person meets it: opened in a browser, typed into, executed,
# under the content policy that it is served with.
use v5.36;
use lib 't/lib';
use Test::More;
use Auth;
use Browser;
use Postern;

plan skip_all => Browser::why_not('graphiql') if Browser::why_not('graphiql');

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=512,t=2,p=1'});
my $browser = Browser->start;

# What the page shows for a query, its blanks taken out.
sub shows ($query)
{
	$browser->does('type', editor => 'query', text => $query);
	return ($browser->does('run')->{answer} // '') =~ s/\s+//gr;
}

subtest 'opened' => sub {
	my $r = $browser->does('open', url => $p->url . '/graphiql');
	is $r->{status}, 200, 'it is there';
	is $r->{title}, 'GraphiQL', 'and says what it is';
	like $browser->does('text', selector => '.graphiql-query-editor')->{text},
		qr/hello/, 'it has an example';
	is $browser->does('run')->{answer} =~ s/\s+//gr,
		'{"data":{"hello":"HelloWorld"}}', '... which answers';
	my ($first) = @{$browser->does('sent')->{list}};
	like $first->{body}{query}, qr/__schema/, 'it has asked for the schema';
	$browser->is_quiet('the browser has nothing against it');
};

subtest 'typed into' => sub {
	$p->http(POST => '/users', json => {name => 'Mina Murray'});
	is shows('{ UsersMany { name } }'),
		'{"data":{"UsersMany":[{"name":"MinaMurray"}]}}', 'a query';
	is shows('{ nothing }') =~ s/,"locations".*//r,
		'{"errors":[{"message":"Cannotqueryfield\"nothing\"ontype'
		. '\"QueryRoot\"."', 'a wrong one';
	$browser->does('type', editor => 'variables', text => '{"name": "Nobody"}');
	is shows('query($name: String) { UsersMany(where: {name: {_eq: $name}})'
		. ' { id } }'), '{"data":{"UsersMany":[]}}', 'variables';
	$browser->does('type', editor => 'variables', text => '');
	$browser->is_quiet('all under the policy');
};

subtest 'headers' => sub {
	my $u = signup($p, email => 'mina@example.org', name => 'Mina Harker');
	my $token = $u->{token};
	$browser->does('sent');
	$browser->does('type', editor => 'headers',
		text => '{"Authorization": "Bearer sesame.open.please"}');
	unlike shows('{ hello }'), qr/"data"/, 'a token that is none is refused';
	my $sent = $browser->does('sent')->{list}[-1];
	is $sent->{headers}{authorization}, 'Bearer sesame.open.please',
		'... after it was sent';
	$browser->does('type', editor => 'headers',
		text => qq({"Authorization": "Bearer $token"}));
	is shows('{ UsersMany { name } }'), '{"data":{"UsersMany":'
		. '[{"name":"MinaMurray"},{"name":"MinaHarker"}]}}',
		'one that is good is not';
	my $kept = '';
	for (1 .. 50) {    # it is in no hurry to keep anything
		$kept = $browser->does('kept')->{text};
		last if $kept =~ /UsersMany/;
		select undef, undef, undef, 0.1;
	}
	like $kept, qr/UsersMany/, 'queries are kept';
	unlike $kept, qr/sesame|\Q$token\E/, '... headers are not';
	$browser->does('complaints');    # of the 401
	$browser->does('reload');
	unlike $browser->does('kept')->{text}, qr/sesame|\Q$token\E/, '... ever';
	is shows('{ hello }'), '{"data":{"hello":"HelloWorld"}}',
		'the page works without them';
	is $browser->does('sent')->{list}[-1]{headers}{authorization}, undef,
		'... which are gone';
	$browser->is_quiet('under the policy');
};

subtest 'its other parts' => sub {
	my $r;
	for my $label ('Show Documentation Explorer', 'Show History',
		'Open settings dialog')
	{
		$r = $browser->does('click', label => $label);
		ok !$r->{error}, $label;
		$browser->is_quiet('... under the policy');
	}
	$browser->does('press', key => 'Escape');
	$r = $browser->does('click', label => 'Prettify query (Shift-Ctrl-P)');
	ok !$r->{error}, 'Prettify';
	$browser->is_quiet('... under the policy');
};

subtest '/graphql, opened in a browser, is the page' => sub {
	my $r = $browser->does('open', url => $p->tls_url . '/graphql');
	is $r->{title}, 'GraphiQL', 'over TLS';
	is shows('{ hello }'), '{"data":{"hello":"HelloWorld"}}', 'it answers';
	$browser->is_quiet('under the policy');
};

done_testing;
