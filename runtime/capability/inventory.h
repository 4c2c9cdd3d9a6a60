/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.h - the cluster's objects as Rego policies find them in their data (guest-abis.md
 * §4.4): all of the kinds that a policy was granted.
 *
 * Asked before each evaluation; read, and written as one JSON document, only when something has
 * changed since the document that the policy has. The objects' bytes are copied once, from the
 * answers to the guest; what is made of them here is a list of where they are. One thread.
 */
#ifndef CHIMERA_CAPABILITY_INVENTORY_H
#define CHIMERA_CAPABILITY_INVENTORY_H

#include "runtime/base/arena.h"
#include "runtime/base/digest.h"
#include "runtime/capability/grant.h"
#include "runtime/capability/source.h"

enum chimera_inventory_form {
    CHIMERA_INVENTORY_OPA,       /* the settings, and kubernetes.PLURAL[.NAMESPACE].NAME in them */
    CHIMERA_INVENTORY_GATEKEEPER /* inventory.cluster.VERSION.KIND.NAME, inventory.namespace.… */
};

struct chimera_inventory; /* opaque */

/* Borrows the grants and the account, which answers and lists are taken from. */
int chimera_inventory_new(const struct chimera_grants *grants, enum chimera_inventory_form form,
                          struct chimera_account *account, struct chimera_inventory **ret_inventory,
                          struct chimera_error *err);
void chimera_inventory_free(struct chimera_inventory *inventory); /* NULL is allowed */

/* Asks for all lists, in the reference's order. *ret_is_changed: they are not those of the document
 * that was loaded last. A list without a version has changed when its bytes have. CHIMERA_EREFUSED:
 * the error is the reference's; other codes are the account's. */
int chimera_inventory_ask(struct chimera_inventory *inventory, bool *ret_is_changed,
                          struct chimera_error *err);

/* When something has changed: asks for what is missing, and reads the lists. What names need is in
 * the arena, which outlives the writing. Fails like the above. */
int chimera_inventory_read(struct chimera_inventory *inventory, struct chimera_arena *arena,
                           struct chimera_error *err);

/* How long the document is, and writes it: the same both times. `settings` is an object of ours;
 * what it has as `kubernetes`, with OPA, or as `inventory` is left out, and with OPA the log says
 * so. */
size_t chimera_inventory_size(const struct chimera_inventory *inventory,
                              struct chimera_slice settings);
void chimera_inventory_write(const struct chimera_inventory *inventory,
                             struct chimera_slice settings, char *to);

/* The document has arrived: until something changes it need not be made again. Or there is none any
 * more. */
void chimera_inventory_loaded(struct chimera_inventory *inventory);
void chimera_inventory_forget(struct chimera_inventory *inventory);

/* What the document comes of, in a word that is the same wherever the same is asked: between asking
 * and dropping. False when nobody knows. */
bool chimera_inventory_key(const struct chimera_inventory *inventory,
                           struct chimera_digest *ret_key);

/* Lets go of the answers and what was read from them. */
void chimera_inventory_drop(struct chimera_inventory *inventory);

#endif
