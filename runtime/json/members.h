/* SPDX-License-Identifier: Apache-2.0 */
/* members.h - the members of a json-c object in the reference's order: by key, bytewise. Private to
 * this folder. */
#ifndef CHIMERA_JSON_MEMBERS_H
#define CHIMERA_JSON_MEMBERS_H

#include <stdbool.h>

#include <json-c/json.h>

#include "runtime/base/account.h"

struct chimera_member {
    const char *key;           /* borrowed from the object, as is the value */
    struct json_object *value; /* NULL: null */
};

struct chimera_members {
    struct chimera_member *member; /* owned */
    size_t count;
    struct chimera_account *account; /* that the list was taken from; may be NULL */
};

/* 0, the account's code or CHIMERA_ENOMEM. The caller ends them. */
int chimera_members_sorted(struct json_object *object, struct chimera_account *account,
                           struct chimera_members *ret_members);
void chimera_members_free(struct chimera_members *members); /* zeroes are allowed */

/* How deep the writer and the difference follow a tree. What is parsed here is never that deep. */
#define CHIMERA_TREE_DEPTH_MAX 256

#endif
