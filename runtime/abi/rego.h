/* SPDX-License-Identifier: Apache-2.0 */
/* rego.h - speaking to modules that OPA compiled from Rego (guest-abis.md §4): what the two modes,
 * opa.c and gatekeeper.c, share.
 *
 * Only the calls of OPA's ABI 1.0 are used, which every later version has too. One struct
 * chimera_rego per guest, made by attach and ended by detach. Builtins run while the guest runs and
 * may be left at any call back into it, so what they are working on is kept here and given back
 * later.
 */
#ifndef CHIMERA_REGO_H
#define CHIMERA_REGO_H

#include "runtime/abi/abi.h"
#include "runtime/abi/state.h"
#include "runtime/capability/inventory.h"
#include "runtime/rego/builtin.h"

#define CHIMERA_REGO_EXPORT_MAP(X)                          \
    X(builtins, "builtins", ":i")                           \
    X(entrypoints, "entrypoints", ":i")                     \
    X(heap_ptr_get, "opa_heap_ptr_get", ":i")               \
    X(heap_ptr_set, "opa_heap_ptr_set", "i:")               \
    X(malloc, "opa_malloc", "i:i")                          \
    X(json_parse, "opa_json_parse", "ii:i")                 \
    X(json_dump, "opa_json_dump", "i:i")                    \
    X(value_parse, "opa_value_parse", "ii:i")               \
    X(value_dump, "opa_value_dump", "i:i")                  \
    X(context_new, "opa_eval_ctx_new", ":i")                \
    X(set_input, "opa_eval_ctx_set_input", "ii:")           \
    X(set_data, "opa_eval_ctx_set_data", "ii:")             \
    X(set_entrypoint, "opa_eval_ctx_set_entrypoint", "ii:") \
    X(eval, "eval", "i:i")                                  \
    X(get_result, "opa_eval_ctx_get_result", "i:i")

struct chimera_rego {
#define X(field, name, type) const struct chimera_export *field;
    CHIMERA_REGO_EXPORT_MAP(X)
#undef X
    const struct chimera_rego_builtin *
        *builtin; /* owned; by the module's own numbers; holes are NULL */
    uint32_t builtin_count;
    bool has_layout;      /* values are built and read in its memory (rego_internal.h) */
    const char *obstacle; /* why they are not; static. NULL: they are, or it is not known yet */
    uint32_t data;        /* guest address of the value that every evaluation gets as `data` */
    struct chimera_slice own_data;       /* the document without the cluster's objects; borrowed */
    struct chimera_inventory *inventory; /* owned; NULL: the policy was granted none of them */

    /* Of the builtin that runs now, or was left; all owned. */
    struct json_object *args[CHIMERA_REGO_ARGS_MAX], *result;
    struct chimera_buffer text;
    int64_t now_ns; /* of the evaluation, as is the next */
    struct chimera_rego_seed seed;
    struct chimera_rego_sent sent;
    uint32_t entrypoint; /* the number of the one that is asked */
};

/* The guest's; NULL when its ABI has none. */
static inline struct chimera_rego *chimera_rego_of(const struct chimera_guest *guest)
{
    const struct chimera_abi_state *state = guest->abi;
    return state ? state->rego : NULL;
}

int chimera_rego_check(const struct chimera_plugin *plugin, struct chimera_error *err);
int chimera_rego_attach(struct chimera_guest *guest, struct chimera_error *err);
void chimera_rego_detach(struct chimera_guest *guest);

/* Reads what the module needs and offers, and makes `data` (JSON), which stays the caller's as long
 * as the guest lives, its data; if it reads the cluster, with the first evaluation. */
int chimera_rego_prepare(struct chimera_guest *guest, struct chimera_slice data,
                         struct chimera_error *err);

/* Evaluates the first entry point. *ret_result is the JSON of the whole result set, in the arena:
 * `[{"result": …}]`, or `[]` when it is undefined; empty when it is no JSON. On failure err->text
 * is the reference's, without "internal server error: "; CHIMERA_EDEADLINE when the time is up. */
int chimera_rego_evaluate(struct chimera_guest *guest, const struct chimera_pieces *input,
                          struct chimera_arena *arena, struct chimera_slice *ret_result,
                          struct chimera_error *err);

/* The 500 for a failed evaluation. */
struct chimera_response chimera_rego_failure(const struct chimera_request *request, int code,
                                             const struct chimera_error *err,
                                             struct chimera_arena *arena);

/* The value of `result` in the first member of the result set, as evaluated; .data is NULL when
 * there is none. */
struct chimera_slice chimera_rego_first_result(struct chimera_slice result_set);

/* Frees the arguments and the result that a builtin was working on; the text of it stays. */
void chimera_rego_drop_trees(struct chimera_rego *rego);
/* Forgets all that a builtin was working on. */
void chimera_rego_empty(struct chimera_rego *rego);

/* Rego policies have no say in their settings: always valid. */
void chimera_rego_validate_settings(struct chimera_guest *guest, struct chimera_slice settings,
                                    struct chimera_arena *arena,
                                    struct chimera_settings_answer *ret_answer);

#endif
