/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - `chimera exec`: a WASI program, run as a command. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "toolchain/command/commands.h"
#include "toolchain/command/running/exec_options.h"
#include "toolchain/command/running/runner.h"

/* Codes that say whose failure it was: timeout(1) has the first two, a shell the last for whoever
 * ends by SIGABRT. */
enum exec_exit { EXIT_TIME = 124, EXIT_OURS = 125, EXIT_TRAP = 134 };

#define OWN_FILES 64u /* that we have open besides those of the program */

struct execution {
    struct runner runner;
    struct exec_options options;
    struct policy_module module;
    struct chimera_wasi_files *files;
    struct chimera_loaded *loaded;
};

/* --- Limits that the kernel keeps --- */

static int limit_files(const struct exec_options *options, struct chimera_error *err)
{
    const struct rlimit size = {options->file_bytes, options->file_bytes};
    struct rlimit files;
    rlim_t wanted = options->files + OWN_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files); /* with less, opening fails where the kernel says so */
    }
    return options->file_bytes && setrlimit(RLIMIT_FSIZE, &size) < 0
               ? chimera_fail_errno(err, "--file-size")
               : CHIMERA_OK;
}

/* --- The run --- */

static int prepare(const struct chimera_cli_options *options, struct execution *execution,
                   struct chimera_error *err)
{
    int code = exec_options_read(options, &execution->options, err);
    if (code == CHIMERA_OK)
        code = runner_init(options, &execution->runner, err);
    if (code == CHIMERA_OK)
        code = policy_module_open(options->arguments[0], &execution->runner.flags.fetch,
                                  &execution->module, err);
    if (code == CHIMERA_OK)
        code = runner_load(&execution->runner, &execution->module, CHIMERA_MODE_WASI,
                           &execution->loaded, err);
    if (code == CHIMERA_OK)
        code = limit_files(&execution->options, err);
    if (code == CHIMERA_OK)
        code = chimera_wasi_files_open(execution->options.files, execution->options.folders,
                                       execution->options.folder_count, &execution->files, err);
    return code;
}

static int tell_end(const struct chimera_exec_end *end)
{
    switch (end->stop) {
    case CHIMERA_STOP_TRAP:
        say_error("the program was stopped: %s", end->why);
        return EXIT_TRAP;
    case CHIMERA_STOP_DEADLINE:
        say_error("the program was stopped: it ran longer than --time-limit");
        return EXIT_TIME;
    default:
        return (int)(end->exit_code & 0xff); /* more than the system has room for is lost */
    }
}

static int run_program(const struct chimera_cli_options *options, struct execution *execution)
{
    const struct exec_options *own = &execution->options;
    const struct runner *runner = &execution->runner;
    const struct chimera_exec command = {
        .name = "exec",
        .arguments = {chimera_buffer_slice(&own->arguments), own->argument_count},
        .environment = {chimera_buffer_slice(&own->environment), own->variable_count},
        .files = execution->files,
        .limit_ms = runner->is_limit_given ? runner->limit_ms : 0,
        .memory_limit = runner->memory_limit ? runner->memory_limit : CHIMERA_DEFAULT_MEMORY,
    };
    struct chimera_exec_end end = {0};
    struct chimera_error err = {0};
    signal(SIGPIPE, SIG_IGN); /* the program gets WASI's error for it */
    bool is_confined = false;
    int code = chimera_exec_confine(own->folders, own->folder_count, &is_confined, &err);
    if (code == CHIMERA_OK && !is_confined && chimera_cli_is_given(options, "require-confinement"))
        code = chimera_fail(&err, CHIMERA_EREFUSED,
                            "the program cannot be confined: this kernel has no Landlock, or no "
                            "seccomp");
    if (code == CHIMERA_OK)
        code = chimera_exec_run(execution->loaded, &command, &end, &err);
    if (code == CHIMERA_OK)
        return tell_end(&end);
    say_error("%s", err.text);
    return EXIT_OURS;
}

static int run_exec(const struct chimera_cli_options *options)
{
    struct execution execution = {0};
    struct chimera_error err = {0};
    int exit_code = EXIT_OURS, fd;
    /* Where a stream is closed, its number would be given to a file, which our errors went to. */
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    if (prepare(options, &execution, &err) < 0)
        say_error("%s", err.text);
    else
        exit_code = run_program(options, &execution);
    chimera_wasi_files_close(execution.files);
    policy_module_done(&execution.module);
    runner_done(&execution.runner);
    exec_options_done(&execution.options);
    return exit_code;
}

static const struct chimera_cli_option exec_options[] = {
    OPTIONS_EXEC,
    {.name = "time-limit",
     .section = SECTION_LIMITS,
     .kind = CHIMERA_CLI_VALUE,
     .value = "SECONDS",
     .help = "How long the program may run; without this option there is no limit"},
    {.name = "memory-limit",
     .section = SECTION_LIMITS,
     .kind = CHIMERA_CLI_VALUE,
     .value = "SIZE",
     .help = "What the program's memory and tables may come to, such as 256Mi or 2Gi; 1Gi without "
             "this option"},
    OPTION_TIER,
    OPTION_NO_CACHE,
    {.name = "require-confinement",
     .help = "Fail where the kernel lacks what keeps this process from all other files, from "
             "sockets and from starting programs: Landlock and seccomp"},
    FETCH_FLAGS,
    {0}};

static const struct chimera_cli_argument exec_arguments[] = {
    {.name = "module",
     .is_required = true,
     .help = "The program: a path, a URI (registry://..., https://..., file://...) or the "
             "beginning of the SHA-256 of one in the store"},
    {.name = "args",
     .is_many = true,
     .help = "What the program is given as arguments, be it options"},
    {0},
};

const struct chimera_cli_command command_exec = {
    .name = "exec",
    .about = "Run a WASI program as a command",
    .description =
        "Builds a WebAssembly module that was compiled for WASI preview 1 (wasm32-wasip1, "
        "GOOS=wasip1, wasi-libc) if it is not in the cache, and runs it with our standard "
        "streams.\n"
        "It has no environment but what --env gives it, no files but those below the folders of "
        "--dir and --read-only-dir, and no sockets. No path leads out of a folder: not by `..`, "
        "nor by links, nor when somebody changes them meanwhile.\n"
        "The exit code is the program's, or 124 when it ran longer than --time-limit, 134 when "
        "it was stopped by an error of its own, and 125 when it could not be run.",
    .options = exec_options,
    .arguments = exec_arguments,
    .has_plain_rest = true,
    .run = run_exec,
};
