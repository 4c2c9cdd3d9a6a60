/* SPDX-License-Identifier: Apache-2.0 */
/* Each denial is tried from inside: this program runs itself as a confined tool. An attempt that
 * gets what it wants ends with 0, one that is refused prints the name of the error and ends with 1.
 */
#include "compiler/tool/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

static char root[] = "/tmp/chimera-test-confine-XXXXXX";
static char self[4096];

/* --- The attempts, in the confined child. 0 or more: it worked. --- */

static long try_socket(int family, int type)
{
    return socket(family, type, 0);
}

static long try_network(const char *what)
{
    int pair[2];
    if (strcmp(what, "tcp") == 0)
        return try_socket(AF_INET, SOCK_STREAM);
    if (strcmp(what, "tcp6") == 0)
        return try_socket(AF_INET6, SOCK_STREAM);
    if (strcmp(what, "udp") == 0)
        return try_socket(AF_INET, SOCK_DGRAM);
    if (strcmp(what, "unix") == 0)
        return try_socket(AF_UNIX, SOCK_STREAM);
    if (strcmp(what, "netlink") == 0)
        return try_socket(AF_NETLINK, SOCK_RAW);
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static long try_file(const char *what, const char *path)
{
    struct stat status;
    if (strcmp(what, "read") == 0)
        return open(path, O_RDONLY);
    if (strcmp(what, "write") == 0)
        return open(path, O_WRONLY);
    if (strcmp(what, "create") == 0)
        return open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (strcmp(what, "empty") == 0)
        return open(path, O_RDONLY | O_TRUNC);
    if (strcmp(what, "truncate") == 0)
        return truncate(path, 0);
    if (strcmp(what, "remove") == 0)
        return unlink(path);
    if (strcmp(what, "rename") == 0)
        return rename(path, "stolen");
    if (strcmp(what, "link") == 0)
        return link(path, "linked");
    if (strcmp(what, "symlink") == 0)
        return symlink("/", path);
    if (strcmp(what, "mkdir") == 0)
        return mkdir(path, 0700);
    if (strcmp(what, "list") == 0)
        return opendir(path) ? 0 : -1;
    if (strcmp(what, "chmod") == 0)
        return chmod(path, 0777);
    if (strcmp(what, "fifo") == 0)
        return mkfifo(path, 0600);
    if (strcmp(what, "touch") == 0)
        return utimensat(AT_FDCWD, path, NULL, 0);
    if (strcmp(what, "exec") == 0) {
        char *const argv[] = {(char *)(uintptr_t)path, NULL};
        return execv(path, argv);
    }
    return stat(path, &status);
}

static void *nothing(void *context)
{
    return context;
}

static long try_thread(void)
{
    pthread_t thread;
    errno = pthread_create(&thread, NULL, nothing, NULL);
    return errno ? -1 : pthread_join(thread, NULL);
}

static long try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

static long try_parent_memory(bool is_write)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {self, 1};
    return is_write ? process_vm_writev(getppid(), &here, 1, &there, 1, 0)
                    : process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static long try_parent_limit(void)
{
    struct rlimit limit;
    return prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit);
}

static long old_call(void)
{
#ifdef __x86_64__
    long result = 20; /* getpid of 32-bit programs */
    __asm__ volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "memory");
    return result;
#else
    return raise(SIGSYS);
#endif
}

