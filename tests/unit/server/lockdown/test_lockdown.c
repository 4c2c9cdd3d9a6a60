/* SPDX-License-Identifier: Apache-2.0 */
/* Each denial of the lock-down is tried from inside: a child locks itself down as a worker does,
 * and then makes the call. What is expected is the contract of docs/internals/lockdown.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/confine/landlock.h"
#include "server/lockdown/lockdown.h"

/* linux/fs.h has it from 6.7 on: _IOWR('f', 16, of 96 bytes) */
#define PAGEMAP_SCAN_CODE 0xc0606610u

#define WENT_THROUGH 0 /* in place of an errno */
#define KILLED 1000    /* the same: ended by SIGSYS */

static char folder[] = "/tmp/test_lockdown.XXXXXX";
static char file[64], script[64];
static pid_t stranger; /* a process of ours that is no child of the one that is locked down */
static int listening, open_memfd;
static struct sockaddr_in listening_at;

/* --- What is tried: each returns 0, or -1 with errno --- */

static int map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static int map_code_of_file(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open_memfd, 0) == MAP_FAILED ? -1
                                                                                             : 0;
}

static int unlock_code(void)
{
    static char page[8192] __attribute__((aligned(4096)));
    page[0] = 1;
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int unlock_code_by_key(void)
{
    static char page[8192] __attribute__((aligned(4096)));
    return (int)syscall(SYS_pkey_mprotect, page, 4096, PROT_READ | PROT_EXEC, -1);
}

static int make_code_writable(void)
{
    uintptr_t page = (uintptr_t)make_code_writable & ~(uintptr_t)4095;
    return mprotect((void *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int make_all_readable_executable(void)
{
    return (int)syscall(SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */);
}

static int run_program(void)
{
    return execve(script, (char *[]){script, NULL}, (char *[]){NULL});
}

static int run_program_of_memory(void)
{
    return (int)syscall(SYS_execveat, open_memfd, "", (char *[]){script, NULL}, (char *[]){NULL},
                        0x1000 /* AT_EMPTY_PATH */);
}

#ifdef SYS_fork
static int make_process(void)
{
    long pid = syscall(SYS_fork);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : 0;
}
#endif

static int make_process_by_clone(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : 0;
}

static int make_process_by_clone3(void)
{
    uint64_t arguments[8] = {0, 0, 0, 0, SIGCHLD};
    long pid = syscall(SYS_clone3, arguments, sizeof(arguments));
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : 0;
}

static int lower_a_group(void)
{
    return setpriority(PRIO_PGRP, 0, 1);
}

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? -1 : 0;
}

static int make_datagram_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0) < 0 ? -1 : 0;
}

static int make_kernel_socket(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? -1 : 0;
}

static int make_pair(void)
{
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int connect_socket(void)
{
    return connect(listening, (struct sockaddr *)&listening_at, sizeof(listening_at));
}

static int bind_socket(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    return bind(listening, (struct sockaddr *)&any, sizeof(any));
}

static int set_socket_option(void)
{
    return setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
}

static int pass_a_message(void)
{
    struct msghdr message = {0};
    return sendmsg(listening, &message, 0) < 0 ? -1 : 0;
}

static int write_file(void)
{
    return open(file, O_WRONLY) < 0 ? -1 : 0;
}

static int make_file(void)
{
    return open("/tmp/test_lockdown.new", O_CREAT | O_RDWR, 0600) < 0 ? -1 : 0;
}

static int read_secret(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 ? -1 : 0;
}

static int read_memory_as_file(void)
{
    return open("/proc/self/mem", O_RDWR) < 0 ? -1 : 0;
}

static int read_by_openat2(void)
{
    uint64_t how[3] = {O_RDONLY};
    return syscall(SYS_openat2, AT_FDCWD, file, how, sizeof(how)) < 0 ? -1 : 0;
}

static int open_handle(void)
{
    struct {
        unsigned bytes;
        int type;
    } handle = {0};
    return syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY) < 0 ? -1 : 0;
}

static int unlink_file(void)
{
    return unlink(file);
}

static int truncate_file(void)
{
    return truncate(file, 0);
}

static int rename_file(void)
{
    return rename(file, script);
}

static int make_folder(void)
{
    return mkdir("/tmp/test_lockdown.folder", 0700);
}

static int make_link(void)
{
    return symlink(file, "/tmp/test_lockdown.link");
}

static int change_mode(void)
{
    return chmod(file, 0777);
}

static int look_at_file(void)
{
    struct stat status;
    return stat(file, &status);
}

static int kill_stranger(void)
{
    return kill(stranger, 0);
}

static int kill_thread_of_stranger(void)
{
    return (int)syscall(SYS_tgkill, stranger, stranger, SIGUSR1);
}

static int trace_stranger(void)
{
    return (int)syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, stranger, 0, 0);
}

