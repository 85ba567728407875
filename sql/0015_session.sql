-- Callers that somebody vouches for: a Hasura engine that knows our secret says
-- in session variables who asks, and so do tokens of others.

-- What policies read of a caller without a session: the claims that were said,
-- and as `sub` the identity of the user that they name, so that it makes no
-- difference to policies how somebody came.  A name that is none of ours, or
-- that is somebody's without an account, is nobody's identity.
create function auth.vouched_claims(claims text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
	said jsonb := claims;
	who text := said #>> '{https://hasura.io/jwt/claims,x-hasura-user-id}';
	identity uuid;
begin
	if who ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
		select coalesce(
			(select u.identity_id from api.users as u
			where u.id = who::uuid),
			(select i.id from auth.identities as i
			where i.id = who::uuid))
		into identity;
	end if;
	return said || jsonb_strip_nulls(jsonb_build_object('sub', identity));
end
$$;

comment on function auth.vouched_claims is
	'Claims without a session, with the identity that they are about.';

revoke execute on function auth.vouched_claims from public;
grant execute on function auth.vouched_claims
to postern_anonymous, postern_member, postern_admin;
