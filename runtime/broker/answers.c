/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/answers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/clock.h"
#include "runtime/capability/provider.h"

struct flight { /* a question on its way, and who waits for its answer */
    unsigned users;
    bool is_done;
    struct chimera_answered result;
};

struct chimera_answers_entry {
    struct chimera_answers_entry *next; /* in its bucket */
    struct chimera_list age;
    struct chimera_answered cached; /* .bytes NULL: nothing is known */
    struct flight *flight;          /* NULL: nobody asks */
    uint64_t hash;
    size_t key_size;
    char key[];
};

#define ENTRY(link) CHIMERA_LIST_MEMBER(link, struct chimera_answers_entry, age)
#define COUNT(cache, what, number)                                                             \
    do {                                                                                       \
        if ((cache)->counters)                                                                 \
            atomic_fetch_add_explicit(&(cache)->counters->what, number, memory_order_relaxed); \
    } while (0)

/* --- Bytes --- */

struct copied {
    struct chimera_shared_bytes shared;
    char bytes[];
};

static void free_copy(struct chimera_shared_bytes *shared)
{
    free(shared); /* its first member */
}

struct chimera_shared_bytes *chimera_shared_bytes_copy(struct chimera_slice bytes)
{
    struct copied *copied = malloc(sizeof(*copied) + bytes.size);
    if (!copied)
        return NULL;
    if (bytes.size > 0)
        memcpy(copied->bytes, bytes.data, bytes.size);
    copied->shared.bytes = (struct chimera_slice){copied->bytes, bytes.size};
    copied->shared.free = free_copy;
    atomic_init(&copied->shared.users, 1);
    return &copied->shared;
}

/* --- Entries; the mutex is held. --- */

static uint64_t hash_of(struct chimera_slice key)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static struct chimera_answers_entry *find_entry(const struct chimera_answers *cache,
                                                struct chimera_slice key, uint64_t hash)
{
    struct chimera_answers_entry *entry = cache->bucket[hash % CHIMERA_ANSWERS_BUCKETS];
    while (entry && (entry->hash != hash || entry->key_size != key.size ||
                     memcmp(entry->key, key.data, key.size) != 0))
        entry = entry->next;
    return entry;
}

static size_t weight_of(const struct chimera_answers_entry *entry)
{
    return sizeof(*entry) + entry->key_size +
           (entry->cached.bytes ? entry->cached.bytes->bytes.size : 0);
}

static void show_size(const struct chimera_answers *cache)
{
    if (!cache->counters)
        return;
    atomic_store_explicit(&cache->counters->entries, cache->entries, memory_order_relaxed);
    atomic_store_explicit(&cache->counters->bytes, cache->bytes, memory_order_relaxed);
}

static void remove_entry(struct chimera_answers *cache, struct chimera_answers_entry *entry)
{
    struct chimera_answers_entry **at = &cache->bucket[entry->hash % CHIMERA_ANSWERS_BUCKETS];
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    chimera_list_remove(&entry->age);
    cache->entries--;
    cache->bytes -= weight_of(entry);
    chimera_shared_bytes_drop(entry->cached.bytes);
    free(entry);
}

/* What is being asked stays: somebody will say what came of it. */
static void make_room(struct chimera_answers *cache)
{
    for (struct chimera_list *at = cache->ages.next, *next;
         at != &cache->ages &&
         (cache->entries > CHIMERA_ANSWERS_ENTRIES_MAX || cache->bytes > CHIMERA_ANSWERS_BYTES_MAX);
         at = next) {
        struct chimera_answers_entry *entry = ENTRY(at);
        next = at->next;
        if (entry->flight)
            continue;
        remove_entry(cache, entry);
        COUNT(cache, evicted, 1);
    }
    show_size(cache);
}

static struct chimera_answers_entry *add_entry(struct chimera_answers *cache,
                                               struct chimera_slice key, uint64_t hash)
{
    struct chimera_answers_entry *entry = calloc(1, sizeof(*entry) + key.size);
    if (!entry)
        return NULL;
    memcpy(entry->key, key.data, key.size);
    entry->key_size = key.size;
    entry->hash = hash;
    entry->next = cache->bucket[hash % CHIMERA_ANSWERS_BUCKETS];
    cache->bucket[hash % CHIMERA_ANSWERS_BUCKETS] = entry;
    chimera_list_init(&entry->age);
    chimera_list_append(&cache->ages, &entry->age);
    cache->entries++;
    cache->bytes += weight_of(entry);
    return entry;
}

static bool holds(const struct chimera_answered *cached, const _Atomic uint64_t *versions)
{
    if (!cached->bytes)
        return false;
    if (cached->version_place == 0)
        return chimera_clock_ns() < cached->until_ns;
    return versions &&
           atomic_load_explicit(&versions[CHIMERA_VERSION_OF_END], memory_order_acquire) == 0 &&
           atomic_load_explicit(&versions[cached->version_place], memory_order_acquire) ==
               cached->version;
}

