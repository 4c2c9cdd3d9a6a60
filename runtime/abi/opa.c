/* SPDX-License-Identifier: Apache-2.0 */
/* The `opa` mode: the policy's entry point gives an AdmissionReview's response (guest-abis.md
 * §4.3). */
#include "runtime/abi/abi_internal.h"
#include "runtime/abi/rego.h"
#include "runtime/json/shape.h"

static void opa_validate(struct chimera_guest *guest, const struct chimera_request *request,
                         struct chimera_slice settings, struct chimera_arena *arena,
                         struct chimera_response *ret_response)
{
    struct chimera_error err = {0};
    struct chimera_pieces input = {0};
    struct chimera_slice result_set;
    (void)settings; /* they are the policy's data since it was prepared */
    chimera_pieces_add(&input, CHIMERA_SLICE("{\"request\":"));
    chimera_pieces_add_all(&input, &request->json);
    chimera_pieces_add(&input, CHIMERA_SLICE("}"));
    int code = chimera_rego_evaluate(guest, &input, arena, &result_set, &err);
    if (code < 0) {
        *ret_response = chimera_rego_failure(request, code, &err, arena);
    } else {
        static const struct chimera_shape_field field = {
            .name = {"response", 8}, .kind = CHIMERA_SHAPE_ANY, .is_optional = true};
        static const struct chimera_shape shape = {
            .name = "response", .field = &field, .count = 1, .is_lenient = true};
        struct chimera_slice result = chimera_rego_first_result(result_set), answer = {0}, why;
        struct chimera_scan scan;
        if (!result.data || !chimera_shape_read_all(&scan, result, &shape, &answer) || !answer.data)
            *ret_response =
                chimera_abi_failure(request, true, arena, "cannot interpret OPA policy result");
        else if (chimera_response_from_admission(answer, request, arena, ret_response, &why) < 0)
            *ret_response =
                chimera_abi_failure(request, true, arena, "%.*s", (int)why.size, why.data);
    }
}

const struct chimera_abi chimera_abi_opa = {
    .mode = CHIMERA_MODE_OPA,
    .check = chimera_rego_check,
    .attach = chimera_rego_attach,
    .detach = chimera_rego_detach,
    .prepare = chimera_rego_prepare,
    .validate = opa_validate,
    .validate_settings = chimera_rego_validate_settings,
};
