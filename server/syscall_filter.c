/* SPDX-License-Identifier: Apache-2.0 */
#include "server/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE 0 /* no filter */
#endif

#define X32_BIT 0x40000000u           /* x86-64 numbers with it are another ABI's */
#define PAGEMAP_SCAN_CODE 0xc0606610u /* linux/fs.h has it from 6.7 on */
#define PROGRAM_MAX 512

#define ALLOW SECCOMP_RET_ALLOW
#define KILL SECCOMP_RET_KILL_PROCESS
#define FAIL(number) (SECCOMP_RET_ERRNO | (number))

struct program {
    struct sock_filter code[PROGRAM_MAX];
    unsigned short size;
};

/* The busiest first. Kernels from 5.11 on remember the answers of all of these. */
static const int allowed[] = {
    SYS_read,
    SYS_write,
    SYS_epoll_pwait,
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

static void put(struct program *program, struct sock_filter instruction)
{
    if (program->size < PROGRAM_MAX)
        program->code[program->size] = instruction;
    program->size++; /* one too many is found at the end */
}

static void put_statement(struct program *program, unsigned short code, uint32_t operand)
{
    put(program, (struct sock_filter)BPF_STMT(code, operand));
}

/* Skips the next `skipped` instructions unless the accumulator compares so. */
static void put_test(struct program *program, unsigned short comparison, uint32_t operand,
                     unsigned char skipped)
{
    put(program, (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | comparison | BPF_K),
                                              operand, 0, skipped));
}

static void put_return(struct program *program, uint32_t action)
{
    put_statement(program, BPF_RET | BPF_K, action);
}

static void put_load(struct program *program, size_t offset)
{
    put_statement(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void put_rule(struct program *program, int number, uint32_t action)
{
    put_test(program, BPF_JEQ, (uint32_t)number, 1);
    put_return(program, action);
}

/* The lower half of an argument, which is all that the kernel reads of an int; both supported
 * architectures are little-endian. */
static size_t argument_at(unsigned index)
{
    return offsetof(struct seccomp_data, args) + 8 * (size_t)index;
}

/* `if_so` when the argument compares so, else `if_not`. */
static void put_argument_rule(struct program *program, int number, unsigned argument,
                              unsigned short comparison, uint32_t operand, uint32_t if_so,
                              uint32_t if_not)
{
    put_test(program, BPF_JEQ, (uint32_t)number, 4);
    put_load(program, argument_at(argument));
    put_test(program, comparison, operand, 1);
    put_return(program, if_so);
    put_return(program, if_not);
}

/* Those whose second argument is one of the commands, and no others. */
static void put_command_rule(struct program *program, int number, const uint32_t *commands,
                             unsigned char count)
{
    put_test(program, BPF_JEQ, (uint32_t)number, (unsigned char)(2 * count + 2));
    put_load(program, argument_at(1));
    for (unsigned i = 0; i < count; i++)
        put_rule(program, (int)commands[i], ALLOW);
    put_return(program, FAIL(EPERM));
}

static void put_fcntl_rule(struct program *program)
{
    static const uint32_t commands[] = {F_GETFL,     F_SETFL,     F_GETFD,
                                        F_ADD_SEALS, F_GET_SEALS, F_DUPFD_CLOEXEC};
    put_command_rule(program, SYS_fcntl, commands, sizeof(commands) / sizeof(commands[0]));
}

/* The last two only ask how much lies in a socket. */
static void put_ioctl_rule(struct program *program)
{
    static const uint32_t commands[] = {PAGEMAP_SCAN_CODE, SIOCOUTQ, SIOCINQ};
    put_command_rule(program, SYS_ioctl, commands, sizeof(commands) / sizeof(commands[0]));
}

static void put_rules(struct program *program)
{
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        put_rule(program, allowed[i], ALLOW);
    put_argument_rule(program, SYS_mmap, 2, BPF_JSET, PROT_EXEC, KILL, ALLOW);
    put_argument_rule(program, SYS_mprotect, 2, BPF_JSET, PROT_EXEC, KILL, ALLOW);
    put_argument_rule(program, SYS_pkey_mprotect, 2, BPF_JSET, PROT_EXEC, KILL, FAIL(EPERM));
    put_argument_rule(program, SYS_tgkill, 0, BPF_JEQ, (uint32_t)getpid(), ALLOW, FAIL(EPERM));
    put_ioctl_rule(program);
    put_fcntl_rule(program);
    /* Threads whose priority was lowered are replaced (pool.c); one more thread has no right that
     * the others lack. glibc asks for clone3() first, whose flags cannot be seen here. */
    put_argument_rule(program, SYS_setpriority, 0, BPF_JEQ, PRIO_PROCESS, ALLOW, FAIL(EPERM));
    put_rule(program, SYS_clone3, FAIL(ENOSYS));
    put_argument_rule(program, SYS_clone, 0, BPF_JSET, CLONE_THREAD, ALLOW, KILL);
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        put_rule(program, deadly[i], KILL);
    put_return(program, FAIL(EPERM));
}

static void make_program(struct program *program)
{
    program->size = 0;
    put_load(program, offsetof(struct seccomp_data, arch));
    put(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0));
    put_return(program, KILL);
    put_load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    put_test(program, BPF_JGE, X32_BIT, 1);
    put_return(program, KILL);
#endif
    put_rules(program);
}

int syscall_filter_apply(bool *ret_lacks, struct chimera_error *err)
{
    static struct program program;
    make_program(&program);
    *ret_lacks = NATIVE == 0;
    if (*ret_lacks)
        return CHIMERA_OK;
    if (program.size > PROGRAM_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the system call filter is too long");
    struct sock_fprog handed = {.len = program.size, .filter = program.code};
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &handed);
    if (result == 0)
        return CHIMERA_OK;
    if (result < 0 && (errno == ENOSYS || errno == EINVAL)) {
        *ret_lacks = true;
        return CHIMERA_OK;
    }
    if (result > 0)
        return chimera_fail(err, CHIMERA_EIO, "thread %ld cannot be given the system call filter",
                            result);
    return chimera_fail(err, CHIMERA_EIO, "cannot set the system call filter: %s", strerror(errno));
}
