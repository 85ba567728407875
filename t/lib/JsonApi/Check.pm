# A judge of JSON:API documents: what version 1.1 of the specification says
# about the document that a server answers with, as far as one can see it in
# the document itself.
#
#   my @faults = JsonApi::Check::faults($document, identifiers => 1);
#
# Each fault is a text with the place, as a JSON pointer.  `identifiers` says
# that primary data are resource identifiers (the answer of a relationship
# endpoint), `atomic` that the document is one of atomic operations.
package JsonApi::Check;

use v5.36;
use JSON::PP     ();
use Scalar::Util qw(blessed);

# What an object may have: the code for each member.
my %document = (
	data     => undef,
	errors   => \&_errors,
	meta     => \&_meta,
	jsonapi  => \&_jsonapi,
	links    => \&_document_links,
	included => undef
);
my %atomic = (
	'atomic:results' => \&_results,
	errors           => \&_errors,
	meta             => \&_meta,
	jsonapi          => \&_jsonapi,
	links            => \&_document_links
);
my %resource = (
	type          => \&_type,
	id            => \&_id,
	attributes    => \&_attributes,
	relationships => \&_relationships,
	links         => \&_links,
	meta          => \&_meta
);
my %identifier = (type => \&_type, id => \&_id, meta => \&_meta);
my %relationship =
	(links => \&_relationship_links, data => \&_linkage, meta => \&_meta);
my %error = (
	id     => \&_text,
	links  => \&_error_links,
	status => \&_status,
	code   => \&_text,
	title  => \&_text,
	detail => \&_text,
	source => \&_source,
	meta   => \&_meta
);
my %source = (pointer => \&_pointer, parameter => \&_text, header => \&_text);
my %jsonapi = (
	version => \&_text,
	ext     => \&_urls,
	profile => \&_urls,
	meta    => \&_meta
);
my %link = (
	href        => \&_url,
	rel         => \&_text,
	describedby => \&_link,
	title       => \&_text,
	type        => \&_text,
	hreflang    => undef,
	meta        => \&_meta
);
my @pages = qw(first last prev next);

our (@faults, %option);

sub faults ($document, %o)
{
	local @faults = ();
	local %option = %o;
	return 'the document is no object' if ref $document ne 'HASH';
	_members('', $document, $o{atomic} ? \%atomic : \%document);
	_top($document);
	return @faults;
}

sub _fault ($at, $text) { push @faults, "$at: $text"; return }

# ---- the document -------------------------------------------------------------

sub _top ($d)
{
	my @of = grep { exists $d->{$_} } qw(data errors meta atomic:results);
	_fault('', 'has neither data nor errors nor meta') if !@of;
	_fault('', 'has data and errors')
		if exists $d->{errors}
		&& (exists $d->{data} || exists $d->{'atomic:results'});
	_fault('', 'has included without data')
		if exists $d->{included} && !exists $d->{data};
	_data('/data', $d->{data}) if exists $d->{data};
	_included($d)              if exists $d->{included};
}

sub _data ($at, $data)
{
	my $one = $option{identifiers} ? \&_identifier : \&_resource;
	return if !defined $data;
	return $one->($at, $data) if ref $data ne 'ARRAY';
	$one->("$at/$_", $data->[$_]) for 0 .. $#$data;
	_once($at, @$data);
}

# No type and id twice.
sub _once ($at, @objects)
{
	my %seen;
	for my $name (map { _name($_) } @objects) {
		_fault($at, "has $name twice") if $seen{$name}++ == 1;
	}
}

