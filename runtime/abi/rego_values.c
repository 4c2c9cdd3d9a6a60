/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/rego_internal.h"

#include "runtime/abi/abi_internal.h"
#include "runtime/json/scan.h"
#include "runtime/rego/linear/build.h"
#include "runtime/rego/linear/read.h"

#define TARGET "policy"

/* Most bytes that a result set may have. */
#define RESULT_MAX ((size_t)64 << 20)

/* Room for a value at first, for each byte of its text: a Kubernetes object takes some two and a
 * half. Then as much as it can need at the most. */
#define ROOM_FACTOR 6
#define ROOM_LEAST 1024

/* What a byte of a text takes that is built in one go. */
#define BUILD_NS 6

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

static int push_text(struct chimera_guest *guest, const struct chimera_pieces *json,
                     uint32_t *ret_value, struct chimera_error *err)
{
    uint32_t at;
    int code = reserve(guest, json->size, &at, err);
    if (code < 0)
        return code;
    chimera_pieces_copy(json, 0, guest->instance->memory.data + at, json->size);
    return parse(guest, at, json->size, ret_value, err);
}

static int push_inventory(struct chimera_guest *guest, uint32_t *ret_value,
                          struct chimera_error *err)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    size_t size = chimera_inventory_size(rego->inventory, rego->own_data);
    uint32_t at;
    int code = reserve(guest, size, &at, err);
    if (code < 0)
        return code;
    chimera_inventory_write(rego->inventory, rego->own_data,
                            (char *)guest->instance->memory.data + at);
    code = chimera_values_spend(guest, 0, err);
    return code < 0 ? code : parse(guest, at, size, ret_value, err);
}

/* *ret_json is in the guest's memory. */
static int pull_text(struct chimera_guest *guest, uint32_t value, struct chimera_slice *ret_json,
                     struct chimera_error *err)
{
    union chimera_value values[1] = {{.i32 = value}};
    int code = chimera_guest_run(guest, chimera_rego_of(guest)->json_dump, values);
    if (code < 0)
        return fail_call(guest, "cannot invoke", "opa_json_dump", code, err);
    const struct chimera_memory *memory = &guest->instance->memory;
    const char *at = (const char *)memory->data + values[0].i32;
    uint64_t left = values[0].i32 < memory->size ? memory->size - values[0].i32 : 0;
    const char *end = memchr(at, '\0', left < RESULT_MAX ? left : RESULT_MAX);
    if (!end)
        return chimera_fail(err, CHIMERA_EGUEST,
                            "Rego wasm error: Cannot get memory address: a text does not end");
    *ret_json = (struct chimera_slice){at, (size_t)(end - at)};
    return chimera_values_spend(guest, ret_json->size / 4, err);
}

/* --- In the guest's memory --- */

/* A block with the text at its start and the value behind it; how the building went, or why there
 * is no block. */
static int build_within(struct chimera_guest *guest, const struct chimera_pieces *json,
                        uint64_t room, enum chimera_linear_result *ret_build, uint32_t *ret_value,
                        struct chimera_error *err)
{
    uint64_t before = ((uint64_t)json->size + 1 + 3) & ~(uint64_t)3; /* a NUL behind it */
    uint32_t at;
    int code = reserve(guest, before + room, &at, err);
    if (code < 0)
        return code;
    uint8_t *memory = guest->instance->memory.data;
    struct chimera_slice text = {(const char *)memory + at, json->size};
    chimera_pieces_copy(json, 0, memory + at, json->size);
    memory[at + json->size] = '\0';
    *ret_build = chimera_linear_build(memory, text, at + (uint32_t)before,
                                      (uint32_t)(at + before + room), ret_value);
    return CHIMERA_OK;
}

static bool has_memory(const struct chimera_account *account, uint64_t size)
{
    return size <= account->bytes_limit - account->bytes;
}

/* Most that the value of a text can need beside it. */
static uint64_t most_room(const struct chimera_pieces *json)
{
    uint64_t room = 0;
    for (unsigned i = 0; i < json->count; i++)
        room += chimera_linear_build_room(json->piece[i]);
    return room;
}

