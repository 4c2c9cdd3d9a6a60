/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/wasi/exec.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "runtime/base/cleanup.h"
#include "runtime/confine/landlock.h"
#include "runtime/instance/guest.h"
#include "runtime/plugin/export.h"
#include "runtime/policy/stop_report.h"
#include "runtime/wasi/calls.h"

#define RIGHTS_TO_CHANGE                                                                      \
    (CHIMERA_LANDLOCK_READ | CHIMERA_LANDLOCK_WRITE_FILE | CHIMERA_LANDLOCK_TRUNCATE |        \
     CHIMERA_LANDLOCK_REMOVE_FOLDER | CHIMERA_LANDLOCK_REMOVE_FILE |                          \
     CHIMERA_LANDLOCK_MAKE_FOLDER | CHIMERA_LANDLOCK_MAKE_FILE | CHIMERA_LANDLOCK_MAKE_LINK | \
     CHIMERA_LANDLOCK_REFER | CHIMERA_LANDLOCK_IOCTL_DEVICE)

int chimera_exec_confine(const struct chimera_wasi_folder *folders, size_t count,
                         bool *ret_is_confined, struct chimera_error *err)
{
    static const struct chimera_landlock_rights all = {CHIMERA_LANDLOCK_ALL, CHIMERA_LANDLOCK_ALL,
                                                       CHIMERA_LANDLOCK_ALL};
    int version = chimera_landlock_version();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return chimera_fail_errno(err, "no_new_privs");
    *ret_is_confined = version > 0;
    if (version == 0)
        return CHIMERA_OK;
    CHIMERA_CLOSE int ruleset = chimera_landlock_create(version, &all);
    bool is_done = ruleset >= 0;
    for (size_t i = 0; i < count && is_done; i++)
        is_done = chimera_landlock_allow(ruleset, version, folders[i].host,
                                         folders[i].is_read_only ? CHIMERA_LANDLOCK_READ
                                                                 : RIGHTS_TO_CHANGE);
    return is_done && chimera_landlock_enter(ruleset) ? CHIMERA_OK
                                                      : chimera_fail_errno(err, "Landlock");
}

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
