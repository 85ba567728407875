# GraphQL over HTTP, as graphql-http audits it.  What it only warns of, or
# mentions, counts as a failure: a server that does nothing right gets no more.
use v5.36;
use lib 't/lib';
use Test::More;
use Npm;
use Postern;

plan skip_all => Npm::why_not('npm-graphql') if Npm::why_not('npm-graphql');

my $p = Postern->start;
my $audits = Npm->start('npm-graphql/audits.mjs', $p->url . '/graphql')
	->hear->{audits};

is scalar(@$audits), 61, 'there are 61 audits';
is $_->{status}, 'ok', "$_->{id} $_->{name}" or diag $_->{reason} // ''
	for @$audits;

done_testing;
