# Whoever types make run: root, root in a folder that nobody else may enter,
# and an ordinary user.
use v5.36;
use lib 't/lib';
use File::Path qw(remove_tree);
use Test::More;
use Postern;
use Instance;

plan skip_all => 'needs root, to be somebody else' if $> != 0;

my %ports = free_ports();
my ($status, $said);

subtest 'an ordinary user' => sub {
	my ($name, undef, $uid, $gid) = getpwnam 'nobody';
	plan skip_all => 'the checkout is not readable for others'
		if system(setpriv($uid, $gid), 'test', '-r',
			"$Postern::top/build/release/postern");
	my $dir = folder();
	chown $uid, $gid, $dir;
	local @Instance::AS = setpriv($uid, $gid);
	my $var = "$dir/state";
	($status, $said) = instance(start => VAR => $var, %ports);
	is $status, 0, 'it starts' or diag $said;
	is get_status($ports{PORT}), 200, 'and answers';
	is +(instance(restart => VAR => $var))[0], 0, 'restarts';
	is +(instance(stop    => VAR => $var))[0], 0, 'and stops';
	is_deeply [processes($var)], [], 'leaving nothing';
};

sub setpriv ($uid, $gid)
{
	return ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups');
}

subtest 'root, where workers cannot go' => sub {
	my $dir = folder();
	chmod 0700, $dir;
	my $var = "$dir/state";
	($status, $said) = instance(start => VAR => $var, %ports);
	is $status, 0, 'it starts' or diag $said;
	like $said, qr{cannot enter \Q$var\E; its contents go to /var/lib/postern/},
		'and says where its things are';
	is get_status($ports{PORT}), 200, 'it answers';
	my $real = readlink $var;
	like $real, qr{\A/var/lib/postern/[0-9a-f]{12}\z}, 'a link leads there';
	is +(instance(status => VAR => $var))[0], 0, 'status finds it';
	is +(instance(stop   => VAR => $var))[0], 0, 'stop too';
	($status, $said) = instance(start => VAR => $var, %ports);
	is $status, 0, 'and a second start';
	instance(stop => VAR => $var);
	is_deeply [processes($real)], [], 'nothing runs';
	remove_tree($real);
	rmdir '/var/lib/postern';
};

done_testing;
