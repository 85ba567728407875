/*
 * A token that is cut into parts is those parts, and a payload that is read is
 * written in one way only.
 */
#include "core/jwt.h"

#include <json-c/json.h>

#include "core/base64.h"
#include "fuzz.h"

static void
try_parts(struct arena *a, struct str token, const struct jwt *jwt)
{
	struct jwt_head head = {0};
	struct jwt_times times;
	json_object *claims = NULL;
	struct str text = {0};

	MUST(token.n <= JWT_MAX);
	MUST(jwt->head.n && jwt->payload.n && jwt->signature.n);
	MUST(jwt->signed_part.n == jwt->head.n + 1 + jwt->payload.n);
	must_eq(str_sub(token, 0, jwt->signed_part.n), jwt->signed_part);
	MUST(jwt->signed_part.n + 1 + jwt->signature.n == token.n);
	if (jwt_read_head(a, jwt->head, &head)) {
		MUST(head.alg.n <= JWT_MAX && head.kid.n <= JWT_MAX);
		jwt_is_type(&head, STR("at+jwt"));
	}
	if (!jwt_read_payload(a, jwt->payload, &text, &claims))
		return;
	MUST(json_object_is_type(claims, json_type_object));
	must_eq(base64_encode(a, text), jwt->payload);
	if (jwt_read_times(claims, &times))
		MUST(times.has_exp || times.exp == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size);
	struct str token = {copy, size};
	struct jwt_head head;
	struct jwt jwt;

	if (size)
		memcpy(copy, data, size);
	if (jwt_split(token, &jwt))
		try_parts(a, token, &jwt);
	/* The same as JSON that need not be spelled in base64url first. */
	jwt_read_head(a, base64_encode(a, token), &head);
	arena_free(a);
	free(copy);
	return 0;
}
