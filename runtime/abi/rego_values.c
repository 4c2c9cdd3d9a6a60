/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/rego_internal.h"

#include <stdatomic.h>

#include "runtime/abi/abi_internal.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/rego/linear/build.h"
#include "runtime/rego/linear/read.h"

/* Most bytes that a result set may have. */
#define RESULT_MAX ((size_t)64 << 20)

/* Room for a value at first, for each byte of its text: a Kubernetes object takes some two and a
 * half. Then as much as it can need at the most. */
#define ROOM_FACTOR 6
#define ROOM_LEAST 1024

/* A builtin's result of fewer bytes is parsed: that costs less than so much room each time. */
#define BUILT_RESULT_MIN 512

/* What a byte of a text takes that is built in one go. */
#define BUILD_NS 3

/* --- Calls --- */

static int fail_call(struct chimera_guest *guest, const char *doing, const char *name, int code,
                     struct chimera_error *err)
{
    char text[CHIMERA_ABI_STOP_TEXT];
    return chimera_fail(err, code, "wasm engine error: %s %s function: %s", doing, name,
                        chimera_abi_stop_text(guest, text));
}

int chimera_values_invoke(struct chimera_guest *guest, const char *name,
                          const struct chimera_export *export,
                          struct chimera_values_arguments arguments, uint32_t *ret_value,
                          struct chimera_error *err)
{
    union chimera_value values[2] = {{.i32 = arguments.first}, {.i32 = arguments.second}};
    int code = chimera_guest_run(guest, export, values);
    if (code < 0)
        return fail_call(guest, "error invoking", name, code, err);
    if (ret_value)
        *ret_value = values[0].i32;
    return CHIMERA_OK;
}

int chimera_values_spend(struct chimera_guest *guest, uint64_t units, struct chimera_error *err)
{
    int code = chimera_account_spend(&guest->account, units);
    if (code == CHIMERA_OK)
        return code;
    chimera_abi_note_overdrawn(guest);
    return chimera_fail(err, code, "%s", chimera_guest_stop_text(guest));
}

/* --- As text --- */

/* So many bytes of the guest's memory, from its allocator. */
static int reserve(struct chimera_guest *guest, uint64_t size, uint32_t *ret_at,
                   struct chimera_error *err)
{
    union chimera_value values[2] = {{.i32 = (uint32_t)size}};
    if (size >= UINT32_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "Rego wasm error: the document is too large");
    int code = chimera_guest_run(guest, chimera_rego_of(guest)->malloc, values);
    if (code < 0)
        return fail_call(guest, "push_json: cannot invoke", "opa_malloc", code, err);
    uint64_t memory = guest->instance->memory.size;
    if (size > memory || values[0].i32 > memory - size)
        return chimera_fail(err, CHIMERA_EGUEST,
                            "Rego wasm error: Cannot get memory address: out of bounds");
    *ret_at = values[0].i32;
    return CHIMERA_OK;
}

static int parse(struct chimera_guest *guest, uint32_t at, size_t size, uint32_t *ret_value,
                 struct chimera_error *err)
{
    union chimera_value values[2] = {{.i32 = at}, {.i32 = (uint32_t)size}};
    int code = chimera_guest_run(guest, chimera_rego_of(guest)->json_parse, values);
    if (code < 0)
        return fail_call(guest, "push_json: cannot invoke", "opa_json_parse", code, err);
    if (values[0].i32 == 0)
        return chimera_fail(err, CHIMERA_EGUEST, "Rego wasm error: Failed to load json in memory");
    *ret_value = values[0].i32;
    return CHIMERA_OK;
}

/* A document is a JSON text in pieces or, for NULL, the data with the cluster's objects. */
static size_t document_size(const struct chimera_guest *guest, const struct chimera_pieces *json)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    return json ? json->size : chimera_inventory_size(rego->inventory, rego->own_data);
}

