-- The auth server, second part: what somebody who is signed in does with
-- sessions, the password and the account.

-- A refresh token is good for one number.  The number before is answered with
-- the present one for half a minute, for answers that were lost and for tabs
-- that refresh at once; an older one was stolen, by whoever has the other.
create function auth.refresh(
	session text, expected text, idle text, agent text, address text,
	out status text, out session_id text, out identity_id text,
	out user_id text, out roles text, out counter text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	s auth.sessions;
	again record;
begin
	update auth.sessions as x
	set counter = x.counter + 1,
		refreshed_at = now(),
		expires_at = least(now() + auth.seconds(idle), x.ends_at),
		agent = nullif(left(refresh.agent, 256), ''),
		address = nullif(left(refresh.address, 64), '')
	where x.id = session::uuid
	and x.counter = expected::integer
	and (x.expires_at is null or x.expires_at > now())
	returning * into s;
	status := 'ok';

	if s.id is null then
		select * into again
		from auth.refreshed_twice(
			session::uuid, expected::integer, agent, address);
		status := again.status;
		s := again.s;
	end if;
	if status = 'ok' then
		session_id := s.id;
		identity_id := s.identity_id;
		user_id := auth.user_of(s.identity_id);
		roles := to_json(s.roles);
		counter := s.counter;
	end if;
end
$$;

comment on function auth.refresh is
	'The next number of a session, or why there is none.';

create function auth.refreshed_twice(
	session uuid, expected integer, agent text, address text,
	out status text, out s auth.sessions)
language plpgsql
as $$
begin
	select * into s
	from auth.sessions as x
	where x.id = session
	and (x.expires_at is null or x.expires_at > now());

	status := case
		when s.id is null or s.counter <= expected then 'gone'
		when s.counter = expected + 1
			and s.refreshed_at > now() - interval '30 seconds'
			then 'ok'
		else 'reused'
	end;
	if status = 'reused' then
		delete from auth.sessions as x where x.id = s.id;
		perform auth.note('refresh_reused', s.identity_id, agent,
			address, json_build_object('session_id', s.id));
	end if;
end
$$;


create function auth.me(identity_id text, session_id text)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
	return (
		select row_to_json(r)
		from (
			select
				i.id as identity_id,
				f.email,
				f.email_verified_at is not null
					as email_verified,
				i.role,
				auth.moment(i.created_at) as created_at,
				me.session_id as session_id,
				(
					select row_to_json(u)
					from (
						select id, name
						from api.users
						where api.users.identity_id
							= i.id
					) as u
				) as "user"
			from auth.identities as i
			left join auth.factors as f
				on f.identity_id = i.id
				and f.kind = 'password'
			where i.id = me.identity_id::uuid
		) as r);
end
$$;

comment on function auth.me is
	'Who is signed in.';

create function auth.sessions_of(identity_id text, session_id text)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
	return (
		select coalesce(array_to_json(array_agg(r)), '[]')
		from (
			select
				s.id,
				s.id is not distinct from
					sessions_of.session_id::uuid
					as current,
				auth.moment(s.created_at) as created_at,
				auth.moment(s.refreshed_at) as refreshed_at,
				auth.moment(s.expires_at) as expires_at,
				s.agent,
				s.address
			from auth.sessions as s
			where s.identity_id = sessions_of.identity_id::uuid
			and (s.expires_at is null or s.expires_at > now())
			order by s.id desc
		) as r);
end
$$;

comment on function auth.sessions_of is
	'Where an identity is signed in, the latest first.';


-- One that has ended itself ends no others: whoever still has its token would
-- be signed out of nothing, and could sign out everybody else.
create function auth.signout(
	identity_id text, session_id text, scope text, agent text,
	address text,
	out ended text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	n integer;
begin
	delete from auth.sessions as s
	where s.identity_id = signout.identity_id::uuid
	and case scope
		when 'this' then s.id = signout.session_id::uuid
		when 'others' then s.id <> signout.session_id::uuid
		when 'all' then true
	end
	and exists (
		select
		from auth.live as l
		where l.id = signout.session_id::uuid);
	get diagnostics n = row_count;
	ended := n;
	if n > 0 then
		perform auth.note('signout', identity_id::uuid, agent, address,
			json_build_object('scope', scope, 'ended', n));
	end if;
end
$$;

comment on function auth.signout is
	'Ends this session, the others, or all.';

-- What is no uuid is nobody's session.
create function auth.signout_one(identity_id text, target text, out ended text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	n integer := 0;
begin
	if target ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
		delete from auth.sessions as s
		where s.identity_id = signout_one.identity_id::uuid
		and s.id = target::uuid;
		get diagnostics n = row_count;
	end if;
	ended := n;
	if n > 0 then
		perform auth.note('signout', identity_id::uuid, null, null,
			json_build_object('session_id', target));
	end if;
end
$$;

comment on function auth.signout_one is
	'Ends one session of an identity.';


create function auth.secret_of(
	identity_id text, account_key text,
	out wait text, out factor_id text, out secret text, out email text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
	wait := auth.waiting(account_key, '');
	select f.id, f.secret, f.email
	into factor_id, secret, email
	from auth.factors as f
	join auth.identities as i on i.id = f.identity_id
	where f.identity_id = secret_of.identity_id::uuid
	and f.kind = 'password'
	and i.disabled_at is null;
end
$$;

comment on function auth.secret_of is
	'The secret that the old password is to be checked against.';

-- A new password, for an identity that is locked.  What was handed out under
-- the old one is gone: other sessions, codes, flows, mails on their way.
create function auth.replace_secret(
	f auth.factors, new_secret text, keep uuid)
returns void
language plpgsql
as $$
begin
	update auth.factors as x
	set secret = new_secret, rehashed_from = null, changed_at = now()
	where x.id = f.id;

	delete from auth.sessions as s
	where s.identity_id = f.identity_id
	and s.id is distinct from keep;
	delete from auth.flows as x
	where x.identity_id = f.identity_id;
	delete from auth.codes as c
	where c.factor_id = f.id;
	delete from postern.outbox as o
	where o.factor_id = f.id
	and o.template = 'reset'
	and o.state = 'waiting';
	perform auth.enqueue('changed', 'link', f.id, '{}');
end
$$;

create function auth.change_password(
	factor_id text, secret text, new_secret text, session_id text,
	agent text, address text,
	out status text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	f auth.factors := auth.factor(factor_id::uuid);
	i auth.identities := auth.lock(f.identity_id);
begin
	if i.id is null or not auth.is_secret(f.id, secret) then
		status := 'gone';
		return;
	end if;
	status := 'ok';
	perform auth.replace_secret(f, new_secret, session_id::uuid);
	perform auth.note('password_changed', i.id, agent, address);
end
$$;

comment on function auth.change_password is
	'A new password, by someone who knew the old one.';

create function auth.factor(id uuid)
returns auth.factors
language plpgsql
as $$
declare
	f auth.factors;
begin
	select * into f
	from auth.factors as x
	where x.id = factor.id;
	return f;
end
$$;


create function auth.delete_account(
	identity_id text, secret text, agent text, address text,
	out status text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	i auth.identities := auth.lock(identity_id::uuid);
	factor_id uuid := (
		select f.id
		from auth.factors as f
		where f.identity_id = i.id
		and f.kind = 'password');
begin
	status := case
		when factor_id is null then 'gone'
		when not auth.is_secret(factor_id, secret) then 'gone'
		when not auth.remove(i.id) then 'hosting'
		else 'ok'
	end;
	if status = 'ok' then
		perform auth.note('account_deleted', i.id, agent, address);
	end if;
end
$$;

comment on function auth.delete_account is
	'The identity and its user, unless something refers to the user.';

-- The user and the identity, or neither.
create function auth.remove(identity_id uuid)
returns boolean
language plpgsql
as $$
begin
	delete from api.users as u
	where u.identity_id = remove.identity_id;
	delete from auth.identities as i
	where i.id = remove.identity_id;
	return true;
exception
	when foreign_key_violation or restrict_violation then
		return false;
end
$$;


revoke execute on all functions in schema auth from public;

grant execute on function
	auth.refresh,
	auth.me,
	auth.sessions_of,
	auth.signout,
	auth.signout_one,
	auth.secret_of,
	auth.change_password,
	auth.delete_account
to postern_auth;
