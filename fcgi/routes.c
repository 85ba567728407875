#include "routes.h"

#include "api/auth.h"
#include "api/graphql/graphql.h"
#include "api/health.h"
#include "api/rest.h"

static const struct {
	const char *path;
	const struct api *api;
} routes[] = {
	{"/health_check", &health_api },
	{"/openapi.json", &openapi_api},
	{"/graphql",	     &graphql_api},
};

const struct api *
routes_find(struct str path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (str_eq(str_of(routes[i].path), path))
			return routes[i].api;
	if (auth_is_path(path))
		return &auth_api;
	if (str_starts(path, STR("/.well-known/")))
		return &well_known_api;
	return &rest_api;
}
