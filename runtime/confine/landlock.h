/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.h - Landlock, by its system calls alone: the kernel's headers of the oldest supported
 * system know less of it than the kernels that we run on.
 *
 * A ruleset denies all rights that it was made with, but for what its rules allow; it holds for the
 * thread that takes it, and for all that this starts, and cannot be taken off. Rights that a kernel
 * does not know yet are left out here, so callers name what they mean and no versions.
 */
#ifndef CHIMERA_CONFINE_LANDLOCK_H
#define CHIMERA_CONFINE_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CHIMERA_LANDLOCK_BIT(number) (UINT64_C(1) << (number))
/* Files. */
#define CHIMERA_LANDLOCK_EXECUTE CHIMERA_LANDLOCK_BIT(0)
#define CHIMERA_LANDLOCK_WRITE_FILE CHIMERA_LANDLOCK_BIT(1)
#define CHIMERA_LANDLOCK_READ_FILE CHIMERA_LANDLOCK_BIT(2)
#define CHIMERA_LANDLOCK_READ_FOLDER CHIMERA_LANDLOCK_BIT(3)
#define CHIMERA_LANDLOCK_REMOVE_FOLDER CHIMERA_LANDLOCK_BIT(4)
#define CHIMERA_LANDLOCK_REMOVE_FILE CHIMERA_LANDLOCK_BIT(5)
#define CHIMERA_LANDLOCK_MAKE_FOLDER CHIMERA_LANDLOCK_BIT(7)
#define CHIMERA_LANDLOCK_MAKE_FILE CHIMERA_LANDLOCK_BIT(8)
#define CHIMERA_LANDLOCK_MAKE_LINK CHIMERA_LANDLOCK_BIT(12)    /* a symbolic one */
#define CHIMERA_LANDLOCK_REFER CHIMERA_LANDLOCK_BIT(13)        /* from version 2 on */
#define CHIMERA_LANDLOCK_TRUNCATE CHIMERA_LANDLOCK_BIT(14)     /* from version 3 on */
#define CHIMERA_LANDLOCK_IOCTL_DEVICE CHIMERA_LANDLOCK_BIT(15) /* from version 5 on */
#define CHIMERA_LANDLOCK_READ (CHIMERA_LANDLOCK_READ_FILE | CHIMERA_LANDLOCK_READ_FOLDER)
/* TCP, from version 4 on. */
#define CHIMERA_LANDLOCK_BIND CHIMERA_LANDLOCK_BIT(0)
#define CHIMERA_LANDLOCK_CONNECT CHIMERA_LANDLOCK_BIT(1)

#define CHIMERA_LANDLOCK_ALL UINT64_MAX

struct chimera_landlock_rights {
    uint64_t files, network, scopes; /* scopes: abstract sockets and signals of others */
};

/* The kernel's; 0 when it has none. */
int chimera_landlock_version(void);

/* For a kernel of that version: what is denied from here on. A descriptor, or -1 with errno. */
int chimera_landlock_create(int version, const struct chimera_landlock_rights *denied);

/* `rights` of files for `path` and all beneath it. What is not there needs no right: then there is
 * nothing to find either. False with errno. */
bool chimera_landlock_allow(int ruleset, int version, const char *path, uint64_t rights);

/* Needs no_new_privs. Async-signal-safe. False with errno. */
bool chimera_landlock_enter(int ruleset);

#endif