static int put_document(struct chimera_guest *guest, const struct chimera_pieces *json, uint32_t at,
                        struct chimera_error *err)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    char *to = (char *)guest->instance->memory.data + at;
    if (json) {
        chimera_pieces_copy(json, 0, to, json->size);
        return CHIMERA_OK;
    }
    chimera_inventory_write(rego->inventory, rego->own_data, to);
    return chimera_values_spend(guest, 0, err);
}

static int push_text(struct chimera_guest *guest, const struct chimera_pieces *json,
                     uint32_t *ret_value, struct chimera_error *err)
{
    size_t size = document_size(guest, json);
    uint32_t at;
    int code = reserve(guest, size, &at, err);
    if (code == CHIMERA_OK)
        code = put_document(guest, json, at, err);
    return code < 0 ? code : parse(guest, at, size, ret_value, err);
}

/* *ret_text is in the guest's memory. */
static int pull_text(struct chimera_guest *guest, uint32_t value, enum chimera_linear_form form,
                     struct chimera_slice *ret_text, struct chimera_error *err)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    bool is_json = form == CHIMERA_LINEAR_JSON;
    union chimera_value values[1] = {{.i32 = value}};
    int code = chimera_guest_run(guest, is_json ? rego->json_dump : rego->value_dump, values);
    if (code < 0)
        return fail_call(guest, "cannot invoke", is_json ? "opa_json_dump" : "opa_value_dump", code,
                         err);
    const struct chimera_memory *memory = &guest->instance->memory;
    const char *at = (const char *)memory->data + values[0].i32;
    uint64_t left = values[0].i32 < memory->size ? memory->size - values[0].i32 : 0;
    const char *end = memchr(at, '\0', left < RESULT_MAX ? left : RESULT_MAX);
    if (!end)
        return chimera_fail(err, CHIMERA_EGUEST,
                            "Rego wasm error: Cannot get memory address: a text does not end");
    *ret_text = (struct chimera_slice){at, (size_t)(end - at)};
    return chimera_values_spend(guest, ret_text->size / 4, err);
}

/* --- In the guest's memory --- */

static struct chimera_linear_memory memory_of(const struct chimera_guest *guest)
{
    return (struct chimera_linear_memory){guest->instance->memory.data,
                                          guest->instance->memory.size};
}

/* A text with its NUL, and what is behind it at first. */
static uint64_t before_room(uint64_t size)
{
    return (size + 1 + 3) & ~(uint64_t)3;
}

static uint64_t room_for(uint64_t size)
{
    return size * ROOM_FACTOR + ROOM_LEAST;
}

/* A block with the document at its start and the value behind it. *ret_result tells how building
 * went, and of *ret_room, the room that there was, it makes what the text needs at the most. */
static int build_within(struct chimera_guest *guest, const struct chimera_pieces *json,
                        uint64_t *ret_room, enum chimera_linear_result *ret_result,
                        uint32_t *ret_value, struct chimera_error *err)
{
    size_t size = document_size(guest, json);
    uint64_t before = before_room(size);
    uint32_t at;
    int code = reserve(guest, before + *ret_room, &at, err);
    if (code == CHIMERA_OK)
        code = put_document(guest, json, at, err);
    if (code < 0)
        return code;
    uint8_t *memory = guest->instance->memory.data;
    struct chimera_slice text = {(const char *)memory + at, size};
    memory[at + size] = '\0';
    *ret_result = chimera_linear_build(memory, text, (uint32_t)(at + before),
                                       (uint32_t)(at + before + *ret_room), ret_value);
    if (*ret_result == CHIMERA_LINEAR_ROOM)
        *ret_room = chimera_linear_build_room(text);
    return CHIMERA_OK;
}

/* Is so large a block to be had? */
static bool has_memory(const struct chimera_account *account, uint64_t size)
{
    return size < UINT32_MAX && size <= account->bytes_limit - account->bytes;
}

