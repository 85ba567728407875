# A person at one of the pages, in a headless Chromium: t/npm-browser/browser.mjs.
#
#   plan skip_all => Browser::why_not('docs') if Browser::why_not('docs');
#   my $browser = Browser->start;
#   my $r = $browser->does('open', url => ...);   what it says; see the script;
#                                               an error fails the test
#   $browser->is_quiet('...');    passes if neither the console nor the policy
#                                 nor a request has failed since the last time
package Browser;

use v5.36;
use parent 'Npm';
use Test::More;
use Postern;

my ($chromium) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};

# Empty when these pages can be opened, which it makes if need be.
sub why_not (@pages)
{
	return 'chromium is not installed; spawn/packages --test does it'
		if !$chromium;
	return Npm::why_not('npm-browser') if Npm::why_not('npm-browser');
	my $said = `'$Postern::top/spawn/pages' @pages 2>&1`;
	return $? ? "the page cannot be built: $said" : '';
}

sub start ($class)
{
	return $class->SUPER::start('npm-browser/browser.mjs', $chromium);
}

sub does ($self, $what, %more)
{
	my $r = $self->ask({do => $what, %more});
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	fail "$what @{[%more]}: $r->{error}" if defined $r->{error};
	return $r;
}

sub is_quiet ($self, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is_deeply $self->does('complaints')->{list}, [], $name;
}

1;
