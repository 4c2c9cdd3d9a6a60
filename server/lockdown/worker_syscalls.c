/* SPDX-License-Identifier: Apache-2.0 */
#include "server/lockdown/worker_syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/confine/seccomp.h"

#define PAGEMAP_SCAN_CODE 0xc0606610u /* linux/fs.h has it from 6.7 on */

#define ALLOW CHIMERA_SECCOMP_ALLOW
#define KILL CHIMERA_SECCOMP_KILL
#define REFUSE CHIMERA_SECCOMP_FAIL(EPERM)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The busiest first. Kernels from 5.11 on remember the answers of all of these. */
static const int allowed[] = {
    SYS_read,
    SYS_write,
    SYS_epoll_pwait,
    SYS_timerfd_settime,
    SYS_futex,
    SYS_madvise,
    SYS_getrusage,
    SYS_clock_gettime,
    SYS_sendto,
    SYS_recvfrom,
    SYS_recvmsg, /* orders, with certificates: of sockets that we have, from processes of ours */
    SYS_epoll_ctl,
    SYS_accept4,
    SYS_close,
    SYS_shutdown,
    SYS_ppoll,
    SYS_listen, /* on the sockets that we inherited; the lock comes first */
    SYS_pread64,
    SYS_pwrite64, /* of memfds: no file is open for writing */
    SYS_readv,
    SYS_writev,
    SYS_lseek,
    SYS_fstat,
    SYS_ftruncate,
    SYS_memfd_create,
    SYS_munmap,
    SYS_mremap, /* what is executable stays what it was */
    SYS_brk,
    SYS_mincore,
    SYS_getrandom,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_restart_syscall,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_sched_yield,
    SYS_sched_getaffinity, /* malloc, for its arenas */
    SYS_sysinfo,           /* qsort(), for its buffer */
    SYS_getpid,
    SYS_gettid,
    SYS_rseq, /* of new threads; glibc insists */
    SYS_set_robust_list,
    SYS_exit,
    SYS_exit_group,
#ifdef SYS_epoll_wait /* older architectures have these besides */
    SYS_epoll_wait,
    SYS_poll,
    SYS_time,
#endif
};

static const int deadly[] = {
    SYS_execve,
    SYS_execveat,
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_bpf,
    SYS_personality, /* READ_IMPLIES_EXEC */
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
};

#define IS_OWN_SIGNAL 0 /* the first condition: its value is the process's number */
static const struct chimera_seccomp_condition conditions[] = {
    {SYS_tgkill, 0, UINT32_MAX, 0, ALLOW, REFUSE},
    {SYS_mmap, 2, PROT_EXEC, 0, ALLOW, KILL},
    {SYS_mprotect, 2, PROT_EXEC, 0, ALLOW, KILL},
    {SYS_pkey_mprotect, 2, PROT_EXEC, 0, REFUSE, KILL},
    /* Threads whose priority was lowered are replaced (worker/thread_pool.c); one more thread has
     * no right that the others lack. glibc asks for clone3() first, whose flags cannot be seen
     * here. */
    {SYS_setpriority, 0, UINT32_MAX, PRIO_PROCESS, ALLOW, REFUSE},
    {SYS_clone, 0, CLONE_THREAD, CLONE_THREAD, ALLOW, KILL},
};

static const uint32_t fcntl_commands[] = {F_GETFL,     F_SETFL,     F_GETFD,
                                          F_ADD_SEALS, F_GET_SEALS, F_DUPFD_CLOEXEC};
/* The last two only ask how much lies in a socket. */
static const uint32_t ioctl_commands[] = {PAGEMAP_SCAN_CODE, SIOCOUTQ, SIOCINQ};

static void build(struct chimera_seccomp_filter *filter)
{
    chimera_seccomp_begin(filter);
    chimera_seccomp_put_calls(filter, allowed, COUNT(allowed), ALLOW);
    for (size_t i = 0; i < COUNT(conditions); i++) {
        uint16_t at = chimera_seccomp_put_condition(filter, &conditions[i]);
        if (i == IS_OWN_SIGNAL)
            chimera_seccomp_set_value(filter, at, (uint32_t)getpid());
    }
    chimera_seccomp_put_commands(filter, SYS_ioctl, ioctl_commands, COUNT(ioctl_commands));
    chimera_seccomp_put_commands(filter, SYS_fcntl, fcntl_commands, COUNT(fcntl_commands));
    chimera_seccomp_put_call(filter, SYS_clone3, CHIMERA_SECCOMP_FAIL(ENOSYS));
    chimera_seccomp_put_calls(filter, deadly, COUNT(deadly), KILL);
    chimera_seccomp_end(filter, REFUSE);
}

int syscall_filter_apply(bool *ret_lacks, struct chimera_error *err)
{
    static struct chimera_seccomp_filter filter;
    *ret_lacks = !chimera_seccomp_is_known();
    if (*ret_lacks)
        return CHIMERA_OK;
    build(&filter);
    long result = chimera_seccomp_enter_all(&filter);
    if (result < 0 && (errno == ENOSYS || errno == EINVAL)) {
        *ret_lacks = true;
        return CHIMERA_OK;
    }
    if (result > 0)
        return chimera_fail(err, CHIMERA_EIO, "thread %ld cannot be given the system call filter",
                            result);
    if (result < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot set the system call filter: %s",
                            strerror(errno));
    return CHIMERA_OK;
}
