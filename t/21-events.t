#!/usr/bin/perl
# Events, as the tutorial has them: rows R14 to R25 of the contract.

use v5.36;
use utf8;
use Encode ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p    = Postern->database;
my $moment = 'Invalid datetime format. Datetime string must look like this:'
	. " '2010-12-27T23:59:59-07:00'";
my %whole = (
	name     => 'Resuscitation', address   => 'Britain',
	schedule => '1889-07-27T23:59:59-07:00', host_name => 'Mina Murray'
);
my $when = '"schedule":"1889-07-28T06:59:59+00:00"';

sub create (%change)
{
	return $p->cgi(POST => '/events', json => {%whole, %change});
}

sub replace ($name, %change)
{
	return $p->cgi(PUT => uri('/events', current_name => $name),
		json => {%whole, %change});
}

sub get ($name)    { $p->cgi(GET    => uri('/events', name => $name)) }
sub remove ($name) { $p->cgi(DELETE => uri('/events', name => $name)) }

my $mina = $p->cgi(POST => '/users', json => {name => 'Mina Murray'})->{json};
my $vlad = $p->cgi(POST => '/users', json => {name => 'Vlad'})->{json};
my $host = qq("host":{"id":"$mina->{id}","name":"Mina Murray"});

# R14, R20
answers $p->cgi(GET => '/events'), 200, '[]', 'no events yet';
my $r = create();
answers $r, 201, qr/\{"id":"$UUID","name":"Resuscitation",
	"address":"Britain",\Q$when,$host\E\}/x,
	'an event is answered with its host, in UTC';
like $r->{headers}{location}, qr{\A/events/$UUID\z}, '... and a place';
my ($id, $body) = ($r->{json}{id}, $r->{body});
answers get('Resuscitation'), 200, $body, 'a name finds the event';
answers $p->cgi(GET => '/events'), 200, "[$body]", 'the list has it';
answers $p->cgi(GET => '/events?name='), 200, "[$body]",
	'an empty name is no name';
answers get('Nope'), 404, fault("Event 'Nope' does not exist."),
	'an unknown event is a 404';
answers get('n' x 50), 404, fault("Event '" . 'n' x 50 . "' does not exist."),
	'fifty characters may be asked for';
answers get('n' x 51), 422, detail(issue('query.name',
	'ensure this value has at most 50 characters',
	'value_error.any_str.max_length', '{"limit_value":50}')),
	'... fifty-one not';

# R15
answers create(name => 'Hostless', host_name => 'Nobody'), 201,
	qr/\{.*"name":"Hostless",.*"host":null\}/,
	'an unknown host is no error, and no host';
answers create(name => 'Empty', address => '', host_name => ''), 201,
	qr/\{.*"name":"Empty","address":"",.*"host":null\}/,
	'empty strings are strings';
answers create(name => ''), 201, qr/\{.*"name":"",.*\}/,
	'... also as a name';

# R18
answers create(), 400, '{"detail":"Event name \'Resuscitation\' already'
	. ' exists,"}', 'a taken name is refused with the comma of the tutorial';
answers create(name => 'n' x 51), 400, '{"detail":"Event name \''
	. 'n' x 51 . '\' already exists,"}', '... and so is one too long';
answers create(name => 'n' x 50), 201, qr/.*/, '... fifty are stored';
my $any = "\"q\" \\ <b> 'o' Zoë 😀 {name}";
answers create(name => $any, address => $any), 201, qr/.*/,
	'any characters make an event';
is get($any)->{json}{address}, $any, '... and come back';
answers create(name => $any), 400,
	'{"detail":' . quote("Event name '$any' already exists,") . '}',
	'... also in messages';

# R16, R17
my @good = (
	['2010-12-27T23:59:59-07:00',  '2010-12-28T06:59:59+00:00'],
	['2010-12-27 23:59:59-07:00',  '2010-12-28T06:59:59+00:00'],
	['2010-12-27t23:59:59z',       '2010-12-27T23:59:59+00:00'],
	['20101227T235959-0700',       '2010-12-28T06:59:59+00:00'],
	['20101227T2359+01',           '2010-12-27T22:59:00+00:00'],
	['2010-12-27T235959.25Z',      '2010-12-27T23:59:59.250000+00:00'],
	['2010-12-27T23Z',             '2010-12-27T23:00:00+00:00'],
	['2010-12-27T23:59Z',          '2010-12-27T23:59:00+00:00'],
	['2010-12-27T23:59:59.5Z',     '2010-12-27T23:59:59.500000+00:00'],
	['2010-12-27T23:59:59.929664Z','2010-12-27T23:59:59.929664+00:00'],
	['2010-12-27T23:59:59.9296641Z','2010-12-27T23:59:59.929664+00:00'],
	['2010-12-27T23:59:59.000Z',   '2010-12-27T23:59:59+00:00'],
	[" \t2010-12-27T23:59:59Z \n", '2010-12-27T23:59:59+00:00'],
	['2010-12-27T23:59:59+05:30',  '2010-12-27T18:29:59+00:00'],
	['2010-12-27T23:59:59-00:00',  '2010-12-27T23:59:59+00:00'],
	['2000-02-29T00:00:00Z',       '2000-02-29T00:00:00+00:00'],
	['9999-12-31T23:59:59Z',       '9999-12-31T23:59:59+00:00'],
	['0001-01-01T00:00:00Z',       '0001-01-01T00:00:00+00:00'],
);
for my $case (@good) {
	my ($sent, $shown) = @$case;
	is replace('Hostless', name => 'Hostless', schedule => $sent)
		->{json}{schedule}, $shown, "schedule $sent";
}
my @bad = (
	'', ' ', 'tomorrow', 'now', 'infinity', '-infinity', 'epoch', 'today',
	'2010-12-27', '2010-12-27T23:59:59', '2010-12-27Z', '23:59:59Z',
	'2010-13-27T23:59:59Z', '2010-00-27T23:59:59Z', '2010-02-29T00:00:00Z',
	'2010-12-32T00:00:00Z', '2010-12-00T00:00:00Z', '2010-12-27T25:00:00Z',
	'2010-12-27T23:60:00Z', '2010-12-27T23:59:61Z', '2010-12-27  23:59:59Z',
	'2010-12-27T23:59:59 Z', '2010-12-27T23:59:59Zz', '12/27/2010 23:59Z',
	'2010-12-27T23:59:59 America/New_York', '2010-12-27T23:59:59 PST',
	'2010-12-27T23:59:59+99:99', '2010-12-27T23:59:59+7', '0000-01-01T00:00Z',
	'2010-12-27T23:59:59.Z', '2010-12-27T:59Z', '10-12-27T23:59:59Z',
	'12010-12-27T23:59:59Z', '2010-12-27_23:59:59Z', '２０１０-12-27T23:59Z',
	'2010-12-27T23:59:59Z\'; drop table api.events;--', 'x' x 5000,
);
for my $sent (@bad) {
	answers create(name => 'New', schedule => $sent), 400, fault($moment),
		'POST refuses the schedule ' . quote(substr $sent, 0, 60);
}
answers create(schedule => 'x'), 400, fault($moment),
	'a bad date is told before a taken name';
