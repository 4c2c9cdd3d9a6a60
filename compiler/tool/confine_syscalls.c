/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filter: system calls that no compiler needs end with an error. */
#include "compiler/tool/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/confine/refused_calls.h"

#define ALLOW CHIMERA_SECCOMP_ALLOW
#define REFUSE CHIMERA_SECCOMP_FAIL(EPERM)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define IS_NEW_PROCESS 0 /* the first condition: left out when a tool may fork */
#define IS_OWN_SIGNAL 1  /* and the second: its value is the process's number */
static const struct chimera_seccomp_condition conditions[] = {
    {SYS_clone, 0, CLONE_THREAD, 0, REFUSE, ALLOW},
    {SYS_tgkill, 0, UINT32_MAX, 0, ALLOW, REFUSE},
    {SYS_prlimit64, 0, UINT32_MAX, 0, ALLOW, REFUSE}, /* its own limits only */
    /* Opened for reading, and emptied. */
    {SYS_openat, 2, O_ACCMODE | O_TRUNC, O_TRUNC, REFUSE, ALLOW},
#ifdef SYS_open
    {SYS_open, 1, O_ACCMODE | O_TRUNC, O_TRUNC, REFUSE, ALLOW},
#endif
    {SYS_ioctl, 1, UINT32_MAX, TIOCSTI, REFUSE, ALLOW},
};

struct filter {
    struct chimera_seccomp_filter calls;
    uint16_t own_number_at; /* 0: a script's, see build() */
};

/* By enum chimera_confined; written once, by confine_calls_prepare(). */
static struct filter filters[CHIMERA_CONFINED_KINDS];

bool confine_calls_known(void)
{
    return chimera_seccomp_is_known();
}

static void build_filter(struct filter *filter, enum chimera_confined kind)
{
    struct chimera_seccomp_filter *calls = &filter->calls;
    bool has_network = kind == CHIMERA_CONFINED_LAUNCHER;
    bool may_fork = kind == CHIMERA_CONFINED_SCRIPT || has_network;
    static const uint32_t families[] = {AF_INET, AF_INET6};
    chimera_seccomp_begin(calls);
    if (kind == CHIMERA_CONFINED_GUEST)
        chimera_seccomp_put_call(calls, SYS_memfd_create, ALLOW);
    /* No socket of this machine's own services, docker's say, which Landlock does not keep. */
    if (has_network)
        chimera_seccomp_put_values(calls, SYS_socket, 0, families, COUNT(families));
    chimera_seccomp_put_refused(calls, has_network);
#ifdef SYS_fork
    if (!may_fork) {
        chimera_seccomp_put_call(calls, SYS_fork, REFUSE);
        chimera_seccomp_put_call(calls, SYS_vfork, REFUSE);
    }
#endif
    /* A script's children have other numbers than the process that gets this filter. */
    for (size_t i = may_fork ? IS_OWN_SIGNAL + 1 : IS_NEW_PROCESS; i < COUNT(conditions); i++) {
        uint16_t at = chimera_seccomp_put_condition(calls, &conditions[i]);
        if (i == IS_OWN_SIGNAL)
            filter->own_number_at = at;
    }
    chimera_seccomp_end(calls, ALLOW);
}

void confine_calls_prepare(void)
{
    for (size_t i = 0; i < CHIMERA_CONFINED_KINDS; i++)
        build_filter(&filters[i], (enum chimera_confined)i);
}

bool confine_calls_enter(enum chimera_confined kind)
{
    struct filter *filter = &filters[kind]; /* the child's own copy */
    if (filter->own_number_at)
        chimera_seccomp_set_value(&filter->calls, filter->own_number_at, (uint32_t)getpid());
    return chimera_seccomp_enter(&filter->calls);
}
