/* SPDX-License-Identifier: Apache-2.0 */
/* The start of a WASI program: from `_start` to the first read of its input, once a slot.
 *
 * The program waits there, its stack and all, and every request goes on from that point
 * (runtime-performance.md §4). What would make requests differ from a run from the start is
 * refused, and then each request does run from the start.
 */
#include <stdlib.h>

#include "runtime/abi/wasi_internal.h"

static void note_obstacle(struct chimera_wasi *wasi, const char *obstacle)
{
    if (!wasi->obstacle)
        wasi->obstacle = obstacle;
}

void chimera_wasi_start_begin(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    wasi->is_starting = true;
    chimera_start_begin(guest->start, &wasi->cursor);
}

void chimera_wasi_start_end(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    wasi->is_starting = false;
    chimera_start_end(&wasi->cursor);
}

void chimera_wasi_await_input(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    if (!wasi->awaits_input)
        return;
    if (!chimera_guest_suspend(guest))
        note_obstacle(wasi, "this machine or this build cannot keep a waiting program");
}

void chimera_wasi_refuse_call(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    if (!wasi->awaits_input)
        return;
    note_obstacle(wasi, "it calls its host before it reads its input");
    chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "not during the start");
}

/* What the program has written by now is where every request's output begins. */
static bool keep_output(struct chimera_wasi *wasi)
{
    chimera_buffer_append(&wasi->early_output, chimera_buffer_slice(&wasi->output));
    chimera_buffer_append(&wasi->early_errors, chimera_buffer_slice(&wasi->errors));
    return !wasi->early_output.failed && !wasi->early_errors.failed;
}

/* True when the slot waits for input, with a snapshot of that. */
static bool run_to_input(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    union chimera_value none = {0};
    chimera_wasi_start_begin(guest);
    wasi->awaits_input = true;
    int code = chimera_guest_run(
        guest, chimera_plugin_function(guest->loaded->plugin, "_start", ":"), &none);
    wasi->awaits_input = false;
    chimera_wasi_start_end(guest);
    if (code < 0 || guest->stop != CHIMERA_STOP_SUSPENDED)
        note_obstacle(
            wasi, guest->stop == CHIMERA_STOP_DEADLINE ? "it takes too long to come to its input"
                  : guest->stop == CHIMERA_STOP_TRAP   ? "it fails before it reads its input"
                                                       : "it ends without reading its input");
    if (!wasi->obstacle && !keep_output(wasi))
        note_obstacle(wasi, "it writes too much before it reads its input");
    if (!wasi->obstacle && chimera_guest_snapshot(guest, NULL) < 0)
        note_obstacle(wasi, "there is no room for its snapshot");
    return !wasi->obstacle;
}

int chimera_wasi_prepare(struct chimera_guest *guest, const struct chimera_wasi_run *run,
                         struct chimera_error *err)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    chimera_wasi_begin(wasi, run);
    int code = chimera_guest_snapshot(guest, err);
    if (code < 0)
        return code;
    if (guest->start && guest->start->is_fresh)
        note_obstacle(wasi, "it was asked to run from its start");
    if (wasi->obstacle || run_to_input(guest))
        return CHIMERA_OK;
    if (chimera_guest_reset(guest) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot bring a policy back to its start");
    return CHIMERA_OK;
}
