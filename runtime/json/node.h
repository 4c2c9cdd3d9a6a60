/* SPDX-License-Identifier: Apache-2.0 */
/* node.h - json-c's values on an account.
 *
 * What a value costs is taken before it is made, close to what the heap gives for it, and units are
 * spent. json-c ends trees without telling, so nothing is given back: whoever ends one restores a
 * mark (account.h). The account may be NULL. A NULL in place of a value is a failure of which
 * chimera_node_failure() has the code.
 */
#ifndef CHIMERA_JSON_NODE_H
#define CHIMERA_JSON_NODE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "runtime/base/account.h"
#include "runtime/base/slice.h"

struct json_object *chimera_node_object(struct chimera_account *account);
struct json_object *chimera_node_array(struct chimera_account *account);
struct json_object *chimera_node_string(struct chimera_account *account, struct chimera_slice text);
struct json_object *chimera_node_int64(struct chimera_account *account, int64_t number);
struct json_object *chimera_node_uint64(struct chimera_account *account, uint64_t number);
struct json_object *chimera_node_double(struct chimera_account *account, double number);
struct json_object *chimera_node_boolean(struct chimera_account *account, bool value);

/* A double that keeps a text of its own. */
struct json_object *chimera_node_double_text(struct chimera_account *account, double number,
                                             struct chimera_slice text);

/* These take `value` whatever happens, and return 0, the account's code or CHIMERA_ENOMEM. A NULL
 * value is null. */
int chimera_node_append(struct chimera_account *account, struct json_object *array,
                        struct json_object *value);
int chimera_node_add(struct chimera_account *account, struct json_object *object, const char *key,
                     struct json_object *value);

/* Of all that is in it; as deep as the value, which the caller has bounded. False: failure; null is
 * a NULL. */
bool chimera_node_copy(struct chimera_account *account, struct json_object *value,
                       struct json_object **ret_copy);

/* What was taken for one value as it is now, without what is in it; and for a member's key. */
uint64_t chimera_node_bytes(struct json_object *value);
uint64_t chimera_node_key_bytes(size_t size);

static inline int chimera_node_failure(const struct chimera_account *account)
{
    return account && account->failed ? account->failed : CHIMERA_ENOMEM;
}

#endif
