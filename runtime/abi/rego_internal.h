/* SPDX-License-Identifier: Apache-2.0 */
/* rego_internal.h - values on their way into a Rego guest and out of it (rego_values.c).
 *
 * Where a module keeps its values as OPA's runtime does (rego/linear/layout.h) they are built and
 * read in its memory; any other module is handed a text to parse, and dumps one. Which it is, is
 * tried out once an instance.
 */
#ifndef CHIMERA_REGO_INTERNAL_H
#define CHIMERA_REGO_INTERNAL_H

#include "runtime/abi/rego.h"

struct chimera_values_arguments { /* as many as the function takes; a register's worth */
    uint32_t first, second;
};

/* Calls an export; *ret_value may be NULL. The error is the reference's, with `name`. */
int chimera_values_invoke(struct chimera_guest *guest, const char *name,
                          const struct chimera_export *export,
                          struct chimera_values_arguments arguments, uint32_t *ret_value,
                          struct chimera_error *err);

/* Makes a JSON text a value of the guest's; *ret_value is its address. NULL stands for the data
 * with the cluster's objects. */
int chimera_values_push(struct chimera_guest *guest, const struct chimera_pieces *json,
                        uint32_t *ret_value, struct chimera_error *err);

/* The text of a value of the guest's, valid until the guest runs again, a builtin's answer is made
 * or another value is pulled. It may be no JSON. */
int chimera_values_pull(struct chimera_guest *guest, uint32_t value, struct chimera_slice *ret_json,
                        struct chimera_error *err);

/* Builtins' arguments as texts of Rego, which are in rego->text. False: the guest is to be asked
 * for all of them. On the guest's stack, like the next two; they call nobody back. */
bool chimera_values_read(struct chimera_guest *guest, const uint32_t *values, unsigned count,
                         struct chimera_slice *ret_texts);

/* How large a block of the guest's a result is built in whose text has `size` bytes; 0: it is not
 * worth it, or there is no memory for it, and it is to be parsed. */
uint32_t chimera_values_block(const struct chimera_guest *guest, size_t size);
/* Builds it in such a block, whose start is its text. False: it is to be parsed, from there. */
bool chimera_values_build(struct chimera_guest *guest, uint32_t at, size_t size,
                          uint32_t *ret_value);

/* Looks whether the guest's values have the layout that is known, unless another slot of the policy
 * has, and notes it. The guest has a snapshot, to which it is brought back. */
int chimera_values_try(struct chimera_guest *guest, struct chimera_error *err);

/* Spends for work on what the guest hands over, outside of it. */
int chimera_values_spend(struct chimera_guest *guest, uint64_t units, struct chimera_error *err);

#endif
