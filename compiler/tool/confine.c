/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/tool/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/confine/landlock.h"

#define RIGHTS_TO_READ CHIMERA_LANDLOCK_READ
#define RIGHTS_TO_RUN (RIGHTS_TO_READ | CHIMERA_LANDLOCK_EXECUTE)
#define RIGHTS_TO_WRITE                                                         \
    (RIGHTS_TO_READ | CHIMERA_LANDLOCK_WRITE_FILE | CHIMERA_LANDLOCK_TRUNCATE | \
     CHIMERA_LANDLOCK_REMOVE_FOLDER | CHIMERA_LANDLOCK_REMOVE_FILE |            \
     CHIMERA_LANDLOCK_MAKE_FOLDER | CHIMERA_LANDLOCK_MAKE_FILE)

/* --- What there is --- */

static struct chimera_confinement found;

static bool has_seccomp(void)
{
    /* Not 0 where we are filtered ourselves: in a container, or a unit of systemd. */
    return confine_calls_known() && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

static void look_for_confinement(void)
{
    const char *wanted = getenv("CHIMERA_CONFINEMENT");
    bool is_full = !wanted || !*wanted || strcmp(wanted, "full") == 0;
    if (is_full || strcmp(wanted, "landlock") == 0)
        found.landlock = chimera_landlock_version();
    found.has_seccomp = has_seccomp() && (is_full || strcmp(wanted, "seccomp") == 0);
    if (found.has_seccomp)
        confine_calls_prepare();
}

struct chimera_confinement chimera_confinement(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look_for_confinement);
    return found;
}

const char *chimera_confine_lacks(void)
{
    struct chimera_confinement here = chimera_confinement();
    if (here.landlock && here.has_seccomp)
        return NULL;
    if (here.landlock)
        return "no seccomp: they could open sockets and touch other processes";
    if (here.has_seccomp)
        return "no Landlock: they could read and write all files that we can";
    return "neither Landlock nor seccomp: they could do all that we can but pass their limits";
}

/* --- What a tool may do with files --- */

static int create_ruleset(enum chimera_confined kind)
{
    uint64_t network = kind == CHIMERA_CONFINED_LAUNCHER ? 0 : CHIMERA_LANDLOCK_ALL;
    const struct chimera_landlock_rights rights = {CHIMERA_LANDLOCK_ALL, network,
                                                   CHIMERA_LANDLOCK_ALL};
    return chimera_landlock_create(found.landlock, &rights);
}

static bool allow_path(int ruleset, const char *path, uint64_t rights)
{
    return chimera_landlock_allow(ruleset, found.landlock, path, rights);
}

/* Programs and their libraries: the system's, and those of stores that hold nothing else. */
static bool allow_system(int ruleset)
{
    static const char *const folders[] = {"/usr",       "/bin",       "/sbin",
                                          "/lib",       "/lib32",     "/lib64",
                                          "/nix/store", "/gnu/store", "/etc/alternatives"};
    static const char *const files[] = {"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
                                        "/dev/urandom", "/dev/zero"};
    bool is_done =
        allow_path(ruleset, "/dev/null", CHIMERA_LANDLOCK_READ_FILE | CHIMERA_LANDLOCK_WRITE_FILE);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        is_done = is_done && allow_path(ruleset, folders[i], RIGHTS_TO_RUN);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        is_done = is_done && allow_path(ruleset, files[i], RIGHTS_TO_READ);
    return is_done;
}

static bool is_home_or_root(const char *folder)
{
    char real[PATH_MAX];
    const char *home = getenv("HOME");
    return strcmp(folder, "/") == 0 || strcmp(folder, "/home") == 0 ||
           (home && realpath(home, real) && strcmp(folder, real) == 0);
}

/* A tool outside the system: the folder of its file, and when that is a bin, the one around it,
 * where its libraries and headers are; never all of a home. */
static bool allow_tool(int ruleset, const char *program)
{
    char real[PATH_MAX];
    if (!realpath(program, real))
        return true; /* exec will tell */
    char *slash = strrchr(real, '/');
    if (slash == real)
        return allow_path(ruleset, real, RIGHTS_TO_RUN);
    *slash = '\0';
    char *folder = strrchr(real, '/');
    if (strcmp(folder, "/bin") == 0 && folder != real) {
        *folder = '\0';
        if (is_home_or_root(real))
            *folder = '/';
    }
    if (!is_home_or_root(real))
        return allow_path(ruleset, real, RIGHTS_TO_RUN);
    *slash = '/';
    return allow_path(ruleset, real, RIGHTS_TO_RUN);
}

