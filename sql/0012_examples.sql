-- What a value looks like, for whoever reads about the API: the tag @example
-- of a column's comment.

comment on column api.users.name is
	'What the user is called: unique, and at most 50 characters long.
@example Jonathan Harker';
comment on column api.events.name is
	'What the event is called: unique, and at most 50 characters long.
@example Resuscitation';
comment on column api.events.address is
	'Where it takes place, in the words of the host.
@required
@example Britain';
comment on column api.events.schedule is
	'The instant at which it begins.
@required
@example 1889-07-28T06:59:59+00:00';
