#include "routes.h"

#include "api/auth.h"
#include "api/graphql/graphql.h"
#include "api/hasura/hasura.h"
#include "api/health.h"
#include "api/jsonapi/jsonapi.h"
#include "api/metrics.h"
#include "api/openapi/openapi.h"
#include "api/openapi/part.h"
#include "api/rest.h"

static const struct {
	const char *path;
	const struct api *api;
} routes[] = {
	{"/health_check", &health_api	     },
	{"/openapi.json", &openapi_api     },
	{"/metrics",	     &metrics_api	 },
	{"/graphql",	     &graphql_api	 },
	{"/event",	   &hasura_event_api},
};

const struct api *
routes_find(const struct request *r)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (str_eq(str_of(routes[i].path), r->path))
			return routes[i].api;
	if (hasura_is_action(r->path))
		return &hasura_action_api;
	if (auth_is_path(r->path))
		return &auth_api;
	if (str_starts(r->path, STR("/.well-known/")))
		return &well_known_api;
	if (jsonapi_is_request(r))
		return &jsonapi_api;
	return &rest_api;
}

const struct part *const openapi_parts[] = {
	&rest_part,
	&jsonapi_part,
	&graphql_part,
	&auth_part,
	&auth_action_part,
	&hasura_event_part,
	&hasura_action_part,
	&openapi_part,
	&health_part,
	&metrics_part,
	NULL,
};
