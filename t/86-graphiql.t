# GraphiQL as a person meets it: opened in a browser, typed into, executed,
# under the content policy that it is served with.
use v5.36;
use lib 't/lib';
use Test::More;
use Auth;
use Npm;
use Postern;

my ($chromium) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
plan skip_all => 'chromium is not installed; spawn/packages --test does it'
	if !$chromium;
plan skip_all => Npm::why_not('npm-graphql') if Npm::why_not('npm-graphql');
plan skip_all => 'what drives the browser needs node 20' if Npm::_node() < 20;
my $said = `'$Postern::top/spawn/graphiql' 2>&1`;
plan skip_all => "GraphiQL cannot be built: $said" if $?;

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=512,t=2,p=1'});
my $browser = Npm->start('npm-graphql/browser.mjs', $chromium);

sub ok_with ($what, %more)
{
	my $r = $browser->ask({do => $what, %more});
	diag "$what: $r->{error}" if defined $r->{error};
	return $r;
}

# What the page shows for a query, its blanks taken out.
sub shows ($query)
{
	ok_with('type', editor => 'query', text => $query);
	return (ok_with('run')->{answer} // '') =~ s/\s+//gr;
}

sub quiet ($name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $list = ok_with('complaints')->{list};
	return is_deeply $list, [], $name;
}

subtest 'opened' => sub {
	my $r = ok_with('open', url => $p->url . '/graphiql');
	is $r->{status}, 200, 'it is there';
	is $r->{title}, 'GraphiQL', 'and says what it is';
	like ok_with('text', selector => '.graphiql-query-editor')->{text},
		qr/hello/, 'it has an example';
	is ok_with('run')->{answer} =~ s/\s+//gr, '{"data":{"hello":"HelloWorld"}}',
		'... which answers';
	my ($first) = @{ok_with('sent')->{list}};
	like $first->{body}{query}, qr/__schema/, 'it has asked for the schema';
	quiet 'the browser has nothing against it';
};

subtest 'typed into' => sub {
	$p->http(POST => '/users', json => {name => 'Mina Murray'});
	is shows('{ UsersMany { name } }'),
		'{"data":{"UsersMany":[{"name":"MinaMurray"}]}}', 'a query';
	is shows('{ nothing }') =~ s/,"locations".*//r,
		'{"errors":[{"message":"Cannotqueryfield\"nothing\"ontype'
		. '\"QueryRoot\"."', 'a wrong one';
	ok_with('type', editor => 'variables', text => '{"name": "Nobody"}');
	is shows('query($name: String) { UsersMany(where: {name: {_eq: $name}})'
		. ' { id } }'), '{"data":{"UsersMany":[]}}', 'variables';
	ok_with('type', editor => 'variables', text => '');
	quiet 'all under the policy';
};

subtest 'headers' => sub {
	my $u = signup($p, email => 'mina@example.org', name => 'Mina Harker');
	my $token = $u->{token};
	ok_with('sent');
	ok_with('type', editor => 'headers',
		text => '{"Authorization": "Bearer sesame.open.please"}');
	unlike shows('{ hello }'), qr/"data"/, 'a token that is none is refused';
	my $sent = ok_with('sent')->{list}[-1];
	is $sent->{headers}{authorization}, 'Bearer sesame.open.please',
		'... after it was sent';
	ok_with('type', editor => 'headers',
		text => qq({"Authorization": "Bearer $token"}));
	is shows('{ UsersMany { name } }'), '{"data":{"UsersMany":'
		. '[{"name":"MinaMurray"},{"name":"MinaHarker"}]}}',
		'one that is good is not';
	my $kept = '';
	for (1 .. 50) {    # it is in no hurry to keep anything
		$kept = ok_with('kept')->{text};
		last if $kept =~ /UsersMany/;
		select undef, undef, undef, 0.1;
	}
	like $kept, qr/UsersMany/, 'queries are kept';
	unlike $kept, qr/sesame|\Q$token\E/, '... headers are not';
	ok_with('complaints');    # of the 401
	ok_with('reload');
	unlike ok_with('kept')->{text}, qr/sesame|\Q$token\E/, '... ever';
	is shows('{ hello }'), '{"data":{"hello":"HelloWorld"}}',
		'the page works without them';
	is ok_with('sent')->{list}[-1]{headers}{authorization}, undef,
		'... which are gone';
	quiet 'under the policy';
};

subtest 'its other parts' => sub {
	for my $label ('Show Documentation Explorer', 'Show History',
		'Open settings dialog')
	{
		my $r = ok_with('click', label => $label);
		ok !$r->{error}, $label;
		quiet '... under the policy';
	}
	ok_with('press', key => 'Escape');
	ok !ok_with('click', label => 'Prettify query (Shift-Ctrl-P)')->{error},
		'Prettify';
	quiet '... under the policy';
};

subtest '/graphql, opened in a browser, is the page' => sub {
	my $r = ok_with('open', url => $p->tls_url . '/graphql');
	is $r->{title}, 'GraphiQL', 'over TLS';
	is shows('{ hello }'), '{"data":{"hello":"HelloWorld"}}', 'it answers';
	quiet 'under the policy';
};

done_testing;