/* *ret_value is 0 when the guest has to parse the text. */
static int build(struct chimera_guest *guest, const struct chimera_pieces *json,
                 uint32_t *ret_value, struct chimera_error *err)
{
    struct chimera_account *account = &guest->account;
    enum chimera_linear_result build = CHIMERA_LINEAR_ROOM;
    uint64_t room = (uint64_t)json->size * ROOM_FACTOR + ROOM_LEAST;
    *ret_value = 0;
    if (json->size > CHIMERA_SCAN_AT_ONCE)
        chimera_account_has_time(account, json->size * BUILD_NS);
    int code = chimera_values_spend(guest, json->size / 4, err);
    if (code == CHIMERA_OK && has_memory(account, room + json->size))
        code = build_within(guest, json, room, &build, ret_value, err);
    if (code == CHIMERA_OK && build == CHIMERA_LINEAR_ROOM) {
        room = most_room(json);
        if (has_memory(account, room + json->size))
            code = build_within(guest, json, room, &build, ret_value, err);
    }
    if (build != CHIMERA_LINEAR_BUILT)
        *ret_value = 0;
    return code;
}

int chimera_values_push(struct chimera_guest *guest, const struct chimera_pieces *json,
                        uint32_t *ret_value, struct chimera_error *err)
{
    if (!json)
        return push_inventory(guest, ret_value, err);
    if (chimera_rego_of(guest)->has_layout) {
        int code = build(guest, json, ret_value, err);
        if (code < 0 || *ret_value)
            return code;
    }
    return push_text(guest, json, ret_value, err);
}

static struct chimera_linear_memory memory_of(const struct chimera_guest *guest)
{
    return (struct chimera_linear_memory){guest->instance->memory.data,
                                          guest->instance->memory.size};
}

int chimera_values_pull(struct chimera_guest *guest, uint32_t value, struct chimera_slice *ret_json,
                        struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    if (rego->has_layout) {
        chimera_buffer_reset(&rego->text);
        if (chimera_linear_dump(memory_of(guest), value, &rego->text)) {
            *ret_json = chimera_buffer_slice(&rego->text);
            return chimera_values_spend(guest, 0, err);
        }
    }
    return pull_text(guest, value, ret_json, err);
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
    TWELVE("x"),
    ",",
    TWELVE("yy"),
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

/* Do the guest and the reader write a value as `expected`, if that is not empty, and the same? */
static bool is_read(struct chimera_guest *guest, uint32_t value, struct chimera_slice expected)
{
    struct chimera_slice text;
    struct chimera_buffer *out = &chimera_rego_of(guest)->text;
    chimera_buffer_reset(out);
    return pull_text(guest, value, &text, NULL) == CHIMERA_OK &&
           (expected.size == 0 || chimera_slice_equal(text, expected)) &&
           chimera_linear_dump(memory_of(guest), value, out) &&
           chimera_slice_equal(chimera_buffer_slice(out), text);
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
    uint32_t at, value = 0;
    if (reserve(guest, sizeof(probe_sets), &at, NULL) < 0)
        return false;
    memcpy(guest->instance->memory.data + at, probe_sets, sizeof(probe_sets));
    struct chimera_values_arguments arguments = {at, sizeof(probe_sets) - 1};
    return chimera_values_invoke(guest, "opa_value_parse", rego->value_parse, arguments, &value,
                                 NULL) == CHIMERA_OK &&
           is_read(guest, value, (struct chimera_slice){0});
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
    if (push_text(guest, &json, &own, NULL) < 0 || pull_text(guest, own, &text, NULL) < 0 ||
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

int chimera_values_try(struct chimera_guest *guest, struct chimera_error *err)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    struct chimera_buffer dump;
    chimera_buffer_init(&dump, PROBE_DUMP_MAX);
    rego->obstacle = find_obstacle(guest, &dump);
    rego->has_layout = !rego->obstacle;
    chimera_buffer_free(&dump);
    if (guest->account.failed)
        return chimera_values_spend(guest, 0, err);
    if (chimera_guest_reset(guest) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot bring a policy back to its start");
    return CHIMERA_OK;
}