static void drop_flight(struct flight *flight)
{
    if (--flight->users > 0)
        return;
    chimera_shared_bytes_drop(flight->result.bytes);
    free(flight);
}

static struct chimera_answered use_cached(const struct chimera_answered *cached)
{
    struct chimera_answered used = *cached;
    if (used.bytes)
        chimera_shared_bytes_use(used.bytes);
    return used;
}

/* Waits for somebody else's answer. */
static enum chimera_answers_result join(struct chimera_answers *cache, struct flight *flight,
                                        uint64_t deadline_ns, struct chimera_answered *ret_cached)
{
    bool is_in_time = true;
    flight->users++;
    while (!flight->is_done && is_in_time)
        is_in_time = chimera_clock_await(&cache->landed, &cache->mutex, deadline_ns);
    bool has_come = flight->is_done && flight->result.bytes;
    if (has_come)
        *ret_cached = use_cached(&flight->result);
    drop_flight(flight);
    return has_come ? CHIMERA_ANSWERS_HIT : CHIMERA_ANSWERS_LATE;
}

/* --- The cache --- */

int chimera_answers_open(struct chimera_answers *cache, struct chimera_answers_counters *counters,
                         struct chimera_error *err)
{
    *cache = (struct chimera_answers){.counters = counters};
    chimera_list_init(&cache->ages);
    int failed = pthread_mutex_init(&cache->mutex, NULL);
    if (!failed)
        failed = pthread_cond_init(&cache->landed, NULL);
    return failed ? chimera_fail(err, CHIMERA_ENOMEM, "no memory for a cache") : CHIMERA_OK;
}

void chimera_answers_close(struct chimera_answers *cache)
{
    while (!chimera_list_is_empty(&cache->ages))
        remove_entry(cache, ENTRY(cache->ages.next));
    pthread_cond_destroy(&cache->landed);
    pthread_mutex_destroy(&cache->mutex);
}

enum chimera_answers_result chimera_answers_take(struct chimera_answers *cache,
                                                 struct chimera_slice key,
                                                 const _Atomic uint64_t *versions,
                                                 uint64_t deadline_ns,
                                                 struct chimera_answered *ret_cached)
{
    enum chimera_answers_result result = CHIMERA_ANSWERS_LATE;
    uint64_t hash = hash_of(key);
    pthread_mutex_lock(&cache->mutex);
    struct chimera_answers_entry *entry = find_entry(cache, key, hash);
    if (entry && holds(&entry->cached, versions)) {
        *ret_cached = use_cached(&entry->cached);
        chimera_list_append(&cache->ages, &entry->age);
        result = CHIMERA_ANSWERS_HIT;
        COUNT(cache, hits, 1);
    } else if (entry && entry->flight) {
        result = join(cache, entry->flight, deadline_ns, ret_cached);
        COUNT(cache, joined, 1);
    } else if ((entry = entry ? entry : add_entry(cache, key, hash)) &&
               (entry->flight = calloc(1, sizeof(*entry->flight)))) {
        entry->flight->users = 1;
        result = CHIMERA_ANSWERS_MISS;
        COUNT(cache, misses, 1);
    }
    pthread_mutex_unlock(&cache->mutex);
    return result;
}

void chimera_answers_put(struct chimera_answers *cache, struct chimera_slice key,
                         const struct chimera_answered *cached)
{
    pthread_mutex_lock(&cache->mutex);
    struct chimera_answers_entry *entry = find_entry(cache, key, hash_of(key));
    struct flight *flight = entry->flight;
    entry->flight = NULL;
    flight->is_done = true;
    flight->result = use_cached(cached);
    drop_flight(flight);
    pthread_cond_broadcast(&cache->landed);
    bool is_kept =
        cached->bytes && !cached->is_error && (cached->version_place != 0 || cached->until_ns != 0);
    if (is_kept) {
        cache->bytes -= weight_of(entry);
        chimera_shared_bytes_drop(entry->cached.bytes);
        entry->cached = *cached;
        cache->bytes += weight_of(entry);
    } else {
        remove_entry(cache, entry);
        chimera_shared_bytes_drop(cached->bytes);
    }
    make_room(cache);
    pthread_mutex_unlock(&cache->mutex);
}

void chimera_answers_empty(struct chimera_answers *cache)
{
    pthread_mutex_lock(&cache->mutex);
    for (struct chimera_list *at = cache->ages.next, *next; at != &cache->ages; at = next) {
        struct chimera_answers_entry *entry = ENTRY(at);
        next = at->next;
        if (!entry->flight) {
            remove_entry(cache, entry);
            continue;
        }
        cache->bytes -= weight_of(entry);
        chimera_shared_bytes_drop(entry->cached.bytes);
        entry->cached = (struct chimera_answered){0};
        cache->bytes += weight_of(entry);
    }
    show_size(cache);
    pthread_mutex_unlock(&cache->mutex);
}
