/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/wasi.h"

#include <stdlib.h>

#include "runtime/abi/wasi_internal.h"

#define ANSWERS_MAX ((size_t)1 << 30) /* within the account: lists of the cluster's objects */

/* Forgets what belongs to one run. */
static void clear_run(struct chimera_wasi *wasi)
{
    wasi->input = NULL;
    wasi->input_done = 0;
    wasi->answers_done = 0;
    chimera_buffer_recycle(&wasi->answers, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_recycle(&wasi->output, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_recycle(&wasi->errors, CHIMERA_ABI_KEPT_BYTES);
    chimera_host_answer_end(&wasi->call_answer);
    chimera_buffer_recycle(&wasi->call_text, CHIMERA_ABI_KEPT_BYTES);
}

void chimera_wasi_keep(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    memcpy(wasi->kept_file, wasi->file, sizeof(wasi->file));
    clear_run(wasi);
}

void chimera_wasi_reset(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    memcpy(wasi->file, wasi->kept_file, sizeof(wasi->file));
    clear_run(wasi);
}

static const struct chimera_host_side wasi_side = {.keep = chimera_wasi_keep,
                                                   .reset = chimera_wasi_reset};

int chimera_wasi_attach(struct chimera_guest *guest, enum chimera_wasi_stdio stdio,
                        struct chimera_error *err)
{
    struct chimera_abi_state *state = chimera_abi_state_make(guest);
    struct chimera_wasi *wasi = state ? calloc(1, sizeof(*wasi)) : NULL;
    if (!wasi) {
        chimera_abi_state_end(guest);
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's state");
    }
    state->wasi = wasi;
    guest->side = &wasi_side;
    wasi->stdio = stdio;
    wasi->file[0] = CHIMERA_WASI_STDIN;
    wasi->file[1] = CHIMERA_WASI_STDOUT;
    wasi->file[2] = CHIMERA_WASI_STDERR;
    chimera_buffer_init_within(&wasi->answers, ANSWERS_MAX, &guest->account);
    chimera_buffer_init_within(&wasi->output, CHIMERA_ABI_BUFFER_MAX, &guest->account);
    chimera_buffer_init_within(&wasi->errors, CHIMERA_ABI_BUFFER_MAX, &guest->account);
    chimera_buffer_init_within(&wasi->call_text, CHIMERA_ABI_BUFFER_MAX, &guest->account);
    wasi->call_answer.text = &wasi->call_text;
    chimera_buffer_init(&wasi->variables, CHIMERA_ABI_BUFFER_MAX);
    chimera_buffer_init(&wasi->early_output, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_init(&wasi->early_errors, CHIMERA_ABI_KEPT_BYTES);
    /* A guest's clock begins with the first tick: zero is no time to Go's runtime. */
    wasi->created_ns = chimera_wasi_now(guest) - CHIMERA_CLOCK_TICK_NS;
    return CHIMERA_OK;
}

void chimera_wasi_detach(struct chimera_guest *guest)
{
    struct chimera_abi_state *state = guest->abi;
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    if (!wasi)
        return;
    chimera_buffer_free(&wasi->answers);
    chimera_buffer_free(&wasi->output);
    chimera_buffer_free(&wasi->errors);
    chimera_host_answer_end(&wasi->call_answer);
    chimera_buffer_free(&wasi->call_text);
    chimera_buffer_free(&wasi->variables);
    chimera_buffer_free(&wasi->early_output);
    chimera_buffer_free(&wasi->early_errors);
    free(wasi);
    state->wasi = NULL;
    chimera_abi_state_end(guest);
}

int chimera_wasi_check(const struct chimera_plugin *plugin, struct chimera_error *err)
{
    if (chimera_plugin_function(plugin, "_start", ":"))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EMODULE,
                        "cannot find `_start` function inside of module: failed to find function "
                        "export `_start`");
}

/* --- Kubewarden's WASI policies --- */

static int wasi_attach(struct chimera_guest *guest, struct chimera_error *err)
{
    return chimera_wasi_attach(guest, CHIMERA_WASI_PIPES, err);
}

static struct chimera_wasi_run validate_run(const struct chimera_pieces *input)
{
    static const char arguments[] = "policy.wasm\0validate";
    return (struct chimera_wasi_run){
        .arguments = {{arguments, sizeof(arguments)}, 2}, .input = input, .operation = "validate"};
}

static int wasi_prepare(struct chimera_guest *guest, struct chimera_slice settings,
                        struct chimera_error *err)
{
    const struct chimera_wasi_run run = validate_run(NULL);
    (void)settings; /* part of the input */
    return chimera_wasi_prepare(guest, &run, err);
}

static void wasi_validate(struct chimera_guest *guest, const struct chimera_request *request,
                          struct chimera_slice settings, struct chimera_arena *arena,
                          struct chimera_response *ret_response)
{
    struct chimera_pieces input;
    struct chimera_slice text;
    chimera_abi_document(request, settings, &input);
    const struct chimera_wasi_run run = validate_run(&input);
    int code = chimera_wasi_run(guest, &run, arena, &text);
    chimera_wasi_judge(guest, code, text, request, arena, ret_response);
}

void chimera_wasi_judge(struct chimera_guest *guest, int code, struct chimera_slice text,
                        const struct chimera_request *request, struct chimera_arena *arena,
                        struct chimera_response *ret_response)
{
    if (chimera_abi_is_overdrawn(guest, request, arena, ret_response))
        return;
    if (code < 0)
        *ret_response = chimera_response_reject_code(request->uid, text, 500);
    else
        chimera_abi_read_answer(guest, text, request, arena,
                                "Cannot deserialize policy validation response", ret_response);
}

static void wasi_validate_settings(struct chimera_guest *guest, struct chimera_slice settings,
                                   struct chimera_arena *arena,
                                   struct chimera_settings_answer *ret_answer)
{
    static const char arguments[] = "policy.wasm\0validate-settings";
    struct chimera_pieces input = {0};
    struct chimera_slice text, why;
    chimera_pieces_add(&input, settings);
    struct chimera_wasi_run run = {.arguments = {{arguments, sizeof(arguments)}, 2},
                                   .input = &input,
                                   .operation = "validate-settings"};
    if (chimera_wasi_run(guest, &run, arena, &text) == CHIMERA_OK) {
        if (chimera_settings_from_answer(text, arena, &ret_answer->valid, &ret_answer->message,
                                         &why) == 0)
            return;
        text = chimera_arena_print(arena, "Cannot deserialize settings validation response: %.*s",
                                   (int)why.size, why.data);
    }
    *ret_answer = (struct chimera_settings_answer){.valid = false, .message = text};
}

const struct chimera_abi chimera_abi_wasi = {
    .mode = CHIMERA_MODE_WASI,
    .check = chimera_wasi_check,
    .attach = wasi_attach,
    .detach = chimera_wasi_detach,
    .prepare = wasi_prepare,
    .checks_settings_from_start = true,
    .validate = wasi_validate,
    .validate_settings = wasi_validate_settings,
};
