/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/rego.h"

#include <inttypes.h>
#include <stdlib.h>

#include "runtime/abi/abi_internal.h"
#include "runtime/abi/rego_internal.h"
#include "runtime/base/clock.h"
#include "runtime/base/surroundings.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/rego/builtins/time/zone_store.h"

/* The modules number their builtins from 0; more than OPA has is nonsense. */
#define BUILTIN_ID_MAX 4096
/* What it takes to make a verdict of a byte of it, once it is known to be JSON. */
#define READ_RESULT_NS (3 * CHIMERA_SCAN_AT_ONCE_NS)

/* --- Life --- */

int chimera_rego_check(const struct chimera_plugin *plugin, struct chimera_error *err)
{
    if (!plugin->has_memory)
        return chimera_fail(err, CHIMERA_EMODULE, "Rego wasm error: the module has no memory");
#define X(field, name, type)                                                               \
    if (!chimera_plugin_function(plugin, name, type))                                      \
        return chimera_fail(err, CHIMERA_EMODULE,                                          \
                            "Rego wasm error: cannot get %s function: it is not exported " \
                            "with its type",                                               \
                            name);
    CHIMERA_REGO_EXPORT_MAP(X)
#undef X
    return CHIMERA_OK;
}

static void rego_reset(struct chimera_guest *guest)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    chimera_rego_empty(rego);
    rego->now_ns = 0;
    rego->seed = (struct chimera_rego_seed){0};
    chimera_rego_sent_end(&rego->sent);
}

static const struct chimera_host_side rego_side = {.keep = rego_reset, .reset = rego_reset};

int chimera_rego_attach(struct chimera_guest *guest, struct chimera_error *err)
{
    struct chimera_abi_state *state = chimera_abi_state_make(guest);
    struct chimera_rego *rego = state ? calloc(1, sizeof(*rego)) : NULL;
    if (!rego) {
        chimera_abi_state_end(guest);
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's state");
    }
#define X(field, name, type) \
    rego->field = chimera_plugin_function(guest->loaded->plugin, name, type);
    CHIMERA_REGO_EXPORT_MAP(X)
#undef X
    chimera_buffer_init_within(&rego->text, CHIMERA_REGO_RESULT_MAX, &guest->account);
    state->rego = rego;
    guest->side = &rego_side;
    if (!chimera_abi_reads_cluster(guest))
        return CHIMERA_OK;
    enum chimera_inventory_form form = guest->loaded->plugin->mode == CHIMERA_MODE_OPA
                                           ? CHIMERA_INVENTORY_OPA
                                           : CHIMERA_INVENTORY_GATEKEEPER;
    int code = chimera_inventory_new(guest->grants, form, &guest->account, &rego->inventory, err);
    if (code < 0)
        chimera_rego_detach(guest);
    return code;
}

static void drop(struct json_object **tree)
{
    if (*tree)
        json_object_put(*tree);
    *tree = NULL;
}

void chimera_rego_drop_trees(struct chimera_rego *rego)
{
    for (size_t i = 0; i < CHIMERA_REGO_ARGS_MAX; i++)
        drop(&rego->args[i]);
    drop(&rego->result);
}

void chimera_rego_empty(struct chimera_rego *rego)
{
    chimera_rego_drop_trees(rego);
    chimera_buffer_recycle(&rego->text, CHIMERA_ABI_KEPT_BYTES);
}

void chimera_rego_detach(struct chimera_guest *guest)
{
    struct chimera_abi_state *state = guest->abi;
    struct chimera_rego *rego = chimera_rego_of(guest);
    if (!rego)
        return;
    chimera_rego_empty(rego);
    chimera_buffer_free(&rego->text);
    chimera_rego_sent_end(&rego->sent);
    chimera_inventory_free(rego->inventory);
    free(rego->builtin);
    free(rego);
    state->rego = NULL;
    chimera_abi_state_end(guest);
}

/* --- Preparation --- */

/* What one of the functions without arguments describes. It stays taken from the account. */
static int read_table(struct chimera_guest *guest, const char *name,
                      const struct chimera_export *export, struct json_object **ret_table,
                      struct chimera_error *err)
{
    uint32_t value;
    struct chimera_slice json;
    struct json_object *table = NULL;
    int code = chimera_values_invoke(guest, name, export, (struct chimera_values_arguments){0},
                                     &value, err);
    if (code == CHIMERA_OK)
        code = chimera_values_pull(guest, value, &json, err);
    if (code < 0)
        return code;
    bool is_object = chimera_json_parse_within(json, &guest->account, &table, NULL) == CHIMERA_OK &&
                     json_object_is_type(table, json_type_object);
    code = chimera_values_spend(guest, 0, err);
    if (code == CHIMERA_OK && !is_object)
        code =
            chimera_fail(err, CHIMERA_EMODULE, "Rego wasm error: %s() describes no object", name);
    if (code == CHIMERA_OK)
        *ret_table = table;
    else
        json_object_put(table);
    return code;
}