answers create(name => 'n' x 51, schedule => 'x'), 400, fault($moment),
	'... and before one too long';
answers create(name => undef, schedule => 'x'), 422,
	detail(null('body.name')), '... but after the shape of the body';
answers create(schedule => 5), 400, fault($moment),
	'a number is the text of a bad date';
answers replace('Hostless', schedule => '2010-12-27'), 400, fault($moment),
	'PUT refuses a bad date';
answers replace('Nope', schedule => 'x'), 400, fault($moment),
	'... also for an unknown event';
answers replace('Resuscitation', name => 'Hostless', schedule => 'x'), 400,
	fault($moment), '... and before a taken name';

# R19
for my $field (qw(name address schedule host_name)) {
	my %rest = %whole;
	delete $rest{$field};
	answers $p->cgi(POST => '/events', json => \%rest), 422,
		detail(missing("body.$field")), "POST needs $field";
	answers $p->cgi(PUT => '/events?current_name=Hostless', json => \%rest),
		422, detail(missing("body.$field")), "PUT needs $field";
	answers create($field => undef), 422, detail(null("body.$field")),
		"$field may not be null";
	answers create($field => ['x']), 422, detail(issue("body.$field",
		'str type expected', 'type_error.str')),
		"$field may not be an array";
}

# R21, R22, R23
$r = replace('Resuscitation', name => 'Sequel', address => 'Here',
	schedule => '2010-12-27T23:59:59Z', host_name => 'Vlad');
answers $r, 200, qq({"id":"$id","name":"Sequel","address":"Here",)
	. qq("schedule":"2010-12-27T23:59:59+00:00",)
	. qq("host":{"id":"$vlad->{id}","name":"Vlad"}}), 'PUT replaces all fields';
answers get('Sequel'), 200, $r->{body}, '... for good';
answers replace('Sequel', name => 'Sequel'), 200, qr/.*\Q$host\E\}/,
	'the own name may be kept';
answers replace('Sequel', name => 'Sequel', host_name => 'Nobody'), 200,
	qr/.*"host":null\}/, 'an unknown host clears the host';
answers replace('Sequel', name => 'Hostless'), 400,
	fault("Event name 'Hostless' already exists."),
	'PUT to a taken name is refused with a full stop';
answers replace('Sequel', name => 'n' x 51), 400,
	fault("Event name '" . 'n' x 51 . "' already exists."),
	'... and so is one too long';
answers replace('Nope', name => 'Other'), 500,
	fault("Update event 'Other' failed."),
	'an unknown event fails with the new name, as the tutorial prints';
answers replace('Nope', name => 'Hostless'), 500,
	fault("Update event 'Hostless' failed."), '... also when that is taken';
answers $p->cgi(PUT => '/events', json => \%whole), 422,
	detail(missing('query.current_name')), 'PUT needs current_name';

# R24, R25
answers $p->cgi(DELETE => '/events'), 422, detail(missing('query.name')),
	'DELETE needs name';
answers remove('Nope'), 500, fault("Delete event 'Nope' failed."),
	'an unknown event cannot be deleted, as the tutorial prints';
answers replace('Sequel', name => 'Sequel', host_name => 'Vlad'), 200, qr/.*/,
	'a host again';
answers $p->cgi(PUT => '/users?current_name=Vlad', json => {name => 'Count'}),
	200, qr/.*/, 'the host is renamed';
$r = get('Sequel');
is $r->{json}{host}{name}, 'Count', '... and the event follows';
answers $p->cgi(DELETE => '/users?name=Count'), 400,
	fault('User attached to an event. Cannot delete.'),
	'the host cannot go';
answers remove('Sequel'), 200, $r->{body}, 'DELETE answers the whole event';
answers $p->cgi(DELETE => '/users?name=Count'), 200, qr/.*/,
	'... and frees the host';

# The one setting for the correct statuses
my $q = Postern->database(env => {POSTERN_STATUSES => 'correct'});
answers $q->cgi(DELETE => '/events?name=Nope'), 404,
	fault("Delete event 'Nope' failed."),
	'POSTERN_STATUSES=correct: DELETE of an unknown event is a 404';
answers $q->cgi(PUT => '/events?current_name=Nope', json => \%whole), 404,
	fault("Update event 'Resuscitation' failed."), '... and so is PUT';

done_testing;
