-- Who can sign in, and who has.  Schema auth is the store of the auth server:
-- its tables are open to no role that requests run as.  What may be done with
-- them is functions, which run with the rights of their owner:
--
--	0004	the tables; who calls; what a request is let in by
--	0005	the link to api.users, row policies, what the model says of them
--	0006	what the functions of the auth server are made of
--	0007	sign-up, sign-in, codes for sessions
--	0008	refresh, sign-out, passwords, accounts
--	0009	verification, reset, the outbox, cleaning up
--
-- Whatever changes an account locks the row of its identity first, and only
-- then anything else of it; a sign-in locks it in share mode.  So an account
-- that is disabled, or whose password changes, has no session that came in
-- between, and nobody waits in a circle.

-- The role that the auth server becomes: made as 0001 makes the others.
do $$
begin
	if exists (
		select from pg_catalog.pg_roles where rolname = 'postern_auth')
	then
		return;
	end if;
	create role postern_auth nologin;
	comment on role postern_auth is
		'Requests to the auth server, and its outbox.';
exception
	when duplicate_object or unique_violation then
		null;
	when insufficient_privilege then
		raise exception using
			errcode = 'insufficient_privilege',
			message = format(
				'Role %s may not create roles, and '
				'postern_auth is missing.', current_user),
			hint = 'Ask an administrator to run: '
				'create role postern_auth nologin;';
end
$$;

-- Workers that were there before need it too.  (A warning, because migrations
-- run without notices.)
do $$
declare
	worker text;
begin
	for worker in
		select w.rolname
		from pg_catalog.pg_auth_members as m
		join pg_catalog.pg_roles as r on r.oid = m.roleid
		join pg_catalog.pg_roles as w on w.oid = m.member
		where r.rolname = 'postern_anonymous'
		and w.rolcanlogin
		and not pg_has_role(w.oid, 'postern_auth', 'member')
		order by w.rolname
	loop
		begin
			execute format('grant postern_auth to %I', worker);
		exception
			when insufficient_privilege then
				raise warning using
					message = format(
						'Role %s cannot become '
						'postern_auth yet: nobody '
						'can sign in.', worker),
					hint = format(
						'Ask an administrator to run: '
						'grant postern_auth to %I;',
						worker);
		end;
	end loop;
end
$$;

create schema auth;

comment on schema auth is
	'Who can sign in, and who has. Private, but for its functions.';

grant usage on schema auth
to postern_anonymous, postern_member, postern_admin, postern_auth;

grant usage on schema postern
to postern_auth;


create table auth.identities (
	id uuid default postern.uuid7()
		constraint identities_pkey primary key,
	role text not null default 'user'
		constraint identities_role_check check (role in ('user', 'admin')),
	created_at timestamptz not null default now(),
	disabled_at timestamptz
);

comment on table auth.identities is
	'Who can sign in, whatever with.';
comment on column auth.identities.id is
	'What tokens name as sub. For ever.';
comment on column auth.identities.role is
	'The greatest role that it may take: user or admin.';
comment on column auth.identities.created_at is
	'When it signed up.';
comment on column auth.identities.disabled_at is
	'Since when it may not sign in. Setting it ends its sessions.';


create table auth.factors (
	id uuid default postern.uuid7()
		constraint factors_pkey primary key,
	identity_id uuid not null
		constraint factors_identity_id_fkey
		references auth.identities on delete cascade,
	kind text not null default 'password'
		constraint factors_kind_check check (kind in ('password')),
	email text collate "C" not null
		constraint factors_email_check
		check (octet_length(email) between 1 and 1024),
	email_verified_at timestamptz,
	secret text not null,
	rehashed_from bytea,
	created_at timestamptz not null default now(),
	changed_at timestamptz not null default now(),
	constraint factors_kind_email_key unique (kind, email)
);

create index factors_identity_id_idx
on auth.factors (identity_id);

create index factors_unverified_idx
on auth.factors (created_at)
where email_verified_at is null;

comment on table auth.factors is
	'What an identity signs in with.';
comment on column auth.factors.email is
	'Matched byte by byte: nothing is folded.';
comment on column auth.factors.email_verified_at is
	'Since when we know that mail to it is read.';
comment on column auth.factors.secret is
	'The password, as a PHC string of Argon2.';
