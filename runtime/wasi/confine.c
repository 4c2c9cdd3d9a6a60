/* SPDX-License-Identifier: Apache-2.0 */
/* What a process gives up before it runs a program: the second line, behind the paths (path.h). */
#include <errno.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/confine/landlock.h"
#include "runtime/confine/refused_calls.h"
#include "runtime/wasi/exec.h"

#define RIGHTS_TO_CHANGE                                                                      \
    (CHIMERA_LANDLOCK_READ | CHIMERA_LANDLOCK_WRITE_FILE | CHIMERA_LANDLOCK_TRUNCATE |        \
     CHIMERA_LANDLOCK_REMOVE_FOLDER | CHIMERA_LANDLOCK_REMOVE_FILE |                          \
     CHIMERA_LANDLOCK_MAKE_FOLDER | CHIMERA_LANDLOCK_MAKE_FILE | CHIMERA_LANDLOCK_MAKE_LINK | \
     CHIMERA_LANDLOCK_REFER | CHIMERA_LANDLOCK_IOCTL_DEVICE)

#define ALLOW CHIMERA_SECCOMP_ALLOW
#define REFUSE CHIMERA_SECCOMP_FAIL(EPERM)
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int give_up_files(const struct chimera_wasi_folder *folders, size_t count, int version,
                         struct chimera_error *err)
{
    static const struct chimera_landlock_rights all = {CHIMERA_LANDLOCK_ALL, CHIMERA_LANDLOCK_ALL,
                                                       CHIMERA_LANDLOCK_ALL};
    CHIMERA_CLOSE int ruleset = chimera_landlock_create(version, &all);
    bool is_done = ruleset >= 0;
    for (size_t i = 0; i < count && is_done; i++)
        is_done = chimera_landlock_allow(ruleset, version, folders[i].host,
                                         folders[i].is_read_only ? CHIMERA_LANDLOCK_READ
                                                                 : RIGHTS_TO_CHANGE);
    return is_done && chimera_landlock_enter(ruleset) ? CHIMERA_OK
                                                      : chimera_fail_errno(err, "Landlock");
}

/* What the functions of this folder call is let through before the list is asked. */
static bool give_up_calls(void)
{
    static const int ours[] = {SYS_memfd_create, SYS_utimensat, 437 /* openat2 */};
    static const int programs[] = {
        SYS_execve,
        SYS_execveat,
#ifdef SYS_fork
        SYS_fork,
        SYS_vfork,
#endif
    };
    const struct chimera_seccomp_condition conditions[] = {
        {SYS_clone, 0, CLONE_THREAD, 0, REFUSE, ALLOW},
        {SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid(), ALLOW, REFUSE}, /* the watchdog's signal */
    };
    struct chimera_seccomp_filter filter;
    chimera_seccomp_begin(&filter);
    chimera_seccomp_put_calls(&filter, ours, COUNT(ours), ALLOW);
    chimera_seccomp_put_refused(&filter, false);
    chimera_seccomp_put_calls(&filter, programs, COUNT(programs), REFUSE);
    for (size_t i = 0; i < COUNT(conditions); i++)
        chimera_seccomp_put_condition(&filter, &conditions[i]);
    chimera_seccomp_end(&filter, ALLOW);
    return chimera_seccomp_enter(&filter);
}

int chimera_exec_confine(const struct chimera_wasi_folder *folders, size_t count,
                         bool *ret_is_confined, struct chimera_error *err)
{
    int version = chimera_landlock_version();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return chimera_fail_errno(err, "no_new_privs");
    int code = version > 0 ? give_up_files(folders, count, version, err) : CHIMERA_OK;
    if (code < 0)
        return code;
    bool has_filter = chimera_seccomp_is_known() && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
    if (has_filter && !give_up_calls())
        return chimera_fail_errno(err, "seccomp");
    *ret_is_confined = version > 0 && has_filter;
    return CHIMERA_OK;
}
