-- The auth server, first part: sign-up, sign-in, and the exchange of a code
-- for a session.


-- The user, the identity and what it signs in with, or none of them.
create function auth.new_identity(
	email text, secret text, name text,
	out status text, out i auth.identities, out factor_id uuid)
language plpgsql
as $$
declare
	violated text;
begin
	insert into auth.identities default values
	returning * into i;
	insert into auth.factors as f (identity_id, email, secret)
	values (i.id, new_identity.email, new_identity.secret)
	returning f.id into factor_id;
	if name is not null then
		insert into api.users (name, identity_id)
		values (new_identity.name, i.id);
	end if;
	status := 'ok';
exception
	when integrity_constraint_violation then
		get stacked diagnostics violated = constraint_name;
		i := null;
		factor_id := null;
		status := case violated
			when 'factors_kind_email_key' then 'email_taken'
			else 'name_taken'
		end;
end
$$;

-- The mail of a new account.  A mailbox reads many spellings of its address,
-- each of which may sign up: it gets a few mails, and more for the asking.
create function auth.welcome(
	mailbox_key text, way text, factor_id uuid, data json)
returns void
language plpgsql
as $$
begin
	if auth.may_mail(mailbox_key, '') is null then
		perform auth.enqueue('verify', way, factor_id, data);
	end if;
end
$$;