/* Absolute folders of a list like PATH. */
static bool allow_list(int ruleset, const char *list, uint64_t rights)
{
    char path[PATH_MAX];
    bool is_done = true;
    while (list && *list && is_done) {
        size_t size = strcspn(list, ":");
        if (*list == '/' && size < sizeof(path)) {
            memcpy(path, list, size);
            path[size] = '\0';
            is_done = allow_path(ruleset, path, rights);
        }
        list += size + (list[size] == ':');
    }
    return is_done;
}

static bool fill_ruleset(int ruleset, const char *program, const char *folder,
                         const char *const *reads)
{
    bool is_done = allow_system(ruleset) && allow_tool(ruleset, program) &&
                   allow_list(ruleset, getenv("LD_LIBRARY_PATH"), RIGHTS_TO_READ) &&
                   allow_list(ruleset, getenv("CHIMERA_TOOL_FOLDERS"), RIGHTS_TO_RUN);
    for (; is_done && reads && *reads; reads++)
        is_done = **reads != '/' || allow_path(ruleset, *reads, RIGHTS_TO_READ);
    return is_done && (!folder || allow_path(ruleset, folder, RIGHTS_TO_WRITE));
}

/* How other machines are found by their names, which ones there are, and what they are about. */
static bool allow_launcher(int ruleset, const char *home)
{
    static const char *const files[] = {"/etc/hosts",     "/etc/resolv.conf",  "/etc/nsswitch.conf",
                                        "/etc/host.conf", "/etc/services",     "/etc/gai.conf",
                                        "/etc/passwd",    "/etc/distcc/hosts", "/etc/icecc"};
    bool is_done = allow_path(ruleset, home, RIGHTS_TO_WRITE);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        is_done = is_done && allow_path(ruleset, files[i], RIGHTS_TO_READ);
    return is_done;
}

/* --- The plan --- */

static bool is_script(const char *program)
{
    char head[2];
    CHIMERA_CLOSE int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && read(fd, head, 2) == 2 && memcmp(head, "#!", 2) == 0;
}

static enum chimera_confined kind_of(const struct chimera_command *command)
{
    if (command->launcher_home)
        return CHIMERA_CONFINED_LAUNCHER;
    return is_script(command->argv[0]) ? CHIMERA_CONFINED_SCRIPT : CHIMERA_CONFINED_PROGRAM;
}

int confine_prepare(const struct chimera_command *command, struct chimera_confine_plan *ret_plan,
                    struct chimera_error *err)
{
    const char *program = command->argv[0];
    struct chimera_confinement here = chimera_confinement();
    struct chimera_confine_plan plan = {-1, kind_of(command)};
    if (here.landlock) {
        plan.ruleset = create_ruleset(plan.kind);
        if (plan.ruleset < 0 ||
            !fill_ruleset(plan.ruleset, program, command->folder, command->reads) ||
            (command->launcher_home && !allow_launcher(plan.ruleset, command->launcher_home))) {
            int number = errno;
            confine_done(&plan);
            return chimera_fail(err, CHIMERA_ETOOL, "cannot confine %s: Landlock: %s", program,
                                strerror(number));
        }
    }
    *ret_plan = plan;
    return CHIMERA_OK;
}

void confine_done(struct chimera_confine_plan *plan)
{
    if (plan->ruleset >= 0)
        close(plan->ruleset);
    plan->ruleset = -1;
}

bool confine_enter(const struct chimera_confine_plan *plan)
{
    if (plan->ruleset >= 0 && !chimera_landlock_enter(plan->ruleset))
        return false;
    return !found.has_seccomp || confine_calls_enter(plan->kind);
}

bool chimera_confine_guest(void)
{
    struct chimera_confine_plan plan = {-1, CHIMERA_CONFINED_GUEST};
    bool has_landlock = chimera_confinement().landlock > 0;
    if (has_landlock)
        plan.ruleset = create_ruleset(plan.kind);
    bool is_done = (!has_landlock || (plan.ruleset >= 0 && allow_system(plan.ruleset))) &&
                   prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && confine_enter(&plan);
    int number = errno;
    confine_done(&plan);
    errno = number;
    return is_done;
}
