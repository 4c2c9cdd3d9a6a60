/* SPDX-License-Identifier: Apache-2.0 */
/* work.h - what one call of a graphql builtin works with: memory that is given back at once, lists
 * and tables in it, and the first failure, which sticks.
 *
 * Once `code` is not 0 nothing counts any more that is made: every loop and every step downwards
 * looks at it, by what it spends. Until then chimera_gql_take() hands out one and the same spare
 * node, so that those who fill nodes need not ask each time. One thread.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_WORK_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_WORK_H

#include <stdint.h>

#include "runtime/base/account.h"
#include "runtime/base/buffer.h"
#include "runtime/base/slice.h"

/* How deep GraphQL may be nested, and what is checked of it: builtins run on what a guest's stack
 * has left for its host. */
#define CHIMERA_GQL_DEPTH_MAX 400

/* The largest node. */
#define CHIMERA_GQL_NODE_MAX 256

struct chimera_gql_block;

struct chimera_gql_work {
    struct chimera_account *account; /* NULL: no bound */
    struct chimera_error *err;       /* borrowed; gets the first failure */
    /* 0; CHIMERA_EINVAL: the GraphQL is wrong; or what ends the call: the account's code,
     * CHIMERA_ENOMEM, CHIMERA_ELIMIT */
    int code;
    unsigned depth;
    struct chimera_gql_block *blocks; /* owned */
    char *at;
    size_t left;    /* behind `at` */
    uint64_t taken; /* of the account */
    _Alignas(16) char spare[CHIMERA_GQL_NODE_MAX];
};

void chimera_gql_open(struct chimera_gql_work *work, struct chimera_account *account,
                      struct chimera_error *err);
/* All that was taken is gone. */
void chimera_gql_close(struct chimera_gql_work *work);

/* Both return the code that sticks. The second is of memory that could not be had. */
int chimera_gql_fail(struct chimera_gql_work *work, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
int chimera_gql_fail_memory(struct chimera_gql_work *work);

/* False when the work is over. */
bool chimera_gql_spend(struct chimera_gql_work *work, uint64_t units);

/* A level down; false when that is too deep, or the work is over. The caller takes it back from
 * `depth` when it was true. */
bool chimera_gql_enter(struct chimera_gql_work *work);

/* A node of zeros, at most CHIMERA_GQL_NODE_MAX large. Never NULL. */
void *chimera_gql_take(struct chimera_gql_work *work, size_t size);
/* The same for bytes, as many as one likes: NULL when there are none. */
void *chimera_gql_take_bytes(struct chimera_gql_work *work, size_t size);

/* A copy of the buffer's bytes, which are freed; empty once the work is over. */
struct chimera_slice chimera_gql_keep(struct chimera_gql_work *work, struct chimera_buffer *buffer);

/* --- Lists of nodes --- */

struct chimera_gql_list {
    void **items; /* in the work's memory, as they are */
    uint32_t count, room;
};

void chimera_gql_push(struct chimera_gql_work *work, struct chimera_gql_list *list, void *item);
void chimera_gql_push_all(struct chimera_gql_work *work, struct chimera_gql_list *list,
                          const struct chimera_gql_list *more);

/* The first of that name, NULL when there is none: for nodes that begin with their name (ast.h). */
void *chimera_gql_find(struct chimera_gql_work *work, const struct chimera_gql_list *list,
                       struct chimera_slice name);

/* --- Tables by name --- */

struct chimera_gql_entry {
    struct chimera_slice name;
    void *value;
    bool is_used;
};

struct chimera_gql_table {
    struct chimera_gql_entry *entries; /* open addressing; `room` is a power of two */
    uint32_t count, room;
};

/* NULL when there is none. */
void *chimera_gql_get(struct chimera_gql_work *work, const struct chimera_gql_table *table,
                      struct chimera_slice name);
/* Where the value of a name is, NULL at first; good until the next one is made. Never NULL. */
void **chimera_gql_put(struct chimera_gql_work *work, struct chimera_gql_table *table,
                       struct chimera_slice name);
/* How often was it asked for this name before? For tables of nothing else. */
uintptr_t chimera_gql_count(struct chimera_gql_work *work, struct chimera_gql_table *table,
                            struct chimera_slice name);
static inline bool chimera_gql_seen(struct chimera_gql_work *work, struct chimera_gql_table *table,
                                    struct chimera_slice name)
{
    return chimera_gql_count(work, table, name) > 0;
}
/* All values, in the order of their names. */
struct chimera_gql_list chimera_gql_sorted(struct chimera_gql_work *work,
                                           const struct chimera_gql_table *table);

#endif
