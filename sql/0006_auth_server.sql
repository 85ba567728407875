-- The auth server, of which the program is the half that knows passwords, keys
-- and the clock of tokens; here is all that is remembered.  A function that
-- the program calls (in the files after this one) takes text, answers with one
-- row of text, is one transaction, and may be called by postern_auth alone.
--
-- In this file are the inner parts of those.  They may be called by nobody:
-- they run with the rights and the empty search path of the function that
-- calls them.
--
-- Arguments that come back everywhere: idle and most are seconds that a
-- session lives without a refresh and altogether, '0' for ever; agent and
-- address are the client's; account_key, mailbox_key and address_key are
-- keyed hashes of whom a limit is about, the last '' for nobody.


-- A moment as clients read it, whatever the session's settings are.
create function auth.moment(at timestamptz)
returns text
language sql
stable
return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"');

create function auth.seconds(text)
returns interval
language sql
immutable
return nullif($1::double precision, 0) * interval '1 second';

create function auth.digest(secret text)
returns bytea
language sql
stable
return sha256(convert_to(secret, 'UTF8'));

create function auth.note(
	event text, identity_id uuid, agent text, address text,
	detail json default null)
returns void
language plpgsql
as $$
begin
	insert into auth.audit (identity_id, event, address, agent, detail)
	values (
		note.identity_id,
		note.event,
		nullif(left(note.address, 64), ''),
		nullif(left(note.agent, 256), ''),
		note.detail);
end
$$;

-- The mail is in the same transaction as what it is about.  Nobody's mail
-- (factor_id is null) takes the same work, and goes nowhere.
create function auth.enqueue(
	template text, way text, factor_id uuid, data json)
returns void
language plpgsql
as $$
begin
	insert into postern.outbox (template, way, factor_id, data)
	values (
		enqueue.template,
		enqueue.way,
		enqueue.factor_id,
		json_strip_nulls(enqueue.data));
	notify postern_mail;
end
$$;

-- Of one identity that may sign in, its row, locked: against changes for a
-- sign-in, which others do not disturb; else for a change.
create function auth.lock_shared(identity_id uuid)
returns auth.identities
language plpgsql
as $$
declare
	i auth.identities;
begin
	select * into i
	from auth.identities as x
	where x.id = lock_shared.identity_id
	and x.disabled_at is null
	for share;
	return i;
end
$$;

create function auth.lock(identity_id uuid)
returns auth.identities
language plpgsql
as $$
declare
	i auth.identities;
begin
	select * into i
	from auth.identities as x
	where x.id = lock.identity_id
	and x.disabled_at is null
	for no key update;
	return i;
end
$$;

-- The factor with that address, if any; whether its owner may sign in is
-- asked when the identity is locked.
create function auth.factor_of(email text)
returns auth.factors
language plpgsql
stable
as $$
declare
	f auth.factors;
begin
	select * into f
	from auth.factors as x
	where x.kind = 'password'
	and x.email = factor_of.email;
	return f;
end
$$;

-- A session of an identity that its caller has locked.
create function auth.open_session(
	i auth.identities, idle text, most text, agent text, address text,
	out session_id text, out identity_id text, out user_id text,
	out roles text, out counter text)
language plpgsql
as $$
declare
	ends_at timestamptz := now() + auth.seconds(most);
begin
	insert into auth.sessions as s
		(identity_id, roles, expires_at, ends_at, agent, address)
	values (
		i.id,
		auth.roles_of(i.role),
		least(now() + auth.seconds(idle), ends_at),
		ends_at,
		nullif(left(open_session.agent, 256), ''),
		nullif(left(open_session.address, 64), ''))
	returning s.id, s.identity_id, to_json(s.roles), s.counter
	into session_id, identity_id, roles, counter;
	user_id := auth.user_of(i.id);
end
$$;

create function auth.user_of(identity_id uuid)
returns uuid
language plpgsql
stable
as $$
begin
	return (
		select u.id
		from api.users as u
		where u.identity_id = user_of.identity_id);
end
$$;

-- A code for the challenge, which stays the same when the same identity uses
-- it again.  For another one it is a new code: whoever asks for a mail chooses
-- the challenge in its link, and must not know the code that comes of it.
create function auth.open_flow(identity_id uuid, challenge text)
returns uuid
language plpgsql
as $$
declare
	code uuid;
