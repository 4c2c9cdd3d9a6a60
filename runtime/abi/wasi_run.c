/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a WASI program, from its start or from where it waits for its input, and what it came
 * to. Below the start (wasi_start.c), which is a run that stops halfway.
 */
#include "runtime/abi/wasi_internal.h"
#include "runtime/text/utf8.h"

#define TARGET "chimera::wasi"

/* Rust's words, but for how many bytes are wrong. */
#define UTF8_TEXT \
    "Cannot convert buffer to UTF8 string: invalid utf-8 sequence of 1 bytes from index"

void chimera_wasi_begin(struct chimera_wasi *wasi, const struct chimera_wasi_run *run)
{
    wasi->arguments = run->arguments;
    wasi->environment = run->environment;
    wasi->input = run->input;
}

static bool is_good_end(const struct chimera_guest *guest, int code)
{
    return code == CHIMERA_OK || (guest->stop == CHIMERA_STOP_EXIT && guest->exit_code == 0);
}

/* The guest's own words are all that a verdict gets; the log tells the rest. */
static void log_end(const struct chimera_guest *guest, const char *operation, bool is_good)
{
    struct chimera_slice errors = chimera_buffer_slice(&chimera_wasi_of(guest)->errors);
    char why[CHIMERA_ABI_STOP_TEXT];
    if (is_good && errors.size > 0)
        chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the policy wrote to stderr"),
                         CHIMERA_TEXT("policy_id", chimera_abi_policy_id(guest)),
                         CHIMERA_TEXT("operation", chimera_slice_of(operation)),
                         CHIMERA_TEXT("stderr", errors));
    if (!is_good && !chimera_guest_was_stopped(guest)) /* else the stop has a line of its own */
        chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the policy failed"),
                         CHIMERA_TEXT("policy_id", chimera_abi_policy_id(guest)),
                         CHIMERA_TEXT("operation", chimera_slice_of(operation)),
                         CHIMERA_TEXT("why", chimera_slice_of(chimera_abi_stop_text(guest, why))));
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
static int collect(struct chimera_guest *guest, int code, struct chimera_arena *arena,
                   struct chimera_slice *ret_text)
{
    const struct chimera_wasi *wasi = chimera_wasi_of(guest);
    struct chimera_slice errors, output;
    if (code == CHIMERA_EDEADLINE) {
        *ret_text = CHIMERA_SLICE(CHIMERA_DEADLINE_TEXT);
        return code;
    }
    if (!take_text(&wasi->errors, "stderr", arena, ret_text))
        return CHIMERA_EGUEST;
    errors = *ret_text;
    if (!is_good_end(guest, code)) {
        *ret_text = chimera_abi_keep(arena, chimera_slice_trim(errors));
        return CHIMERA_EGUEST;
    }
    if (!take_text(&wasi->output, "stdout", arena, &output)) {
        *ret_text = output;
        return CHIMERA_EGUEST;
    }
    if (chimera_abi_keep_answer(guest, arena, output, ret_text))
        return CHIMERA_OK;
    *ret_text = chimera_abi_too_large(guest);
    return CHIMERA_EGUEST;
}

int chimera_wasi_run(struct chimera_guest *guest, const struct chimera_wasi_run *run,
                     struct chimera_arena *arena, struct chimera_slice *ret_text)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    union chimera_value value = {0};
    int code;
    if (chimera_guest_is_suspended(guest)) {
        /* The same for a run that goes on from its first read: what it wrote before, it wrote. */
        chimera_wasi_begin(wasi, run);
        chimera_buffer_append(&wasi->output, chimera_buffer_slice(&wasi->early_output));
        chimera_buffer_append(&wasi->errors, chimera_buffer_slice(&wasi->early_errors));
        code = chimera_guest_resume(guest);
    } else {
        chimera_wasi_begin(wasi, run);
        code = chimera_guest_run(
            guest, chimera_plugin_function(guest->loaded->plugin, "_start", ":"), &value);
    }
    wasi->input = NULL;
    log_end(guest, run->operation, is_good_end(guest, code));
    return collect(guest, code, arena, ret_text);
}

/* --- What a start asks of the outside --- */

bool chimera_wasi_play(struct chimera_guest *guest, enum chimera_wasi_question question,
                       void *bytes, size_t size)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    return wasi->is_starting && chimera_start_play(&wasi->cursor, (uint8_t)question, bytes, size);
}

void chimera_wasi_note(struct chimera_guest *guest, enum chimera_wasi_question question,
                       const void *bytes, size_t size)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    if (!wasi->is_starting)
        return;
    wasi->has_drawn |= question == CHIMERA_WASI_RANDOM;
    chimera_start_note(&wasi->cursor, (uint8_t)question, bytes, size);
}
