/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - `chimera doctor`: is all there that building and serving need? */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "compiler/cache/cache.h"
#include "compiler/tool/confine.h"
#include "compiler/tool/process.h"
#include "compiler/tool/tools.h"
#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/text/printable.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/operate/doctor.h"

#define WABT_LINEAR 33 /* from this minor on wasm2c is not quadratic */

static int report(enum finding finding, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int report(enum finding finding, const char *what, const char *format, ...)
{
    static const char *const words[] = {"ok  ", "note", "FAIL"};
    va_list arguments;
    printf("%s  %-20s ", words[finding], what);
    va_start(arguments, format);
    chimera_printable_vsay(stdout, NULL, format, arguments);
    va_end(arguments);
    return finding == FINDING_BAD;
}

static int report_tiers(const struct chimera_tools *tools)
{
    struct chimera_error err = {0};
    int bad = 0;
    if (chimera_tools_need(tools, CHIMERA_TIER_FULL, &err) < 0)
        bad = report(FINDING_BAD, "full tier", "%s", err.text);
    if (tools->tcc)
        report(FINDING_GOOD, "tcc", "%s (%s)", tools->tcc, tools->tcc_version);
    else
        report(FINDING_NOTE, "tcc",
               "not found: there is no quick tier, so a policy that is not in the cache waits for "
               "clang, half a minute for each MB; `apt-get install tcc`");
    return bad;
}

static int check_tools(void)
{
    struct chimera_tools tools = {0};
    struct chimera_error err = {0};
    if (chimera_tools_find(&tools, &err) < 0)
        return report(FINDING_BAD, "tools", "%s", err.text);
    for (enum chimera_tier tier = CHIMERA_TIER_QUICK; tier <= CHIMERA_TIER_FULL; tier++) {
        if (!chimera_tools_has(&tools, tier) ||
            chimera_tools_learn(&tools, tier, NULL, &err) == CHIMERA_OK)
            continue;
        chimera_tools_done(&tools);
        return report(FINDING_BAD, "tools", "%s", err.text);
    }
    report(FINDING_GOOD, "wasm2c", "%s (WABT %s)", tools.wasm2c, tools.wabt_version);
    if (tools.clang)
        report(FINDING_GOOD, "clang", "%s (%s)", tools.clang, tools.clang_version);
    if (tools.lld)
        report(FINDING_GOOD, "lld", "%s (%s)", tools.lld, tools.lld_version);
    if (tools.objdump)
        report(FINDING_GOOD, "llvm-objdump", "%s", tools.objdump);
    if (tools.wabt_minor < WABT_LINEAR)
        report(
            FINDING_NOTE, "wasm2c",
            "WABT %s does not compile SIMD and takes time that grows with the square of a module's "
            "functions: policies of 20 MB and more need minutes, in either tier; 1.0.%d and newer "
            "are "
            "better at both",
            tools.wabt_version, WABT_LINEAR);
    int bad = report_tiers(&tools);
    chimera_tools_done(&tools);
    return bad;
}

static int check_cache(void)
{
    CHIMERA_FREE char *folder = NULL;
    struct chimera_error err = {0};
    if (chimera_cache_folder(&folder, &err) < 0)
        return report(FINDING_BAD, "cache", "%s", err.text);
    if (access(folder, F_OK) < 0)
        return report(FINDING_GOOD, "cache", "%s (not there yet)", folder);
    if (access(folder, W_OK) < 0)
        return report(FINDING_BAD, "cache", "%s: %s", folder, strerror(errno));
    return report(FINDING_GOOD, "cache", "%s", folder);
}

static int check_processors(void)
{
    return report(FINDING_GOOD, "processors", "%u", chimera_process_cpus());
}

/* 0 when it cannot be read. */
static unsigned long read_number(const char *path)
{
    struct chimera_buffer text;
    unsigned long number = 0;
    chimera_buffer_init(&text, 64);
    if (chimera_file_read(path, &text, NULL) == 0)
        for (size_t i = 0; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++)
            number = number * 10 + (unsigned long)(text.data[i] - '0');
    chimera_buffer_free(&text);
    return number;
}

/* A slot needs 8 GiB of addresses. */
static int check_addresses(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return report(FINDING_GOOD, "address space", "not limited");
    return report(FINDING_BAD, "address space",
                  "limited to %lu MiB (ulimit -v): every policy needs 8 GiB of addresses",
                  (unsigned long)(limit.rlim_cur >> 20));
}

static int check_mappings(void)
{
    unsigned long most = read_number("/proc/sys/vm/max_map_count");
    if (most == 0)
        return report(FINDING_NOTE, "vm.max_map_count", "cannot be read");
    return report(most < 65530 ? FINDING_NOTE : FINDING_GOOD, "vm.max_map_count", "%lu%s", most,
                  most < 65530 ? ": fewer policies can be served at once than usual" : "");
}

static int check_overcommit(void)
{
    unsigned long mode = read_number("/proc/sys/vm/overcommit_memory");
    return report(mode == 2 ? FINDING_BAD : FINDING_GOOD, "vm.overcommit", "%lu%s", mode,
                  mode == 2 ? ": reservations of addresses are counted as memory; set it to 0"
                            : "");
}

static int check_kernel(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;
    if (uname(&name) < 0)
        return report(FINDING_NOTE, "kernel", "%s", strerror(errno));
    const char *at = name.release;
    for (; *at >= '0' && *at <= '9'; at++)
        major = major * 10 + (unsigned)(*at - '0');
    for (at += *at == '.'; *at >= '0' && *at <= '9'; at++)
        minor = minor * 10 + (unsigned)(*at - '0');
    bool has_scan = major > 6 || (major == 6 && minor >= 7);
    report(FINDING_GOOD, "kernel", "%s %s", name.release, name.machine);
    return report(
        has_scan ? FINDING_GOOD : FINDING_NOTE, "PAGEMAP_SCAN", "%s",
        has_scan ? "there"
                 : "not there (Linux 6.7): /proc/self/pagemap is read instead, which is slower");
}

static int check_machine(void)
{
#ifdef __x86_64__
    return report(FINDING_GOOD, "architecture", "x86-64");
#else
    return report(FINDING_NOTE, "architecture", "not x86-64: slower and less tested");
#endif
}

static int check_sandbox(void)
{
    struct chimera_confinement here = chimera_confinement();
    const char *lacks = chimera_confine_lacks();
    char landlock[32] = "no Landlock";
    if (here.landlock)
        snprintf(landlock, sizeof(landlock), "Landlock version %d", here.landlock);
    if (lacks)
        return report(FINDING_NOTE, "confinement",
                      "of the compilers is weak: %s; the server builds nothing here unless told",
                      lacks);
    return report(FINDING_GOOD, "confinement", "%s and seccomp keep the compilers in", landlock);
}

static int run_doctor(const struct chimera_cli_options *options)
{
    int bad = check_tools();
    bad += check_cache();
    bad += check_processors();
    bad += check_machine();
    bad += check_kernel();
    bad += check_sandbox();
    bad += check_addresses();
    bad += check_mappings();
    bad += check_overcommit();
    bad += doctor_check_fetching(options, report);
    puts(bad ? "\nSomething is missing: see FAIL." : "\nEverything needed is there.");
    return bad ? EXIT_FAILED : EXIT_GOOD;
}

static const struct chimera_cli_option doctor_options[] = {
    {.name = "registry",
     .kind = CHIMERA_CLI_REPEAT,
     .value = "HOST",
     .help = "Registry that must be there, host or host:port; without it those that sources.yaml "
             "and Docker's config.json name are looked at, and need not"},
    FETCH_FLAG_DOCKER_CONFIG,
    FETCH_FLAG_SOURCES,
    FETCH_FLAG_TRUST_ROOT,
    FETCH_FLAG_STORE,
    {0},
};

const struct chimera_cli_command command_doctor = {
    .name = "doctor",
    .about = "Check what building, running and fetching policies needs",
    .description =
        "Says which tools are found and of which versions, where the cache is, and which limits "
        "and features of the kernel matter; then of each registry whether it can be spoken to, by "
        "which proxy, whose word its certificate is, where the login is from and whether it is "
        "taken; and whether there is room in the store. Ends with 1 when something needed is "
        "missing.",
    .options = doctor_options,
    .run = run_doctor,
};