static int read_stranger(void)
{
    return (int)syscall(SYS_process_vm_readv, stranger, NULL, 0, NULL, 0, 0);
}

static int write_stranger(void)
{
    return (int)syscall(SYS_process_vm_writev, stranger, NULL, 0, NULL, 0, 0);
}

static int take_from_stranger(void)
{
    return (int)syscall(SYS_pidfd_open, stranger, 0);
}

static int use_ring(void)
{
    char parameters[120] = {0};
    return (int)syscall(SYS_io_uring_setup, 1, parameters) < 0 ? -1 : 0;
}

static int catch_faults(void)
{
    return (int)syscall(SYS_userfaultfd, 0) < 0 ? -1 : 0;
}

static int load_kernel_code(void)
{
    return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int make_name_space(void)
{
    return unshare(CLONE_NEWUSER);
}

static int enter_name_space(void)
{
    return setns(open_memfd, 0);
}

static int mount_folder(void)
{
    return (int)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static int become_root(void)
{
    return setuid(0);
}

static int ask_terminal(void)
{
    return ioctl(2, 0x5412 /* TIOCSTI */, "x");
}

static int raise_limit(void)
{
    struct rlimit limit = {1, 1};
    return setrlimit(RLIMIT_CORE, &limit);
}

static int lower_guard(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

#ifdef __x86_64__
static int call_by_x32(void)
{
    return (int)syscall(0x40000000 + SYS_getpid) < 0 ? -1 : 0;
}

/* A kernel without the 32-bit entry faults at once, which denies it as well. */
static void end_as_denied(int number)
{
    (void)number;
    raise(SIGSYS);
}

/* The 32-bit entry has other numbers: there, 20 is getpid(), and here it is writev(). */
static int call_by_i386(void)
{
    int result;
    signal(SIGSEGV, end_as_denied);
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
    errno = -result;
    return result < 0 ? -1 : 0;
}
#endif

struct attempt {
    const char *name;
    int (*make)(void);
    int outcome; /* an errno, KILLED, WENT_THROUGH */
};

#define TRY(call, outcome) {#call, call, outcome}

static const struct attempt denials[] = {
    TRY(map_code, KILLED),
    TRY(map_code_of_file, KILLED),
    TRY(unlock_code, KILLED),
    TRY(unlock_code_by_key, KILLED),
    TRY(make_code_writable, KILLED),
    TRY(make_all_readable_executable, KILLED),
    TRY(run_program, KILLED),
    TRY(run_program_of_memory, KILLED),
#ifdef SYS_fork
    TRY(make_process, KILLED),
#endif
    TRY(make_process_by_clone, KILLED),
    TRY(make_process_by_clone3, ENOSYS),
    TRY(lower_a_group, EPERM),
    TRY(make_socket, KILLED),
    TRY(make_datagram_socket, KILLED),
    TRY(make_kernel_socket, KILLED),
    TRY(make_pair, KILLED),
    TRY(connect_socket, KILLED),
    TRY(bind_socket, KILLED),
    TRY(set_socket_option, EPERM),
    TRY(pass_a_message, EPERM),
    TRY(write_file, EPERM),
    TRY(make_file, EPERM),
    TRY(read_secret, EPERM),
    TRY(read_memory_as_file, EPERM),
    TRY(read_by_openat2, EPERM),
    TRY(open_handle, EPERM),
    TRY(unlink_file, EPERM),
    TRY(truncate_file, EPERM),
    TRY(rename_file, EPERM),
    TRY(make_folder, EPERM),
    TRY(make_link, EPERM),
    TRY(change_mode, EPERM),
    TRY(look_at_file, EPERM),
    TRY(kill_stranger, EPERM),
    TRY(kill_thread_of_stranger, EPERM),
    TRY(trace_stranger, KILLED),
    TRY(read_stranger, KILLED),
    TRY(write_stranger, KILLED),
    TRY(take_from_stranger, EPERM),
    TRY(use_ring, EPERM),
    TRY(catch_faults, EPERM),
    TRY(load_kernel_code, KILLED),
    TRY(make_name_space, KILLED),
    TRY(enter_name_space, KILLED),
    TRY(mount_folder, KILLED),
    TRY(become_root, EPERM),
    TRY(ask_terminal, EPERM),
    TRY(raise_limit, EPERM),
    TRY(lower_guard, EPERM),
#ifdef __x86_64__
    TRY(call_by_x32, KILLED),
    TRY(call_by_i386, KILLED),
#endif
};

/* --- What must go on --- */

static volatile sig_atomic_t was_signalled;

static void on_signal(int number)
{
    was_signalled = number;
}

static int grow_memory(void)
{
    char *map = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED || mprotect(map, 65536, PROT_READ | PROT_WRITE) < 0)
        return -1;
    map[65535] = 1;
    map = mremap(map, 65536, 131072, MREMAP_MAYMOVE);
    return map == MAP_FAILED || madvise(map, 65536, MADV_DONTNEED) < 0 ? -1 : munmap(map, 131072);
}

static int keep_an_image(void)
{
    int fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, 8192) < 0 || pwrite(fd, "x", 1, 0) != 1 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0)
        return -1;
    return mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1
                                                                                      : close(fd);
}

