/* The `gatekeeper` mode: the policy's entry point gives a set of violations (guest-abis.md §4.3).
 */
#include "runtime/abi/abi_internal.h"
#include "runtime/abi/rego.h"
#include "runtime/json/shape.h"

#define MESSAGE_MAX ((size_t)1 << 20)

static int gatekeeper_prepare(struct chimera_host *host, struct chimera_slice settings,
                              struct chimera_error *err)
{
    (void)settings; /* they are part of each input */
    return chimera_rego_prepare(host, CHIMERA_SLICE("{}"), err);
}

/* Appends one violation's `msg`, if it has one. False when it is no violation. */
static bool add_message(struct chimera_slice violation, struct chimera_arena *arena, bool *is_first,
                        struct chimera_buffer *out)
{
    static const struct chimera_shape_field field = {
        .name = {"msg", 3}, .kind = CHIMERA_SHAPE_STRING, .is_optional = true};
    static const struct chimera_shape shape = {
        .name = "violation", .field = &field, .count = 1, .is_lenient = true};
    struct chimera_slice value = {0};
    struct chimera_scan scan;
    if (!chimera_shape_read_all(&scan, violation, &shape, &value))
        return false;
    if (!value.data)
        return true;
    if (!*is_first)
        chimera_buffer_text(out, ", ");
    *is_first = false;
    struct chimera_slice message = chimera_shape_text(value, arena);
    return message.data && chimera_buffer_append(out, message) == CHIMERA_OK;
}

/* All messages of the violations; false when this is no list of violations. */
static bool read_violations(struct chimera_slice list, struct chimera_arena *arena,
                            size_t *ret_count, struct chimera_buffer *out)
{
    struct chimera_scan scan;
    struct chimera_slice violation;
    bool is_first_message = true;
    chimera_scan_init(&scan, list);
    if (chimera_scan_peek(&scan) != '[' || !chimera_scan_open(&scan))
        return false;
    for (*ret_count = 0; chimera_scan_next_element(&scan, *ret_count == 0) == 1; ++*ret_count) {
        if (!chimera_scan_skip(&scan, &violation) ||
            !add_message(violation, arena, &is_first_message, out))
            return false;
    }
    return true;
}

/* The reference takes what it cannot read for "no violations"; we refuse (policy-server.md §10). */
static void judge(struct chimera_slice result_set, const struct chimera_request *request,
                  struct chimera_arena *arena, struct chimera_response *ret_response)
{
    struct chimera_buffer message;
    size_t count;
    chimera_buffer_init(&message, MESSAGE_MAX);
    struct chimera_slice list = chimera_rego_first_result(result_set);
    if (!list.data || !read_violations(list, arena, &count, &message))
        *ret_response =
            chimera_abi_failure(request, true, arena, "cannot interpret Gatekeeper policy result");
    else if (count == 0)
        *ret_response = (struct chimera_response){.uid = request->uid, .allowed = true};
    else
        *ret_response = chimera_response_reject(
            request->uid, chimera_abi_keep(arena, chimera_buffer_slice(&message)));
    chimera_buffer_free(&message);
}

static void gatekeeper_validate(struct chimera_host *host, const struct chimera_request *request,
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
    int code = chimera_rego_evaluate(host, &input, arena, &result_set, &err);
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