begin
	if challenge is null then
		return null;
	end if;
	insert into auth.flows as f (challenge, identity_id)
	values (open_flow.challenge, open_flow.identity_id)
	on conflict on constraint flows_challenge_key do update
	set id = case
			when f.identity_id = excluded.identity_id then f.id
			else excluded.id
		end,
		identity_id = excluded.identity_id,
		created_at = excluded.created_at,
		expires_at = excluded.expires_at
	returning f.id into code;
	return code;
end
$$;


-- Limits.  A key's row is locked while it is counted, so that parallel tries
-- are counted one after the other.

create function auth.throttle_row(key text)
returns auth.throttle
language plpgsql
as $$
declare
	t auth.throttle;
begin
	insert into auth.throttle as x (key)
	values (throttle_row.key)
	on conflict on constraint throttle_pkey do update
	set key = excluded.key
	returning * into t;
	if t.forget_at <= now() then
		t.hits := '{}';
		t.level := 0;
		t.wait_until := null;
	end if;
	return t;
end
$$;

create function auth.seconds_until(at timestamptz)
returns integer
language sql
stable
return case
	when at > now() then
		greatest(1, ceil(extract(epoch from at - now())))::integer
end;

create function auth.since(hits timestamptz[], at timestamptz)
returns timestamptz[]
language sql
immutable
return array(
	select h
	from unnest(hits) as h
	where h > at
	order by h);

-- When the next hit is due after these, when two may come at once and then
-- one per pace.
create function auth.paced(hits timestamptz[], pace interval)
returns timestamptz
language plpgsql
immutable
as $$
declare
	due timestamptz := '-infinity';
	hit timestamptz;
begin
	foreach hit in array hits loop
		due := greatest(due, hit) + pace;
	end loop;
	return due - pace;
end
$$;

-- Counts a hit and returns null, or returns how long to wait.  At most `most`
-- hits within any span; with a pace, two at once and then one per pace.
create function auth.take(
	key text, most integer, span interval, pace interval default null)
returns integer
language plpgsql
as $$
declare
	t auth.throttle := auth.throttle_row(key);
	-- Later than whoever had the row before.
	at timestamptz := clock_timestamp();
	recent timestamptz[] := auth.since(t.hits, at - span);
	due timestamptz := at;
begin
	if cardinality(recent) >= most then
		due := recent[cardinality(recent) - most + 1] + span;
	end if;
	if pace is not null then
		due := greatest(due, auth.paced(recent, pace));
	end if;
	if due > at then
		return auth.seconds_until(due);
	end if;

	update auth.throttle as x
	set hits = recent || at, forget_at = at + span
	where x.key = take.key;
	return null;
end
$$;

-- Counts a failed sign-in.  After `most` within 15 minutes each further one
-- costs a wait of 1, 2, 4 ... 15 minutes.  One that began before the wait did
-- makes it no longer.
create function auth.fail(key text, most integer)
returns integer
language plpgsql
as $$
declare
	t auth.throttle := auth.throttle_row(key);
begin
	if t.wait_until > now() then
		return auth.seconds_until(t.wait_until);
	end if;
	t.hits := auth.since(t.hits, now() - interval '15 minutes') || now();
	if t.level > 0 or cardinality(t.hits) >= most then
		t.level := least(t.level + 1, 5);
		t.wait_until := now() + least(
			power(2, t.level - 1) * interval '1 minute',
			interval '15 minutes');
		t.hits := '{}';
	end if;
	update auth.throttle as x
	set hits = t.hits,
		level = t.level,
		wait_until = t.wait_until,
		forget_at = now() + interval '12 hours'
	where x.key = fail.key;
	return auth.seconds_until(t.wait_until);
end
$$;

-- How long sign-in has to wait, or null.
create function auth.waiting(account_key text, address_key text)
returns integer
language plpgsql
stable
as $$
begin
	return (
		select auth.seconds_until(max(t.wait_until))
		from auth.throttle as t
		where t.key in (
			'account:' || account_key,
			'signin:' || nullif(address_key, '')));
end
$$;


revoke execute on all functions in schema auth from public;
