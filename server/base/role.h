/* SPDX-License-Identifier: Apache-2.0 */
/* role.h - how the supervisor makes a child, and what the child gives up before it does anything.
 *
 * All children are forks of a process that has read the settings of all policies and holds every
 * socket. What each keeps of that is a row of the table in role.c; the order is the same for all:
 * it dies with its parent, takes a name of its own, maps its memory, closes descriptors, passes on
 * signals (bell.h), overwrites settings.
 */
#ifndef CHIMERA_SERVER_BASE_ROLE_H
#define CHIMERA_SERVER_BASE_ROLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "server/base/shared_memory.h"

enum role {
    ROLE_WORKER,
    ROLE_TENANT,
    ROLE_ADMIN,
    ROLE_EXPORTER,
    ROLE_DECISIONS,
    ROLE_BUILD,
    ROLE_CERTIFICATE_CHECK,
    ROLE_BROKER,
    ROLE_HELPER,
    ROLE_COUNT
};

struct role_mapping { /* shared memory that the child maps anew; no child inherits it */
    struct shared *memory;
    bool is_written;
};

struct kept_settings; /* which settings a child needs; config/generation.h */

struct role_start { /* all borrowed */
    enum role role;
    const struct role_mapping *mappings;
    size_t mapping_count;
    const int *kept; /* descriptors that stay open, besides the first three; -1: none */
    size_t kept_count;
    const struct kept_settings *settings; /* looked at for roles that keep some */
};

/* Overwrites the settings of all policies but those to keep; NULL: of all. */
typedef void role_forget(const struct kept_settings *kept);

/* For whoever reads settings: how a child forgets them. */
void role_forget_by(role_forget *forget);

/* For main(): the word of its command line that names the program, which children write theirs
 * over. Borrowed for good. */
void role_show_name(char *word);

/* The child's process id, or a negative code. In the child 0, when all is done; a child that cannot
 * become what it shall be logs why and ends. */
pid_t role_fork(const struct role_start *start, struct chimera_error *err);

/* Ends it by SIGTERM, and waits for that; by SIGKILL when it takes longer than so. SIGCHLD is
 * blocked. */
void role_stop(pid_t pid, int64_t patience_ms);

/* In a child of `parent`: has it end by this signal when `parent` does. False when that has died
 * before. */
bool role_follow(pid_t parent, int death_signal);

#endif
