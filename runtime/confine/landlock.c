/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/confine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

/* The numbers are the same on every architecture. */
#define CALL_CREATE_RULESET 444
#define CALL_ADD_RULE 445
#define CALL_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1

/* Rights that a file can have that is no folder. */
#define RIGHTS_OF_FILES                                                                    \
    (CHIMERA_LANDLOCK_EXECUTE | CHIMERA_LANDLOCK_WRITE_FILE | CHIMERA_LANDLOCK_READ_FILE | \
     CHIMERA_LANDLOCK_TRUNCATE | CHIMERA_LANDLOCK_IOCTL_DEVICE)

struct path_rule {
    uint64_t rights;
    int32_t folder;
} __attribute__((packed));

/* What a version of Landlock can take away: files (13 rights at first, then renaming between
 * folders, truncation, ioctl of devices), TCP, and signals and abstract sockets of others. */
struct version {
    unsigned file_rights, network_rights, scopes;
    size_t size; /* of the attributes that it knows: fields came one by one */
};
static const struct version versions[] = {{13, 0, 0, 8},  {14, 0, 0, 8},  {15, 0, 0, 8},
                                          {15, 2, 0, 16}, {16, 2, 0, 16}, {16, 2, 2, 24}};
#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

static const struct version *version_of(int number)
{
    size_t count = number < 1 ? 1 : (size_t)number;
    return &versions[(count < VERSION_COUNT ? count : VERSION_COUNT) - 1];
}

static uint64_t all_of(unsigned rights)
{
    return CHIMERA_LANDLOCK_BIT(rights) - 1;
}

int chimera_landlock_version(void)
{
    long version = syscall(CALL_CREATE_RULESET, NULL, (size_t)0, CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

int chimera_landlock_create(int version, const struct chimera_landlock_rights *denied)
{
    const struct version *known = version_of(version);
    const struct chimera_landlock_rights attributes = {
        .files = denied->files & all_of(known->file_rights),
        .network = denied->network & all_of(known->network_rights),
        .scopes = denied->scopes & all_of(known->scopes)};
    return (int)syscall(CALL_CREATE_RULESET, &attributes, known->size, 0u);
}

bool chimera_landlock_allow(int ruleset, int version, const char *path, uint64_t rights)
{
    struct stat status;
    CHIMERA_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return errno == ENOENT || errno == EACCES || errno == ENOTDIR;
    if (!S_ISDIR(status.st_mode))
        rights &= RIGHTS_OF_FILES;
    struct path_rule rule = {rights & all_of(version_of(version)->file_rights), fd};
    return syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0u) == 0;
}

bool chimera_landlock_enter(int ruleset)
{
    return syscall(CALL_RESTRICT_SELF, ruleset, 0u) == 0;
}