create function auth.signup(
	email text, secret text, name text, verify_url text, way text,
	required text, idle text, most text, agent text, address text,
	mailbox_key text default '',
	out status text, out session_id text, out identity_id text,
	out user_id text, out roles text, out counter text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	made record;
begin
	select * into made
	from auth.new_identity(email, secret, coalesce(name, ''));
	status := made.status;
	if status <> 'ok' then
		return;
	end if;
	perform auth.note('signup', (made.i).id, agent, address);
	perform auth.welcome(mailbox_key, way, made.factor_id,
		json_build_object('verify_url', verify_url));
	if not required::boolean then
		select s.* into session_id, identity_id, user_id, roles, counter
		from auth.open_session(made.i, idle, most, agent, address) as s;
	end if;
end
$$;

comment on function auth.signup is
	'Identity, user, session and mail at once, or which of them is taken.';

create function auth.register(
	email text, secret text, challenge text, verify_url text,
	redirect_to text, way text, required text, agent text, address text,
	mailbox_key text default '',
	out status text, out identity_id text, out code text, out sent_at text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	made record;
begin
	select * into made
	from auth.new_identity(email, secret, null);
	if made.status <> 'ok' then
		status := 'taken';
		return;
	end if;
	status := 'ok';
	identity_id := (made.i).id;
	sent_at := auth.moment(now());
	perform auth.note('signup', (made.i).id, agent, address);
	perform auth.welcome(mailbox_key, way, made.factor_id,
		json_build_object(
			'verify_url', verify_url,
			'challenge', challenge,
			'redirect_to', redirect_to));
	if not required::boolean then
		code := auth.open_flow((made.i).id, challenge);
	end if;
end
$$;

comment on function auth.register is
	'An identity without a user, and a code when it may sign in at once.';


-- Sign-in: what is needed to check a password, and then how it went.

create function auth.signin_begin(
	email text, account_key text, address_key text,
	out wait text, out factor_id text, out identity_id text,
	out secret text, out verified text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
	wait := auth.waiting(account_key, address_key);
	select f.id, f.identity_id, f.secret,
		case when f.email_verified_at is null then 'f' else 't' end
	into factor_id, identity_id, secret, verified
	from auth.factors as f
	join auth.identities as i on i.id = f.identity_id
	where f.kind = 'password'
	and f.email = signin_begin.email
	and i.disabled_at is null;
end
$$;

comment on function auth.signin_begin is
	'The secret that a password is to be checked against.';

create function auth.signin_failed(
	account_key text, address_key text, identity_id text, agent text,
	address text,
	out wait text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	longest integer := auth.fail('account:' || account_key, 5);
begin
	if address_key <> '' then
		longest := greatest(longest,
			auth.fail('signin:' || address_key, 30));
	end if;
	-- Of nobody, too: it has to take the same time.
	perform auth.note('signin_failed', identity_id::uuid, agent, address);
	wait := longest;
end
$$;

comment on function auth.signin_failed is
	'Counts a wrong password, of whomever.';

-- The identity, locked, when the secret that was checked is still good and
-- nobody has to wait (a wrong guess at the same moment may have seen to that).
-- Another sign-in may have hashed the same password anew: that is no change.
create function auth.signed_in(
	factor_id uuid, secret text, new_secret text, account_key text,
	address_key text)
returns auth.identities
language plpgsql
as $$
declare
	i auth.identities := auth.lock_shared((
		select f.identity_id
		from auth.factors as f
		where f.id = signed_in.factor_id));
begin
	if i.id is null
		or auth.waiting(account_key, address_key) is not null
		or not auth.is_secret(factor_id, secret)
	then
		return null;
	end if;
	if new_secret is not null then
		perform auth.rehash(factor_id, secret, new_secret);
	end if;
	delete from auth.throttle as t
	where t.key = 'account:' || account_key;
	return i;
end
$$;

create function auth.is_secret(factor_id uuid, secret text)
returns boolean
language plpgsql
as $$
begin
	return exists (
		select
		from auth.factors as f
		where f.id = is_secret.factor_id
		and (f.secret = is_secret.secret
			or f.rehashed_from = auth.digest(is_secret.secret)));
end
$$;

create function auth.rehash(factor_id uuid, secret text, new_secret text)
returns void
language plpgsql
as $$
begin
	update auth.factors as f
	set secret = rehash.new_secret,
		rehashed_from = auth.digest(rehash.secret)
	where f.id = rehash.factor_id
	and f.secret = rehash.secret;
exception
	-- The next sign-in tries again.
	when others then
		null;
end
$$;

create function auth.signin_session(
	factor_id text, secret text, new_secret text, account_key text,
	address_key text, idle text, most text, agent text, address text,
	out status text, out session_id text, out identity_id text,
	out user_id text, out roles text, out counter text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	i auth.identities := auth.signed_in(factor_id::uuid, secret,
		new_secret, account_key, address_key);
begin
	if i.id is null then
		status := 'gone';
		return;
	end if;
	status := 'ok';
	select s.* into session_id, identity_id, user_id, roles, counter
	from auth.open_session(i, idle, most, agent, address) as s;
	perform auth.note('signin', i.id, agent, address);
end
$$;

comment on function auth.signin_session is
	'A session for a password that was right.';

create function auth.signin_code(
	factor_id text, secret text, new_secret text, account_key text,
	address_key text, challenge text, agent text, address text,
	out status text, out code text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	i auth.identities := auth.signed_in(factor_id::uuid, secret,
		new_secret, account_key, address_key);
begin
	if i.id is null then
		status := 'gone';
		return;
	end if;
	status := 'ok';
	code := auth.open_flow(i.id, challenge);
	perform auth.note('signin', i.id, agent, address);
end
$$;

comment on function auth.signin_code is
	'A code for a password that was right.';


-- The flow is read, its identity locked, and then the flow taken: of many at
-- once exactly one takes it.
create function auth.exchange(
	code text, challenge text, idle text, most text, agent text,
	address text,
	out status text, out session_id text, out identity_id text,
	out user_id text, out roles text, out counter text)
language plpgsql
security definer
set search_path = ''
as $$
declare
	f auth.flows;
	i auth.identities;
begin
	select * into f
	from auth.flows as x
	where x.id = code::uuid
	and x.expires_at > now();

	status := case
		when f.id is null then 'unknown'
		when f.identity_id is null then 'unlinked'
		when f.challenge <> exchange.challenge then 'mismatch'
		else 'ok'
	end;
	if status <> 'ok' then
		return;
	end if;
	i := auth.lock_shared(f.identity_id);
	delete from auth.flows as x
	where x.id = f.id
	and x.identity_id = i.id;
	if not found then
		status := 'unknown';
		return;
	end if;
	select s.* into session_id, identity_id, user_id, roles, counter
	from auth.open_session(i, idle, most, agent, address) as s;
	perform auth.note('exchange', i.id, agent, address);
end
$$;

comment on function auth.exchange is
	'A session for a code and the verifier of its challenge, once.';

create function auth.hit(key text, most text, seconds text, out wait text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	if key <> '' then
		wait := auth.take('hit:' || key, most::integer,
			auth.seconds(seconds));
	end if;
end
$$;

comment on function auth.hit is
	'Counts one more, or says how long to wait: so many per so many seconds.';


revoke execute on all functions in schema auth from public;

grant execute on function
	auth.signup,
	auth.register,
	auth.signin_begin,
	auth.signin_failed,
	auth.signin_session,
	auth.signin_code,
	auth.exchange,
	auth.hit
to postern_auth;
