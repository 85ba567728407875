/*
 * The plain way, to compare with: a libfcgi worker that accepts a connection
 * for each request, asks Postgres, waits, answers and closes.
 *
 *   spawn-fcgi -n -s SOCKET -- accept WORKERS CONNINFO STATEMENT
 *
 * The statement has one argument, the value of the query string's only
 * member.  Everything that costs time in a real worker is left out:
 * there is no routing, no check of what came in, no role, no escaping.  The
 * workers end with the first one.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fcgi_config.h>
#include <fcgiapp.h>

enum { BODY_MAX = 4096 };

/* The row as an object; what does not fit is cut off. */
static int
print_row(char *body, const PGresult *rows)
{
	int n = 0;

	for (int i = 0; i < PQnfields(rows) && n < BODY_MAX; i++)
		n += snprintf(body + n, (size_t)(BODY_MAX - n),
			      "%c\"%s\":\"%s\"", i ? ',' : '{',
			      PQfname(rows, i), PQgetvalue(rows, 0, i));
	if (n < BODY_MAX)
		n += snprintf(body + n, (size_t)(BODY_MAX - n), "}");
	return n < BODY_MAX ? n : BODY_MAX - 1;
}

static void
answer(FCGX_Request *request, PGconn *connection)
{
	const char *query = FCGX_GetParam("QUERY_STRING", request->envp);
	const char *value = query ? strchr(query, '=') : NULL;
	const char *args[] = {value ? value + 1 : ""};
	PGresult *rows =
		PQexecPrepared(connection, "s", 1, args, NULL, NULL, 0);
	char body[BODY_MAX];
	int n;

	if (PQntuples(rows) == 1) {
		n = print_row(body, rows);
		FCGX_FPrintF(request->out,
			     "Content-Type: application/json\r\n"
			     "Content-Length: %d\r\n\r\n%s",
			     n, body);
	} else {
		FCGX_FPrintF(request->out, "Status: 500\r\n\r\n");
	}
	PQclear(rows);
}

static int
serve(const char *conninfo, const char *statement)
{
	PGconn *connection = PQconnectdb(conninfo);
	PGresult *prepared = PQprepare(connection, "s", statement, 1, NULL);
	FCGX_Request request;

	if (PQresultStatus(prepared) != PGRES_COMMAND_OK) {
		fprintf(stderr, "accept: %s", PQerrorMessage(connection));
		return EXIT_FAILURE;
	}
	PQclear(prepared);
	FCGX_Init();
	FCGX_InitRequest(&request, 0, 0);
	while (FCGX_Accept_r(&request) >= 0) {
		answer(&request, connection);
		FCGX_Finish_r(&request);
	}
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: accept workers conninfo statement\n");
		return EXIT_FAILURE;
	}
	for (int i = 1; i < atoi(argv[1]); i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		}
	}
	return serve(argv[2], argv[3]);
}
