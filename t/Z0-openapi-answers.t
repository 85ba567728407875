# Every answer of the suites is one that the API's description allows: status,
# headers, media type and body, as Prism judges them.  It is a proxy for that;
# here what the suites were answered is written down while they run, and passes
# through it afterwards.  Hence this is the last of all tests; alone it runs
# the suites itself.
use v5.36;
use lib 't/lib';
use Test::More;
use File::Temp qw(tempdir);
use Answers;
use JSON::PP;
use Npm;
use Postern;

plan skip_all => Npm::why_not('npm-openapi') if Npm::why_not('npm-openapi');

my @suites = @ARGV ? @ARGV : Answers::suites();
my $judge = Npm->start('npm-openapi/judges.mjs');
my $json = JSON::PP->new->utf8->allow_nonref;

# What is no request of an operation, or none of this document.
my $other = qr{^HEAD|^\S+ /(?:[^?]*/)?(?:\?|\s).* (?:307|404)$|\ (?:404|405|307)$}x;

# Members that are not described are none: objects end where they seem to.  (To
# Prism a long number is one that JavaScript can count to.)
sub closed ($value)
{
	return [map { closed($_) } @$value] if ref $value eq 'ARRAY';
	return $value if ref $value ne 'HASH';
	my %copy = map { $_ => closed($value->{$_}) } keys %$value;
	delete $copy{format} if ($copy{format} // '') eq 'int64';
	$copy{additionalProperties} //= JSON::PP::false
		if ref $copy{properties} eq 'HASH' && $copy{type} && !$copy{in}
			&& (ref $copy{type} || $copy{type} eq 'object');
	return \%copy;
}

# A table's own path answers JSON:API, too: that is described elsewhere.
sub is_told ($pair)
{
	return $pair->{target} =~ m{\A/(?:jsonapi/|operations\b)}
		|| ($pair->{answered}{'content-type'} // '') !~ /vnd\.api/
			&& $pair->{type} !~ /vnd\.api/
			&& ($pair->{headers}{Accept} // '') !~ /vnd\.api/;
}

# [document, pairs] of a file of the recorder.  A 201 whose body the client did
# not want has none, which OpenAPI has no word for.
sub recorded ($file)
{
	my @all;
	open my $in, '<', $file or die "$file: $!\n";
	while (<$in>) {
		my $line = $json->decode($_);
		if ($line->{document}) {
			push @all, [closed($line->{document}), []];
		} elsif (is_told($line) && ($line->{status} != 201
			|| !$line->{answered}{'preference-applied'}))
		{
			push @{$all[-1][1]}, $line;
		}
	}
	return @all;
}

sub judged ($suite, $document, $pairs)
{
	my $r = $judge->ask({do => 'prism', document => $document,
		pairs => $pairs});
	die "$suite: $r->{error}\n" if defined $r->{error};
	return $r;
}

# What a document is made to say for this, and what it makes of the answers.
sub objects ($document, $pairs, $change)
{
	my $copy = $json->decode($json->encode($document));
	$change->($copy);
	return scalar judged('changed', $copy, $pairs)->{faults}->@*;
}

subtest 'it can object' => sub {
	my $p = Postern->database;
	my $document = $p->cgi(GET => '/openapi.json')->{json};
	my $pair = {method => 'POST', target => '/users', type => '',
		headers => {}, status => 201, body => '{"id":"01a1f8d0-1ff1-770e-'
		. '801e-a95138e88600","name":"Ada","created_at":'
		. '"2026-11-20T11:55:51.664659+00:00"}',
		answered => {'content-type' => 'application/json'}};
	my $answer = sub ($d) { $d->{components}{responses}{UserCreated} };
	my $members = sub ($d) { $d->{components}{schemas}{User}{properties} };
	my %changes = (
		'a type' => sub ($d) { $members->($d)->{name}{type} = 'integer' },
		'a length' => sub ($d) { $members->($d)->{name}{maxLength} = 2 },
		'a format' => sub ($d) { $members->($d)->{name}{format} = 'uuid' },
		'a missing member' => sub ($d) {
			push $d->{components}{schemas}{User}{required}->@*, 'age' },
		'a member more' => sub ($d) { delete $members->($d)->{name};
			%$d = closed($d)->%* },
		'a status' => sub ($d) {
			delete $d->{paths}{'/users'}{post}{responses}{201} },
		'a media type' => sub ($d) { $answer->($d)->{content} =
			{'text/plain' => {schema => {}}} },
		'a header' => sub ($d) { $answer->($d)->{headers}{Location}
			= {required => JSON::PP::true, schema => {type => 'string'}} },
	);
	is objects($document, [$pair], sub ($d) { %$d = closed($d)->%* }), 0,
		'to nothing';
	cmp_ok objects($document, [$pair], $changes{$_}), '>', 0, "to $_"
		for sort keys %changes;
};

# A folder of answers.
sub run_alone ($suite)
{
	my $dir = tempdir(CLEANUP => 1);
	local $ENV{POSTERN_TEST_RECORD} = $dir;
	my $said = qx{'$^X' 't/$suite.t' 2>&1};
	is $?, 0, 'it passes' or diag $said;
	return $dir;
}

for my $suite (@suites) {
	subtest $suite => sub {
		my $dir = Answers::of($suite) // run_alone($suite);
		my ($n, @faults, @unknown) = (0);
		for (map { recorded($_) } glob "$dir/*.json") {
			my $r = judged($suite, @$_);
			$n += $r->{judged};
			push @faults, $r->{faults}->@*;
			push @unknown, grep { !/$other/ } $r->{unknown}->@*;
		}
		cmp_ok $n, '>', 10, 'there are answers';
		note "$n of them";
		is_deeply \@faults, [], '... that are as described'
			or diag join "\n", grep { defined } @faults[0 .. 19];
		is_deeply \@unknown, [], '... all to what is described'
			or diag join "\n", @unknown;
	};
}

done_testing;