static int add_builtin(struct chimera_guest *guest, const char *name, struct json_object *id,
                       struct chimera_buffer *missing, struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    bool is_upstream = guest->grants && guest->grants->has_upstream_builtins;
    int64_t number = json_object_get_int64(id);
    if (!json_object_is_type(id, json_type_int) || number < 0 || number >= BUILTIN_ID_MAX)
        return chimera_fail(err, CHIMERA_EMODULE, "Rego wasm error: builtin %s has a bad number",
                            name);
    const struct chimera_rego_builtin *builtin =
        is_upstream ? chimera_rego_builtin_of_upstream(name) : chimera_rego_builtin_find(name);
    if (!builtin)
        chimera_buffer_print(
            missing, "%s%s%s", missing->size ? ", " : "", name,
            strcmp(name, "rego.parse_module") == 0 ? " (the host does not parse Rego)" : "");
    chimera_zones_note(name);
    if (rego->builtin_count <= number)
        rego->builtin_count = (uint32_t)number + 1;
    rego->builtin[number] = builtin;
    return CHIMERA_OK;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* In the order of the names, so that the complaint about several is always the same. */
static int add_builtins(struct chimera_guest *guest, struct json_object *table,
                        struct chimera_buffer *missing, struct chimera_error *err)
{
    size_t count = (size_t)json_object_object_length(table), i = 0;
    if (count > BUILTIN_ID_MAX)
        return chimera_fail(err, CHIMERA_EMODULE, "Rego wasm error: %zu builtins are too many",
                            count);
    const char **names = calloc(count + 1, sizeof(*names));
    if (!names)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's builtins");
    for (const struct lh_entry *entry = json_object_get_object(table)->head; entry;
         entry = entry->next)
        names[i++] = (const char *)lh_entry_k(entry);
    qsort(names, count, sizeof(*names), by_name);
    int code = CHIMERA_OK;
    for (i = 0; i < count && code == CHIMERA_OK; i++)
        code = add_builtin(guest, names[i], json_object_object_get(table, names[i]), missing, err);
    free(names);
    return code;
}

static int read_builtins(struct chimera_guest *guest, struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    CHIMERA_JSON struct json_object *table = NULL;
    struct chimera_buffer missing;
    int code = read_table(guest, "builtins", rego->builtins, &table, err);
    if (code < 0)
        return code;
    rego->builtin = calloc(BUILTIN_ID_MAX, sizeof(*rego->builtin));
    if (!rego->builtin)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's builtins");
    chimera_buffer_init(&missing, sizeof(err->text));
    code = add_builtins(guest, table, &missing, err);
    if (code == CHIMERA_OK && missing.size)
        code = chimera_fail(err, CHIMERA_EMODULE, "Missing Rego builtins: %.*s", (int)missing.size,
                            missing.data);
    chimera_buffer_free(&missing);
    return code;
}

/* The reference always evaluates entry point 0; so do we, unless the operator has named another. */
static int check_entrypoint(struct chimera_guest *guest, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *table = NULL;
    int code = read_table(guest, "entrypoints", chimera_rego_of(guest)->entrypoints, &table, err);
    if (code < 0)
        return code;
    const char *wanted = guest->grants ? guest->grants->entrypoint : NULL;
    for (const struct lh_entry *entry = json_object_get_object(table)->head; entry;
         entry = entry->next) {
        struct json_object *id = (struct json_object *)lh_entry_v(entry);
        int64_t number = json_object_is_type(id, json_type_int) ? json_object_get_int64(id) : -1;
        if (number < 0 || number > INT32_MAX ||
            (wanted ? strcmp((const char *)lh_entry_k(entry), wanted) != 0 : number != 0))
            continue;
        chimera_rego_of(guest)->entrypoint = (uint32_t)number;
        return CHIMERA_OK;
    }
    return chimera_fail(err, CHIMERA_EMODULE,
                        "Rego wasm error: Cannot find the specified entrypoint %s inside of %s",
                        wanted ? wanted : "0",
                        json_object_to_json_string_ext(table, JSON_C_TO_STRING_PLAIN));
}

/* From here on every evaluation has these data; NULL as in chimera_values_push(). */
static int load_data(struct chimera_guest *guest, const struct chimera_pieces *json,
                     struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    uint32_t heap;
    int code = chimera_values_push(guest, json, &rego->data, err);
    /* What is on the heap now stays; setting the pointer also makes the guest's allocator forget
     * the blocks that are free below it, as the reference does before each evaluation. */
    if (code == CHIMERA_OK)
        code = chimera_values_invoke(guest, "opa_heap_ptr_get", rego->heap_ptr_get,
                                     (struct chimera_values_arguments){0}, &heap, err);
    if (code == CHIMERA_OK)
        code = chimera_values_invoke(guest, "opa_heap_ptr_set", rego->heap_ptr_set,
                                     (struct chimera_values_arguments){.first = heap}, NULL, err);
    return code < 0 ? code : chimera_guest_snapshot(guest, err);
}

int chimera_rego_prepare(struct chimera_guest *guest, struct chimera_slice data,
                         struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    struct chimera_pieces pieces = {0};
    int code = read_builtins(guest, err);
    chimera_guest_recount(guest); /* the table is gone */
    if (code == CHIMERA_OK)
        code = check_entrypoint(guest, err);
    chimera_guest_recount(guest);
    rego->own_data = data;
    chimera_pieces_add(&pieces, data);
    if (code == CHIMERA_OK)
        code =
            rego->inventory ? chimera_guest_snapshot(guest, err) : load_data(guest, &pieces, err);
    if (code == CHIMERA_OK && rego->inventory)
        chimera_guest_keep_base(guest);
    return code < 0 ? code : chimera_values_try(guest, err);
}

/* --- The cluster's objects --- */

/* Or takes over what another slot of the policy has parsed of the same. What fails behind the
 * rewind leaves a guest that is thrown away. */
static int reload(struct chimera_guest *guest, struct chimera_arena *arena,
                  struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    struct chimera_digest key;
    uint64_t before = guest->instance->memory.size;
    bool has_key = chimera_inventory_key(rego->inventory, &key), is_kept = false;
    int code = has_key ? chimera_guest_adopt(guest, &key, &rego->data, err) : CHIMERA_EINVAL;
    if (code == CHIMERA_EINVAL) {
        code = chimera_inventory_read(rego->inventory, arena, err);
        is_kept = code < 0;
        if (code == CHIMERA_OK)
            code = chimera_guest_rewind(guest, err);
        chimera_account_give_back(&guest->account, before - guest->instance->memory.size);
        if (code == CHIMERA_OK)
            code = load_data(guest, NULL, err);
        if (has_key)
            chimera_guest_offer(guest, code == CHIMERA_OK ? &key : NULL, rego->data);
    }
    if (code == CHIMERA_OK)
        chimera_inventory_loaded(rego->inventory);
    else if (!is_kept)
        chimera_guest_spoil(guest);
    return code;
}

/* Rego does not ask for the cluster's objects, it finds them in its data. They are parsed when they
 * have changed, for all evaluations that follow. That is a preparation like the first: it has as
 * much time as the request was given, and then the request has its time from the start again. */
static int refresh_data(struct chimera_guest *guest, struct chimera_arena *arena,
                        struct chimera_error *err)
{
    struct chimera_inventory *inventory = chimera_rego_of(guest)->inventory;
    uint64_t left_ns = guest->account.deadline_ns - chimera_clock_ns();
    bool has_limit = guest->account.deadline_ns != CHIMERA_ACCOUNT_FOREVER, is_changed = false;
    uint32_t limit_ms = has_limit ? (uint32_t)((left_ns + 999999) / 1000000) : 0;
    int code = chimera_inventory_ask(inventory, &is_changed, err);
    if (code == CHIMERA_OK && is_changed) {
        chimera_guest_end(guest);
        chimera_guest_begin(guest, limit_ms);
        code = reload(guest, arena, err);
        if (code == CHIMERA_OK) {
            chimera_inventory_drop(inventory);
            chimera_guest_end(guest);
            chimera_guest_begin(guest, limit_ms);
        }
    }
    chimera_inventory_drop(inventory);
    if (guest->account.failed)
        chimera_abi_note_overdrawn(guest);
    return code;
}

/* --- Evaluation --- */

static int run_entrypoint(struct chimera_guest *guest, const struct chimera_pieces *input,
                          uint32_t *ret_value, struct chimera_error *err)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    uint32_t value, context = 0;
    int code = chimera_values_push(guest, input, &value, err);
    if (code == CHIMERA_OK)
        code = chimera_values_invoke(guest, "opa_eval_ctx_new", rego->context_new,
                                     (struct chimera_values_arguments){0}, &context, err);
    if (code == CHIMERA_OK)
        code = chimera_values_invoke(guest, "opa_eval_ctx_set_input", rego->set_input,
                                     (struct chimera_values_arguments){context, value}, NULL, err);
    if (code == CHIMERA_OK)
        code = chimera_values_invoke(guest, "opa_eval_ctx_set_data", rego->set_data,
                                     (struct chimera_values_arguments){context, rego->data}, NULL,
                                     err);
    if (code == CHIMERA_OK)
        code = chimera_values_invoke(guest, "opa_eval_ctx_set_entrypoint", rego->set_entrypoint,
                                     (struct chimera_values_arguments){context, rego->entrypoint},
                                     NULL, err);
    if (code == CHIMERA_OK)
        code =
            chimera_values_invoke(guest, "opa_eval", rego->eval,
                                  (struct chimera_values_arguments){.first = context}, NULL, err);
    if (code == CHIMERA_OK)
        code = chimera_values_invoke(guest, "opa_eval_ctx_get_result", rego->get_result,
                                     (struct chimera_values_arguments){.first = context}, ret_value,
                                     err);
    return code;
}

