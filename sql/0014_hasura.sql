-- Hasura: what the actions of an engine ask, and the events that it sends.


-- Sign-up as an action.  The tutorial's users have whole numbers, and engines
-- check what they are answered: an account that was made by an action has one.

create table auth.numbers (
	identity_id uuid
		constraint numbers_pkey primary key
		constraint numbers_identity_id_fkey
		references auth.identities on delete cascade,
	number integer not null generated always as identity
		constraint numbers_number_key unique
);

comment on table auth.numbers is
	'What the action of signing up calls the identities that it made.';

create function auth.action_signup(
	email text, secret text, name text, verify_url text, way text,
	agent text, address text, mailbox_key text,
	out status text, out number text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	made record;
begin
	select * into made
	from auth.new_identity(email, secret, name);
	status := made.status;
	if status <> 'ok' then
		return;
	end if;
	perform auth.note('signup', (made.i).id, agent, address);
	perform auth.welcome(mailbox_key, way, made.factor_id,
		json_build_object('verify_url', verify_url));
	insert into auth.numbers as n (identity_id)
	values ((made.i).id)
	returning n.number into action_signup.number;
end
$$;

comment on function auth.action_signup is
	'An identity, with a user where there is a name, and its number.';

revoke execute on function auth.action_signup from public;
grant execute on function auth.action_signup to postern_auth;


-- Events that an engine sends.  What they do is a function of the schema event
-- with the name of the trigger behind on_event_, if there is one.  It runs as
-- the request does, without an account, unless it is a security definer.

create schema event;

comment on schema event is
	'What the events of an engine do: on_event_<trigger>(payload json).';

grant usage on schema event
to postern_anonymous, postern_member, postern_admin;

create table postern.inbox (
	id text
		constraint inbox_pkey primary key
		constraint inbox_id_check check (id <> ''),
	trigger_name text not null,
	payload json not null,
	received_at timestamptz not null default now()
);

create index inbox_received_at_idx on postern.inbox (received_at);

comment on table postern.inbox is
	'The events that an engine sent, each once.';

-- False: it is there already.  Where another request has it in hand, this
-- waits for how that one ends.
create function postern.keep_event(id text, trigger_name text, payload json)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
	insert into postern.inbox as i (id, trigger_name, payload)
	values (keep_event.id, keep_event.trigger_name, keep_event.payload)
	on conflict do nothing;
	return found;
end
$$;

-- By the trigger's own name, or in the small letters that a name without
-- quotes has.  A name that is too long for Postgres is no function's.
create function postern.event_effect(trigger_name text)
returns regproc
language sql
stable
as $$
	select p.oid::regproc
	from pg_catalog.pg_proc as p
	where p.pronamespace = 'event'::regnamespace
	and p.proname::text = any (array[
		'on_event_' || trigger_name,
		'on_event_' || lower(trigger_name)])
	and p.pronargs = 1
	and p.proargtypes[0] = 'json'::regtype
	and p.prokind = 'f'
	order by p.proname::text = 'on_event_' || trigger_name desc
	limit 1
$$;

create function postern.receive_event(
	id text, trigger_name text, payload text, out status text)
language plpgsql
as $$
declare
	effect regproc := postern.event_effect(trigger_name);
begin
	if not postern.keep_event(id, trigger_name, payload::json) then
		status := 'known';
		return;
	end if;
	if effect is not null then
		execute format('select %s($1)', effect) using payload::json;
	end if;
	status := 'kept';
end
$$;

comment on function postern.receive_event is
	'Keeps an event and has its effect, both or neither, once.';

-- An engine that gives up has done so after a while; for a clock of the
-- operator's.
create function postern.inbox_keep(days integer, out removed bigint)
language plpgsql
as $$
begin
	delete from postern.inbox
	where received_at < now() - make_interval(days => days);
	get diagnostics removed = row_count;
end
$$;

comment on function postern.inbox_keep is
	'Forgets the events of an engine that are older than so many days.';

revoke execute on function
	postern.keep_event,
	postern.event_effect,
	postern.receive_event,
	postern.inbox_keep
from public;

grant execute on function
	postern.keep_event,
	postern.event_effect,
	postern.receive_event
to postern_anonymous, postern_member, postern_admin;
