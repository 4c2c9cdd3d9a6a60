/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/confine/refused_calls.h"

#include <errno.h>
#include <sys/syscall.h>

#define NEWEST_CALL 451u /* cachestat; numbers from 424 on are the same everywhere */

#define REFUSE CHIMERA_SECCOMP_FAIL(EPERM)
#define UNKNOWN CHIMERA_SECCOMP_FAIL(ENOSYS)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const int network[] = {
    SYS_socket,   SYS_socketpair, SYS_connect,     SYS_bind,        SYS_listen,     SYS_accept,
    SYS_accept4,  SYS_sendto,     SYS_recvfrom,    SYS_sendmsg,     SYS_recvmsg,    SYS_sendmmsg,
    SYS_recvmmsg, SYS_shutdown,   SYS_getsockname, SYS_getpeername, SYS_setsockopt, SYS_getsockopt,
};

static const int refused[] = {
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

static const int unseen[] = {435 /* clone3 */, 437 /* openat2 */};

_Static_assert(2 * (COUNT(network) + COUNT(refused) + COUNT(unseen)) + 100 < CHIMERA_SECCOMP_MAX,
               "there is room for more");

void chimera_seccomp_put_refused(struct chimera_seccomp_filter *filter, bool has_network)
{
    chimera_seccomp_put_newer(filter, NEWEST_CALL, UNKNOWN);
    if (!has_network)
        chimera_seccomp_put_calls(filter, network, COUNT(network), REFUSE);
    chimera_seccomp_put_calls(filter, refused, COUNT(refused), REFUSE);
    chimera_seccomp_put_calls(filter, unseen, COUNT(unseen), UNKNOWN);
}
