/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/wasi.h"

#include <stdlib.h>

#include "runtime/abi/wasi_internal.h"
#include "runtime/policy/policy.h"
#include "runtime/text/utf8.h"

#define TARGET "chimera::wasi"

/* Rust's words, but for how many bytes are wrong. */
#define UTF8_TEXT \
    "Cannot convert buffer to UTF8 string: invalid utf-8 sequence of 1 bytes from index"

static void open_files(struct chimera_wasi *wasi)
{
    wasi->file[0] = CHIMERA_WASI_STDIN;
    wasi->file[1] = CHIMERA_WASI_STDOUT;
    wasi->file[2] = CHIMERA_WASI_STDERR;
}

/* Forgets what belongs to one run. */
static void clear_run(struct chimera_wasi *wasi)
{
    wasi->input = NULL;
    wasi->input_done = 0;
    wasi->answers_done = 0;
    chimera_buffer_recycle(&wasi->answers, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_recycle(&wasi->output, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_recycle(&wasi->errors, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_recycle(&wasi->call_answer, CHIMERA_ABI_KEPT_BYTES);
}

void chimera_wasi_keep(struct chimera_host *host)
{
    struct chimera_wasi *wasi = host->wasi;
    memcpy(wasi->kept_file, wasi->file, sizeof(wasi->file));
    clear_run(wasi);
}

void chimera_wasi_reset(struct chimera_host *host)
{
    struct chimera_wasi *wasi = host->wasi;
    memcpy(wasi->file, wasi->kept_file, sizeof(wasi->file));
    clear_run(wasi);
}

static const struct chimera_host_side wasi_side = {.keep = chimera_wasi_keep,
                                                   .reset = chimera_wasi_reset};

int chimera_wasi_attach(struct chimera_host *host, enum chimera_wasi_stdio stdio,
                        struct chimera_error *err)
{
    struct chimera_wasi *wasi = calloc(1, sizeof(*wasi));
    if (!wasi)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's state");
    host->wasi = wasi;
    host->side = &wasi_side;
    wasi->stdio = stdio;
    open_files(wasi);
    chimera_buffer_init_within(&wasi->answers, CHIMERA_ABI_BUFFER_MAX, &host->account);
    chimera_buffer_init_within(&wasi->output, CHIMERA_ABI_BUFFER_MAX, &host->account);
    chimera_buffer_init_within(&wasi->errors, CHIMERA_ABI_BUFFER_MAX, &host->account);
    chimera_buffer_init_within(&wasi->call_answer, CHIMERA_ABI_BUFFER_MAX, &host->account);
    chimera_buffer_init(&wasi->variables, CHIMERA_ABI_BUFFER_MAX);
    chimera_buffer_init(&wasi->early_output, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_init(&wasi->early_errors, CHIMERA_ABI_KEPT_BYTES);
    /* A guest's clock begins with the first tick: zero is no time to Go's runtime. */
    wasi->created_ns = chimera_wasi_now(host) - CHIMERA_CLOCK_TICK_NS;
    return CHIMERA_OK;
}

void chimera_wasi_detach(struct chimera_host *host)
{
    struct chimera_wasi *wasi = host->wasi;
    if (!wasi)
        return;
    chimera_buffer_free(&wasi->answers);
    chimera_buffer_free(&wasi->output);
    chimera_buffer_free(&wasi->errors);
    chimera_buffer_free(&wasi->call_answer);
    chimera_buffer_free(&wasi->variables);
    chimera_buffer_free(&wasi->early_output);
    chimera_buffer_free(&wasi->early_errors);
    free(wasi);
    host->wasi = NULL;
    host->side = NULL;
}

int chimera_wasi_check(const struct chimera_plugin *plugin, struct chimera_error *err)
{
    if (chimera_abi_has_function(plugin, "_start", ":"))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EMODULE,
                        "cannot find `_start` function inside of module: failed to find function "
                        "export `_start`");
}

void chimera_wasi_begin(struct chimera_wasi *wasi, const struct chimera_wasi_run *run)
{
    wasi->arguments = run->arguments;
    wasi->environment = run->environment;
    wasi->input = run->input;
}

/* The same for a run that goes on from its first read: what it wrote before, it wrote. */
static void begin_resumed(struct chimera_wasi *wasi, const struct chimera_wasi_run *run)
{
    chimera_wasi_begin(wasi, run);
    chimera_buffer_append(&wasi->output, chimera_buffer_slice(&wasi->early_output));
    chimera_buffer_append(&wasi->errors, chimera_buffer_slice(&wasi->early_errors));
}

static bool is_good_end(const struct chimera_host *host, int code)
{
    return code == CHIMERA_OK || (host->stop == CHIMERA_STOP_EXIT && host->exit_code == 0);
}

/* The guest's own words are all that a verdict gets; the log tells the rest. */
static void log_end(const struct chimera_host *host, const char *operation, bool is_good)
{
    struct chimera_slice errors = chimera_buffer_slice(&host->wasi->errors);
    char why[CHIMERA_ABI_STOP_TEXT];
    if (is_good && errors.size > 0)
        chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the policy wrote to stderr"),
                         CHIMERA_TEXT("policy_id", chimera_abi_policy_id(host)),
                         CHIMERA_TEXT("operation", chimera_slice_of(operation)),
                         CHIMERA_TEXT("stderr", errors));
    if (!is_good && !chimera_host_was_stopped(host)) /* else the stop has a line of its own */
        chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the policy failed"),
                         CHIMERA_TEXT("policy_id", chimera_abi_policy_id(host)),
                         CHIMERA_TEXT("operation", chimera_slice_of(operation)),
                         CHIMERA_TEXT("why", chimera_slice_of(chimera_abi_stop_text(host, why))));
}

/* False when the text is no UTF-8; then *ret_text says so. */
static bool take_text(const struct chimera_buffer *buffer, const char *stream,
                      struct chimera_arena *arena, struct chimera_slice *ret_text)
{
    struct chimera_slice text = chimera_buffer_slice(buffer);
    size_t good = chimera_utf8_prefix(text);
    if (good == text.size) {
        *ret_text = text;
        return true;
    }
    *ret_text =
        chimera_arena_print(arena, "%s pipe conversion error: " UTF8_TEXT " %zu", stream, good);
    if (!ret_text->data)
        *ret_text = CHIMERA_SLICE("");
    return false;
}

/* What a run came to (guest-abis.md §3.2). */
static int collect(struct chimera_host *host, int code, struct chimera_arena *arena,
                   struct chimera_slice *ret_text)
{
    struct chimera_slice errors, output;
    if (code == CHIMERA_EDEADLINE) {
        *ret_text = CHIMERA_SLICE(CHIMERA_DEADLINE_TEXT);
        return code;
    }
    if (!take_text(&host->wasi->errors, "stderr", arena, ret_text))
        return CHIMERA_EGUEST;
    errors = *ret_text;
    if (!is_good_end(host, code)) {
        *ret_text = chimera_abi_keep(arena, chimera_slice_trim(errors));
        return CHIMERA_EGUEST;
    }
    if (!take_text(&host->wasi->output, "stdout", arena, &output)) {
        *ret_text = output;
        return CHIMERA_EGUEST;
    }
    if (chimera_abi_keep_answer(host, arena, output, ret_text))
        return CHIMERA_OK;
    *ret_text = chimera_abi_too_large(host);
    return CHIMERA_EGUEST;
}

int chimera_wasi_run(struct chimera_host *host, const struct chimera_wasi_run *run,
                     struct chimera_arena *arena, struct chimera_slice *ret_text)
{
    union chimera_value value = {0};
    int code;
    if (chimera_host_is_suspended(host)) {
        begin_resumed(host->wasi, run);
        code = chimera_abi_resume(host);
    } else {
        chimera_wasi_begin(host->wasi, run);
        code = chimera_abi_call(host, chimera_abi_function(host, "_start", ":"), &value);
    }
    host->wasi->input = NULL;
    log_end(host, run->operation, is_good_end(host, code));
    return collect(host, code, arena, ret_text);
}

/* --- Kubewarden's WASI policies --- */

static int wasi_attach(struct chimera_host *host, struct chimera_error *err)
{
    return chimera_wasi_attach(host, CHIMERA_WASI_PIPES, err);
}

static struct chimera_wasi_run validate_run(const struct chimera_pieces *input)
{
    static const char arguments[] = "policy.wasm\0validate";
    return (struct chimera_wasi_run){
        .arguments = {{arguments, sizeof(arguments)}, 2}, .input = input, .operation = "validate"};
}

static int wasi_prepare(struct chimera_host *host, struct chimera_slice settings,
                        struct chimera_error *err)
{
    const struct chimera_wasi_run run = validate_run(NULL);
    (void)settings; /* part of the input */
    return chimera_wasi_prepare(host, &run, err);
}

static void wasi_validate(struct chimera_host *host, const struct chimera_request *request,
                          struct chimera_slice settings, struct chimera_arena *arena,
                          struct chimera_response *ret_response)
{
    struct chimera_pieces input;
    struct chimera_slice text;
    chimera_abi_document(request, settings, &input);
    const struct chimera_wasi_run run = validate_run(&input);
    int code = chimera_wasi_run(host, &run, arena, &text);
    chimera_wasi_judge(host, code, text, request, arena, ret_response);
}

void chimera_wasi_judge(struct chimera_host *host, int code, struct chimera_slice text,
                        const struct chimera_request *request, struct chimera_arena *arena,
                        struct chimera_response *ret_response)
{
    if (chimera_abi_is_overdrawn(host, request, arena, ret_response))
        return;
    if (code < 0)
        *ret_response = chimera_response_reject_code(request->uid, text, 500);
    else
        chimera_abi_read_answer(host, text, request, arena,
                                "Cannot deserialize policy validation response", ret_response);
}

static void wasi_validate_settings(struct chimera_host *host, struct chimera_slice settings,
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
    if (chimera_wasi_run(host, &run, arena, &text) == CHIMERA_OK) {
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