static long try_call(const char *what)
{
    char memory[256] = {0};
    static const struct {
        const char *name;
        long number;
    } calls[] = {
        {"bpf", SYS_bpf},
        {"io_uring_setup", SYS_io_uring_setup},
        {"userfaultfd", SYS_userfaultfd},
        {"keyctl", SYS_keyctl},
        {"mount", SYS_mount},
        {"unshare", SYS_unshare},
        {"kexec_load", SYS_kexec_load},
        {"perf_event_open", SYS_perf_event_open},
        {"memfd_create", SYS_memfd_create},
        {"setsid", SYS_setsid},
        {"shmget", SYS_shmget},
        {"seccomp", SYS_seccomp},
        {"pidfd_getfd", 438},
        {"openat2", 437},
        {"mseal", 462},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (strcmp(what, calls[i].name) == 0)
            return syscall(calls[i].number, memory, memory, memory, 0, memory, 0);
    return -1;
}

static long attempt(const char *what, const char *argument)
{
    if (strcmp(what, "socket") == 0)
        return try_network(argument);
    if (strcmp(what, "call") == 0)
        return try_call(argument);
    if (strcmp(what, "ptrace") == 0)
        return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
    if (strcmp(what, "memory") == 0)
        return try_parent_memory(strcmp(argument, "write") == 0);
    if (strcmp(what, "kill") == 0)
        return kill(getppid(), 0);
    if (strcmp(what, "tgkill") == 0)
        return syscall(SYS_tgkill, getppid(), getppid(), 0);
    if (strcmp(what, "raise") == 0)
        return syscall(SYS_tgkill, getpid(), getpid(), 0);
    if (strcmp(what, "prlimit") == 0)
        return try_parent_limit();
    if (strcmp(what, "type") == 0)
        return ioctl(STDIN_FILENO, TIOCSTI, "x");
    if (strcmp(what, "fork") == 0)
        return try_fork();
    if (strcmp(what, "thread") == 0)
        return try_thread();
    if (strcmp(what, "x32") == 0)
        return syscall(0x40000000 | 39);
    if (strcmp(what, "int80") == 0)
        return old_call();
    return try_file(what, argument);
}

/* Ends at once: a sanitizer's last look at memory would need what is denied. */
static _Noreturn void run_attempt(const char *what, const char *argument)
{
    long result = attempt(what, argument);
    if (result < 0)
        fprintf(stderr, "error: %s\n", strerrorname_np(errno)); /* told before what ASan adds */
    _exit(result < 0);
}

/* --- The tests --- */

static int run_confined(const char *what, const char *argument, const char *const *reads,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *folder = chimera_path_join(root, "scratch");
    const char *const argv[] = {self, "--attempt", what, argument, NULL};
    struct chimera_command command = {.what = what,
                                      .argv = argv,
                                      .folder = folder,
                                      .reads = reads,
                                      .limits = {.wall_seconds = 20}};
    return chimera_process_run(&command, err);
}

static void expect_denied(const char *what, const char *argument, const char *name)
{
    struct chimera_error err = {0};
    char expected[64];
    snprintf(expected, sizeof(expected), "failed with exit code 1: error: %s", name);
    int code = run_confined(what, argument, NULL, &err);
    if (code != CHIMERA_ETOOL || !strstr(err.text, expected))
        fail_msg("%s %s: expected %s, got %d \"%s\"", what, argument, name, code, err.text);
}

static void expect_allowed(const char *what, const char *argument)
{
    struct chimera_error err = {0};
    if (run_confined(what, argument, NULL, &err) < 0)
        fail_msg("%s %s: %s", what, argument, err.text);
}

static void need_landlock(void)
{
    if (chimera_confinement().landlock == 0)
        skip();
}

static void need_seccomp(void)
{
    if (!chimera_confinement().has_seccomp)
        skip();
}

static char *path_in(const char *name)
{
    char *path = chimera_path_join(root, name);
    assert_non_null(path);
    return path;
}

/* A secret that lies where a home would: outside all that a tool may see. */
static char *make_secret(void)
{
    char *path = path_in("home/secret");
    assert_int_equal(chimera_file_write(path, CHIMERA_SLICE("key"), 0600, NULL), CHIMERA_OK);
    return path;
}

static void a_tool_works_in_its_scratch_folder(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"create", "file"},
        {"write", "file"},
        {"rename", "file"},
        {"mkdir", "folder"},
        {"list", "."},
        {"read", "/dev/null"},
        {"write", "/dev/null"},
        {"read", "/dev/urandom"},
        {"list", "/usr/lib"},
        {"thread", ""},
        {"exec", "/usr/bin/true"},
        {"raise", ""},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        expect_allowed(good[i][0], good[i][1]);
    CHIMERA_FREE char *stolen = path_in("scratch/stolen");
    assert_int_equal(access(stolen, F_OK), 0);
}

static void a_tool_cannot_read_what_it_was_not_given(void **state)
{
    (void)state;
    need_landlock();
    CHIMERA_FREE char *secret = make_secret();
    CHIMERA_FREE char *home = path_in("home");
    expect_denied("read", secret, "EACCES");
    expect_denied("list", home, "EACCES");
    expect_denied("read", "/etc/passwd", "EACCES");
    expect_denied("read", "/proc/self/environ", "EACCES");
    expect_denied("read", "/proc/1/environ", "EACCES");
    expect_denied("list", "/", "EACCES");
    expect_denied("link", secret, "EXDEV"); /* not even by another name */
    const char *const reads[] = {secret, NULL};
    struct chimera_error err = {0};
    assert_int_equal(run_confined("read", secret, reads, &err), CHIMERA_OK);
    assert_int_equal(run_confined("write", secret, reads, &err), CHIMERA_ETOOL);
    assert_int_equal(run_confined("list", home, reads, &err), CHIMERA_ETOOL);
}