/* *ret_value is 0 when the guest has to parse the text. */
static int build(struct chimera_guest *guest, const struct chimera_pieces *json,
                 uint32_t *ret_value, struct chimera_error *err)
{
    struct chimera_account *account = &guest->account;
    enum chimera_linear_result result = CHIMERA_LINEAR_ROOM;
    size_t size = document_size(guest, json);
    uint64_t room = room_for(size);
    if (size > CHIMERA_SCAN_AT_ONCE)
        chimera_account_has_time(account, size * BUILD_NS);
    int code = chimera_values_spend(guest, size / 4, err);
    for (int i = 0; i < 2 && code == CHIMERA_OK && result == CHIMERA_LINEAR_ROOM; i++) {
        if (!has_memory(account, before_room(size) + room))
            break;
        code = build_within(guest, json, &room, &result, ret_value, err);
    }
    if (result != CHIMERA_LINEAR_BUILT)
        *ret_value = 0;
    return code;
}

int chimera_values_push(struct chimera_guest *guest, const struct chimera_pieces *json,
                        uint32_t *ret_value, struct chimera_error *err)
{
    if (chimera_rego_of(guest)->has_layout) {
        int code = build(guest, json, ret_value, err);
        if (code < 0 || *ret_value)
            return code;
    }
    return push_text(guest, json, ret_value, err);
}

int chimera_values_pull(struct chimera_guest *guest, uint32_t value, struct chimera_slice *ret_json,
                        struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    if (rego->has_layout) {
        chimera_buffer_reset(&rego->text);
        if (chimera_linear_dump(memory_of(guest), value, CHIMERA_LINEAR_JSON, &rego->text)) {
            *ret_json = chimera_buffer_slice(&rego->text);
            return chimera_values_spend(guest, 0, err);
        }
    }
    return pull_text(guest, value, CHIMERA_LINEAR_JSON, ret_json, err);
}

/* --- Of builtins --- */

bool chimera_values_read(struct chimera_guest *guest, const uint32_t *values, unsigned count,
                         struct chimera_slice *ret_texts)
{
    struct chimera_buffer *out = &chimera_rego_of(guest)->text;
    size_t end[CHIMERA_REGO_ARGS_MAX], start = 0;
    if (!chimera_rego_of(guest)->has_layout)
        return false;
    chimera_buffer_reset(out);
    for (unsigned i = 0; i < count; i++) {
        if (!chimera_linear_dump(memory_of(guest), values[i], CHIMERA_LINEAR_REGO, out))
            return false;
        end[i] = out->size;
    }
    for (unsigned i = 0; i < count; start = end[i++])
        ret_texts[i] = (struct chimera_slice){out->data + start, end[i] - start};
    return true;
}

uint32_t chimera_values_block(const struct chimera_guest *guest, size_t size)
{
    uint64_t block = before_room(size) + room_for(size);
    return chimera_rego_of(guest)->has_layout && size >= BUILT_RESULT_MIN &&
                   has_memory(&guest->account, block)
               ? (uint32_t)block
               : 0;
}

bool chimera_values_build(struct chimera_guest *guest, uint32_t at, size_t size,
                          uint32_t *ret_value)
{
    uint8_t *memory = guest->instance->memory.data;
    struct chimera_slice text = {(const char *)memory + at, size};
    uint64_t before = before_room(size);
    memory[at + size] = '\0';
    return chimera_linear_build(memory, text, (uint32_t)(at + before),
                                (uint32_t)(at + before + room_for(size)),
                                ret_value) == CHIMERA_LINEAR_BUILT;
}

/* --- The layout --- */

/* Everything that a text can have: sizes at which objects and arrays grow, keys that share a bucket
 * and their order, keys that come twice, numbers that no type of ours holds, escapes, all lengths
 * of UTF-8, depth. */
