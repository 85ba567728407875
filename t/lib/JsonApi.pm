# Words for the tests of JSON:API: how a request is sent in each of the two
# modes, what its answer is held to, and how errors are expected.
#
#   $api = JsonApi->new($p)             of a Postern that runs, or does not
#   $api->seed(GET => $target)          as the source system is asked
#   $api->strict(GET => $target)        with Accept: application/vnd.api+json
#       body => text | data => value | json => value; type, headers
#       both: {status, headers, body, json}.  What comes back in strict mode
#       is a valid document of version 1.1, or the test fails
#   $api->both(GET => $target, sub ($r, $mode) { ... })
#   $api->refuses([GET => $target], {status, title, detail, ...}, $name)
#       in both modes, each in its own form; `detail` may be a pattern
#   filter(condition, ...)              ?filter=... of conditions
#   names($r) included($r) linked($resource, $rel)    what came, as words
#   shows($r, $text, $name)             status 200 and these primary data
#
# Seed mode's members are compared as data; `fault` in a test's own words is
# what the specification of the source system calls an error object.
package JsonApi;

use v5.36;
use utf8;

use Exporter qw(import);
use JSON::PP ();
use JsonApi::Check;
use Rest       qw(uri);
use Test::More ();

our @EXPORT = qw(filter names included linked shows pairs $TYPE $BASE $ATOMIC);

our $TYPE   = 'application/vnd.api+json';
our $BASE   = 'http://localhost:5000';
our $ATOMIC = qq($TYPE;ext="https://jsonapi.org/ext/atomic");

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub new ($class, $p) { return bless {p => $p}, $class }

# ---- requests -----------------------------------------------------------------

sub _send ($self, $method, $target, %o)
{
	my $way = $self->{p}{running} ? 'http' : 'cgi';
	$o{json} = {data => delete $o{data}} if exists $o{data};
	if (exists $o{json} || exists $o{body}) {
		$o{type} //= $TYPE;
	}
	return $self->{p}->$way($method => $target, %o);
}

sub seed ($self, $method, $target, %o)
{
	return $self->_send($method, $target, %o);
}