sub _name ($object)
{
	return 'nothing' if ref $object ne 'HASH';
	return ($object->{type} // '') . '/' . ($object->{id} // '');
}

sub _primary ($d)
{
	return ref $d->{data} eq 'ARRAY' ? $d->{data}->@*
		: defined $d->{data} ? $d->{data} : ();
}

# Full linkage: whatever is included is named by something that is there.
sub _included ($d)
{
	my $list = $d->{included};
	return _fault('/included', 'is no list') if ref $list ne 'ARRAY';
	_resource("/included/$_", $list->[$_]) for 0 .. $#$list;
	_once('/included', _primary($d), @$list) if !$option{identifiers};
	my %known = map { _name($_) => $_ } @$list;
	my @next  = _primary($d);
	my %met   = map { _name($_) => 1 } @next;
	push @next, map { $known{_name($_)} // () } @next if $option{identifiers};
	while (my $from = shift @next) {
		for my $name (map { _name($_) } _links_of($from)) {
			push @next, $known{$name} // () if !$met{$name}++;
		}
	}
	$met{$_} || _fault('/included', "$_ is linked to by nothing")
		for sort keys %known;
}

sub _links_of ($resource)
{
	my $all = ref $resource eq 'HASH' ? $resource->{relationships} : undef;
	return if ref $all ne 'HASH';
	return map { ref eq 'ARRAY' ? @$_ : defined ? $_ : () }
		map { ref eq 'HASH' ? $_->{data} : undef } values %$all;
}

sub _results ($at, $list)
{
	return _fault($at, 'is no list') if ref $list ne 'ARRAY';
	for my $i (0 .. $#$list) {
		_members("$at/$i", $list->[$i],
			{data => undef, meta => \&_meta, links => \&_links})
			or next;
		_data("$at/$i/data", $list->[$i]{data});
	}
}

# ---- resources ------------------------------------------------------------------

sub _resource ($at, $r)
{
	_members($at, $r, \%resource) or return;
	for my $member (qw(type id)) {
		_fault($at, "has no $member") if !exists $r->{$member};
	}
	my %fields = map { $_ => 1 } keys %{$r->{attributes} // {}};
	for my $name (sort keys %{$r->{relationships} // {}}) {
		_fault($at, "has the field $name twice") if $fields{$name};
	}
}

sub _identifier ($at, $r)
{
	_members($at, $r, \%identifier) or return;
	for my $member (qw(type id)) {
		_fault($at, "has no $member") if !exists $r->{$member};
	}
}

sub _attributes ($at, $all)
{
	return _fault($at, 'is no object') if ref $all ne 'HASH';
	_field_names($at, $all);
	_nested("$at/$_", $all->{$_}) for sort keys %$all;
}

# Within an attribute these names are kept for later.
sub _nested ($at, $value)
{
	if (ref $value eq 'ARRAY') {
		_nested("$at/$_", $value->[$_]) for 0 .. $#$value;
	}
	return if ref $value ne 'HASH';
	for my $name (sort keys %$value) {
		_fault($at, "has a member $name") if $name =~ /^(?:links|relationships)$/;
		_nested("$at/$name", $value->{$name});
	}
}

sub _relationships ($at, $all)
{
	return _fault($at, 'is no object') if ref $all ne 'HASH';
	_field_names($at, $all);
	for my $name (sort keys %$all) {
		_members("$at/$name", $all->{$name}, \%relationship) or next;
		_fault("$at/$name", 'has neither links nor data nor meta')
			if !%{$all->{$name}};
	}
}

sub _field_names ($at, $all)
{
	for my $name (sort keys %$all) {
		_fault($at, "has a field called $name") if $name =~ /^(?:type|id)$/;
		_fault($at, "the name $name is none") if !_is_name($name);
	}
}

sub _linkage ($at, $data)
{
	return if !defined $data;
	return _identifier($at, $data) if ref $data ne 'ARRAY';
	_identifier("$at/$_", $data->[$_]) for 0 .. $#$data;
	_once($at, @$data);
}

# ---- links ------------------------------------------------------------------------

sub _links ($at, $links)
{
	return _fault($at, 'is no object') if ref $links ne 'HASH';
	_link("$at/$_", $links->{$_}) for sort keys %$links;
}

sub _document_links ($at, $links)
{
	_only($at, $links, qw(self related describedby), @pages);
	_links($at, $links);
}

sub _relationship_links ($at, $links)
{
	_only($at, $links, qw(self related), @pages);
	_fault($at, 'has neither self nor related')
		if ref $links eq 'HASH' && !$links->{self} && !$links->{related};
	_links($at, $links);
}

sub _only ($at, $object, @names)
{
	my %known = map { $_ => 1 } @names;
	return if ref $object ne 'HASH';
	_fault($at, "has a member $_") for grep { !$known{$_} } sort keys %$object;
}

sub _link ($at, $link)
{
	return if !defined $link;
	return _url($at, $link) if ref $link ne 'HASH';
	_members($at, $link, \%link);
	_fault($at, 'has no href') if !exists $link->{href};
}

sub _url ($at, $url)
{
	_fault($at, 'is no URL')
		if !_is_text($url)
		|| $url !~ m{\A(?:[!#\$&-;=?-Z_a-z~\[\]]|%[0-9A-Fa-f]{2})+\z};
}

sub _urls ($at, $list)
{
	return _fault($at, 'is no list') if ref $list ne 'ARRAY';
	_url("$at/$_", $list->[$_]) for 0 .. $#$list;
}

# ---- errors -------------------------------------------------------------------------

# The profile of cursors writes `type` as a list of URLs, as JSON:API once did.
sub _error_links ($at, $links)
{
	_only($at, $links, qw(about type));
	my %links = ref $links eq 'HASH' ? %$links : return _links($at, $links);
	_urls("$at/type", delete $links{type}) if ref $links{type} eq 'ARRAY';
	_links($at, \%links);
}

sub _errors ($at, $list)
{
	return _fault($at, 'is no list of errors')
		if ref $list ne 'ARRAY' || !@$list;
	for my $i (0 .. $#$list) {
		_members("$at/$i", $list->[$i], \%error) or next;
		_fault("$at/$i", 'says nothing') if !%{$list->[$i]};
	}
}

sub _status ($at, $status)
{
	_fault($at, 'is no string of a status')
		if !_is_text($status) || $status !~ /\A[1-5]\d\d\z/;
}

sub _source ($at, $source) { _members($at, $source, \%source) }

sub _pointer ($at, $text)
{
	_fault($at, 'is no JSON pointer')
		if !_is_text($text) || $text !~ m{\A(?:/(?:[^/~]|~[01])*)*\z};
}

# ---- what everything is made of -------------------------------------------------------

sub _members ($at, $object, $known)
{
	if (ref $object ne 'HASH') {
		_fault($at, 'is no object');
		return 0;
	}
	for my $name (sort keys %$object) {
		if (!exists $known->{$name}) {
			_fault($at, "has a member $name");
			next;
		}
		my $check = $known->{$name} // next;
		$check->("$at/$name", $object->{$name});
	}
	return 1;
}

sub _meta ($at, $meta)
{
	_fault($at, 'is no object') if ref $meta ne 'HASH';
}

sub _jsonapi ($at, $object)
{
	_members($at, $object, \%jsonapi);
}

# A number is no string, though Perl thinks otherwise.
sub _is_text ($value)
{
	return defined $value && !ref $value
		&& JSON::PP->new->allow_nonref->encode($value) =~ /\A"/;
}

sub _text ($at, $text)
{
	_fault($at, 'is no string') if !_is_text($text);
}

sub _id ($at, $id)
{
	_fault($at, 'is no string') if !_is_text($id);
}

sub _type ($at, $type)
{
	_fault($at, 'is no name') if !_is_text($type) || !_is_name($type);
}

# Letters, digits and whatever is not ASCII; a few more inside.
sub _is_name ($name)
{
	my $outer = qr/[A-Za-z0-9\x{80}-\x{10ffff}]/;
	return $name =~ /\A$outer(?:[A-Za-z0-9\x{80}-\x{10ffff} _-]*$outer)?\z/;
}

1;
