# The Makefile: help, install, and that its targets reach the instance.
use v5.36;
use lib 't/lib';
use Test::More;
use Postern;
use Instance;

chdir $Postern::top;
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

sub make (@arguments)
{
	open my $out, '-|', 'make', '--no-print-directory', @arguments or die;
	my $said = do { local $/; <$out> };
	close $out;
	return $said // '';
}

my $help = make('help');
like $help, qr/^\s+make $_\s+\S/m, "make help knows $_"
	for qw(run start stop restart reload status logs migrate psql test lint
	fmt bench install clean debug pages);

like make('status', 'VAR=' . folder()), qr/nothing runs/,
	'make status VAR= asks the instance';

subtest 'make install' => sub {
	my $root = folder();
	make('-s', 'install', "DESTDIR=$root", 'PREFIX=/opt/p');
	is $?, 0, 'goes well';
	ok -x "$root/opt/p/bin/postern", 'the program';
	ok -e "$root/opt/p/share/postern/$_", $_
		for qw(nginx/server.conf nginx/example.conf nginx/page.conf
		sql/migrate.sql mail/verify-link.txt mail/changed.html settings.example shared-hosting/.htaccess);
	ok -x "$root/opt/p/share/postern/sql/migrate", 'sql/migrate runs';
	my $unit = "$root/opt/p/lib/systemd/system/postern-api";
	like Postern::_slurp("$unit.service"),
		qr{^ExecStart=/opt/p/bin/postern pool api$}m,
		'the unit names the program where it is';
	like Postern::_slurp("$unit.socket"), qr/^Backlog=4096$/m, 'the socket';
	like Postern::_slurp("$root/opt/p/lib/systemd/system/postern-$_.service"),
		qr{^StateDirectory=postern postern/locks postern/mail$}m,
		"the pool $_ has a place for locks and mails" for qw(api auth courier);
	ok -e "$root/opt/p/share/postern/nginx/$_", $_
		for qw(auth.conf auth-routes.conf);
	ok -e "$root/opt/p/share/man/man8/postern.8", 'the manual'
		if -e 'fcgi/postern.8';
};

subtest 'the pieces of nginx can be included as they are' => sub {
	my $root = folder();
	my $nginx = "$root/nginx";
	mkdir $nginx;
	system 'cp', '-r', "$Postern::top/nginx", "$nginx/postern";
	my %swap = (
		'/etc/ssl/certs/api.example.org.pem'   => "$root/cert.pem",
		'/etc/ssl/private/api.example.org.key' => "$root/key.pem",
		'listen 443' => 'listen 127.0.0.1:' . unused(),
		'listen 80'  => 'listen 127.0.0.1:' . unused()
	);
	Postern::Cluster::quietly('/dev/null', qw(openssl req -x509 -newkey
		rsa:2048 -nodes -subj /CN=a -keyout), "$root/key.pem", '-out',
		"$root/cert.pem");
	for my $file (map { "$nginx/postern/$_" } 'example.conf', 'reject.conf',
		'server.conf')
	{
		my $text = Postern::_slurp($file);
		$text =~ s/\Q$_\E/$swap{$_}/g for keys %swap;
		$text =~ s{/var/log/nginx}{$root}g;
		open my $out, '>', $file;
		print {$out} $text;
	}
	open my $out, '>', "$nginx/nginx.conf";
	print {$out} "pid $root/pid;\nerror_log $root/error.log;\nevents {}\n",
		"http {\n\taccess_log off;\n\tinclude postern/example.conf;\n}\n";
	close $out;
	local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
	ok Postern::Cluster::quietly("$root/said", 'nginx', '-t', '-q', '-e',
		"$root/error.log", '-p', "$nginx/", '-c', "$nginx/nginx.conf"),
		'nginx -t is content with example.conf'
		or diag Postern::_slurp("$root/said");
};

done_testing;