comment on column auth.factors.rehashed_from is
	'SHA-256 of the secret before, when it stands for the same password.';
comment on column auth.factors.changed_at is
	'When the password last changed.';


create table auth.flows (
	id uuid default gen_random_uuid()
		constraint flows_pkey primary key,
	purpose text not null default 'pkce'
		constraint flows_purpose_check check (purpose in ('pkce')),
	challenge text collate "C" not null
		constraint flows_challenge_key unique,
	identity_id uuid
		constraint flows_identity_id_fkey
		references auth.identities on delete cascade,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null
		default now() + interval '10 minutes'
);

create index flows_identity_id_idx
on auth.flows (identity_id);

create index flows_expires_at_idx
on auth.flows (expires_at);

comment on table auth.flows is
	'Sign-ins that wait for the exchange of their code (RFC 7636).';
comment on column auth.flows.id is
	'The code, all of it random.';
comment on column auth.flows.challenge is
	'What the verifier has to hash to.';


-- No index on what a refresh changes, and room on the page for the new row.
create table auth.sessions (
	id uuid default postern.uuid7()
		constraint sessions_pkey primary key,
	identity_id uuid not null
		constraint sessions_identity_id_fkey
		references auth.identities on delete cascade,
	roles text[] not null,
	created_at timestamptz not null default now(),
	refreshed_at timestamptz not null default now(),
	expires_at timestamptz,
	ends_at timestamptz,
	counter integer not null default 0,
	agent text,
	address text
) with (fillfactor = 80);

create index sessions_identity_id_idx
on auth.sessions (identity_id);

comment on table auth.sessions is
	'Who is signed in, where. One that ended is deleted.';
comment on column auth.sessions.roles is
	'The roles that its tokens may take, the usual one first.';
comment on column auth.sessions.expires_at is
	'Until when it lives without a refresh, never after ends_at.';
comment on column auth.sessions.ends_at is
	'When it ends however often it is refreshed.';
comment on column auth.sessions.counter is
	'How often it was refreshed: a refresh token is good for one number.';
comment on column auth.sessions.agent is
	'What the browser last called itself.';
comment on column auth.sessions.address is
	'From where it was last refreshed.';


create table auth.codes (
	factor_id uuid
		constraint codes_factor_id_fkey
		references auth.factors on delete cascade,
	purpose text
		constraint codes_purpose_check
		check (purpose in ('verify', 'reset')),
	hash bytea not null,
	expires_at timestamptz not null
		default now() + interval '10 minutes',
	constraint codes_pkey primary key (factor_id, purpose)
);

comment on table auth.codes is
	'One-time codes that were mailed: of each purpose the newest.';
comment on column auth.codes.hash is
	'An HMAC of the code under a key that the database does not have.';


create table auth.throttle (
	key text collate "C"
		constraint throttle_pkey primary key,
	hits timestamptz[] not null default '{}',
	level integer not null default 0,
	wait_until timestamptz,
	forget_at timestamptz not null default now()
);

create index throttle_forget_at_idx
on auth.throttle (forget_at);

comment on table auth.throttle is
	'Who has tried what lately, and who has to wait.';
comment on column auth.throttle.key is
	'What is limited, a colon, and a keyed hash of whom.';
comment on column auth.throttle.hits is
	'When, as far as it still counts.';
comment on column auth.throttle.level is
	'How many waits there have been: each is longer than the one before.';
comment on column auth.throttle.forget_at is
	'When the row means nothing any more.';


create table auth.audit (
	id uuid default postern.uuid7()
		constraint audit_pkey primary key,
	at timestamptz not null default now(),
	identity_id uuid,
	event text not null,
	address text,
	agent text,
	detail json
);

create index audit_identity_id_idx
on auth.audit (identity_id, at);

comment on table auth.audit is
	'What happened to accounts. Only added to.';
comment on column auth.audit.identity_id is
	'Whose account; the identity may be gone.';


create table postern.outbox (
	id uuid default postern.uuid7()
		constraint outbox_pkey primary key,
	kind text not null default 'mail'
		constraint outbox_kind_check check (kind in ('mail')),
	template text not null
		constraint outbox_template_check
		check (template in ('verify', 'reset', 'changed')),
	way text not null default 'link'
		constraint outbox_way_check check (way in ('link', 'code')),
	factor_id uuid
		constraint outbox_factor_id_fkey
		references auth.factors on delete cascade,
	data json not null default '{}',
	state text not null default 'waiting'
		constraint outbox_state_check
		check (state in ('waiting', 'done', 'dead')),
	attempts integer not null default 0,
	next_at timestamptz not null default now(),
	created_at timestamptz not null default now(),
	ended_at timestamptz,
	error text
);