#define PROBE_DUMP_MAX 16384
#define TWELVE(key)                                                                        \
    "\"" key "\":0,\"" key "a\":1,\"" key "b\":-2,\"" key "c\":3.50,\"" key "d\":4e2,"     \
    "\"" key "e\":-0,\"" key "f\":[],\"" key "g\":{},\"" key "h\":\"\",\"" key "i\":null," \
    "\"" key "j\":true,\"" key "\xc3\xa9\":false"
static const char *const probe[] = {
    "{\"none\":{},\"empty\":[],\"five\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5},",
    "\"six\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6},",
    "\"again\":{\"a\":1,\"b\":2,\"a\":{\"b\":[3]}},\"\":\"key\",\"twelve\":{",
    TWELVE("k"),
    "},\"many\":{",
    TWELVE(""),
    ",",
    TWELVE("\\\""),
    "},\"list\" : [ 1 , -1, 0, 9223372036854775807, -9223372036854775808, 1E+30, 1e-7, 0.10,",
    "100000000000000000000000,true,false,null,[[[[[[[[1]]]]]]]],{\"a\":{\"b\":{\"c\":[{}]}}}],",
    "\"text\":[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u00e9\\u20ac\\ud83d\\ude00 \\u007f\",",
    "\"\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\",\"",
    "0123456789abcdefghijklmnopqrstuvwxyz/0123456789abcdefghijklmnopqrstuvwxyz/",
    "0123456789abcdefghijklmnopqrstuvwxyz/0123456789abcdefghijklmnopqrstuvwxyz/\"]}",
};
/* What JSON has not. */
static const char probe_sets[] =
    "[set(),{1,2,3,4,5,6,\"a\",[],{}},{{\"a\"},{\"b\":set()}},{\"a\":{3}}]";
static const char probe_keys[] =
    "{1:2,2.50:3,[1]:[],{}:{[]:1},set():null,{1,\"b\"}:true,true:{{\"a\":1}:2},null:\"\"}";

/* Do the guest and the reader write a value as JSON the same, and as `expected` unless that is
 * empty? */
static bool is_read(struct chimera_guest *guest, uint32_t value, struct chimera_slice expected)
{
    struct chimera_slice text;
    struct chimera_buffer *out = &chimera_rego_of(guest)->text;
    chimera_buffer_reset(out);
    return pull_text(guest, value, CHIMERA_LINEAR_JSON, &text, NULL) == CHIMERA_OK &&
           (expected.size == 0 || chimera_slice_equal(text, expected)) &&
           chimera_linear_dump(memory_of(guest), value, CHIMERA_LINEAR_JSON, out) &&
           chimera_slice_equal(chimera_buffer_slice(out), text);
}

static bool is_same_value(struct chimera_slice a, struct chimera_slice b)
{
    CHIMERA_JSON struct json_object *first = NULL, *second = NULL;
    return chimera_rego_parse(a, &first, NULL) == CHIMERA_OK &&
           chimera_rego_parse(b, &second, NULL) == CHIMERA_OK &&
           chimera_rego_compare(first, second, NULL) == 0;
}

/* The same of what JSON has not. */
static bool is_read_whole(struct chimera_guest *guest, uint32_t value)
{
    struct chimera_slice text;
    struct chimera_buffer *out = &chimera_rego_of(guest)->text;
    chimera_buffer_reset(out);
    return pull_text(guest, value, CHIMERA_LINEAR_REGO, &text, NULL) == CHIMERA_OK &&
           chimera_linear_dump(memory_of(guest), value, CHIMERA_LINEAR_REGO, out) &&
           is_same_value(chimera_buffer_slice(out), text);
}

/* Is a block of the guest's allocator headed as what is built is? */
static bool has_head(const struct chimera_guest *guest, uint32_t block, uint32_t size)
{
    const uint8_t *head =
        block < CHIMERA_LINEAR_BLOCK_HEAD
            ? NULL
            : chimera_linear_at(memory_of(guest), block - CHIMERA_LINEAR_BLOCK_HEAD,
                                CHIMERA_LINEAR_BLOCK_HEAD);
    return head && chimera_linear_load(head) == size && chimera_linear_load(head + 4) == 0 &&
           chimera_linear_load(head + 8) == 0;
}

