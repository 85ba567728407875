# What suites are answered, kept for Prism to judge (t/Z0-openapi-answers.t).
#
# Under t/run a suite of the list writes it down while it runs; by itself it
# does where POSTERN_TEST_RECORD names a folder.  Postern.pm is who writes.
package Answers;

use v5.36;
use File::Basename qw(basename);
use File::Path qw(make_path);
use Time::HiRes qw(sleep);

my $owner = $$;

sub suites ()
{
	return qw(20-users 21-events 22-validation 23-filters 23-list 24-by-id
		25-conditional 26-any-table 70-facade 71-auth-server 72-sessions
		82-graphql-http B0-actions B1-event-inbox B2-custom-actions
		92-jsonapi-read 93-jsonapi-filter 94-jsonapi-write 95-jsonapi-relationships
		96-jsonapi-atomic 97-jsonapi-strict 9D-dependencies);
}

# Where a suite's are in this run of all; undef: there is none.
sub folder ($suite)
{
	return if !$ENV{POSTERN_TEST_DIR};
	return "$ENV{POSTERN_TEST_DIR}/answers/$suite";
}

# Of this run, once the suite has ended; undef: it did not run, or died.
sub of ($suite)
{
	my $folder = folder($suite);
	return if !$folder || !-d $folder;
	for (1 .. 6000) {
		return $folder if -e "$folder/ended";
		sleep 0.1;
	}
	return;
}

# Called by Postern.pm before the first request and behind the last one.
sub begin ()
{
	my $suite = basename($0, '.t');
	my $folder = folder($suite);
	return if $ENV{POSTERN_TEST_RECORD} || !$folder
		|| !grep { $_ eq $suite } suites();
	make_path($folder);
	$ENV{POSTERN_TEST_RECORD} = $folder;
}

sub end ()
{
	my $folder = folder(basename($0, '.t'));
	return if $$ != $owner || !$folder || !-d $folder;
	open my $mark, '>', "$folder/ended" or die "$folder: $!\n";
}

1;
