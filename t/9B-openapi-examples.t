#!/usr/bin/perl
# The examples of the API's description are what really happens: each is asked
# for, and what comes is what is written there, but for identifiers, moments
# and tokens.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP;
use Auth;
use Postern;
use Rest;

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=512,t=2,p=1',
	POSTERN_ADMIN_SECRET => 'open sesame',
	POSTERN_METRICS_SECRET => 'of numbers',
	POSTERN_REDIRECTS => 'http://localhost:8000'});
my $document = $p->http(GET => '/openapi.json')->{json};
my $json = JSON::PP->new->canonical->allow_nonref;
my $jsonapi = 'application/vnd.api+json';
my %done;    # operations of which a good example was asked for

# ---- reading the description ------------------------------------------------

sub resolved ($value)
{
	while (ref $value eq 'HASH' && $value->{'$ref'}) {
		my $at = $document;
		$at = $at->{$_} for split m{/}, $value->{'$ref'} =~ s{^#/}{}r;
		$value = $at;
	}
	return $value;
}

# {id, method, path, about} of every operation.
my @operations = map {
	my $path = $_;
	map { {id => $document->{paths}{$path}{$_}{operationId},
		method => uc $_, path => $path,
		about => $document->{paths}{$path}{$_}} }
		sort keys $document->{paths}{$path}->%*
} sort keys $document->{paths}->%*;
my %operation = map { $_->{id} => $_ } @operations;

# Examples that a schema gives of itself.
sub of_schema ($schema)
{
	$schema = resolved($schema);
	return @{$schema->{examples}} if $schema->{examples};
	return map { of_schema($_) } @{$schema->{anyOf}} if $schema->{anyOf};
	return map { [$_] } of_schema($schema->{items}) if $schema->{items};
	return;
}

# Those of an answer that say no request of their own.
sub examples ($media)
{
	return $media->{example} if exists $media->{example};
	my @all = map { $_->{value} } grep { !$_->{'x-request'} }
		values %{$media->{examples} // {}};
	return @all ? @all : of_schema($media->{schema} // {});
}

sub content ($value)
{
	my $content = resolved($value // {})->{content} // {};
	return $content->{$jsonapi} // $content->{'application/json'} // {};
}

sub body_of ($operation)
{
	my ($first) = examples(content($operation->{about}{requestBody}));
	return $first;
}

# The target with the examples of its parameters that have to be there.
sub target_of ($operation, %given)
{
	my ($path, @query) = ($operation->{path});
	for (map { resolved($_) } @{$operation->{about}{parameters} // []}) {
		my $value = $given{$_->{name}} // $_->{example};
		$path =~ s/\{$_->{name}\}/$value/ if $_->{in} eq 'path';
		push @query, $_->{name}, $value
			if $_->{in} eq 'query' && ($_->{required}
				|| exists $given{$_->{name}});
	}
	return uri($path, @query);
}

# ---- comparing --------------------------------------------------------------

# What differs from one time to the next.
sub normal ($value)
{
	my $text = $json->encode($value);
	$text =~ s/$UUID/id/g;
	$text =~ s/"20\d\d-$STAMP"/"moment"/g;
	$text =~ s/"20\d\d-\d\d-\d\dT[\d:.]+\+00:00"/"moment"/g;
	$text =~ s/"eyJ[\w.-]+"/"token"/g;
	$text =~ s/"(?:AQ[\w-]{6,})"/"refresh"/g;
	$text =~ s{"self":"http://[^"]*"}{"self":"here"}g;
	$text =~ s/"agent":"[^"]*"/"agent":"one"/g;
	$text =~ s/("address":)"[\d.]+"/$1"here"/g;
	$text =~ s/("(?:expires|refreshed)_at":)null/$1"moment"/g;
	return $text;
}

sub asked ($operation, %more)
{
	my ($headers, $given, $body) = @more{qw(headers given body)};
	$headers->{'User-Agent'} //= 'curl/7.88.1';
	my %type;
	if ($operation->{path} =~ m{^/jsonapi/(?!operations)}) {
		@$headers{qw(Accept X-AUTH)} = ($jsonapi, 'open sesame');
		%type = (type => $jsonapi);
	}
	$body //= body_of($operation);
	return $p->http($operation->{method},
		target_of($operation, %{$given // {}}),
		headers => $headers, $body ? (json => $body, %type) : ());
}

# The good example of an operation, once all is there that it wants.
sub happens ($id, %more)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $operation = $operation{$id};
	my $r = asked($operation, %more);
	my $answer = $operation->{about}{responses}{$r->{status}};
	$done{$id} = 1;
	cmp_ok $r->{status}, '<', 300, $id or diag $r->{body};
	ok $answer, '... with a status that is described';
	my @all = map { normal($_) } examples(content($answer));
	return $r if !@all;
	my $got = normal($r->{json});
	ok scalar(grep { $_ eq $got } @all), '... as an example has it'
		or diag join "\n", "got $got", @all;
	return $r;
}

# ---- tables -----------------------------------------------------------------

# Who hosts comes first.
my @tables = qw(User Event);

sub make ()
{
	$p->sql('delete from api.events; delete from api.users');
	return map { $_ => asked($operation{"create$_"})->{json} } @tables;
}

for my $type (@tables) {
	my $many = lc "${type}s";
	subtest $many => sub {
		make();
		$p->sql('delete from api.events');
		$p->sql('delete from api.users') if $type eq 'User';
		happens("create$type");
		my %row = make();
		happens("list${type}s");
		happens("list${type}s", given => {limit => 20});
		happens("list${type}s", given => {name => $row{$type}{name}});
		my $id = {given => {id => $row{$type}{id}}};
		happens("get${type}ById", %$id);
		happens("patch${type}ById", %$id);
		happens("update$type");
		$p->sql('delete from api.events') if $type eq 'User';
		happens("delete$type");
		%row = make();
		$p->sql('delete from api.events') if $type eq 'User';
		happens("delete${type}ById", given => {id => $row{$type}{id}});
	};
}

# The same by JSON:API.  Users and events name each other by id.
for my $type (@tables) {
	my ($other) = $type eq 'User' ? 'Events' : 'Host';
	subtest "JSON:API: ${type}s" => sub {
		my %row = make();
		my $id = {given => {id => $row{$type}{id}}};
		my $body = sub ($id) {
			my $body = body_of($operation{$id});
			my $data = $body->{data};
			$_->{id} = $row{ucfirst $_->{type}}{id} for
				($data->{id} ? $data : ()),
				map { $_->{data} } values $data->{relationships}->%*;
			return $body;
		};
		happens("jsonapiList${type}s");
		happens("jsonapiGet$type", %$id);
		happens("jsonapiPatch$type", %$id, body =>
			$body->("jsonapiPatch$type"));
		happens("jsonapiGetRelated$type$other", %$id);
		happens("jsonapiGetLinked$type$other", %$id);
		my ($far) = map { {type => lc $_, id => $row{$_}{id}} }
			grep { $_ ne $type } @tables;
		happens("jsonapi$_$type$other", %$id,
			body => {data => $type eq 'User' ? [$far] : $far})
			for 'Relink', $type eq 'User' ? qw(Unlink Link) : ();
		$p->sql('delete from api.events');
		$p->sql('delete from api.users') if $type eq 'User';
		my $new = happens("jsonapiCreate$type",
			body => $body->("jsonapiCreate$type"));
		happens("jsonapiDelete$type",
			given => {id => $new->{json}{data}{id}});
		%row = make();
		$p->sql('delete from api.events') if $type eq 'User';
		happens("jsonapiDeleteAll${type}s",
			given => {'filter[name]' => $row{$type}{name}});
	};
}

subtest 'JSON:API: operations' => sub {
	for my $id (qw(runOperations jsonapiRunOperations)) {
		$p->sql('delete from api.events; delete from api.users');
		happens($id, body => {'atomic:operations' => [{op => 'add',
			data => {type => 'user', attributes => {name => 'Ada'}}}]});
	}
};

# ---- accounts ---------------------------------------------------------------

my $verifier = body_of($operation{createToken})->{verifier};

my $mailbox = body_of($operation{signUp})->{email};
my %old; # tokens of accounts that are gone

subtest 'what an engine calls' => sub {
	$p->sql(q{create function action."addPerson"(out id int, inout name text)
		language sql as 'select 1, name'});
	happens($_) for qw(signUpAction logInAction tokenAction receiveEvent
		callAction);
	$old{$_->{token}} = 1 for mails($p, to => $mailbox, wait => 1);
};

subtest 'accounts' => sub {
	$p->sql('delete from api.events; delete from api.users;'
		. ' delete from auth.identities');
	happens('signUp');
	happens('signIn');
	my $code = happens('authenticate')->{json}{code};
	happens('createToken', body => {code => $code, verifier => $verifier});
	$code = asked($operation{authenticate})->{json}{code};
	happens('getToken', given => {code => $code, verifier => $verifier});
	$code = asked($operation{authenticate})->{json}{code};
	my $tokens = happens('createToken', body => {code => $code,
		grant_type => 'authorization_code',
		code_verifier => $verifier})->{json};
	my $new = happens('refreshToken',
		body => {refresh_token => $tokens->{refresh_token}})->{json};
	my %as = (headers => bearer($new->{access_token}));
	happens('getMe', %as);
	$p->sql('delete from auth.sessions where id::text <> '
		. "'" . asked($operation{getMe}, %as)->{json}{session_id} . "'");
	my ($session) = @{happens('listSessions', %as)->{json}};
	happens('changePassword', %as);
	happens('deleteSession', %as, given => {id => $session->{id}});
	my $in = asked($operation{signIn}, body => {%{body_of($operation{signIn})},
		password => 'a loud day on shore'});
	my ($cookie) = $in->{headers}{'set-cookie'} =~ /=([^;]+)/;
	happens('signOut', headers => cookie($cookie));

	my ($mail) = grep { defined $_->{token} && !$old{$_->{token}} }
		mails($p, to => $mailbox, wait => 2);
	happens('openVerification', given => {provider =>
		'builtin::local_emailpassword',
		verification_token => $mail->{token}});
	happens('verify', body => {provider => 'builtin::local_emailpassword',
		verification_token => $mail->{token}});
	happens('resendVerification');
	happens('sendReset');
	my ($reset, $n) = (undef, 1);
	($reset) = grep { $_->{text} =~ /reset_token/ }
		mails($p, to => $mailbox, wait => $n++) while !$reset && $n < 6;
	happens('resetPassword', body => {%{body_of($operation{resetPassword})},
		reset_token => $reset->{token}});
	$in = asked($operation{signIn});
	($cookie) = $in->{headers}{'set-cookie'} =~ /=([^;]+)/;
	happens('deleteAccount', headers => cookie($cookie));
	happens('register');
};

subtest 'the rest' => sub {
	happens($_) for qw(checkHealth getKeys getMetadata getDescription
		requestGraphQL);
	happens('readMetrics', headers => {Authorization => 'Bearer of numbers'});
	happens('queryGraphQL', given => {query => '{ hello }'});
};

# ---- what goes wrong --------------------------------------------------------

# [method, path] of a target, as the description has it.
sub described ($method, $target)
{
	my $path = $target =~ s/\?.*//r;
	my ($found) = grep { $_->{method} eq $method
		&& ($_->{path} =~ s/\{name\}/addNobody/r) eq $path } @operations;
	return $found;
}

# Examples that say what was asked.
sub wrong ($value)
{
	return map { wrong($_) } @$value if ref $value eq 'ARRAY';
	return if ref $value ne 'HASH';
	return ($value, map { wrong($_) } values %$value) if $value->{'x-request'};
	return map { wrong($value->{$_}) } sort keys %$value;
}

subtest 'what goes wrong' => sub {
	make();
	asked($operation{register});
	my $responses = $document->{components}{responses};
	for my $name (sort keys %$responses) {
		for my $example (wrong($responses->{$name})) {
			my $ask = $example->{'x-request'};
			my $operation = described(@{$ask}{qw(method target)});
			my $r = $p->http($ask->{method}, $ask->{target},
				$ask->{body} ? (json => $ask->{body}) : ());
			ok $operation, "$name: $ask->{method} $ask->{target}" or next;
			is normal($r->{json}), normal($example->{value}),
				'... is answered so';
			my $answer = $operation->{about}{responses}{$r->{status}} // {};
			is $answer->{'$ref'}, "#/components/responses/$name",
				"... as $r->{status}";
		}
	}
};

subtest 'what many have in common' => sub {
	my %ask = (
		NotFound => [GET => '/users/00000000-0000-0000-0000-'
			. '000000000000'],
		Invalid => [POST => '/users'],
		TooLarge => [POST => '/users', body => ' ' x (8 << 20)],
		BadRequest => [GET => '/users?%zz'],
		PreconditionFailed => [PATCH => '/users/00000000-0000-0000-0000-'
			. '000000000000', json => {name => 'x'},
			headers => {'If-Match' => '"1"'}],
	);
	for my $name (sort keys %ask) {
		my $r = $p->http(@{$ask{$name}});
		my ($example) = examples(content($document->{components}{responses}
			{$name}));
		is normal($r->{json}), normal($example), $name;
	}
};

is_deeply [grep { !$done{$_} } sort keys %operation], [],
	'every operation was asked for';

done_testing;
