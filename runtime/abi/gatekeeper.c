/* SPDX-License-Identifier: Apache-2.0 */
/* The `gatekeeper` mode: the policy's entry point gives a set of violations (guest-abis.md §4.3).
 */
#include "runtime/abi/abi_internal.h"
#include "runtime/abi/rego.h"
#include "runtime/json/shape.h"

#define MESSAGE_MAX ((size_t)1 << 20)

static int gatekeeper_prepare(struct chimera_guest *guest, struct chimera_slice settings,
                              struct chimera_error *err)
{
    const char *data = guest->loaded->manifest.data;
    (void)settings; /* they are part of each input */
    return chimera_rego_prepare(guest, chimera_slice_of(data ? data : "{}"), err);
}

#define WANTED "a set of objects, each with a string `msg`, which is empty when all is well"

struct reading { /* of a policy's answer */
    struct chimera_arena *arena;
    struct chimera_buffer *message; /* all violations' */
    bool has_message;               /* if only an empty one */
    size_t count;
    struct chimera_slice why; /* it cannot be read; .data NULL: it can, or the arena is full */
};

/* Adds one violation's `msg`, if it has one. False when it is no violation. */
static bool add_violation(struct reading *reading, struct chimera_slice violation)
{
    static const struct chimera_shape_field field = {
        .name = {"msg", 3}, .kind = CHIMERA_SHAPE_STRING, .is_optional = true};
    static const struct chimera_shape shape = {
        .name = "an object with a string `msg`", .field = &field, .count = 1, .is_lenient = true};
    struct chimera_slice value = {0};
    struct chimera_scan scan;
    reading->count++;
    if (!chimera_shape_read_all(&scan, violation, &shape, &value)) {
        struct chimera_slice what = chimera_scan_explain(&scan, true, false, reading->arena);
        reading->why = chimera_arena_print(reading->arena, "violation %zu: %.*s", reading->count,
                                           (int)what.size, what.data ? what.data : "");
        return false;
    }
    if (!value.data)
        return true;
    if (reading->has_message)
        chimera_buffer_text(reading->message, ", ");
    reading->has_message = true;
    struct chimera_slice message = chimera_shape_text(value, reading->arena);
    return message.data && chimera_buffer_append(reading->message, message) == CHIMERA_OK;
}

static const char *kind_of(struct chimera_slice value)
{
    switch (value.data[0]) {
    case '{':
        return "an object";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return "a boolean";
    case 'n':
        return "null";
    default:
        return "a number";
    }
}

/* An entry point without a value gives no result at all. */
static bool read_result(struct reading *reading, struct chimera_slice result_set)
{
    struct chimera_slice list = chimera_rego_first_result(result_set);
    if (list.data) {
        struct chimera_scan scan;
        struct chimera_slice violation;
        chimera_scan_init(&scan, list);
        if (chimera_scan_peek(&scan) != '[') {
            reading->why = chimera_arena_print(reading->arena, "found %s, but expected " WANTED,
                                               kind_of(list));
            return false;
        }
        if (!chimera_scan_open(&scan))
            return false;
        while (chimera_scan_next_element(&scan, reading->count == 0) == 1)
            if (!chimera_scan_skip(&scan, &violation) || !add_violation(reading, violation))
                return false;
        return true;
    }
    reading->why =
        chimera_slice_is(result_set, "[]")
            ? CHIMERA_SLICE("found nothing, for the entry point is undefined, but expected " WANTED
                            ": `violation contains {\"msg\": text} if { ... }`")
            : CHIMERA_SLICE("it is no result set as OPA's modules give it");
    return false;
}

/* The reference takes what it cannot read for "no violations"; we refuse (policy-server.md §10). */
static void judge(struct chimera_slice result_set, const struct chimera_request *request,
                  struct chimera_arena *arena, struct chimera_response *ret_response)
{
    struct chimera_buffer message;
    struct reading reading = {.arena = arena, .message = &message};
    chimera_buffer_init(&message, MESSAGE_MAX);
    if (!read_result(&reading, result_set)) {
        if (!reading.why.data)
            reading.why = CHIMERA_SLICE("its messages are too long");
        *ret_response = chimera_abi_failure(request, true, arena,
                                            "cannot interpret Gatekeeper policy result: %.*s",
                                            (int)reading.why.size, reading.why.data);
    } else if (reading.count == 0) {
        *ret_response = (struct chimera_response){.uid = request->uid, .allowed = true};
    } else {
        *ret_response = chimera_response_reject(
            request->uid, chimera_abi_keep(arena, chimera_buffer_slice(&message)));
    }
    chimera_buffer_free(&message);
}

static void gatekeeper_validate(struct chimera_guest *guest, const struct chimera_request *request,
                                struct chimera_slice settings, struct chimera_arena *arena,
                                struct chimera_response *ret_response)
{
    struct chimera_error err = {0};
    struct chimera_pieces input = {0};
    struct chimera_slice result_set;
    if (request->is_raw) {
        *ret_response = chimera_abi_failure(request, true, arena,
                                            "Gatekeeper does not support raw validation requests");
        return;
    }
    chimera_pieces_add(&input, CHIMERA_SLICE("{\"parameters\":"));
    chimera_pieces_add(&input, settings);
    chimera_pieces_add(&input, CHIMERA_SLICE(",\"review\":"));
    chimera_pieces_add_all(&input, &request->json);
    chimera_pieces_add(&input, CHIMERA_SLICE("}"));
    int code = chimera_rego_evaluate(guest, &input, arena, &result_set, &err);
    if (code < 0)
        *ret_response = chimera_rego_failure(request, code, &err, arena);
    else
        judge(result_set, request, arena, ret_response);
}

const struct chimera_abi chimera_abi_gatekeeper = {
    .mode = CHIMERA_MODE_GATEKEEPER,
    .check = chimera_rego_check,
    .attach = chimera_rego_attach,
    .detach = chimera_rego_detach,
    .prepare = gatekeeper_prepare,
    .validate = gatekeeper_validate,
    .validate_settings = chimera_rego_validate_settings,
};
