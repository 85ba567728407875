#!/usr/bin/perl
# Events as other people's programs see them: a web framework with the model of
# the tutorial's receiver, and the library of those who wrote down how webhooks
# are signed.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Courier;
use MIME::Base64 qw(encode_base64);
use Npm;
use Postern;
use Test::More;

plan skip_all => Npm::why_not('npm-events') if Npm::why_not('npm-events');

my $key = 'whsec_' . encode_base64(join('', map { chr } 200 .. 231), '');
my $p = Postern->database(env => {POSTERN_WEBHOOK_ALLOW => '127.0.0.1',
	POSTERN_WEBHOOK_SECRET => $key});
my $receiver = Npm->start('npm-events/receiver.mjs', $key);
my $port = $receiver->hear->{port};

$p->sql("select postern.create_event_trigger('newUser', 'api.users',
	webhook => 'http://127.0.0.1:$port/event')");

subtest 'the model takes what it gets' => sub {
	my $user = $p->cgi(POST => '/users', json => {name => 'Ada'})->{json};
	$p->cgi(PUT => '/users?current_name=Ada', json => {name => "Bj\x{f6}rk"});
	$p->sql("set role postern_admin; set request.jwt.claims =
		'{\"x-hasura-user-id\": \"7\"}'; delete from api.users",
		as => 'postern');
	my ($status, $log) = once($p);
	my @seen = @{$receiver->ask({do => 'seen'})};
	is_deeply [map { $_->{fault} } @seen], [(undef) x 3], 'all three'
		or diag $log;
	my %by = map { $_->{body}{event}{op} => $_->{body} } @seen;
	is_deeply [sort keys %by], [qw(DELETE INSERT UPDATE)], 'of all kinds';
	is $by{INSERT}{event}{data}{new}{id}, $user->{id}, 'the row that was made';
	is $by{UPDATE}{event}{data}{new}{name}, "Bj\x{f6}rk", 'and changed';
	is_deeply $by{DELETE}{event}{session_variables}, {
		'x-hasura-role' => 'admin', 'x-hasura-user-id' => '7'},
		'and by whom it was deleted';
	is $p->sql('select count(*) from postern.event_log where delivered'), 3,
		'all are delivered';
};

subtest 'another key is none' => sub {
	$p->cgi(POST => '/users', json => {name => 'Eve'});
	once($p, POSTERN_WEBHOOK_SECRET => 'whsec_' . encode_base64('x' x 32, ''));
	my ($seen) = @{$receiver->ask({do => 'seen'})};
	like $seen->{fault}, qr/signature/i, 'the library refuses it';
	is $p->sql('select count(*) from postern.event_log where error'), 1,
		'... and so it is not delivered';
};

done_testing;
