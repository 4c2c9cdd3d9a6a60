/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_internal.h - what is asked for an inventory and read from the answers; for inventory.c
 * and inventory_read.c. */
#ifndef CHIMERA_CAPABILITY_INVENTORY_INTERNAL_H
#define CHIMERA_CAPABILITY_INVENTORY_INTERNAL_H

#include "runtime/base/digest.h"
#include "runtime/capability/inventory.h"

/* Namespace, version, kind, name. */
#define INVENTORY_KEYS_MAX 4

enum inventory_scope { INVENTORY_UNKNOWN, INVENTORY_CLUSTERWIDE, INVENTORY_NAMESPACED };

struct inventory_list {                 /* of one kind */
    struct chimera_slice version, kind; /* of the grant; borrowed */
    struct chimera_host_request request, plural_request;
    struct chimera_buffer text, plural_text;
    struct chimera_host_answer answer, plural;
    struct chimera_slice keys[2]; /* as JSON: version and kind, or plural and nothing */
    char *own_keys;               /* owned: what Gatekeeper's are in */
    struct inventory_list *first; /* of this plural: itself, or one before it */
    enum inventory_scope scope;   /* of the first: what this plural's objects are */
    struct chimera_digest digest; /* of the answer, when it has no version */
    /* What the document that was loaded has. */
    uint64_t loaded_version;
    struct chimera_digest loaded_digest;
};

struct inventory_object {
    const struct inventory_list *list;
    struct chimera_slice name_space; /* JSON, in the answer, as are the others; .data NULL: none */
    struct chimera_slice name, text;
};

struct chimera_inventory {
    const struct chimera_grants *grants;
    enum chimera_inventory_form form;
    struct chimera_account *account;
    struct inventory_list *list; /* owned */
    size_t count;
    bool is_loaded;
    struct inventory_object *object; /* owned */
    size_t object_count, capacity;
};

/* Asks for one thing, once more whoever was asked before. */
int inventory_ask(struct chimera_inventory *inventory, const struct chimera_host_request *request,
                  struct chimera_host_answer *answer, struct chimera_error *err);
/* What the account says, if it has failed. */
int inventory_check_account(const struct chimera_inventory *inventory, struct chimera_error *err);
/* CHIMERA_EREFUSED with a text before the reason, which is cut when it is long. */
int inventory_refuse(struct chimera_error *err, const char *before, struct chimera_slice why);

#endif
