/*
 * Actions as people read them, and as a Hasura engine does: the types in
 * GraphQL (actions.graphql), the metadata as YAML (actions.yaml), and all of
 * it as one request to the engine's /v1/metadata.
 */
#ifndef POSTERN_ACTIONS_PRINT_H
#define POSTERN_ACTIONS_PRINT_H

#include "base/buf.h"
#include "base/conf.h"
#include "io/actions.h"

void actions_print_list(struct buf *b, const struct conf *conf,
			const struct actions *actions);
void actions_print_graphql(struct buf *b, const struct conf *conf,
			   const struct actions *actions);
void actions_print_yaml(struct buf *b, const struct conf *conf,
			const struct actions *actions);
void actions_print_json(struct buf *b, const struct conf *conf,
			const struct actions *actions);

#endif