static int signal_ourselves(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    if (sigaction(SIGUSR1, &action, NULL) < 0 ||
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1) < 0)
        return -1;
    return was_signalled == SIGUSR1 ? 0 : -1;
}

static int measure(void)
{
    struct rusage usage;
    char byte;
    return getrusage(RUSAGE_THREAD, &usage) < 0 ||
                   pread(open_memfd, &byte, 1, 0) != 1 || /* stands for an open pagemap */
                   syscall(SYS_getrandom, &byte, 1, 0) != 1
               ? -1
               : 0;
}

/* That the filter lets it through: the descriptor is no pagemap. */
static int scan_pages(void)
{
    return ioctl(open_memfd, PAGEMAP_SCAN_CODE, NULL) < 0 && errno == ENOTTY ? 0 : -1;
}

static int accept_and_answer(void)
{
    struct pollfd polled = {.fd = listening, .events = POLLIN};
    if (listen(listening, 8) < 0 || poll(&polled, 1, 1000) != 1)
        return -1;
    struct sockaddr_in from;
    socklen_t size = sizeof(from);
    int fd = accept4(listening, (void *)&from, &size, SOCK_CLOEXEC), unread = 0, unsent = 0;
    char byte = 0;
    return fd < 0 || ioctl(fd, SIOCINQ, &unread) < 0 || ioctl(fd, SIOCOUTQ, &unsent) < 0 ||
                   recv(fd, &byte, 1, 0) != 1 || send(fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
                   shutdown(fd, SHUT_WR) < 0
               ? -1
               : close(fd);
}

static int allocate_and_sort(void)
{
    size_t size = (size_t)64 << 20;
    char *bytes = malloc(size);
    if (!bytes)
        return -1;
    memset(bytes, 1, size);
    bytes = realloc(bytes, 2 * size);
    free(bytes);
    return bytes ? 0 : -1;
}

static void *give_way(void *unused)
{
    return setpriority(PRIO_PROCESS, 0, 10) < 0 ? NULL : unused;
}

/* In place of a thread whose priority was lowered. */
static int replace_a_thread(void)
{
    int there = 0;
    void *result = NULL;
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        errno = pthread_create(&thread, NULL, give_way, &there);
        if (errno || (errno = pthread_join(thread, &result)) || !result)
            return -1;
    }
    return 0;
}

