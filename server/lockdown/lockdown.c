/* SPDX-License-Identifier: Apache-2.0 */
#include "server/lockdown/lockdown.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/confine/landlock.h"
#include "runtime/instance/sanitizer.h"
#include "runtime/log/log.h"
#include "server/lockdown/worker_syscalls.h"

#define TARGET "server::lockdown"

/* All that is done with files but reading them. */
#define FILES_BUT_READ (CHIMERA_LANDLOCK_ALL & ~CHIMERA_LANDLOCK_READ)

bool lockdown_is_possible(void)
{
#if defined(CHIMERA_ASAN) || defined(CHIMERA_TSAN)
    return false;
#else
    return true;
#endif
}

static int restrict_thread(const struct chimera_landlock_rights *denied, int version,
                           struct chimera_error *err)
{
    CHIMERA_CLOSE int ruleset = chimera_landlock_create(version, denied);
    if (ruleset < 0 || !chimera_landlock_enter(ruleset))
        return chimera_fail(err, CHIMERA_EIO, "cannot restrict the worker by Landlock: %s",
                            strerror(errno));
    return CHIMERA_OK;
}

/* Everything but reading files, and of TCP what `network` names. */
static int deny_writes(struct lockdown *lockdown, uint64_t network, struct chimera_error *err)
{
    const struct chimera_landlock_rights denied = {FILES_BUT_READ, network, CHIMERA_LANDLOCK_ALL};
    int version = chimera_landlock_version();
    lockdown->lacks_landlock = version < 1;
    return version < 1 ? CHIMERA_OK : restrict_thread(&denied, version, err);
}

/* Leaves what is in `kept` of what we have. */
static int drop_capabilities(uint32_t kept, struct chimera_error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, data) < 0)
        return chimera_fail_errno(err, "capget");
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* old kernels have none */
    for (unsigned long i = 0; i < 64; i++)
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0); /* needs a capability; without it nothing is lost */
    data[0].effective = data[0].permitted = data[0].permitted & kept;
    data[1].effective = data[1].permitted = 0;
    data[0].inheritable = data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) < 0)
        return chimera_fail_errno(err, "cannot drop capabilities");
    return CHIMERA_OK;
}

int lockdown_begin(struct lockdown *lockdown, bool is_on, struct chimera_error *err)
{
    *lockdown = (struct lockdown){.is_on = is_on && lockdown_is_possible()};
    if (!is_on)
        chimera_log(CHIMERA_LOG_WARN, TARGET,
                    CHIMERA_SLICE("--no-lockdown: the worker keeps all its rights"));
    if (!lockdown->is_on)
        return CHIMERA_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return chimera_fail_errno(err, "PR_SET_NO_NEW_PRIVS");
    /* Root may have been told to read what only others may. */
    int code = drop_capabilities(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH, err);
    return code < 0 ? code : deny_writes(lockdown, CHIMERA_LANDLOCK_ALL, err);
}

int lockdown_close_files(struct lockdown *lockdown, struct chimera_error *err)
{
    if (!lockdown->is_on)
        return CHIMERA_OK;
    int code = drop_capabilities(0, err);
    if (code < 0 || lockdown->lacks_landlock)
        return code;
    const struct chimera_landlock_rights denied = {.files = CHIMERA_LANDLOCK_READ};
    return restrict_thread(&denied, chimera_landlock_version(), err);
}

int lockdown_finish(struct lockdown *lockdown, struct chimera_error *err)
{
    if (!lockdown->is_on)
        return CHIMERA_OK;
    int code = syscall_filter_apply(&lockdown->lacks_filter, err);
    if (code == CHIMERA_OK && (lockdown->lacks_landlock || lockdown->lacks_filter))
        chimera_log_with(
            CHIMERA_LOG_WARN, TARGET,
            CHIMERA_SLICE("the worker is not locked down in full: the kernel lacks a mechanism"),
            CHIMERA_BOOL("landlock", !lockdown->lacks_landlock),
            CHIMERA_BOOL("seccomp", !lockdown->lacks_filter));
    return code;
}

int lockdown_exporter(bool is_on, struct chimera_error *err)
{
    struct lockdown lockdown = {.is_on = is_on && lockdown_is_possible()};
    if (!lockdown.is_on)
        return CHIMERA_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return chimera_fail_errno(err, "PR_SET_NO_NEW_PRIVS");
    int code = drop_capabilities(1u << CAP_DAC_READ_SEARCH, err);
    return code < 0 ? code : deny_writes(&lockdown, CHIMERA_LANDLOCK_BIND, err);
}

/* To make a file in its folder, to write it, and to give it another name. */
static bool allow_folder_of(int ruleset, int version, const char *path)
{
    const uint64_t kept = CHIMERA_LANDLOCK_WRITE_FILE | CHIMERA_LANDLOCK_READ_FILE |
                          CHIMERA_LANDLOCK_MAKE_FILE | CHIMERA_LANDLOCK_REMOVE_FILE |
                          CHIMERA_LANDLOCK_TRUNCATE;
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + (slash == path) : 1;
    CHIMERA_FREE char *folder = strndup(slash ? path : ".", size);
    return folder && chimera_landlock_allow(ruleset, version, folder, kept);
}

/* Everything is denied, but in the folder of a file, and where it leads when it is a link. */
static int keep_to_folder(const char *path, struct chimera_error *err)
{
    const struct chimera_landlock_rights denied = {CHIMERA_LANDLOCK_ALL, CHIMERA_LANDLOCK_ALL,
                                                   CHIMERA_LANDLOCK_ALL};
    bool has_none = strcmp(path, "-") == 0;
    CHIMERA_FREE char *real = has_none ? NULL : realpath(path, NULL);
    int version = chimera_landlock_version();
    if (version < 1)
        return CHIMERA_OK;
    CHIMERA_CLOSE int ruleset = chimera_landlock_create(version, &denied);
    bool is_good = ruleset >= 0 && (has_none || allow_folder_of(ruleset, version, path)) &&
                   (!real || allow_folder_of(ruleset, version, real));
    if (!is_good || !chimera_landlock_enter(ruleset))
        return chimera_fail(err, CHIMERA_EIO,
                            "cannot restrict the decision log's process by Landlock: %s",
                            strerror(errno));
    return CHIMERA_OK;
}

int lockdown_decisions(bool is_on, const char *path, struct chimera_error *err)
{
    if (!is_on || !lockdown_is_possible())
        return CHIMERA_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return chimera_fail_errno(err, "PR_SET_NO_NEW_PRIVS");
    int code = drop_capabilities(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH, err);
    return code < 0 ? code : keep_to_folder(path, err);
}
