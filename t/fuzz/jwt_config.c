/*
 * What engines are told of tokens: whatever is read gives a token of ours a
 * form, that form says who it is again, and a path finds what was put there.
 */
#include "core/jwt_config.h"

#include "core/json.h"
#include "core/jwt_form.h"
#include "fuzz.h"

#define PAYLOAD                                                                \
	"{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"sid\":\"d\",\"exp\":3,"  \
	"\"" JWT_NAMESPACE "\":{\"" JWT_ALLOWED "\":[\"user\"],\"" JWT_DEFAULT \
	"\":\"user\",\"x-hasura-user-id\":\"u\"}}"

static void
try_form(struct arena *a, const struct jwt_config *config)
{
	struct str token = jwt_form(a, config, STR(PAYLOAD));
	struct jwt_payload p = {.text = token};

	MUST(token.n > 0);
	MUST(!json_read(a, token, &p.claims));
	MUST(jwt_normal(a, config, true, &p));
	must_eq(json_str(json_get(p.claims, "sub")), STR("s"));
	must_eq(json_str(json_get(p.claims, "sid")), STR("d"));
	MUST(json_has(json_get(p.claims, JWT_NAMESPACE), JWT_DEFAULT));
}

static void
try_path(struct arena *a, struct str text)
{
	json_object *root = NULL, *value = NULL;
	struct jwt_path path;

	if (!jwt_path_read(a, text, &path))
		return;
	MUST(path.n <= JWT_STEPS_MAX);
	MUST(!json_read(a, STR("{}"), &root));
	MUST(!json_read(a, STR("{\"x\":1}"), &value));
	if (path.n > 0 && !path.steps[0].name)
		return;
	MUST(jwt_path_put(&path, root, value));
	MUST(json_object_equal(jwt_path_get(&path, root), value));
}

/* As somebody else's payload, in a form where much may be. */
static void
try_payload(struct arena *a, struct str text)
{
	static const char map[] =
		"{\"jwk_url\":\"u\",\"claims_map\":{\"" JWT_ALLOWED
		"\":{\"path\":\"$.a\"},\"" JWT_DEFAULT
		"\":{\"path\":\"$.a[0]\",\"default\":\"user\"}}}";
	struct jwt_payload p = {.text = text};
	struct jwt_config config;

	if (json_read(a, text, &p.claims) ||
	    !json_object_is_type(p.claims, json_type_object))
		return;
	MUST(!jwt_config_read(a, STR(map), &config));
	if (jwt_normal(a, &config, false, &p))
		MUST(jwt_is_claim(JWT_ALLOWED,
				  json_get(json_get(p.claims, JWT_NAMESPACE),
					   JWT_ALLOWED)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size);
	struct str text = {copy, size};
	struct jwt_config config;

	if (size)
		memcpy(copy, data, size);
	if (!jwt_config_read(a, text, &config) && !config.plain)
		try_form(a, &config);
	try_path(a, text);
	try_payload(a, text);
	arena_free(a);
	free(copy);
	return 0;
}
