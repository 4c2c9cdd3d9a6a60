/* SPDX-License-Identifier: Apache-2.0 */
#include "server/lockdown.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/instance/sanitizer.h"
#include "server/syscall_filter.h"

#define TARGET "server::lockdown"

/* Landlock, by its documentation: Debian 12's headers know the first versions only. */
#define LANDLOCK_CREATE 444
#define LANDLOCK_RESTRICT 446
#define LANDLOCK_ASK_VERSION 1u
#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_READS ((UINT64_C(1) << 2) | (UINT64_C(1) << 3)) /* files, folders */
/* Writing, and all that makes and removes names. */
#define FS_WRITES_1 ((UINT64_C(1) << 1) | (UINT64_C(0x1ff) << 4))
#define FS_WRITES_2 (UINT64_C(1) << 13) /* to link and rename across folders */
#define FS_WRITES_3 (UINT64_C(1) << 14) /* to truncate */
#define FS_DEVICES_5 (UINT64_C(1) << 15)
#define NET_TCP_4 UINT64_C(3) /* bind, connect */
#define NET_BIND_4 UINT64_C(1)
#define SCOPE_ALL_6 UINT64_C(3) /* abstract sockets, signals */

struct landlock_rights { /* what a domain handles, and, without rules, denies */
    uint64_t fs, net, scope;
};

bool lockdown_is_possible(void)
{
#if defined(CHIMERA_ASAN) || defined(CHIMERA_TSAN)
    return false;
#else
    return true;
#endif
}

static long landlock_version(void)
{
    return syscall(LANDLOCK_CREATE, NULL, (size_t)0, LANDLOCK_ASK_VERSION);
}

static int restrict_thread(const struct landlock_rights *rights, long version,
                           struct chimera_error *err)
{
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8; /* fields came one by one */
    CHIMERA_CLOSE int fd = (int)syscall(LANDLOCK_CREATE, rights, size, 0u);
    if (fd < 0 || syscall(LANDLOCK_RESTRICT, fd, 0u) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot restrict the worker by Landlock: %s",
                            strerror(errno));
    return CHIMERA_OK;
}

/* Everything but reading files, and of TCP what `net` names. */
static int deny_writes(struct lockdown *lockdown, uint64_t net, struct chimera_error *err)
{
    long version = landlock_version();
    struct landlock_rights rights = {.fs = FS_EXECUTE | FS_WRITES_1};
    lockdown->lacks_landlock = version < 1;
    if (version < 1)
        return CHIMERA_OK;
    rights.fs |= version >= 2 ? FS_WRITES_2 : 0;
    rights.fs |= version >= 3 ? FS_WRITES_3 : 0;
    rights.fs |= version >= 5 ? FS_DEVICES_5 : 0;
    rights.net = version >= 4 ? net : 0;
    rights.scope = version >= 6 ? SCOPE_ALL_6 : 0;
    return restrict_thread(&rights, version, err);
}

static int deny_reads(struct chimera_error *err)
{
    const struct landlock_rights rights = {.fs = FS_READS};
    return restrict_thread(&rights, landlock_version(), err);
}

/* Leaves what is in `kept` of what we have. */
static int drop_capabilities(uint32_t kept, struct chimera_error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, data) < 0)
        return chimera_fail(err, CHIMERA_EIO, "capget: %s", strerror(errno));
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* old kernels have none */
    for (unsigned long i = 0; i < 64; i++)
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0); /* needs a capability; without it nothing is lost */
    data[0].effective = data[0].permitted = data[0].permitted & kept;
    data[1].effective = data[1].permitted = 0;
    data[0].inheritable = data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot drop capabilities: %s", strerror(errno));
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
        return chimera_fail(err, CHIMERA_EIO, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
    /* Root may have been told to read what only others may. */
    int code = drop_capabilities(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH, err);
    return code < 0 ? code : deny_writes(lockdown, NET_TCP_4, err);
}

int lockdown_close_files(struct lockdown *lockdown, struct chimera_error *err)
{
    if (!lockdown->is_on)
        return CHIMERA_OK;
    int code = drop_capabilities(0, err);
    return code < 0 || lockdown->lacks_landlock ? code : deny_reads(err);
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
        return chimera_fail(err, CHIMERA_EIO, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
    int code = drop_capabilities(1u << CAP_DAC_READ_SEARCH, err);
    return code < 0 ? code : deny_writes(&lockdown, NET_BIND_4, err);
}
