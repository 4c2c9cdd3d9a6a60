/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - folders that are written to, each tried by writing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "compiler/cache/cache.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/doctor/parts.h"
#include "toolchain/command/home.h"
#include "toolchain/command/variables.h"

#define ROOM_LEAST_MIB 256             /* a large policy's sources and objects */
#define SAMPLE_BYTES ((size_t)1 << 20) /* what the least of builds needs */

char *doctor_find_parent(const char *path)
{
    char *parent = strdup(path);
    while (parent && access(parent, F_OK) != 0) {
        char *slash = strrchr(parent, '/');
        if (!slash || !parent[1])
            break;
        slash[slash == parent] = '\0'; /* the last is "/" */
    }
    return parent;
}

uint64_t doctor_room_mib(const char *folder)
{
    struct statvfs file_system;
    return statvfs(folder, &file_system) == 0
               ? ((uint64_t)file_system.f_bavail * file_system.f_frsize) >> 20
               : 0;
}

/* A file in a folder of its own, as a build makes them. */
int doctor_try_to_write(const char *folder, struct chimera_error *err)
{
    CHIMERA_FREE char *own = chimera_path_join(folder, "doctor-XXXXXX");
    CHIMERA_FREE char *sample = calloc(1, SAMPLE_BYTES);
    if (!own || !sample)
        return chimera_fail_memory(err);
    if (!mkdtemp(own))
        return chimera_fail(err, CHIMERA_EIO, "cannot make a folder in %s: %s", folder,
                            strerror(errno));
    CHIMERA_FREE char *path = chimera_path_join(own, "sample");
    int code = path ? chimera_file_write(path, (struct chimera_slice){sample, SAMPLE_BYTES},
                                         CHIMERA_FILE_PRIVATE, err)
                    : chimera_fail_memory(err);
    chimera_folder_remove(own, NULL);
    return code;
}

/* One that is there is opened as a build opens it. */
static int try_cache(const char *folder, const char *parent, struct chimera_error *err)
{
    struct chimera_cache *cache = NULL;
    if (strcmp(folder, parent) != 0)
        return doctor_try_to_write(parent, err);
    int code = chimera_cache_open(folder, CHIMERA_CACHE_LIMIT, &cache, err);
    chimera_cache_close(cache);
    return code < 0 ? code : doctor_try_to_write(folder, err);
}

/* What is there is mapped to be run. */
static bool is_for_data(const char *folder)
{
    struct statvfs file_system;
    return statvfs(folder, &file_system) == 0 && (file_system.f_flag & ST_NOEXEC);
}

static void check_cache(struct doctor_report *report)
{
    CHIMERA_FREE char *folder = NULL;
    struct chimera_error err = {0};
    if (chimera_cache_folder(&folder, &err) < 0) {
        doctor_say(report, DOCTOR_BAD, "cache", "%s", err.text);
        return;
    }
    CHIMERA_FREE char *parent = doctor_find_parent(folder);
    if (!parent || try_cache(folder, parent, &err) < 0) {
        doctor_say(report, DOCTOR_BAD, "cache", "%s: %s%s", folder, err.text,
                   strstr(err.text, "CHIMERA_CACHE_DIR")
                       ? ""
                       : "; name another folder in CHIMERA_CACHE_DIR");
        return;
    }
    unsigned long long room = doctor_room_mib(parent);
    bool is_there = strcmp(folder, parent) == 0, is_scarce = room < ROOM_LEAST_MIB;
    if (is_for_data(parent))
        doctor_say(report, DOCTOR_BAD, "cache",
                   "%s is on a file system from which nothing may be run (noexec): name another "
                   "folder in CHIMERA_CACHE_DIR",
                   folder);
    else
        doctor_say(report, is_scarce ? DOCTOR_NOTE : DOCTOR_GOOD, "cache", "%s%s, %llu MiB free%s",
                   folder, is_there ? "" : " (not there yet)", room,
                   is_scarce
                       ? ": a large policy may need more; make room, as with `chimera cache prune`"
                       : "");
}

static void check_temporary(struct doctor_report *report)
{
    struct chimera_error err = {0};
    const char *folder = chimera_temporary_folder();
    const char *by = folder == getenv("TMPDIR") ? " (TMPDIR)" : "";
    if (doctor_try_to_write(folder, &err) < 0)
        doctor_say(report, DOCTOR_BAD, "temporary folder",
                   "%s; set TMPDIR to a folder that can be written", err.text);
    else
        doctor_say(report, DOCTOR_GOOD, "temporary folder", "%s%s, %llu MiB free", folder, by,
                   (unsigned long long)doctor_room_mib(folder));
}

static void check_home(struct doctor_report *report)
{
    const char *home = getenv("HOME");
    struct stat status;
    if (home_is_temporary())
        doctor_say(
            report, DOCTOR_NOTE, "home",
            "there is none, neither in HOME nor in /etc/passwd: what is kept between calls is in "
            "%s; set HOME, or CHIMERA_CACHE_DIR and XDG_CACHE_HOME",
            home);
    else if (!home || home[0] != '/')
        doctor_say(
            report, DOCTOR_NOTE, "home",
            "there is none, neither in HOME nor in /etc/passwd: set HOME, or CHIMERA_CACHE_DIR and "
            "XDG_CACHE_HOME");
    else if (stat(home, &status) < 0)
        doctor_say(report, DOCTOR_NOTE, "home", "%s: %s", home, strerror(errno));
    else
        doctor_say(report, DOCTOR_GOOD, "home", "%s", home);
}

static void check_variables(struct doctor_report *report)
{
    struct chimera_error err = {0};
    if (variables_check(&err) < 0)
        doctor_say(report, DOCTOR_BAD, "variables", "%s", err.text);
}

void doctor_check_places(struct doctor_report *report)
{
    check_variables(report);
    check_home(report);
    check_cache(report);
    check_temporary(report);
}