static bool knows_sets(struct chimera_guest *guest)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    uint32_t at, sets = 0, keys = 0;
    if (reserve(guest, sizeof(probe_sets) + sizeof(probe_keys), &at, NULL) < 0)
        return false;
    uint32_t keys_at = at + sizeof(probe_sets);
    memcpy(guest->instance->memory.data + at, probe_sets, sizeof(probe_sets));
    memcpy(guest->instance->memory.data + keys_at, probe_keys, sizeof(probe_keys));
    struct chimera_values_arguments first = {at, sizeof(probe_sets) - 1},
                                    second = {keys_at, sizeof(probe_keys) - 1};
    return chimera_values_invoke(guest, "opa_value_parse", rego->value_parse, first, &sets, NULL) ==
               CHIMERA_OK &&
           chimera_values_invoke(guest, "opa_value_parse", rego->value_parse, second, &keys,
                                 NULL) == CHIMERA_OK &&
           is_read(guest, sets, (struct chimera_slice){0}) && is_read_whole(guest, sets) &&
           is_read_whole(guest, keys);
}

/* Why the guest's values are handed over as text; NULL: they are not. `dump` is for the guest's own
 * of the probe. */
static const char *find_obstacle(struct chimera_guest *guest, struct chimera_buffer *dump)
{
    struct chimera_pieces json = {0};
    struct chimera_slice text;
    uint32_t own, built, block;
    for (size_t i = 0; i < sizeof(probe) / sizeof(probe[0]); i++)
        chimera_pieces_add(&json, chimera_slice_of(probe[i]));
    /* What is built has to be what that frees. */
    if (!chimera_plugin_function(guest->loaded->plugin, "opa_free", "i:"))
        return "it has no opa_free";
    if (reserve(guest, 1, &block, NULL) < 0 ||
        !has_head(guest, block, CHIMERA_LINEAR_BLOCK_SMALLEST))
        return "its allocator is another";
    if (push_text(guest, &json, &own, NULL) < 0 ||
        pull_text(guest, own, CHIMERA_LINEAR_JSON, &text, NULL) < 0 ||
        chimera_buffer_append(dump, text) < 0)
        return "its own functions fail at what a text can have";
    text = chimera_buffer_slice(dump);
    if (!has_head(guest, own, CHIMERA_LINEAR_OBJECT_SIZE) || !is_read(guest, own, text) ||
        !knows_sets(guest))
        return "it keeps its values in another form";
    if (build(guest, &json, &built, NULL) < 0 || built == 0 || !is_read(guest, built, text))
        return "it does not know values that are built in its memory";
    return NULL;
}

/* Has another slot of the policy tried already? */
static bool is_known(struct chimera_guest *guest)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    const char *trial =
        guest->start ? atomic_load_explicit(&guest->start->trial, memory_order_relaxed) : NULL;
    if (!trial)
        return false;
    rego->obstacle = trial[0] ? trial : NULL;
    rego->has_layout = !rego->obstacle;
    return true;
}

int chimera_values_try(struct chimera_guest *guest, struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    struct chimera_buffer dump;
    if (is_known(guest))
        return CHIMERA_OK;
    chimera_buffer_init(&dump, PROBE_DUMP_MAX);
    rego->obstacle = find_obstacle(guest, &dump);
    rego->has_layout = !rego->obstacle;
    chimera_buffer_free(&dump);
    if (guest->account.failed)
        return chimera_values_spend(guest, 0, err);
    if (guest->start)
        atomic_store_explicit(&guest->start->trial, rego->obstacle ? rego->obstacle : "",
                              memory_order_relaxed);
    if (chimera_guest_reset(guest) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot bring a policy back to its start");
    return CHIMERA_OK;
}
