#include "core/request.h"

#include <stddef.h>

/* Up to the first CR or LF: what follows could pass for another header. */
static struct str
one_line(struct str value)
{
	value = str_sub(value, 0, str_find(value, '\r'));
	return str_sub(value, 0, str_find(value, '\n'));
}

void
reply_header(struct reply *reply, const char *name, struct str value)
{
	size_t n = strlen(name) + value.n + 4;

	if (n > reply->headers.max - reply->headers.n)
		return;
	buf_put(&reply->headers, str_of(name));
	BUF_LIT(&reply->headers, ": ");
	buf_put(&reply->headers, one_line(value));
	BUF_LIT(&reply->headers, "\r\n");
}

const char *
reply_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} rows[] = {
		{200, "OK"			   },
		{201, "Created"		       },
		{204, "No Content"			  },
		{304, "Not Modified"		    },
		{302, "Found"			     },
		{307, "Temporary Redirect"		  },
		{400, "Bad Request"		   },
		{401, "Unauthorized"		    },
		{402, "Payment Required"		},
		{403, "Forbidden"			 },
		{404, "Not Found"			 },
		{405, "Method Not Allowed"		  },
		{406, "Not Acceptable"		      },
		{408, "Request Timeout"	       },
		{409, "Conflict"			},
		{410, "Gone"			    },
		{412, "Precondition Failed"	   },
		{413, "Content Too Large"		 },
		{415, "Unsupported Media Type"	      },
		{418, "I'm a teapot"		    },
		{422, "Unprocessable Content"	     },
		{423, "Locked"			      },
		{424, "Failed Dependency"		 },
		{428, "Precondition Required"	     },
		{429, "Too Many Requests"		 },
		{451, "Unavailable For Legal Reasons"},
		{500, "Internal Server Error"	     },
		{503, "Service Unavailable"	   },
		{504, "Gateway Timeout"	       },
		{507, "Insufficient Storage"	    },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			return rows[i].phrase;
	return status >= 400 && status < 500 ? "Bad Request" : "Status";
}

void
reply_head(const struct reply *reply, struct buf *out)
{
	BUF_LIT(out, "Status: ");
	buf_int(out, reply->status);
	BUF_LIT(out, " ");
	buf_put(out, str_of(reply_phrase(reply->status)));
	BUF_LIT(out, "\r\n");
	if (reply->type) {
		BUF_LIT(out, "Content-Type: ");
		buf_put(out, str_of(reply->type));
		BUF_LIT(out, "\r\n");
	}
	if (!reply->begun && reply->status != 204 && reply->status != 304) {
		BUF_LIT(out, "Content-Length: ");
		buf_int(out, (int64_t)reply->body->n);
		BUF_LIT(out, "\r\n");
	}
	buf_put(out, buf_str(&reply->headers));
	BUF_LIT(out, "\r\n");
}

bool
request_is_header(struct str param, struct str name)
{
	struct str prefix = STR("HTTP_");

	if (!str_starts(param, prefix) || param.n != prefix.n + name.n)
		return false;
	param = str_sub(param, prefix.n, name.n);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i] == '-' ? '_' : name.p[i];

		if (!str_eq_nocase((struct str){&c, 1}, str_sub(param, i, 1)))
			return false;
	}
	return name.n > 0;
}

/* One that comes twice counts as it came last, as all parameters do. */
static struct header *
header_room(struct request *r, struct str name)
{
	for (size_t i = 0; i < r->nheaders; i++)
		if (str_eq(r->headers[i].name, name))
			return &r->headers[i];
	return r->nheaders < REQUEST_HEADERS_MAX ? &r->headers[r->nheaders++]
						 : NULL;
}

/* A header that the settings let through to dependencies. */
static bool
add_header(struct request *r, struct str name, struct str value)
{
	struct str list = str_of(r->conf ? r->conf->jsonapi_headers : NULL);
	struct header *room;
	bool wanted = false;

	while (list.n && !wanted)
		wanted = request_is_header(name, str_cut(&list, ' '));
	room = wanted ? header_room(r, name) : NULL;
	if (room)
		*room = (struct header){name, value};
	return room != NULL;
}

/* A session variable, X-Hasura-...; what there is no room for is counted. */
static bool
add_variable(struct request *r, struct str name, struct str value)
{
	if (!str_starts(name, STR("HTTP_X_HASURA_")))
		return false;
	if (!r->variables)
		r->variables = ARENA_ARRAY(r->arena, struct header,
					   REQUEST_VARIABLES_MAX);
	if (r->nvariables < REQUEST_VARIABLES_MAX)
		r->variables[r->nvariables] = (struct header){name, value};
	r->nvariables++;
	return true;
}

/* Headers that the settings name; one may be all of them. */
static bool
add_named(struct request *r, struct str name, struct str value)
{
	const struct {
		const char *header;
		struct str *at;
	} secrets[] = {
		{r->conf ? r->conf->action_header : NULL, &r->action_secret},
		{r->conf ? r->conf->event_header : NULL,	 &r->event_secret },
		{r->conf ? r->conf->remote_header : NULL, &r->remote_secret},
	};
	bool known = add_header(r, name, value), secret = false;

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (!request_is_header(name, str_of(secrets[i].header)))
			continue;
		*secrets[i].at = value;
		secret = true;
	}
	return secret || add_variable(r, name, value) || known;
}

bool
request_param(struct request *r, struct str name, struct str value)
{
#define ROW(param, member)                                                   \
	{                                                                    \
		{param, sizeof(param) - 1}, offsetof(struct request, member) \
	}
	static const struct {
		struct str name;
		size_t at;
	} rows[] = {
		ROW("REQUEST_METHOD", method),
		ROW("PATH_INFO", path),
		ROW("QUERY_STRING", query_text),
		ROW("CONTENT_TYPE", content_type),
		ROW("CONTENT_LENGTH", content_length),
		ROW("REQUEST_ID", id),
		ROW("HTTP_ACCEPT", accept),
		ROW("HTTP_IF_MATCH", if_match),
		ROW("HTTP_IF_NONE_MATCH", if_none_match),
		ROW("HTTP_PREFER", prefer),
		ROW("HTTP_AUTHORIZATION", authorization),
		ROW("REDIRECT_HTTP_AUTHORIZATION", authorization),
		ROW("HTTP_COOKIE", cookie),
		ROW("HTTP_ORIGIN", origin),
		ROW("HTTP_SEC_FETCH_SITE", fetch_site),
		ROW("HTTP_X_HASURA_ROLE", hasura_role),
		ROW("HTTP_TRACEPARENT", traceparent),
		ROW("HTTP_USER_AGENT", agent),
		ROW("REMOTE_ADDR", address),
		ROW("POSTERN_BULK", bulk),
		ROW("REQUEST_URI", uri),
	};
#undef ROW

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_eq(rows[i].name, name))
			continue;
		*(struct str *)((char *)r + rows[i].at) = value;
		add_variable(r, name, value);
		return true;
	}
	return add_named(r, name, value);
}

/* Without a PATH_INFO the path is REQUEST_URI's, decoded by us. */
static void
path_from_uri(struct request *r)
{
	struct str rest = r->uri, path = str_cut(&rest, '?');

	if (!http_decode(r->arena, path, false, &r->path))
		r->path = STR("");
	if (r->query_text.n == 0)
		r->query_text = rest;
}

void
request_complete(struct request *r)
{
	if (r->path.n == 0 && r->uri.n)
		path_from_uri(r);
	if (str_utf8(r->path) && str_find(r->path, '\0') == r->path.n)
		return;
	r->path = STR("");
}