create index outbox_next_at_idx
on postern.outbox (next_at)
where state = 'waiting';

create index outbox_ended_at_idx
on postern.outbox (ended_at)
where state <> 'waiting';

create index outbox_factor_id_idx
on postern.outbox (factor_id);

comment on table postern.outbox is
	'What is to be sent: committed with what it is about.';
comment on column postern.outbox.way is
	'What the mail carries: a link, or a code to type.';
comment on column postern.outbox.factor_id is
	'Whose mail; null for an address that nobody has, which gets none.';
comment on column postern.outbox.next_at is
	'When it may be tried, or when its lease ends.';


-- Who calls: claims are set for one transaction, and read back as '' after it.

create function auth.identity_id()
returns uuid
language sql
stable
parallel safe
return (nullif(current_setting('request.jwt.claims', true), '')::json
	->> 'sub')::uuid;

comment on function auth.identity_id() is
	'The identity that the request''s token names, or null.';

-- The setting, not current_user: that is the owner's inside of functions.
create function auth.role()
returns text
language sql
stable
parallel safe
return case current_setting('role')
	when 'postern_member' then 'user'
	when 'postern_admin' then 'admin'
end;

comment on function auth.role() is
	'The role that the request took, user or admin, or null.';


-- What a request is let in by: see the statement in front of it in core/sql.c.

create view auth.live as
select
	s.id,
	s.roles
from auth.sessions as s
where s.expires_at is null
or s.expires_at > now();

comment on view auth.live is
	'The sessions that live.';

grant select on auth.live
to postern_anonymous, postern_member, postern_admin, postern_auth;

create function auth.refuse()
returns text
language plpgsql
as $$
begin
	raise exception using
		errcode = 'invalid_authorization_specification',
		message = 'The session has ended.';
end
$$;

comment on function auth.refuse() is
	'Ends a request whose session does not live.';

-- Workers say at connecting what they run as and which policies count.  A
-- pooler that drops that would let everybody be anybody.
create function auth.connection_fault(role text, access text)
returns text
language sql
stable
return case
	when role <> '' and role <> current_user then format(
		'requests would run as %s instead of %s: does a pooler drop '
		|| 'the options of connections?', current_user, role)
	when access is distinct from
		current_setting('postern.access', true) then
		'POSTERN_ACCESS does not reach the database: does a pooler '
		|| 'drop the options of connections?'
end;

comment on function auth.connection_fault(text, text) is
	'What is wrong with the connection of a worker, or null.';


-- Who is disabled is signed out at once, and who loses a role loses it in
-- the sessions that there are.
create function auth.identity_changed()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
	if new.disabled_at is not null then
		delete from auth.sessions as s where s.identity_id = new.id;
		delete from auth.flows as f where f.identity_id = new.id;
		delete from auth.codes as c
		using auth.factors as f
		where f.id = c.factor_id
		and f.identity_id = new.id;
	elsif new.role <> old.role then
		update auth.sessions as s
		set roles = auth.roles_of(new.role)
		where s.identity_id = new.id;
	end if;
	insert into auth.audit (identity_id, event, detail)
	values (new.id, 'identity_changed', json_build_object(
		'role', new.role, 'disabled', new.disabled_at is not null));
	return null;
end
$$;

create function auth.roles_of(role text)
returns text[]
language sql
immutable
return case role
	when 'admin' then array['user', 'admin']
	else array['user']
end;

create trigger identity_changed
after update of role, disabled_at on auth.identities
for each row
when (old.role <> new.role
	or old.disabled_at is distinct from new.disabled_at)
execute function auth.identity_changed();


revoke execute on all functions in schema auth from public;

grant execute on function auth.identity_id(), auth.role()
to postern_anonymous, postern_member, postern_admin, postern_auth;

grant execute on function auth.refuse(), auth.connection_fault(text, text)
to postern_anonymous, postern_member, postern_admin, postern_auth;
