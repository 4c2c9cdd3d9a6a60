/* SPDX-License-Identifier: Apache-2.0 */
/* scoreboard.h - which policies there are, and what the server is about, for whoever looks.
 *
 * A shared mapping that only the supervisor writes to; workers and the admin process see it
 * read-only. Each id that was ever configured gets a number, which stays its own for the life of
 * the server: counters are kept by it. Number 0 stands for all ids that found no room.
 */
#ifndef CHIMERA_SERVER_COUNTERS_SCOREBOARD_H
#define CHIMERA_SERVER_COUNTERS_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/base/slice.h"
#include "runtime/source/policies.h"
#include "server/base/shared_memory.h"

#define SCOREBOARD_POLICIES 4096
#define SCOREBOARD_INDEX 8192 /* a power of two, twice as large */
#define SCOREBOARD_ID_MAX 320
#define SCOREBOARD_OTHER 0
#define SCOREBOARD_TEXT_MAX 480
#define SCOREBOARD_DIGEST_MAX 160

struct scoreboard_spec {   /* of a policy or group, as it is configured */
    uint8_t is_configured; /* now; else it was once */
    uint8_t is_group, is_monitor, may_mutate;
    uint8_t progress;                 /* an enum build_progress */
    uint32_t group;                   /* of a member: the number of its group; else 0 */
    char source[SCOREBOARD_TEXT_MAX]; /* where the module is from, or the expression of a group */
    /* Of a module that was fetched; "" and 0 where there is none. */
    char manifest_digest[SCOREBOARD_DIGEST_MAX];
    char signers[SCOREBOARD_TEXT_MAX]; /* of what was verified; a line each */
    uint64_t fetched_ms;               /* when it was last asked for, since 1970 */
};

enum scoreboard_stage {
    SCOREBOARD_STARTING,
    SCOREBOARD_LOADING,
    SCOREBOARD_SERVING,
    SCOREBOARD_STOPPED,
    SCOREBOARD_STOPPING
};

struct scoreboard_process { /* all zeros: there is none */
    int32_t pid;
    uint32_t descriptors;
    uint64_t resident_bytes;
};

struct scoreboard_server {
    uint8_t stage;             /* an enum scoreboard_stage */
    uint8_t is_building_first; /* the first plugins; the full tier; those of a reload */
    uint8_t is_building_full, is_reloading;
    uint32_t score; /* of the worker that serves; WORKER_SCORE_NONE: none does */
    uint32_t worker_count;
    uint64_t started_ms; /* since 1970, like all of these */
    uint64_t restarts, reloads, refused_reloads, reloaded_ms, refused_ms;
    struct scoreboard_process supervisor, workers; /* the latter with their tenants, all together */
    char refusal[SCOREBOARD_TEXT_MAX]; /* of the last reload that was refused; "" after one that was
                                        * not
                                        */
};

struct scoreboard_policy {
    uint32_t id_size;
    char id[SCOREBOARD_ID_MAX];
    struct scoreboard_spec spec;
};

struct scoreboard {
    _Atomic uint32_t sequence; /* odd while `server` or a `spec` is written */
    _Atomic uint32_t count;    /* numbers given, 0 among them */
    _Atomic uint16_t index[SCOREBOARD_INDEX];
    struct scoreboard_server server;
    struct scoreboard_policy policy[SCOREBOARD_POLICIES];
};

struct built_plugin;

int scoreboard_make(struct shared *shared, struct chimera_error *err);

/* --- For the supervisor. --- */

/* Gives each policy and group a number, if it has none yet. */
void scoreboard_enter(struct scoreboard *scoreboard, const struct policies *policies);
/* Says that these are the ones that are configured now. */
void scoreboard_show(struct scoreboard *scoreboard, const struct policies *policies);
/* Where the modules are from that serve; one plugin a policy. */
void scoreboard_show_origins(struct scoreboard *scoreboard, const struct policies *policies,
                             const struct built_plugin *plugins);
/* How far the build of each is (an enum build_progress); NULL: none is under way. */
void scoreboard_show_progress(struct scoreboard *scoreboard, const struct policies *policies,
                              const uint8_t *progress);
void scoreboard_tell(struct scoreboard *scoreboard, const struct scoreboard_server *server);

/* --- For readers. --- */

/* Its number; SCOREBOARD_OTHER when it has none. `scoreboard` may be NULL. */
uint32_t scoreboard_find(const struct scoreboard *scoreboard, struct chimera_slice id);

/* Numbers below this one are given. */
uint32_t scoreboard_count(const struct scoreboard *scoreboard);
/* "other" for SCOREBOARD_OTHER and for a number that is not given. */
struct chimera_slice scoreboard_id(const struct scoreboard *scoreboard, uint32_t number);
/* All zeros for those. */
void scoreboard_read(const struct scoreboard *scoreboard, uint32_t number,
                     struct scoreboard_spec *ret_spec);
void scoreboard_read_server(const struct scoreboard *scoreboard,
                            struct scoreboard_server *ret_server);

/* Copies a text into a field of `room` bytes, whole characters only, with a NUL behind. */
void scoreboard_set_text(char *field, size_t room, const char *text);

#endif
