#include "io/lane.h"

#include <stdlib.h>

/* One row per SQLSTATE or class of them; the longest prefix stands first. */
static const struct {
	const char *prefix;
	enum err_code code;
} rows[] = {
	{"23503", ERR_REFERENCED	},
	{"23",    ERR_CONSTRAINT    },
	{"22",    ERR_INVALID	  },
	{"42804", ERR_INVALID	     },
	{"42883", ERR_INVALID	     },
	{"44000", ERR_CONSTRAINT	}, /* a view with check option */
	{"42501", ERR_FORBIDDEN     },
	{"28000", ERR_UNAUTHORIZED  },
	{"0A",    ERR_BAD_REQUEST   },
	{"26000", ERR_SCHEMA_CHANGED},
	{"42P01", ERR_SCHEMA_CHANGED},
	{"42703", ERR_SCHEMA_CHANGED},
	{"3F000", ERR_SCHEMA_CHANGED},
	{"40",    ERR_CONFLICT	   },
	{"55P03", ERR_LOCKED	    },
	{"57014", ERR_TIMEOUT	     },
	{"25006", ERR_READ_ONLY     },
	{"53100", ERR_STORAGE	     },
	{"53",    ERR_UNAVAILABLE   },
	{"57P",	ERR_LOST		},
	{"08",    ERR_LOST	       },
	{"54",    ERR_BAD_REQUEST   },
	{"P0001", ERR_BAD_REQUEST	 },
	{"PV001", ERR_REFUSED	     }, /* postern.invalid() */
	{"PV002", ERR_NOT_FOUND     }, /* postern.missing() */
};

/*
 * "cached plan must not change result type" has the SQLSTATE of all that
 * Postgres does not do: a client can ask for such a thing, and reading the
 * model again does not help him.
 */
static bool
is_outdated_plan(struct str state, const PGresult *res)
{
	struct str function =
		str_of(PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION));

	return str_eq(state, STR("0A000")) &&
	       str_eq(function, STR("RevalidateCachedQuery"));
}

static enum err_code
code_of(struct str state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_starts(state, str_of(rows[i].prefix)))
			return rows[i].code;
	return ERR_INTERNAL;
}

/*
 * PT403 and its likes are said on purpose: the status, and the message for the
 * client.  0: it is none of a client's faults.
 */
static int
raised_status(struct str state)
{
	int64_t status;

	if (!str_starts(state, STR("PT")) ||
	    !str_int(str_sub(state, 2, 3), &status) || status < 400 ||
	    status > 499)
		return 0;
	return (int)status;
}

static struct str
field(struct arena *a, const PGresult *res, int code)
{
	return arena_str(a, str_of(PQresultErrorField(res, code)));
}

/* What a function raised on purpose is for the client; all else is not. */
static struct str
message_for_client(struct arena *a, struct str state, const PGresult *res)
{
	if (str_eq(state, STR("28000")))
		return STR("The session has ended.");
	if (!str_eq(state, STR("P0001")) && !raised_status(state))
		return STR("");
	return field(a, res, PG_DIAG_MESSAGE_PRIMARY);
}

/* Of the classes in which input functions complain. */
static bool
is_about_value(struct str state)
{
	return str_starts(state, STR("22")) || str_starts(state, STR("42")) ||
	       str_starts(state, STR("0A")) || str_starts(state, STR("XX"));
}

/*
 * The number of the argument that its type would not read, from a context
 * such as "unnamed portal parameter $2 = '...'", or 0.  Such a fault is the
 * client's whatever its SQLSTATE: types raise all kinds of them.
 */
static int
bad_argument(const PGresult *res)
{
	static const char mark[] = "portal parameter $";
	const char *context = PQresultErrorField(res, PG_DIAG_CONTEXT);
	const char *at = context ? strstr(context, mark) : NULL;

	return at ? (int)strtol(at + strlen(mark), NULL, 10) : 0;
}

struct err *
pg_error(struct arena *a, const PGresult *res)
{
	struct str state = str_of(PQresultErrorField(res, PG_DIAG_SQLSTATE));
	struct err *e;

	if (state.n == 0)
		return err_internal(a, ERR_UNAVAILABLE, "connection lost");
	e = err_internal(a, code_of(state), "%s %s", state.p,
			 PQresultErrorMessage(res));
	e->status = raised_status(state);
	if (e->status)
		e->code = ERR_RAISED;
	if (is_outdated_plan(state, res))
		e->code = ERR_SCHEMA_CHANGED;
	e->argument = bad_argument(res);
	if (e->argument && is_about_value(state))
		e->code = ERR_INVALID;
	if (str_starts(state, STR("PV")))
		e->detail = field(a, res, PG_DIAG_MESSAGE_DETAIL);
	e->message = message_for_client(a, state, res);
	e->constraint = field(a, res, PG_DIAG_CONSTRAINT_NAME);
	if (str_eq(state, STR("23502")))
		e->column = field(a, res, PG_DIAG_COLUMN_NAME);
	return e;
}
