/*
 * What is known of a model for GraphQL: a schema per role, and the documents
 * that came lately, parsed and found valid.
 *
 * It hangs on the model and goes with it, so nothing in it is ever stale.
 * Documents are found by their text; CACHE_DOCUMENTS and CACHE_BYTES of memory
 * bound them, the least used goes first.  One that is in use lives on until the
 * request's arena is reset.
 */
#ifndef POSTERN_API_GRAPHQL_CACHE_H
#define POSTERN_API_GRAPHQL_CACHE_H

#include "api/graphql/document.h"
#include "api/graphql/fault.h"
#include "api/graphql/schema.h"
#include "base/conf.h"
#include "core/request.h"

enum { CACHE_DOCUMENTS = 256, CACHE_BYTES = 4 * 1024 * 1024 };

struct cached {
	struct document *document;
	struct arena *arena; /* of the document, and all that hangs on it */
	struct str source;
	uint64_t hash, used;
	size_t bytes;	      /* of memory, as far as it is counted */
	struct reuse *plans;  /* see reuse.h */
	size_t times, nplans; /* how often it came */
	uint32_t role;
	int refs;
	bool persisted; /* the database knows it by its SHA-256 */
};

/* The schema of the role, built when it is first asked for. */
const struct schema *
cache_schema(struct model *model, const struct conf *conf, uint32_t role);

/*
 * The document of that text, valid for the schema's role, held until the call's
 * arena is reset; or NULL, with faults, which with `hints` give names away.
 */
struct cached *
cache_document(struct call *call, const struct schema *schema,
	       struct str source, bool hints, struct faults *faults);

/* More has been made in the document's arena: count it, and make room. */
void cache_grown(struct model *model, struct cached *c);

#endif
