/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of the first Chimera, 2020 (webhook-contract.md §2.1, item 4).
 *
 * WASI programs that could be run by hand: the admission request alone on standard input, each
 * setting an environment variable, the verdict on standard output. They were never asked about
 * settings, and they cannot mutate. What ends them badly is reported as for Kubewarden's WASI
 * policies.
 */
#include "runtime/abi/abi_internal.h"
#include "runtime/abi/wasi_internal.h"
#include "runtime/json/tree.h"

static int legacy_attach(struct chimera_guest *guest, struct chimera_error *err)
{
    return chimera_wasi_attach(guest, CHIMERA_WASI_PIPES, err);
}

/* Strings as they are, everything else as compact JSON. */
static int append_value(struct json_object *value, struct chimera_buffer *out)
{
    if (!json_object_is_type(value, json_type_string)) {
        chimera_json_write(value, out);
        return out->failed;
    }
    struct chimera_slice text = {json_object_get_string(value),
                                 (size_t)json_object_get_string_len(value)};
    if (text.size > 0 && memchr(text.data, '\0', text.size))
        return CHIMERA_EINVAL;
    return chimera_buffer_append(out, text);
}

static int append_variable(const char *name, struct json_object *value, struct chimera_buffer *out,
                           struct chimera_error *err)
{
    if (name[0] == '\0' || strchr(name, '='))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the setting \"%s\" cannot be the name of an environment variable",
                            name);
    chimera_buffer_text(out, name);
    chimera_buffer_byte(out, '=');
    if (append_value(value, out) < 0 || chimera_buffer_byte(out, 0) < 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the setting \"%s\" cannot be the value of an environment variable",
                            name);
    return CHIMERA_OK;
}

/* {"A":"x","B":1} becomes "A=x\0B=1\0"; nulls are left out. */
static int make_variables(struct chimera_slice settings, struct chimera_buffer *out,
                          uint32_t *ret_count, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    int code = chimera_json_parse(settings, &tree, err);
    if (code < 0)
        return code;
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "the settings are not an object");
    uint32_t count = 0;
    struct json_object_iterator at = json_object_iter_begin(tree), end = json_object_iter_end(tree);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        struct json_object *value = json_object_iter_peek_value(&at);
        if (!value)
            continue;
        code = append_variable(json_object_iter_peek_name(&at), value, out, err);
        if (code < 0)
            return code;
        count++;
    }
    *ret_count = count;
    return CHIMERA_OK;
}

static struct chimera_wasi_run validate_run(const struct chimera_guest *guest,
                                            const struct chimera_pieces *input)
{
    static const char arguments[] = "policy.wasm";
    return (struct chimera_wasi_run){.arguments = {{arguments, sizeof(arguments)}, 1},
                                     .environment = chimera_wasi_of(guest)->environment,
                                     .input = input,
                                     .operation = "validate"};
}

/* Settings that do not fit give an empty environment; validate_settings() says why. */
static int legacy_prepare(struct chimera_guest *guest, struct chimera_slice settings,
                          struct chimera_error *err)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    uint32_t count = 0;
    chimera_buffer_reset(&wasi->variables);
    if (make_variables(settings, &wasi->variables, &count, NULL) < 0)
        chimera_buffer_reset(&wasi->variables);
    wasi->environment =
        (struct chimera_wasi_strings){chimera_buffer_slice(&wasi->variables), count};
    const struct chimera_wasi_run run = validate_run(guest, NULL);
    return chimera_wasi_prepare(guest, &run, err);
}

static void legacy_validate(struct chimera_guest *guest, const struct chimera_request *request,
                            struct chimera_slice settings, struct chimera_arena *arena,
                            struct chimera_response *ret_response)
{
    struct chimera_slice text;
    (void)settings; /* prepared already */
    const struct chimera_wasi_run run = validate_run(guest, &request->json);
    int code = chimera_wasi_run(guest, &run, arena, &text);
    chimera_wasi_judge(guest, code, text, request, arena, ret_response);
}

static void legacy_validate_settings(struct chimera_guest *guest, struct chimera_slice settings,
                                     struct chimera_arena *arena,
                                     struct chimera_settings_answer *ret_answer)
{
    struct chimera_buffer variables;
    struct chimera_error err = {0};
    uint32_t count;
    (void)guest;
    chimera_buffer_init(&variables, CHIMERA_ABI_BUFFER_MAX);
    *ret_answer = (struct chimera_settings_answer){.valid = true};
    if (make_variables(settings, &variables, &count, &err) < 0)
        *ret_answer = (struct chimera_settings_answer){
            .valid = false, .message = chimera_abi_keep(arena, chimera_slice_of(err.text))};
    chimera_buffer_free(&variables);
}

const struct chimera_abi chimera_abi_chimera = {
    .mode = CHIMERA_MODE_CHIMERA,
    .check = chimera_wasi_check,
    .attach = legacy_attach,
    .detach = chimera_wasi_detach,
    .prepare = legacy_prepare,
    .checks_settings_from_start = true,
    .validate = legacy_validate,
    .validate_settings = legacy_validate_settings,
};