/* A copy that is known to be JSON, or nothing, with the time that it takes to read it. */
static int keep_result(struct chimera_guest *guest, struct chimera_slice json,
                       struct chimera_arena *arena, struct chimera_slice *ret_result,
                       struct chimera_error *err)
{
    struct chimera_slice copy;
    bool is_kept = chimera_abi_keep_answer(guest, arena, json, &copy);
    bool is_json =
        is_kept && chimera_json_check_within(copy, false, &guest->account, NULL) == CHIMERA_OK;
    if (json.size > CHIMERA_SCAN_AT_ONCE)
        chimera_account_has_time(&guest->account, json.size * READ_RESULT_NS);
    int code = chimera_values_spend(guest, 0, err);
    if (code == CHIMERA_OK && !is_kept)
        code = chimera_fail(err, CHIMERA_ELIMIT, "Rego wasm error: the result is too large");
    if (code == CHIMERA_OK)
        *ret_result = is_json ? copy : CHIMERA_SLICE("");
    return code;
}

int chimera_rego_evaluate(struct chimera_guest *guest, const struct chimera_pieces *input,
                          struct chimera_arena *arena, struct chimera_slice *ret_result,
                          struct chimera_error *err)
{
    uint32_t value;
    struct chimera_slice json = {0};
    struct chimera_rego *rego = chimera_rego_of(guest);
    int code = rego->inventory ? refresh_data(guest, arena, err) : CHIMERA_OK;
    if (code < 0)
        return code;
    guest->is_pure = guest->is_pure && !rego->inventory;
    rego->now_ns = (int64_t)chimera_surroundings_wall_ns();
    code = run_entrypoint(guest, input, &value, err);
    if (code == CHIMERA_OK)
        code = chimera_values_pull(guest, value, &json, err);
    if (code < 0)
        return code;
    return keep_result(guest, json, arena, ret_result, err);
}

