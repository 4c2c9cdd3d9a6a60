/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON as a value that is built in a guest's memory, against the guest's own parse and dump: a
 * module of OPA's is compiled for it (CHIMERA_CACHE_DIR keeps it). And any bytes as memory that a
 * hostile guest leaves to the reader. */
#include <stdio.h>
#include <stdlib.h>

#include "compiler/build.h"
#include "runtime/abi/rego_internal.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/rego/linear/read.h"

#define DUMP_MAX ((size_t)64 << 20)
#define LIMIT_MS 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct chimera_guest *guest;

static _Noreturn void give_up(const char *text)
{
    fprintf(stderr, "%s\n", text);
    abort();
}

static void make_guest(void)
{
    static struct chimera_loaded *loaded;
    const struct chimera_build_options options = {0};
    struct chimera_builder *builder = NULL;
    struct chimera_built built;
    struct chimera_error err = {0};
    if (chimera_builder_new(&options, &builder, &err) < 0 ||
        chimera_build(builder, MODULE, CHIMERA_MODE_NONE, CHIMERA_TIER_QUICK, &built, &err) < 0 ||
        chimera_plugin_load(built.plugin, &loaded, &err) < 0 ||
        chimera_guest_new(loaded, (uint64_t)1 << 30, &guest, &err) < 0 ||
        chimera_abi_opa.attach(guest, &err) < 0)
        give_up(err.text);
    chimera_guest_begin(guest, LIMIT_MS);
    if (chimera_abi_opa.prepare(guest, CHIMERA_SLICE("{}"), &err) < 0)
        give_up(err.text);
    chimera_guest_end(guest);
    if (!chimera_rego_of(guest)->has_layout)
        give_up(chimera_rego_of(guest)->obstacle);
    chimera_built_done(&built);
    chimera_builder_free(builder);
}

/* By the host, or by the guest. False: it cannot. */
static bool push(const struct chimera_pieces *json, bool by_host, uint32_t *ret_value)
{
    chimera_rego_of(guest)->has_layout = by_host;
    return chimera_values_push(guest, json, ret_value, NULL) == CHIMERA_OK;
}

static void pull(uint32_t value, bool by_host, struct chimera_buffer *out)
{
    struct chimera_slice text;
    chimera_rego_of(guest)->has_layout = by_host;
    if (chimera_values_pull(guest, value, &text, NULL) < 0)
        give_up("a value has no text");
    chimera_buffer_append(out, text);
}

/* Both parsers and both dumps of what they have made. */
static void compare(struct chimera_slice text)
{
    struct chimera_pieces json = {0};
    struct chimera_buffer dump[4];
    uint32_t value[2];
    chimera_pieces_add(&json, text);
    chimera_guest_begin(guest, LIMIT_MS);
    if (push(&json, false, &value[0]) && push(&json, true, &value[1])) {
        for (int i = 0; i < 4; i++) {
            chimera_buffer_init(&dump[i], DUMP_MAX);
            pull(value[i / 2], i % 2, &dump[i]);
            if (!chimera_slice_equal(chimera_buffer_slice(&dump[i]),
                                     chimera_buffer_slice(&dump[0])))
                give_up("two ways to a value differ");
        }
        for (int i = 0; i < 4; i++)
            chimera_buffer_free(&dump[i]);
    }
    chimera_guest_end(guest);
    if (chimera_guest_reset(guest) < 0)
        give_up("the guest cannot be brought back");
}

static uint32_t run(const struct chimera_export *export, uint32_t first, uint32_t second)
{
    union chimera_value values[2] = {{.i32 = first}, {.i32 = second}};
    return chimera_guest_run(guest, export, values) < 0 ? 0 : values[0].i32;
}

/* Where the guest's value of a text of Rego is; 0: it has none. */
static uint32_t parse(struct chimera_slice text)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    uint32_t at = run(rego->malloc, (uint32_t)text.size, 0);
    if (at == 0 || at + text.size > guest->instance->memory.size)
        return 0;
    memcpy(guest->instance->memory.data + at, text.data, text.size);
    return run(rego->value_parse, at, (uint32_t)text.size);
}

/* An argument of a builtin, by the guest's dump and as the host reads it. */
static void compare_arguments(struct chimera_slice text)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    CHIMERA_JSON struct json_object *dumped = NULL, *read = NULL;
    struct chimera_slice own;
    chimera_guest_begin(guest, LIMIT_MS);
    uint32_t value = parse(text), at = value ? run(rego->value_dump, value, 0) : 0;
    chimera_rego_of(guest)->has_layout = true;
    if (at && chimera_values_read(guest, &value, 1, &own)) {
        const char *dump = (const char *)guest->instance->memory.data + at;
        if (chimera_rego_parse(chimera_slice_of(dump), &dumped, NULL) == CHIMERA_OK &&
            (chimera_rego_parse(own, &read, NULL) < 0 ||
             chimera_rego_compare(dumped, read, NULL) != 0))
            give_up("two ways to an argument differ");
    }
    chimera_guest_end(guest);
    if (chimera_guest_reset(guest) < 0)
        give_up("the guest cannot be brought back");
}

/* The first four bytes are where the value is. */
static void read_hostile(const uint8_t *data, size_t size)
{
    struct chimera_buffer out;
    if (size < 4)
        return;
    chimera_buffer_init(&out, (size_t)1 << 16);
    bool is_read = chimera_linear_dump((struct chimera_linear_memory){data, size},
                                       chimera_linear_load(data) % (uint32_t)size,
                                       size % 2 ? CHIMERA_LINEAR_JSON : CHIMERA_LINEAR_REGO, &out);
    if (is_read && out.failed)
        abort();
    chimera_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {size ? (const char *)data : "", size};
    if (!guest)
        make_guest();
    if (chimera_json_check(text, NULL) == CHIMERA_OK)
        compare(text);
    CHIMERA_JSON struct json_object *tree = NULL;
    if (chimera_rego_parse(text, &tree, NULL) == CHIMERA_OK)
        compare_arguments(text);
    read_hostile(data, size);
    return 0;
}
