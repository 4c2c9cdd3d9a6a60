/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c - what the kernel has, and what this process is limited to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "compiler/tool/confine.h"
#include "compiler/tool/process.h"
#include "runtime/base/file.h"
#include "toolchain/command/doctor/parts.h"

#define FILE_LEAST_MIB 64 /* a large policy's C */

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
static void check_addresses(struct doctor_report *report)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        doctor_say(report, DOCTOR_GOOD, "address space", "not limited");
    else
        doctor_say(report, DOCTOR_BAD, "address space",
                   "limited to %lu MiB (ulimit -v): every policy needs 8 GiB of addresses",
                   (unsigned long)(limit.rlim_cur >> 20));
}

static void check_files(struct doctor_report *report)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    doctor_say(report, limit.rlim_cur >> 20 < FILE_LEAST_MIB ? DOCTOR_BAD : DOCTOR_NOTE,
               "size of files",
               "limited to %lu KiB (ulimit -f): a large policy's sources may need more",
               (unsigned long)(limit.rlim_cur >> 10));
}

static void check_mappings(struct doctor_report *report)
{
    unsigned long most = read_number("/proc/sys/vm/max_map_count");
    if (most == 0)
        doctor_say(report, DOCTOR_NOTE, "vm.max_map_count", "cannot be read");
    else
        doctor_say(report, most < 65530 ? DOCTOR_NOTE : DOCTOR_GOOD, "vm.max_map_count", "%lu%s",
                   most, most < 65530 ? ": fewer policies can be served at once than usual" : "");
}

static void check_overcommit(struct doctor_report *report)
{
    unsigned long mode = read_number("/proc/sys/vm/overcommit_memory");
    doctor_say(report, mode == 2 ? DOCTOR_BAD : DOCTOR_GOOD, "vm.overcommit", "%lu%s", mode,
               mode == 2 ? ": reservations of addresses are counted as memory; set it to 0" : "");
}

/* Plugins are mapped by a name below it. */
static void check_proc(struct doctor_report *report)
{
    if (access("/proc/self/fd", R_OK | X_OK) == 0)
        doctor_say(report, DOCTOR_GOOD, "/proc", "mounted");
    else
        doctor_say(report, DOCTOR_BAD, "/proc",
                   "is not mounted: plugins cannot be loaded without it; `mount -t proc proc "
                   "/proc`");
}

static bool has_scan(const char *release)
{
    unsigned major = 0, minor = 0;
    for (; *release >= '0' && *release <= '9'; release++)
        major = major * 10 + (unsigned)(*release - '0');
    for (release += *release == '.'; *release >= '0' && *release <= '9'; release++)
        minor = minor * 10 + (unsigned)(*release - '0');
    return major > 6 || (major == 6 && minor >= 7);
}

static void check_kernel(struct doctor_report *report)
{
    struct utsname name;
    if (uname(&name) < 0) {
        doctor_say(report, DOCTOR_NOTE, "kernel", "%s", strerror(errno));
        return;
    }
    doctor_say(report, DOCTOR_GOOD, "kernel", "%s %s", name.release, name.machine);
    if (has_scan(name.release))
        doctor_say(report, DOCTOR_GOOD, "PAGEMAP_SCAN", "there");
    else
        doctor_say(report, DOCTOR_NOTE, "PAGEMAP_SCAN",
                   "not there (Linux 6.7): /proc/self/pagemap is read instead, which is slower");
}

static void check_processor(struct doctor_report *report)
{
    doctor_say(report, DOCTOR_GOOD, "processors", "%u", chimera_process_cpus());
#ifdef __x86_64__
    doctor_say(report, DOCTOR_GOOD, "architecture", "x86-64");
#else
    doctor_say(report, DOCTOR_NOTE, "architecture", "not x86-64: slower and less tested");
#endif
}

static void check_sandbox(struct doctor_report *report)
{
    struct chimera_confinement here = chimera_confinement();
    const char *lacks = chimera_confine_lacks();
    char landlock[32] = "no Landlock";
    if (here.landlock)
        snprintf(landlock, sizeof(landlock), "Landlock version %d", here.landlock);
    if (lacks)
        doctor_say(report, DOCTOR_NOTE, "confinement",
                   "of the compilers is weak: %s; the server builds nothing here unless told",
                   lacks);
    else
        doctor_say(report, DOCTOR_GOOD, "confinement", "%s and seccomp keep the compilers in",
                   landlock);
}

void doctor_check_machine(struct doctor_report *report)
{
    check_processor(report);
    check_kernel(report);
    check_proc(report);
    check_sandbox(report);
    check_addresses(report);
    check_files(report);
    check_mappings(report);
    check_overcommit(report);
}
