-- The auth server, third part: what goes by mail, and what time leaves behind.
--
-- A mail is a row of postern.outbox until the courier claims it, so it is sent
-- if and only if what it is about was committed.  Whoever asks for one learns
-- nothing about whom it went to: the limits are counted, and the work is done,
-- for addresses that nobody has as well.


-- E-mail addresses are verified by a link or by a code.

create function auth.mark_verified(f auth.factors)
returns void
language plpgsql
as $$
begin
	delete from auth.codes as c
	where c.factor_id = f.id
	and c.purpose = 'verify';
	update auth.factors as x
	set email_verified_at = now()
	where x.id = f.id
	and x.email_verified_at is null;
	if found then
		perform auth.note('verified', f.identity_id, null, null);
	end if;
end
$$;

-- The factor of an identity that is locked, if it may sign in.
create function auth.factor_locked(identity_id uuid)
returns auth.factors
language plpgsql
as $$
declare
	i auth.identities := auth.lock(identity_id);
	f auth.factors;
begin
	select * into f
	from auth.factors as x
	where x.identity_id = i.id
	and x.kind = 'password';
	return f;
end
$$;

create function auth.verify(
	identity_id text, email text, challenge text,
	out status text, out code text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	f auth.factors := auth.factor_locked(identity_id::uuid);
begin
	if f.id is null or f.email is distinct from verify.email then
		status := 'gone';
		return;
	end if;
	status := 'ok';
	perform auth.mark_verified(f);
	code := auth.open_flow(f.identity_id, challenge);
end
$$;

comment on function auth.verify is
	'What a link in a mail does.';

-- A code is tried: 'ok' with the factor, its identity locked and the code
-- used up.  Tries are counted before anything is looked at, so that parallel
-- ones count, and by address, so that nobody learns who has one.
create function auth.try_code(
	email text, purpose text, hash text,
	out status text, out f auth.factors)
language plpgsql
as $$
declare
	tries text := format('code:%s:%s',
		purpose, encode(auth.digest(email), 'hex'));
	c auth.codes;
begin
	if auth.take(tries, 5, '10 minutes') is not null then
		status := 'exhausted';
		return;
	end if;
	f := auth.factor_locked((auth.factor_of(email)).identity_id);
	delete from auth.codes as x
	where x.factor_id = f.id
	and x.purpose = try_code.purpose
	and x.hash = decode(try_code.hash, 'hex')
	returning * into c;

	status := case
		when c.factor_id is null then 'invalid'
		when c.expires_at <= now() then 'expired'
		else 'ok'
	end;
	if status = 'ok' then
		delete from auth.throttle as t where t.key = tries;
	end if;
end
$$;

create function auth.verify_by_code(
	email text, hash text, challenge text,
	out status text, out code text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	tried record;
begin
	select * into tried
	from auth.try_code(email, 'verify', hash);
	status := tried.status;
	if status = 'ok' then
		perform auth.mark_verified(tried.f);
		code := auth.open_flow((tried.f).identity_id, challenge);
	end if;
end
$$;

comment on function auth.verify_by_code is
	'What typing a mailed code does.';


-- Mails that anybody may ask for.

-- How long to wait for another one, or null.
create function auth.may_mail(mailbox_key text, address_key text)
returns integer
language plpgsql
as $$
declare
	wait integer;
begin
	if address_key <> '' then
		wait := auth.take('mail:' || address_key, 30, '1 hour');
	end if;
	if wait is null and mailbox_key <> '' then
		wait := auth.take('mailbox:' || mailbox_key, 5, '1 hour',
			'1 minute');
	end if;
	return wait;
end
$$;

create function auth.send_verification(
	email text, identity_id text, verify_url text, challenge text,
	redirect_to text, way text, mailbox_key text, address_key text,
	out wait text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	factor uuid;
begin
	wait := auth.may_mail(mailbox_key, address_key);
	if wait is not null then
		return;
	end if;
	select f.id into factor
	from auth.factors as f
	where f.kind = 'password'
	and f.email_verified_at is null
	and (f.email = send_verification.email
		or f.identity_id = send_verification.identity_id::uuid);
	perform auth.enqueue('verify', way, factor, json_build_object(
		'verify_url', verify_url,
		'challenge', challenge,
		'redirect_to', redirect_to));
end
$$;

comment on function auth.send_verification is
	'Another mail to verify an address, if it is one.';

create function auth.send_reset(
	email text, reset_url text, challenge text, way text,
	mailbox_key text, address_key text,
	out wait text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	wait := auth.may_mail(mailbox_key, address_key);
	if wait is null then
		perform auth.enqueue('reset', way, (auth.factor_of(email)).id,
			json_build_object(
				'reset_url', reset_url,
				'challenge', challenge));
	end if;
end
$$;

comment on function auth.send_reset is
	'A mail to reset a password, if it is anybody''s.';


-- The new password of someone who can read the mail: the address is verified
-- by that.

create function auth.proof(secret text)
returns text
language sql
stable
return encode(auth.digest(secret), 'base64');

create function auth.finish_reset(
	f auth.factors, new_secret text, challenge text, agent text,
	address text)
returns uuid
language plpgsql
as $$
begin
	perform auth.replace_secret(f, new_secret, null);
	perform auth.mark_verified(f);
	perform auth.note('password_reset', f.identity_id, agent, address);
	return auth.open_flow(f.identity_id, challenge);
end
$$;

create function auth.reset(
	identity_id text, proof text, new_secret text, challenge text,
	agent text, address text,
	out status text, out code text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	f auth.factors := auth.factor_locked(identity_id::uuid);
begin
	if f.id is null
		or auth.proof(f.secret) is distinct from reset.proof
	then
		status := 'stale';
		return;
	end if;
	status := 'ok';
	code := auth.finish_reset(f, new_secret, challenge, agent, address);
end
$$;

comment on function auth.reset is
	'A new password by a link, which knew the old one by its digest.';

create function auth.reset_by_code(
	email text, hash text, new_secret text, challenge text, agent text,
	address text,
	out status text, out code text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	tried record;
begin
	select * into tried
	from auth.try_code(email, 'reset', hash);
	status := tried.status;
	if status = 'ok' then
		code := auth.finish_reset(
			tried.f, new_secret, challenge, agent, address);
	end if;
end
$$;

comment on function auth.reset_by_code is
	'A new password by a mailed code.';


-- The outbox.

-- What is due and has become moot: the address is nobody's, its owner is
-- disabled, or it has been verified.
create function auth.drop_moot_mails()
returns void
language sql
as $$
	delete from postern.outbox as o
	where o.id = any (array(
		select x.id
		from postern.outbox as x
		left join auth.factors as f on f.id = x.factor_id
		left join auth.identities as i on i.id = f.identity_id
		where x.state = 'waiting'
		and x.next_at <= now()
		and (i.id is null
			or i.disabled_at is not null
			or (x.template = 'verify'
				and f.email_verified_at is not null))
		limit 1000
		for update of x skip locked))
$$;

create function auth.mail_claim(n text, lease text)
returns table (
	id text, template text, "by" text, recipient text, identity_id text,
	factor_id text, data json, proof text, attempt text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	perform auth.drop_moot_mails();
	return query
	with claimed as (
		update postern.outbox as o
		set attempts = o.attempts + 1,
			next_at = now() + coalesce(auth.seconds(lease), '0')
		where o.id = any (array(
			select x.id
			from postern.outbox as x
			where x.state = 'waiting'
			and x.next_at <= now()
			order by x.next_at
			limit n::integer
			for update skip locked))
		returning o.*
	)
	select
		c.id::text,
		c.template,
		c.way,
		f.email::text,
		f.identity_id::text,
		f.id::text,
		(c.data::jsonb || jsonb_build_object('name', u.name))::json,
		case c.template when 'reset' then auth.proof(f.secret) end,
		c.attempts::text
	from claimed as c
	join auth.factors as f on f.id = c.factor_id
	left join api.users as u on u.identity_id = f.identity_id
	order by c.created_at;
end
$$;

comment on function auth.mail_claim is
	'Mails that are due, for the caller alone while the lease lasts.';

create function auth.mail_code(
	factor_id text, purpose text, hash text,
	out status text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	insert into auth.codes (factor_id, purpose, hash)
	values (
		mail_code.factor_id::uuid,
		mail_code.purpose,
		decode(mail_code.hash, 'hex'))
	on conflict on constraint codes_pkey do update
	set hash = excluded.hash, expires_at = excluded.expires_at;
	status := 'ok';
exception
	when foreign_key_violation then
		status := 'gone';
end
$$;

comment on function auth.mail_code is
	'The code that the mail will carry. The one before is good no more.';

create function auth.mail_done(id text, out status text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	update postern.outbox as o
	set state = 'done', ended_at = now(), error = null
	where o.id = mail_done.id::uuid
	and o.state = 'waiting';
	status := case when found then 'ok' else 'gone' end;
end
$$;

comment on function auth.mail_done is
	'The mail was taken by a server.';

-- The waits double from 10 seconds to an hour, and vary, so that mails that
-- failed together do not come together again.
create function auth.mail_failed(
	id text, error text, permanent text,
	out next text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	o postern.outbox;
	delay interval;
begin
	select * into o
	from postern.outbox as x
	where x.id = mail_failed.id::uuid
	and x.state = 'waiting'
	for update;

	delay := least(10 * power(2, least(o.attempts, 12) - 1), 3600)
		* (0.5 + random() / 2) * interval '1 second';
	if permanent::boolean or now() + delay
		> o.created_at + interval '24 hours'
	then
		delay := null;
	end if;
	update postern.outbox as x
	set error = left(mail_failed.error, 1000),
		next_at = coalesce(now() + delay, x.next_at),
		state = case when delay is null then 'dead' else x.state end,
		ended_at = case when delay is null then now() end
	where x.id = o.id;
	next := ceil(extract(epoch from delay))::integer;
end
$$;

comment on function auth.mail_failed is
	'When to try again, or null when the mail has been given up.';


-- Cleaning up.  Batches are bounded, so it is called again while it returns
-- something.  Rows in use are left for the next time.

create function auth.purge(required text, out removed text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	n integer;
	total integer := 0;
begin
	delete from auth.flows where id = any (array(
		select f.id from auth.flows as f
		where f.expires_at <= now()
		limit 1000 for update skip locked));
	get diagnostics n = row_count;
	total := total + n;

	delete from auth.sessions where id = any (array(
		select s.id from auth.sessions as s
		where s.expires_at <= now()
		limit 1000 for update skip locked));
	get diagnostics n = row_count;
	total := total + n;

	delete from auth.codes where ctid = any (array(
		select c.ctid from auth.codes as c
		where c.expires_at <= now() - interval '10 minutes'
		limit 1000 for update skip locked));
	get diagnostics n = row_count;
	total := total + n;

	delete from auth.throttle where key = any (array(
		select t.key from auth.throttle as t
		where t.forget_at <= now()
		limit 1000 for update skip locked));
	get diagnostics n = row_count;
	total := total + n;

	delete from postern.outbox where id = any (array(
		select o.id from postern.outbox as o
		where o.state <> 'waiting'
		and o.ended_at <= now() - interval '7 days'
		limit 1000 for update skip locked));
	get diagnostics n = row_count;
	total := total + n;

	-- Guesses at accounts that there never were.
	delete from auth.audit where id = any (array(
		select a.id from auth.audit as a
		where a.identity_id is null
		and a.at <= now() - interval '30 days'
		limit 1000));
	get diagnostics n = row_count;
	total := total + n;

	if required::boolean then
		total := total + auth.purge_unverified();
	end if;
	removed := total;
end
$$;

comment on function auth.purge is
	'Removes some of what time has ended; how many rows.';

-- Whoever did not verify the address in a week and so never came in.  The
-- user goes too, unless somebody made it the host of something.
create function auth.purge_unverified()
returns integer
language plpgsql
as $$
declare
	candidate uuid;
	n integer := 0;
begin
	for candidate in
		select f.identity_id
		from auth.factors as f
		where f.email_verified_at is null
		and f.created_at <= now() - interval '7 days'
		and auth.is_stranger(f.identity_id)
		limit 100
	loop
		-- Asked again now that nobody can change it.
		perform from auth.identities as i
		where i.id = candidate
		for update skip locked;
		continue when not found or not auth.is_stranger(candidate);
		if not auth.remove(candidate) then
			delete from auth.identities as i where i.id = candidate;
		end if;
		n := n + 1;
	end loop;
	return n;
end
$$;

create function auth.is_stranger(identity_id uuid)
returns boolean
language plpgsql
as $$
begin
	return exists (
		select
		from auth.identities as i
		where i.id = is_stranger.identity_id
		and i.role = 'user'
		and i.disabled_at is null
	) and not exists (
		select
		from auth.factors as f
		where f.identity_id = is_stranger.identity_id
		and f.email_verified_at is not null
	) and not exists (
		select
		from auth.sessions as s
		where s.identity_id = is_stranger.identity_id
	);
end
$$;


revoke execute on all functions in schema auth from public;

grant execute on function
	auth.verify,
	auth.verify_by_code,
	auth.send_verification,
	auth.send_reset,
	auth.reset,
	auth.reset_by_code,
	auth.mail_claim,
	auth.mail_code,
	auth.mail_done,
	auth.mail_failed,
	auth.purge
to postern_auth;
