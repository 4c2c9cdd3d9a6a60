/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filter: system calls that no compiler needs end with an error. It is a list of what
 * is refused, not of what is allowed, because libraries differ in what they call; calls that are
 * newer than the list are refused as unknown, which every library must cope with. */
#include "compiler/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define OTHER_CALLS 0x40000000u /* the second table of x86-64 (x32) begins here */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define OTHER_CALLS 0x40000000u
#else
#define ARCHITECTURE 0u
#define OTHER_CALLS 0x40000000u
#endif

#define NEWEST_CALL 451u /* cachestat; numbers from 424 on are the same everywhere */
#define FILTER_MAX 512

static const uint16_t refused[] = {
    /* network */
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_sendto,
    SYS_recvfrom,
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_sendmmsg,
    SYS_recvmmsg,
    SYS_shutdown,
    SYS_getsockname,
    SYS_getpeername,
    SYS_setsockopt,
    SYS_getsockopt,
    /* other processes */
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_setpriority,
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_sched_setattr,
    SYS_ioprio_set,
    438 /* pidfd_getfd */,
    440 /* process_madvise */,
    448 /* process_mrelease */,
    /* out of the group that is killed when a limit has passed */
    SYS_setpgid,
    SYS_setsid,
    SYS_unshare,
    SYS_setns,
    /* messages that outlive a process */
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_semget,
    SYS_semop,
    SYS_semctl,
    SYS_semtimedop,
    SYS_msgget,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_msgctl,
    SYS_mq_open,
    SYS_mq_unlink,
    SYS_memfd_create, /* not of a guest's process: its memory is made of such files */
    447 /* memfd_secret */,
    /* large and rarely used parts of the kernel */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_setup,
    SYS_io_submit,
    SYS_io_destroy,
    SYS_io_getevents,
    SYS_io_cancel,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_fanotify_init,
    SYS_fanotify_mark,
    SYS_lookup_dcookie,
    SYS_quotactl,
    443 /* quotactl_fd */,
    SYS_seccomp,
    444,
    445,
    446 /* Landlock */,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_personality,
    /* the machine */
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    442 /* mount_setattr */,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_vhangup,
    /* who we are */
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_setgroups,
    SYS_capset,
    /* what Landlock does not see: files are changed without being opened for writing */
    SYS_truncate,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_mknodat,
#ifdef __x86_64__
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
    SYS_mknod,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_uselib,
    SYS_create_module,
    SYS_kexec_file_load,
    SYS__sysctl,
#endif
};

/* Libraries have another way when these are unknown; with them arguments lie in memory, where a
 * filter cannot look. */
static const uint16_t unknown[] = {435 /* clone3 */, 437 /* openat2 */};

/* One word of an argument, compared. The other word is not looked at: all are of type int. */
struct condition {
    uint16_t call;
    uint8_t argument;
    bool is_refused_when_equal; /* else it is refused when not */
    uint32_t mask, value;
};

#define IS_NEW_PROCESS 0 /* the first condition: left out when a tool may fork */
#define IS_OWN_SIGNAL 1  /* and the second: its value is the process's number */
static const struct condition conditions[] = {
    {SYS_clone, 0, true, CLONE_THREAD, 0},
    {SYS_tgkill, 0, false, UINT32_MAX, 0},
    {SYS_prlimit64, 0, false, UINT32_MAX, 0}, /* its own limits only */
    /* Opened for reading, and emptied. */
    {SYS_openat, 2, true, O_ACCMODE | O_TRUNC, O_TRUNC},
#ifdef __x86_64__
    {SYS_open, 1, true, O_ACCMODE | O_TRUNC, O_TRUNC},
#endif
    {SYS_ioctl, 1, true, UINT32_MAX, TIOCSTI},
};
#define CONDITION_COUNT (sizeof(conditions) / sizeof(conditions[0]))

struct filter {
    struct sock_filter code[FILTER_MAX];
    uint16_t size;
    uint16_t own_number_at; /* 0: a script's, see build() */
};

/* By enum chimera_confined; written once, by confine_calls_prepare(). */
static struct filter filters[CHIMERA_CONFINED_KINDS];

bool confine_calls_known(void)
{
    return ARCHITECTURE != 0u;
}

static void put(struct filter *filter, uint16_t code, uint8_t if_true, uint8_t if_false,
                uint32_t value)
{
    filter->code[filter->size++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(struct filter *filter, size_t offset)
{
    put(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void answer(struct filter *filter, uint32_t value)
{
    put(filter, BPF_RET | BPF_K, 0, 0, value);
}

static void put_call(struct filter *filter, uint32_t call, uint32_t verdict)
{
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call);
    answer(filter, verdict);
}

static void put_condition(struct filter *filter, const struct condition *condition)
{
    size_t argument = offsetof(struct seccomp_data, args) + 8u * condition->argument;
    bool is_refused = condition->is_refused_when_equal;
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, condition->call);
    load(filter, argument); /* its low word: both architectures begin with it */
    put(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, condition->mask);
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, condition->value);
    answer(filter, is_refused ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW);
    answer(filter, is_refused ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM);
}

static void build(struct filter *filter, enum chimera_confined kind)
{
    bool may_fork = kind == CHIMERA_CONFINED_SCRIPT;
    load(filter, offsetof(struct seccomp_data, arch));
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
    answer(filter, SECCOMP_RET_KILL_PROCESS);
    load(filter, offsetof(struct seccomp_data, nr));
    put(filter, BPF_JMP | BPF_JGE | BPF_K, 0, 1, OTHER_CALLS);
    answer(filter, SECCOMP_RET_KILL_PROCESS);
    put(filter, BPF_JMP | BPF_JGT | BPF_K, 0, 1, NEWEST_CALL);
    answer(filter, SECCOMP_RET_ERRNO | ENOSYS);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (refused[i] != SYS_memfd_create || kind != CHIMERA_CONFINED_GUEST)
            put_call(filter, refused[i], SECCOMP_RET_ERRNO | EPERM);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        put_call(filter, unknown[i], SECCOMP_RET_ERRNO | ENOSYS);
#ifdef __x86_64__
    if (!may_fork) {
        put_call(filter, SYS_fork, SECCOMP_RET_ERRNO | EPERM);
        put_call(filter, SYS_vfork, SECCOMP_RET_ERRNO | EPERM);
    }
#endif
    /* A script's children have other numbers than the process that gets this filter. */
    for (size_t i = may_fork ? IS_OWN_SIGNAL + 1 : IS_NEW_PROCESS; i < CONDITION_COUNT; i++) {
        if (i == IS_OWN_SIGNAL)
            filter->own_number_at = (uint16_t)(filter->size + 3);
        put_condition(filter, &conditions[i]);
    }
    answer(filter, SECCOMP_RET_ALLOW);
}

_Static_assert(2 * sizeof(refused) / sizeof(refused[0]) + 6 * CONDITION_COUNT + 32 < FILTER_MAX,
               "the filters fit");

void confine_calls_prepare(void)
{
    for (size_t i = 0; i < CHIMERA_CONFINED_KINDS; i++)
        build(&filters[i], (enum chimera_confined)i);
}

bool confine_calls_enter(enum chimera_confined kind)
{
    struct filter *filter = &filters[kind];
    struct sock_fprog program = {filter->size, filter->code};
    if (filter->own_number_at)
        filter->code[filter->own_number_at].k = (uint32_t)getpid(); /* the child's own copy */
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