sub strict ($self, $method, $target, %o)
{
	$o{headers} = {Accept => $TYPE, %{$o{headers} // {}}};
	my $r = $self->_send($method, $target, %o);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	valid($r, $method . ' ' . substr $target, 0, 100);
	return $r;
}

# In a subtest each, in both modes.
sub both ($self, $method, $target, @more)
{
	my $code = pop @more;
	$code->($self->seed($method, $target, @more), 'seed');
	$code->($self->strict($method, $target, @more), 'strict');
}

# ---- what every answer is held to -----------------------------------------------

# What a document of strict mode is: silent when it is that.
sub valid ($r, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @faults = _faults($r, scalar($name =~ m{/relationships/}));
	return 1 if !@faults;
	Test::More::fail("$name: a valid document");
	Test::More::diag(join "\n", @faults, $r->{body});
	return 0;
}

sub _faults ($r, $identifiers)
{
	return if $r->{status} == 204 && $r->{body} eq '';
	return "status $r->{status}" if !$r->{status};
	my $type = $r->{headers}{'content-type'} // 'none';
	return "the type is $type"
		if $type !~ m{\A\Q$TYPE\E(?:;\s*(?:ext|profile)="[^"]*")*\z};
	return 'it is no JSON' if !defined $r->{json};
	my $version = $r->{json}{jsonapi}{version} // 'none';
	return (
		$version eq '1.1' ? () : "the version is $version",
		exists $r->{json}{errors} ? _faults_of_errors($r) : (),
		JsonApi::Check::faults($r->{json}, identifiers => $identifiers,
			atomic => exists $r->{json}{'atomic:results'})
	);
}

# Status, code, title and detail are in each, and the status is the answer's.
sub _faults_of_errors ($r)
{
	my @faults;
	for my $e ($r->{json}{errors}->@*) {
		push @faults, map { "an error has no $_" }
			grep { !length($e->{$_} // '') } qw(status code title detail);
		push @faults, "an error of $r->{status} says $e->{status}"
			if $r->{json}{errors}->@* == 1
			&& ($e->{status} // '') ne $r->{status};
	}
	return @faults;
}

# ---- errors ---------------------------------------------------------------------

# {status, title, detail, source, meta}: the error object in both modes.
# `strict` overrides members there; `seed` the whole body.
sub refuses ($self, $request, $fault, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	Test::More::subtest($name => sub {
		_seed_fault($self->seed(@$request), {%$fault});
		_strict_fault($self->strict(@$request),
			{%$fault, %{$fault->{strict} // {}}});
	});
}

sub _seed_fault ($r, $fault)
{
	Test::More::is($r->{status}, $fault->{status}, 'seed: the status');
	if (my $body = $fault->{seed}) {
		return Test::More::is_deeply($r->{json}, $body, 'seed: the body')
			|| Test::More::diag($r->{body});
	}
	my $errors = $r->{json}{errors};
	my $e = ref $errors eq 'ARRAY' && @$errors == 1 ? {$errors->[0]->%*} : {};
	my %expected = (
		status_code => $fault->{status},
		map { defined $fault->{$_} ? ($_ => $fault->{$_}) : () }
			qw(title detail source meta)
	);
	if (ref $expected{detail}) {
		my ($said, $pattern) = (delete $e->{detail}, delete $expected{detail});
		Test::More::like($said, $pattern, 'seed: the detail');
	}
	Test::More::is_deeply($e, \%expected, 'seed: the error')
		|| Test::More::diag($r->{body});
}

sub _strict_fault ($r, $fault)
{
	Test::More::is($r->{status}, $fault->{status}, 'strict: the status');
	my $e = ($r->{json}{errors} // [])->[0] // {};
	for my $member (grep { defined $fault->{$_} } qw(title detail)) {
		my $expected = $fault->{$member};
		my $is = ref $expected ? 'like' : 'is';
		Test::More->can($is)->($e->{$member}, $expected, "strict: $member");
	}
	my $source = $fault->{source} // return;
	my ($kind) = keys %$source;
	return Test::More::ok(defined $e->{source}{$kind}, "strict: a $kind")
		|| Test::More::diag($r->{body})
		if $kind eq 'parameter' && !exists(($fault->{strict} // {})->{source});
	Test::More::is_deeply($e->{source}, $source, 'strict: source')
		|| Test::More::diag($r->{body});
}

# ---- words ------------------------------------------------------------------------

# filter($path, condition, ...) or filter($path, \'text')
sub filter ($path, @conditions)
{
	my $text = @conditions == 1 && ref $conditions[0] eq 'SCALAR'
		? ${$conditions[0]} : $json->encode(\@conditions);
	utf8::decode($text);
	return uri($path, filter => $text);
}

# The names in a list, or of one, by type and id: "person/1 post/2".
sub pairs (@resources)
{
	return join ' ', map { "$_->{type}/$_->{id}" } @resources;
}

# The ids of primary data, joined by spaces.
sub names ($r)
{
	my $data = $r->{json}{data};
	return "status $r->{status}: $r->{body}"
		if $r->{status} != 200 || !exists $r->{json}{data};
	return join ' ', map { $_->{id} } ref $data eq 'ARRAY' ? @$data
		: defined $data ? $data : ();
}

sub included ($r)
{
	return "status $r->{status}: $r->{body}"
		if ref $r->{json} ne 'HASH' || !exists $r->{json}{data};
	return 'none' if !exists $r->{json}{included};
	return pairs($r->{json}{included}->@*);
}

# What a resource is linked to: "person/1", "null", or "none" when it does
# not say.
sub linked ($resource, $name)
{
	my $one = ($resource->{relationships} // {})->{$name};
	return 'none' if !$one || !exists $one->{data};
	return 'null' if !defined $one->{data};
	return pairs(ref $one->{data} eq 'ARRAY' ? $one->{data}->@* : $one->{data});
}

sub shows ($r, $ids, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return Test::More::is(names($r), $ids, $name);
}

1;
