/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/confine/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/sanitized.h"
#include "runtime/confine/landlock.h"
#include "runtime/confine/refused_calls.h"

/* Files are renamed between folders of the store, which Landlock allows from version 2 on. */
#define LANDLOCK_LEAST 2
#define RIGHTS_TO_WRITE                                                                \
    (CHIMERA_LANDLOCK_READ | CHIMERA_LANDLOCK_WRITE_FILE | CHIMERA_LANDLOCK_TRUNCATE | \
     CHIMERA_LANDLOCK_REMOVE_FOLDER | CHIMERA_LANDLOCK_REMOVE_FILE |                   \
     CHIMERA_LANDLOCK_MAKE_FOLDER | CHIMERA_LANDLOCK_MAKE_FILE | CHIMERA_LANDLOCK_REFER)

#define ALLOW CHIMERA_SECCOMP_ALLOW
#define REFUSE CHIMERA_SECCOMP_FAIL(EPERM)

/* Modules of the resolver, authorities, and what says how names are resolved. A link is followed
 * when the rule is made, so the file that systemd's resolver keeps elsewhere is meant, too. */
static const char *const readable[] = {
    "/usr/lib",         "/usr/share",           "/usr/local/share",     "/lib",
    "/lib64",           "/nix/store",           "/gnu/store",           "/etc/ssl",
    "/etc/pki",         "/etc/ca-certificates", "/etc/crypto-policies", "/etc/ld.so.cache",
    "/etc/resolv.conf", "/etc/hosts",           "/etc/host.conf",       "/etc/nsswitch.conf",
    "/etc/gai.conf",    "/etc/services",        "/etc/protocols",       "/etc/localtime",
    "/dev/urandom",
};

static bool allow_named(int ruleset, int version, const char *variable)
{
    const char *path = getenv(variable);
    return !path || chimera_landlock_allow(ruleset, version, path, CHIMERA_LANDLOCK_READ);
}

static bool allow_files(int ruleset, int version, const struct chimera_network_rights *rights)
{
    bool is_done = chimera_landlock_allow(ruleset, version, "/dev/null",
                                          CHIMERA_LANDLOCK_READ_FILE | CHIMERA_LANDLOCK_WRITE_FILE);
    for (size_t i = 0; is_done && i < sizeof(readable) / sizeof(readable[0]); i++)
        is_done = chimera_landlock_allow(ruleset, version, readable[i], CHIMERA_LANDLOCK_READ);
    /* OpenSSL's names for authorities that are elsewhere. */
    is_done = is_done && allow_named(ruleset, version, "SSL_CERT_FILE") &&
              allow_named(ruleset, version, "SSL_CERT_DIR");
    for (size_t i = 0; is_done && rights->readable && rights->readable[i]; i++)
        is_done =
            chimera_landlock_allow(ruleset, version, rights->readable[i], CHIMERA_LANDLOCK_READ);
    return is_done &&
           (!rights->folder ||
            chimera_landlock_allow(ruleset, version, rights->folder,
                                   rights->is_writable ? RIGHTS_TO_WRITE : CHIMERA_LANDLOCK_READ));
}

static bool enter_landlock(const struct chimera_network_rights *rights)
{
    static const struct chimera_landlock_rights denied = {
        CHIMERA_LANDLOCK_ALL, CHIMERA_LANDLOCK_BIND, CHIMERA_LANDLOCK_ALL};
    int version = chimera_landlock_version();
    if (version < LANDLOCK_LEAST)
        return true;
    CHIMERA_CLOSE int ruleset = chimera_landlock_create(version, &denied);
    return ruleset >= 0 && allow_files(ruleset, version, rights) && chimera_landlock_enter(ruleset);
}

/* The resolver of libcurl has a thread of its own; a process it never needs. */
static void build_filter(struct chimera_seccomp_filter *filter, bool makes_memory)
{
    static const int deadly[] = {
        SYS_execve,
        SYS_execveat,
#ifdef SYS_fork
        SYS_fork,
        SYS_vfork,
#endif
    };
    static const int listening[] = {SYS_listen, SYS_accept, SYS_accept4};
    /* No socket of this machine's own services, docker's say, and none that makes packets itself;
     * the resolver falls back to asking name servers. */
    static const uint32_t families[] = {AF_INET, AF_INET6};
    const struct chimera_seccomp_condition conditions[] = {
        {SYS_ioctl, 1, UINT32_MAX, TIOCSTI, REFUSE, ALLOW},
        {SYS_clone, 0, CLONE_THREAD, CLONE_THREAD, ALLOW, CHIMERA_SECCOMP_KILL},
        {SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid(), ALLOW, REFUSE},
    };
    chimera_seccomp_begin(filter);
    chimera_seccomp_put_calls(filter, deadly, sizeof(deadly) / sizeof(deadly[0]),
                              CHIMERA_SECCOMP_KILL);
    chimera_seccomp_put_calls(filter, listening, sizeof(listening) / sizeof(listening[0]), REFUSE);
    chimera_seccomp_put_values(filter, SYS_socket, 0, families, 2);
    if (makes_memory)
        chimera_seccomp_put_call(filter, SYS_memfd_create, ALLOW);
    chimera_seccomp_put_refused(filter, true);
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        chimera_seccomp_put_condition(filter, &conditions[i]);
    chimera_seccomp_end(filter, ALLOW);
}

static bool enter_seccomp(bool makes_memory)
{
    static struct chimera_seccomp_filter filter;
    if (!chimera_seccomp_is_known() || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
        return true;
    build_filter(&filter, makes_memory);
    return chimera_seccomp_enter(&filter);
}

/* CHIMERA_CONFINEMENT plays a lesser kernel, as for compilers; it takes nothing off. */
const char *chimera_network_lack(void)
{
    const char *played = getenv("CHIMERA_CONFINEMENT");
    if (chimera_landlock_version() < 1 || (played && strcmp(played, "landlock") != 0))
        return "the kernel has no Landlock";
    if (!chimera_seccomp_is_known() || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 || played)
        return "the kernel has no filters of system calls";
    return NULL;
}

int chimera_network_confine(const struct chimera_network_rights *rights, struct chimera_error *err)
{
    static const struct rlimit no_core;
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0); /* logins are in its memory */
#if defined(CHIMERA_ASAN) || defined(CHIMERA_TSAN)
    (void)rights, (void)err, (void)enter_landlock, (void)enter_seccomp;
    return CHIMERA_OK; /* they read /proc and make threads themselves */
#else
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return chimera_fail_errno(err, "PR_SET_NO_NEW_PRIVS");
    if (!enter_landlock(rights) || !enter_seccomp(rights->makes_memory))
        return chimera_fail(err, CHIMERA_EIO, "cannot confine a process that uses the network: %s",
                            strerror(errno));
    return CHIMERA_OK;
#endif
}
