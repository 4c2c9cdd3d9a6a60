/* SPDX-License-Identifier: Apache-2.0 */
/* answers.h - answers to host calls that may be given again: bounded in number and bytes, for as
 * long as each holds, the least recently used make room. Who asks what another is asking just now
 * waits for that answer, be it an error; errors are kept for nobody else.
 *
 * Any thread. Keys are the questions' bytes.
 */
#ifndef CHIMERA_BROKER_ANSWERS_H
#define CHIMERA_BROKER_ANSWERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/base/list.h"
#include "runtime/capability/source.h"

#define CHIMERA_ANSWERS_ENTRIES_MAX 4096
#define CHIMERA_ANSWERS_BYTES_MAX ((size_t)64 << 20)
#define CHIMERA_ANSWERS_BUCKETS 1024

struct chimera_answered {
    struct chimera_shared_bytes *bytes; /* one use of it */
    bool is_error;
    uint32_t version_place; /* holds while versions[place] == version; 0: until `until_ns` */
    uint64_t version, until_ns;
};

/* Counted for whoever shows them; the caller's memory, or NULL. */
struct chimera_answers_counters {
    _Atomic uint64_t hits, joined, misses, evicted, entries, bytes;
};

struct chimera_answers_entry;
struct chimera_answers {
    pthread_mutex_t mutex;
    pthread_cond_t landed;
    struct chimera_answers_entry *bucket[CHIMERA_ANSWERS_BUCKETS];
    struct chimera_list ages; /* of the entries; the least recently used first */
    size_t entries, bytes;
    struct chimera_answers_counters *counters;
};

int chimera_answers_open(struct chimera_answers *cache, struct chimera_answers_counters *counters,
                         struct chimera_error *err);
void chimera_answers_close(struct chimera_answers *cache);

enum chimera_answers_result {
    CHIMERA_ANSWERS_HIT,
    CHIMERA_ANSWERS_MISS, /* the caller asks, and says with chimera_answers_put() what came of it */
    CHIMERA_ANSWERS_LATE, /* the time is up, or there is no memory */
};

/* `versions` may be NULL: then nothing that depends on one holds. The bytes are the caller's to
 * drop. */
enum chimera_answers_result chimera_answers_take(struct chimera_answers *cache,
                                                 struct chimera_slice key,
                                                 const _Atomic uint64_t *versions,
                                                 uint64_t deadline_ns,
                                                 struct chimera_answered *ret_cached);
/* Takes its use of the bytes. */
void chimera_answers_put(struct chimera_answers *cache, struct chimera_slice key,
                         const struct chimera_answered *cached);
/* Nothing holds any more, but what is being asked is still waited for. */
void chimera_answers_empty(struct chimera_answers *cache);

/* A copy on the heap, with one use; NULL: no memory. */
struct chimera_shared_bytes *chimera_shared_bytes_copy(struct chimera_slice bytes);

#endif