static const struct attempt needs[] = {
    TRY(grow_memory, WENT_THROUGH),       TRY(keep_an_image, WENT_THROUGH),
    TRY(signal_ourselves, WENT_THROUGH),  TRY(measure, WENT_THROUGH),
    TRY(scan_pages, WENT_THROUGH),        TRY(accept_and_answer, WENT_THROUGH),
    TRY(allocate_and_sort, WENT_THROUGH), TRY(replace_a_thread, WENT_THROUGH),
};

/* --- How --- */

static int lock(bool with_filter)
{
    struct lockdown lockdown;
    struct chimera_error err = {0};
    int code = lockdown_begin(&lockdown, true, &err);
    if (code == CHIMERA_OK)
        code = lockdown_close_files(&lockdown, &err);
    if (code == CHIMERA_OK && with_filter)
        code = lockdown_finish(&lockdown, &err);
    if (code < 0)
        dprintf(2, "%s\n", err.text);
    return code;
}

struct bench {
    const struct attempt *attempt;
    pthread_barrier_t barrier;
    int error;
};

static void *try_in_thread(void *context)
{
    struct bench *bench = context;
    pthread_barrier_wait(&bench->barrier);
    errno = 0;
    bench->error = bench->attempt->make() < 0 ? errno : WENT_THROUGH;
    return NULL;
}

/* In a thread that is older than the filter, when `in_thread`. */
static _Noreturn void try_in_child(const struct attempt *attempt, bool in_thread)
{
    struct bench bench = {.attempt = attempt};
    pthread_t thread;
    pthread_barrier_init(&bench.barrier, NULL, 2);
    if (in_thread && pthread_create(&thread, NULL, try_in_thread, &bench) != 0)
        _exit(255);
    if (lock(true) < 0)
        _exit(254);
    if (in_thread) {
        pthread_barrier_wait(&bench.barrier);
        pthread_join(thread, NULL);
    } else {
        errno = 0;
        bench.error = attempt->make() < 0 ? errno : WENT_THROUGH;
    }
    _exit(bench.error);
}

static int outcome_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? KILLED : 2000 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

static void check(const struct attempt *attempt, bool in_thread)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        try_in_child(attempt, in_thread);
    int outcome = outcome_of(pid);
    if (outcome != attempt->outcome)
        fail_msg("%s%s: %d, not %d", attempt->name, in_thread ? " (older thread)" : "", outcome,
                 attempt->outcome);
}

static void each_denial_holds(void **state)
{
    (void)state;
    if (!lockdown_is_possible())
        skip();
    for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
        check(&denials[i], false);
        check(&denials[i], true);
    }
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(kill(stranger, 0), 0);
}

static void what_serving_needs_goes_on(void **state)
{
    (void)state;
    if (!lockdown_is_possible())
        skip();
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        for (int in_thread = 0; in_thread < 2; in_thread++) {
            int client = socket(AF_INET, SOCK_STREAM, 0);
            assert_int_equal(listen(listening, 8), 0);
            assert_int_equal(
                connect(client, (struct sockaddr *)&listening_at, sizeof(listening_at)), 0);
            assert_int_equal(send(client, "x", 1, 0), 1);
            check(&needs[i], in_thread);
            if (needs[i].make != accept_and_answer)
                close(accept(listening, NULL, NULL));
            close(client);
        }
    }
}

/* The second line, seen without the first: all but the seccomp filter. */
static const struct attempt by_landlock[] = {
    TRY(write_file, EACCES),     TRY(make_file, EACCES),    TRY(read_secret, EACCES),
    TRY(run_program, EACCES),    TRY(unlink_file, EACCES),  TRY(truncate_file, EACCES),
    TRY(make_folder, EACCES),    TRY(make_link, EACCES),    TRY(bind_socket, EACCES),
    TRY(connect_socket, EACCES), TRY(kill_stranger, EPERM),
};