static void a_tool_cannot_change_anything_else(void **state)
{
    (void)state;
    need_landlock();
    CHIMERA_FREE char *secret = make_secret();
    CHIMERA_FREE char *fresh = path_in("home/fresh");
    expect_denied("write", secret, "EACCES");
    expect_denied("create", fresh, "EACCES");
    expect_denied("mkdir", fresh, "EACCES");
    expect_denied("symlink", fresh, "EACCES");
    expect_denied("remove", secret, "EACCES");
    expect_denied("rename", secret, "EACCES");
    expect_denied("create", "/tmp/chimera-test-confine-fresh", "EACCES");
    expect_denied("create", "/usr/chimera-test-confine-fresh", "EACCES");
    expect_denied("write", "/usr/bin/true", "EACCES");
    expect_denied("symlink", "shortcut", "EACCES"); /* files and folders only, here too */
    struct chimera_buffer kept;
    chimera_buffer_init(&kept, 16);
    assert_int_equal(chimera_file_read(secret, &kept, NULL), CHIMERA_OK);
    assert_int_equal(kept.size, 3);
    chimera_buffer_free(&kept);
}

/* These pass Landlock by: no file is opened for writing. */
static void a_tool_cannot_change_files_without_opening_them(void **state)
{
    (void)state;
    need_seccomp();
    CHIMERA_FREE char *secret = make_secret();
    static const char *const ways[] = {"empty", "truncate", "chmod", "touch"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        expect_denied(ways[i], secret, "EPERM");
    expect_denied("fifo", "fifo", "EPERM");
    struct stat status;
    assert_int_equal(stat(secret, &status), 0);
    assert_int_equal(status.st_size, 3);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_tool_cannot_run_what_it_wrote(void **state)
{
    (void)state;
    need_landlock();
    CHIMERA_FREE char *program = path_in("scratch/program");
    assert_int_equal(chimera_file_copy("/usr/bin/true", program, 0755, NULL), CHIMERA_OK);
    expect_denied("exec", "./program", "EACCES");
}

static void a_tool_has_no_network(void **state)
{
    (void)state;
    need_seccomp();
    static const char *const kinds[] = {"tcp", "tcp6", "udp", "unix", "netlink", "pair"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        expect_denied("socket", kinds[i], "EPERM");
}

static void a_tool_cannot_touch_other_processes(void **state)
{
    (void)state;
    need_seccomp();
    expect_denied("ptrace", "", "EPERM");
    expect_denied("memory", "read", "EPERM");
    expect_denied("memory", "write", "EPERM");
    expect_denied("kill", "", "EPERM");
    expect_denied("tgkill", "", "EPERM");
    expect_denied("prlimit", "", "EPERM");
    expect_denied("type", "", "EPERM");
    expect_denied("fork", "", "EPERM"); /* nor make some: its limits are per process */
}

static void a_tool_cannot_reach_rare_parts_of_the_kernel(void **state)
{
    (void)state;
    need_seccomp();
    static const char *const calls[] = {
        "bpf",     "io_uring_setup", "userfaultfd",     "keyctl",       "mount",
        "unshare", "kexec_load",     "perf_event_open", "memfd_create", "setsid",
        "shmget",  "seccomp",        "pidfd_getfd"};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        expect_denied("call", calls[i], "EPERM");
    expect_denied("call", "openat2", "ENOSYS");
    expect_denied("call", "mseal", "ENOSYS"); /* newer than the list */
}

static void system_calls_of_other_kinds_end_a_tool(void **state)
{
    (void)state;
    need_seccomp();
    static const char *const kinds[] = {"x32", "int80"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct chimera_error err = {0};
        assert_int_equal(run_confined(kinds[i], "", NULL, &err), CHIMERA_ETOOL);
        if (!strstr(err.text, "crashed with signal 31"))
            fail_msg("%s: %s", kinds[i], err.text);
    }
}

/* Scripts are confined as well; but what they start are children. */
static void a_script_may_start_programs_and_no_more(void **state)
{
    (void)state;
    need_landlock();
    need_seccomp();
    CHIMERA_FREE char *script = path_in("tool");
    CHIMERA_FREE char *folder = path_in("scratch");
    static const char text[] =
        "#!/bin/sh\n/usr/bin/true && (echo x > made) && ! cat /etc/passwd && "
        "! (echo x > ../home/made) && ! kill -0 $PPID\n";
    assert_int_equal(chimera_file_write(script, CHIMERA_SLICE(text), 0700, NULL), CHIMERA_OK);
    const char *const argv[] = {script, NULL};
    struct chimera_command command = {.what = "script", .argv = argv, .folder = folder};
    struct chimera_error err = {0};
    /* Its folder holds the home as well here, so it is read; writing is another matter. */
    if (chimera_process_run(&command, &err) < 0)
        fail_msg("%s", err.text);
    CHIMERA_FREE char *made = path_in("home/made");
    assert_int_equal(access(made, F_OK), -1);
}

/* In a child that confines itself, as toolchain/command/operate/trial.c does before it runs a
 * policy. Returns the first attempt that went otherwise than it should, or 0. */
static int guest_reaches(const char *secret)
{
    const struct {
        const char *what, *argument;
        bool is_allowed;
    } attempts[] = {
        {"thread", "", true},     {"read", "/usr/share/zoneinfo/tzdata.zi", true},
        {"read", secret, false},  {"create", secret, false},
        {"socket", "tcp", false}, {"socket", "unix", false},
        {"fork", "", false},      {"kill", "", false},
        {"call", "bpf", false},   {"call", "userfaultfd", false},
    };
    if (!chimera_confine_guest())
        return 100;
    if (memfd_create("image", MFD_CLOEXEC) < 0) /* which a tool may not */
        return 101;
    for (int i = 0; i < (int)(sizeof(attempts) / sizeof(attempts[0])); i++)
        if ((attempt(attempts[i].what, attempts[i].argument) >= 0) != attempts[i].is_allowed)
            return i + 1;
    return 0;
}

static void a_guest_on_trial_is_confined(void **state)
{
    (void)state;
    int status = -1;
    need_landlock();
    need_seccomp();
    CHIMERA_FREE char *secret = make_secret();
    pid_t pid = fork();
    if (pid == 0)
        _exit(guest_reaches(secret));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int check_lacks(const char *expected, const char *folder)
{
    struct chimera_error err = {0};
    struct chimera_confinement here = chimera_confinement();
    const char *lacks = chimera_confine_lacks();
    memcpy(root, folder, sizeof(root));
    bool is_right = *expected ? lacks && strncmp(lacks, expected, strlen(expected)) == 0 : !lacks;
    bool can_read = run_confined("read", "/etc/passwd", NULL, &err) == CHIMERA_OK;
    bool can_talk = run_confined("socket", "unix", NULL, &err) == CHIMERA_OK;
    return is_right && can_read == !here.landlock && can_talk == !here.has_seccomp ? 0 : 1;
}

/* In a process of its own: what there is is found out once. */
static bool lacks_with(const char *wish, const char *expected)
{
    pid_t pid = fork();
    if (pid == 0) {
        setenv("CHIMERA_CONFINEMENT", wish, 1);
        execl(self, self, "--lacks", expected, root, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void what_is_missing_is_told(void **state)
{
    (void)state;
    need_landlock();
    need_seccomp();
    assert_true(lacks_with("full", ""));
    assert_true(lacks_with("", ""));
    assert_true(lacks_with("landlock", "no seccomp"));
    assert_true(lacks_with("seccomp", "no Landlock"));
    assert_true(lacks_with("none", "neither"));
    assert_true(lacks_with("a typing mistake", "neither")); /* never more than was asked for */
}

static bool find_self(void)
{
    return readlink("/proc/self/exe", self, sizeof(self) - 1) > 0;
}

static int make_root(void **state)
{
    (void)state;
    if (!mkdtemp(root))
        return -1;
    CHIMERA_FREE char *scratch = chimera_path_join(root, "scratch");
    CHIMERA_FREE char *home = chimera_path_join(root, "home");
    return mkdir(scratch, 0700) < 0 || mkdir(home, 0700) < 0 ? -1 : 0;
}

static int drop_root(void **state)
{
    (void)state;
    return chimera_folder_remove(root, NULL);
}

int main(int argc, char **argv)
{
    if (!find_self())
        return 2;
    if (argc == 4 && strcmp(argv[1], "--lacks") == 0)
        return check_lacks(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "--attempt") == 0)
        run_attempt(argv[2], argv[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tool_works_in_its_scratch_folder),
        cmocka_unit_test(a_tool_cannot_read_what_it_was_not_given),
        cmocka_unit_test(a_tool_cannot_change_anything_else),
        cmocka_unit_test(a_tool_cannot_change_files_without_opening_them),
        cmocka_unit_test(a_tool_cannot_run_what_it_wrote),
        cmocka_unit_test(a_tool_has_no_network),
        cmocka_unit_test(a_tool_cannot_touch_other_processes),
        cmocka_unit_test(a_tool_cannot_reach_rare_parts_of_the_kernel),
        cmocka_unit_test(system_calls_of_other_kinds_end_a_tool),
        cmocka_unit_test(a_script_may_start_programs_and_no_more),
        cmocka_unit_test(a_guest_on_trial_is_confined),
        cmocka_unit_test(what_is_missing_is_told),
    };
    return cmocka_run_group_tests(tests, make_root, drop_root);
}
