/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/wasi/exec.h"

#include <stdio.h>

#include "runtime/instance/guest.h"
#include "runtime/plugin/export.h"
#include "runtime/policy/stop_report.h"
#include "runtime/wasi/calls.h"

static const struct chimera_wasi_system command_system = {
    .waiting = &chimera_exec_waiting,
    .descriptors = &chimera_exec_descriptors,
    .data = &chimera_exec_data,
    .paths = &chimera_exec_paths,
};

static void run(struct chimera_guest *guest, const struct chimera_exec *command,
                struct chimera_exec_end *ret_end)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    union chimera_value none = {0};
    wasi->system = &command_system;
    wasi->files = command->files;
    wasi->arguments = command->arguments;
    wasi->environment = command->environment;
    chimera_guest_begin(guest, command->limit_ms);
    int code = chimera_guest_run(
        guest, chimera_plugin_function(guest->loaded->plugin, "_start", ":"), &none);
    chimera_guest_end(guest);
    chimera_stop_report(guest, command->name, (struct chimera_slice){NULL, 0});
    *ret_end = (struct chimera_exec_end){
        .stop = code == CHIMERA_ENOMEM ? CHIMERA_STOP_TRAP : guest->stop,
        .exit_code = guest->stop == CHIMERA_STOP_EXIT ? guest->exit_code : 0};
    snprintf(ret_end->why, sizeof(ret_end->why), "%s",
             code == CHIMERA_ENOMEM ? "no memory for its thread" : chimera_guest_stop_text(guest));
}

int chimera_exec_run(const struct chimera_loaded *loaded, const struct chimera_exec *command,
                     struct chimera_exec_end *ret_end, struct chimera_error *err)
{
    struct chimera_guest *guest;
    int code = chimera_wasi_check(loaded->plugin, err);
    if (code == CHIMERA_OK)
        code = chimera_guest_new(loaded, command->memory_limit, &guest, err);
    if (code < 0)
        return code;
    code = chimera_wasi_attach(guest, CHIMERA_WASI_PIPES, err);
    if (code == CHIMERA_OK)
        run(guest, command, ret_end);
    chimera_wasi_detach(guest);
    chimera_guest_free(guest);
    return code;
}