struct chimera_response chimera_rego_failure(const struct chimera_request *request, int code,
                                             const struct chimera_error *err,
                                             struct chimera_arena *arena)
{
    if (code == CHIMERA_EDEADLINE)
        return chimera_abi_failure(request, false, arena, "%s", CHIMERA_DEADLINE_TEXT);
    return chimera_abi_failure(request, code != CHIMERA_EREFUSED, arena, "%s", err->text);
}

struct chimera_slice chimera_rego_first_result(struct chimera_slice result_set)
{
    struct chimera_scan scan;
    chimera_scan_init(&scan, result_set);
    if (chimera_scan_peek(&scan) != '[' || !chimera_scan_open(&scan) ||
        chimera_scan_next_element(&scan, true) != 1)
        return (struct chimera_slice){0};
    /* The last member of that name counts. */
    struct chimera_slice found = {0}, value;
    struct chimera_scan_text key;
    if (chimera_scan_peek(&scan) != '{' || !chimera_scan_open(&scan))
        return found;
    for (bool is_first = true; chimera_scan_next_key(&scan, is_first, &key) == 1;
         is_first = false) {
        if (!chimera_scan_colon(&scan) || !chimera_scan_skip(&scan, &value))
            return (struct chimera_slice){0};
        if (chimera_slice_is(key.raw, "result"))
            found = value;
    }
    return found;
}

void chimera_rego_validate_settings(struct chimera_guest *guest, struct chimera_slice settings,
                                    struct chimera_arena *arena,
                                    struct chimera_settings_answer *ret_answer)
{
    (void)guest;
    (void)settings;
    (void)arena;
    *ret_answer = (struct chimera_settings_answer){.valid = true};
}