static int least_version(const struct attempt *attempt)
{
    if (attempt->make == kill_stranger)
        return 6;
    if (attempt->make == bind_socket || attempt->make == connect_socket)
        return 4;
    return attempt->make == truncate_file ? 3 : 1;
}

static void landlock_holds_by_itself(void **state)
{
    (void)state;
    if (!lockdown_is_possible() || chimera_landlock_version() < 1)
        skip();
    for (size_t i = 0; i < sizeof(by_landlock) / sizeof(by_landlock[0]); i++) {
        if (chimera_landlock_version() < least_version(&by_landlock[i]))
            continue;
        pid_t pid = fork();
        if (pid == 0)
            _exit(lock(false) < 0 ? 254 : by_landlock[i].make() < 0 ? errno : WENT_THROUGH);
        int outcome = outcome_of(pid);
        if (outcome != by_landlock[i].outcome)
            fail_msg("%s: %d, not %d", by_landlock[i].name, outcome, by_landlock[i].outcome);
    }
}

/* Between the first step and the second, as the worker is while it loads policies. */
static void files_can_be_read_until_the_second_step(void **state)
{
    (void)state;
    if (!lockdown_is_possible())
        skip();
    pid_t pid = fork();
    if (pid == 0) {
        struct lockdown lockdown;
        struct chimera_error err = {0};
        if (lockdown_begin(&lockdown, true, &err) < 0 || read_secret() < 0)
            _exit(1);
        if (chimera_landlock_version() >= 1 && (write_file() == 0 || errno != EACCES))
            _exit(2);
        _exit(lockdown_close_files(&lockdown, &err) < 0 ? 3 : 0);
    }
    assert_int_equal(outcome_of(pid), 0);
}

static void capabilities_are_gone(void **state)
{
    (void)state;
    if (!lockdown_is_possible())
        skip();
    pid_t pid = fork();
    if (pid == 0) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2];
        if (lock(false) < 0 || syscall(SYS_capget, &header, data) < 0)
            _exit(1);
        bool is_empty = !data[0].effective && !data[0].permitted && !data[0].inheritable &&
                        !data[1].effective && !data[1].permitted && !data[1].inheritable;
        _exit(is_empty && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2);
    }
    assert_int_equal(outcome_of(pid), 0);
}

static void switched_off_it_does_nothing(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct lockdown lockdown;
        struct chimera_error err = {0};
        if (lockdown_begin(&lockdown, false, &err) < 0 ||
            lockdown_close_files(&lockdown, &err) < 0 || lockdown_finish(&lockdown, &err) < 0)
            _exit(1);
        _exit(write_file() < 0 || map_code() < 0 || look_at_file() < 0 ? 2 : 0);
    }
    assert_int_equal(outcome_of(pid), 0);
}

static int set_up(void **state)
{
    (void)state;
    socklen_t size = sizeof(listening_at);
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof(file), "%s/file", folder);
    snprintf(script, sizeof(script), "%s/script", folder);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    int fd = open(script, O_CREAT | O_WRONLY, 0700);
    if (write(fd, "#!/bin/true\n", 12) != 12)
        return -1;
    close(fd);
    open_memfd = memfd_create("x", 0);
    if (ftruncate(open_memfd, 4096) < 0)
        return -1;
    listening_at =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, (struct sockaddr *)&listening_at, size) < 0 ||
        getsockname(listening, (struct sockaddr *)&listening_at, &size) < 0)
        return -1;
    stranger = fork();
    if (stranger == 0)
        for (;;)
            pause();
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
    unlink(file);
    unlink(script);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_denial_holds),
        cmocka_unit_test(what_serving_needs_goes_on),
        cmocka_unit_test(landlock_holds_by_itself),
        cmocka_unit_test(files_can_be_read_until_the_second_step),
        cmocka_unit_test(capabilities_are_gone),
        cmocka_unit_test(switched_off_it_does_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, take_down);
}
