-- The application that Postern ships with: users, and events that they host.
-- Everything that the interfaces know about it is said here, in constraints,
-- comments and grants, and in the few rows of messages at the end.

create schema if not exists api;

comment on schema api is
	'The tables that clients see. What is not here is not served.';

grant usage on schema api
to postern_anonymous, postern_member, postern_admin;

create table api.users (
	id uuid default postern.uuid7()
		constraint users_pkey primary key,
	name text not null
		constraint users_name_key unique
		constraint users_name_length check (char_length(name) <= 50),
	created_at timestamptz not null default now()
);

comment on table api.users is
	'People who host events.
@type User';
comment on column api.users.id is
	'Identifies the user for ever. Later users have greater ones.';
comment on column api.users.name is
	'What the user is called: unique, and at most 50 characters long.';
comment on column api.users.created_at is
	'When the user was created. It never changes.';
comment on constraint users_name_key on api.users is
	'Username ''{name}'' already exists.';
-- The tutorial answers an overlong name as it answers a taken one.
comment on constraint users_name_length on api.users is
	'Username ''{name}'' already exists.';

create table api.events (
	id uuid default postern.uuid7()
		constraint events_pkey primary key,
	name text not null
		constraint events_name_key unique
		constraint events_name_length check (char_length(name) <= 50),
	address text,
	schedule timestamptz,
	host_id uuid
		constraint events_host_id_fkey references api.users,
	created_at timestamptz not null default now()
);

create index events_host_id_idx
on api.events (host_id);

comment on table api.events is
	'Gatherings: what, where, when, and who is the host.
@type Event';
comment on column api.events.id is
	'Identifies the event for ever. Later events have greater ones.';
comment on column api.events.name is
	'What the event is called: unique, and at most 50 characters long.';
comment on column api.events.address is
	'Where it takes place, in the words of the host.
@required';
comment on column api.events.schedule is
	'The instant at which it begins.
@required';
comment on column api.events.host_id is
	'The user who hosts it, if any.
@required';
comment on column api.events.created_at is
	'When the event was entered. It never changes.
@hidden';
comment on constraint events_name_key on api.events is
	'Event name ''{name}'' already exists.';
comment on constraint events_name_length on api.events is
	'Event name ''{name}'' already exists.';
comment on constraint events_host_id_fkey on api.events is
	'User attached to an event. Cannot delete.';

-- Anybody may do anything to both tables, except choose or change what the
-- server sets.
grant
	select,
	insert (name),
	update (name),
	delete
on api.users
to postern_anonymous, postern_member, postern_admin;

grant
	select,
	insert (name, address, schedule, host_id),
	update (name, address, schedule, host_id),
	delete
on api.events
to postern_anonymous, postern_member, postern_admin;

-- Where the tutorial's answers are not what any other table would get.
insert into postern.messages
	(table_schema, table_name, method, situation,
	 status, strict_status, detail)
values
	('api', 'users', 'GET', 'missing', 404, 404,
	 '{"error":"Username ''{name}'' does not exist."}'),
	('api', 'events', 'PUT', 'missing', 500, 404,
	 '{"error":"Update event ''{name}'' failed."}'),
	('api', 'events', 'DELETE', 'missing', 500, 404,
	 '{"error":"Delete event ''{name}'' failed."}'),
	('api', 'events', 'POST', 'constraint', 400, 400,
	 '"Event name ''{name}'' already exists,"');
