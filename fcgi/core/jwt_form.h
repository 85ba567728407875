/*
 * The payloads of tokens in the forms of HASURA_GRAPHQL_JWT_SECRET.
 *
 * In here a token has its claims as an object below JWT_NAMESPACE: so it is
 * signed without that setting, and so policies see it.  jwt_form() makes of
 * that what the setting asks for, jwt_normal() the reverse.
 */
#ifndef POSTERN_CORE_JWT_FORM_H
#define POSTERN_CORE_JWT_FORM_H

#include "core/jwt_config.h"

/*
 * A payload of ours in the setting's form, with its issuer and audiences; empty
 * when there is no place for all that it has to hold.
 */
struct str
jwt_form(struct arena *a, const struct jwt_config *config, struct str payload);

/* A payload: its members and their text. */
struct jwt_payload {
	json_object *claims;
	struct str text;
};

/*
 * Bring a payload into the normal form, with the names of the claims in small
 * letters.  One of ours that has none where the setting says is left as it is.
 * False: it is nobody's that engines would take, who want two claims, roles in
 * a list of strings, and strings for all else.
 */
bool jwt_normal(struct arena *a, const struct jwt_config *config, bool ours,
		struct jwt_payload *payload);

#endif
