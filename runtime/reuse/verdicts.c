/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/reuse/verdicts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/base/list.h"
#include "runtime/reuse/chain.h"
#include "runtime/reuse/uid.h"
#include "runtime/review/packed.h"

#define PARTS_MAX 16
#define PART_LEAST ((uint64_t)4 << 20) /* more parts only as long as each has so much */
#define BLOCKS_PER_BUCKET 8            /* a request takes some, with its verdicts */
#define REQUEST_SHARE 4                /* one may take this part of a part */
#define PACKED_MAX ((size_t)64 << 20)
#define PACKED_KEPT ((size_t)64 << 10)

struct entry {               /* a request that is kept; lies in a block of its own */
    struct chimera_list age; /* the part's: the least recently used first */
    struct entry *next;      /* in the bucket */
    uint64_t hash;
    size_t before_size, uid_size; /* uid_size 0: the uid is compared, too */
    bool is_raw, has_places;
    struct chimera_chain asked;    /* the places, if it has them; then its bytes without the uid */
    struct chimera_chain verdicts; /* records, one behind the other */
};

struct record { /* in front of a verdict: then come the uid that it is bound to, and its bytes */
    uint32_t policy;
    uint32_t is_bound; /* to a uid */
    uint32_t uid_size;
    uint32_t size;
};

struct part {
    _Alignas(64) pthread_mutex_t lock; /* over all that follows */
    struct chimera_blocks blocks;
    struct entry **bucket; /* owned */
    size_t bucket_count;   /* a power of two */
    struct chimera_list ages;
    struct chimera_buffer packed; /* of the verdict that is looked at now */
};

struct chimera_verdicts {
    uint64_t seed[2];
    unsigned part_count; /* a power of two */
    struct chimera_verdicts_counters *counters;
    struct part part[];
};

uint64_t chimera_verdicts_hash_mask = UINT64_MAX;

_Static_assert(sizeof(struct entry) <= CHIMERA_BLOCK_BYTES, "an entry fits into a block");

/* --- Life --- */

static size_t power_of_two_up_to(uint64_t most)
{
    size_t power = 1;
    while (power <= most / 2)
        power *= 2;
    return power;
}

static int open_part(struct part *part, uint64_t bytes, struct chimera_error *err)
{
    size_t bucket_count = power_of_two_up_to(bytes / (CHIMERA_BLOCK_SIZE * BLOCKS_PER_BUCKET));
    size_t left = bytes - bucket_count * sizeof(struct entry *) - sizeof(*part);
    pthread_mutex_init(&part->lock, NULL);
    chimera_list_init(&part->ages);
    chimera_buffer_init(&part->packed, PACKED_MAX);
    part->bucket_count = bucket_count;
    part->bucket = calloc(bucket_count, sizeof(struct entry *));
    if (!part->bucket)
        return chimera_fail_memory(err);
    return chimera_blocks_open(&part->blocks, left / CHIMERA_BLOCK_SIZE, err);
}

int chimera_verdicts_open(uint64_t max_bytes, struct chimera_verdicts_counters *counters,
                          struct chimera_verdicts **ret_verdicts, struct chimera_error *err)
{
    size_t count = power_of_two_up_to(max_bytes / PART_LEAST);
    count = count < PARTS_MAX ? count : PARTS_MAX;
    struct chimera_verdicts *verdicts =
        aligned_alloc(_Alignof(struct part), sizeof(*verdicts) + count * sizeof(struct part));
    if (!verdicts)
        return chimera_fail_memory(err);
    memset(verdicts, 0, sizeof(*verdicts) + count * sizeof(struct part));
    verdicts->part_count = (unsigned)count;
    verdicts->counters = counters;
    int code = CHIMERA_OK;
    if (getrandom(verdicts->seed, sizeof(verdicts->seed), 0) != (ssize_t)sizeof(verdicts->seed))
        code = chimera_fail(err, CHIMERA_EIO, "no random numbers");
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = open_part(&verdicts->part[i], max_bytes / count, err);
    if (code < 0)
        chimera_verdicts_close(verdicts);
    else
        *ret_verdicts = verdicts;
    return code;
}

void chimera_verdicts_close(struct chimera_verdicts *verdicts)
{
    if (!verdicts)
        return;
    for (unsigned i = 0; i < verdicts->part_count; i++) {
        chimera_blocks_close(&verdicts->part[i].blocks);
        chimera_buffer_free(&verdicts->part[i].packed);
        free(verdicts->part[i].bucket);
    }
    free(verdicts);
}

/* --- Questions --- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* With a seed that nobody knows: requests that share a bucket cannot be made up. */
static uint64_t hash_slice(const uint64_t seed[2], uint64_t hash, struct chimera_slice slice)
{
    uint64_t words[4], other = hash ^ slice.size;
    /* Two at a time, of which neither waits for the other. */
    for (; slice.size >= sizeof(words); slice.data += sizeof(words), slice.size -= sizeof(words)) {
        memcpy(words, slice.data, sizeof(words));
        hash = mix(words[0] ^ seed[0], words[1] ^ hash);
        other = mix(words[2] ^ seed[1], words[3] ^ other);
    }
    memset(words, 0, sizeof(words));
    if (slice.size > 0)
        memcpy(words, slice.data, slice.size);
    hash = mix(words[0] ^ seed[0], words[1] ^ hash);
    other = mix(words[2] ^ seed[1], words[3] ^ other);
    return mix(hash ^ seed[1], other ^ seed[0]);
}

/* What is between the quotes behind `"uid":`; .data NULL: nothing of that kind. */
static struct chimera_slice first_uid(struct chimera_slice body)
{
    static const char name[] = "\"uid\"";
    struct chimera_slice none = {NULL, 0};
    const char *end = body.data + body.size;
    const char *at = body.size ? memmem(body.data, body.size, name, strlen(name)) : NULL;
    if (!at)
        return none;
    for (at += strlen(name); at < end && (*at == ' ' || *at == ':'); at++)
        ;
    if (at == end || *at != '"')
        return none;
    const char *quote = memchr(at + 1, '"', (size_t)(end - at) - 1);
    struct chimera_slice uid = {at + 1, quote ? (size_t)(quote - at) - 1 : 0};
    return chimera_uid_is_plain(uid) ? uid : none;
}

void chimera_verdicts_ask(const struct chimera_verdicts *verdicts, struct chimera_slice body,
                          bool is_raw, struct chimera_question *ret_question)
{
    struct chimera_slice none = {NULL, 0}, uid = is_raw ? none : first_uid(body);
    struct chimera_question question = {.before = body, .uid = uid, .is_raw = is_raw};
    if (uid.data) {
        question.before.size = (size_t)(uid.data - body.data);
        question.behind = (struct chimera_slice){uid.data + uid.size,
                                                 body.size - question.before.size - uid.size};
    }
    uint64_t hash = hash_slice(verdicts->seed, is_raw, question.before);
    hash = hash_slice(verdicts->seed, hash, question.behind);
    question.hash = hash & chimera_verdicts_hash_mask;
    *ret_question = question;
}

static struct part *part_of(struct chimera_verdicts *verdicts, uint64_t hash)
{
    return &verdicts->part[(hash >> 56) & (verdicts->part_count - 1)];
}

static struct entry **bucket_of(const struct part *part, uint64_t hash)
{
    return &part->bucket[hash & (part->bucket_count - 1)];
}

static size_t places_size(const struct entry *entry)
{
    return entry->has_places ? sizeof(struct chimera_request_places) : 0;
}

static bool is_asked(const struct entry *entry, const struct chimera_question *question)
{
    size_t size = places_size(entry) + question->before.size + question->behind.size;
    if (entry->hash != question->hash || entry->is_raw != question->is_raw ||
        entry->uid_size != question->uid.size || entry->before_size != question->before.size ||
        entry->asked.size != size)
        return false;
    struct chimera_chain_place place = chimera_chain_begin(&entry->asked);
    chimera_chain_skip(&place, places_size(entry));
    return chimera_chain_match(&place, question->before) &&
           chimera_chain_match(&place, question->behind);
}

/* NULL when there is none. Used by this. */
static struct entry *find_entry(struct part *part, const struct chimera_question *question)
{
    struct entry *entry = *bucket_of(part, question->hash);
    while (entry && !is_asked(entry, question))
        entry = entry->next;
    if (entry)
        chimera_list_append(&part->ages, &entry->age);
    return entry;
}

/* --- Records --- */

static bool is_uid_of(const struct record *record, const struct chimera_chain_place *place,
                      const struct chimera_question *question)
{
    struct chimera_chain_place at = *place;
    return !record->is_bound ||
           (record->uid_size == question->uid.size && chimera_chain_match(&at, question->uid));
}

/* The policy's, whatever uid it is bound to; *ret_place is behind it, where the uid is. False when
 * it has none. */
static bool find_record(const struct entry *entry, uint32_t policy, struct record *ret_record,
                        struct chimera_chain_place *ret_place)
{
    struct chimera_chain_place place = chimera_chain_begin(&entry->verdicts);
    for (size_t left = entry->verdicts.size; left > 0;) {
        chimera_chain_read(&place, ret_record, sizeof(*ret_record));
        if (ret_record->policy == policy) {
            *ret_place = place;
            return true;
        }
        chimera_chain_skip(&place, ret_record->uid_size + (size_t)ret_record->size);
        left -= sizeof(*ret_record) + ret_record->uid_size + ret_record->size;
    }
    return false;
}

/* The verdict's bytes, in the arena; .data NULL: there is none for the request, or no room. */
static struct chimera_slice read_verdict(const struct entry *entry, uint32_t policy,
                                         const struct chimera_question *question,
                                         struct chimera_arena *arena)
{
    struct record record;
    struct chimera_chain_place place;
    struct chimera_slice none = {NULL, 0};
    if (!entry || !find_record(entry, policy, &record, &place) ||
        !is_uid_of(&record, &place, question))
        return none;
    char *bytes = chimera_arena_take(arena, record.size);
    if (!bytes)
        return none;
    chimera_chain_skip(&place, record.uid_size);
    chimera_chain_read(&place, bytes, record.size);
    return (struct chimera_slice){bytes, record.size};
}

bool chimera_verdicts_find(struct chimera_verdicts *verdicts, uint32_t policy,
                           const struct chimera_question *question, struct chimera_arena *arena,
                           struct chimera_response *ret_response)
{
    struct part *part = part_of(verdicts, question->hash);
    pthread_mutex_lock(&part->lock);
    struct chimera_slice bytes = read_verdict(find_entry(part, question), policy, question, arena);
    pthread_mutex_unlock(&part->lock);
    return bytes.data && chimera_unpack_response(bytes, arena, ret_response);
}

bool chimera_verdicts_find_places(struct chimera_verdicts *verdicts,
                                  const struct chimera_question *question,
                                  struct chimera_request_places *ret_places)
{
    struct part *part = part_of(verdicts, question->hash);
    pthread_mutex_lock(&part->lock);
    const struct entry *entry = find_entry(part, question);
    bool has_places = entry && entry->has_places;
    if (has_places) {
        struct chimera_chain_place place = chimera_chain_begin(&entry->asked);
        chimera_chain_read(&place, ret_places, sizeof(*ret_places));
    }
    pthread_mutex_unlock(&part->lock);
    return has_places;
}

/* --- Keeping --- */

static void count_bytes(struct chimera_verdicts *verdicts, const struct part *part, size_t before)
{
    uint64_t more =
        (part->blocks.used - before) * (uint64_t)CHIMERA_BLOCK_SIZE; /* may be negative */
    atomic_fetch_add_explicit(&verdicts->counters->bytes, more, memory_order_relaxed);
}

static void drop_entry(struct part *part, struct entry *entry)
{
    struct entry **link = bucket_of(part, entry->hash);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    chimera_list_remove(&entry->age);
    chimera_chain_empty(&entry->asked, &part->blocks);
    chimera_chain_empty(&entry->verdicts, &part->blocks);
    chimera_blocks_give(&part->blocks,
                        CHIMERA_LIST_MEMBER((char *)entry, struct chimera_block, bytes));
}

/* Has others make room for so many blocks. False when `kept` alone is left. */
static bool make_room(struct chimera_verdicts *verdicts, struct part *part, size_t blocks,
                      const struct entry *kept)
{
    while (part->blocks.count - part->blocks.used < blocks) {
        struct chimera_list *oldest = chimera_list_first(&part->ages);
        struct entry *entry = oldest ? CHIMERA_LIST_MEMBER(oldest, struct entry, age) : NULL;
        if (!entry || entry == kept)
            return false;
        drop_entry(part, entry);
        atomic_fetch_add_explicit(&verdicts->counters->evicted, 1, memory_order_relaxed);
    }
    return true;
}

/* There is room. `places` NULL: they are not known. */
static struct entry *add_entry(struct part *part, const struct chimera_question *question,
                               const struct chimera_request_places *places)
{
    struct chimera_block *block = chimera_blocks_take(&part->blocks);
    struct entry *entry = (struct entry *)(void *)block->bytes,
                 **bucket = bucket_of(part, question->hash);
    *entry = (struct entry){.next = *bucket,
                            .hash = question->hash,
                            .before_size = question->before.size,
                            .uid_size = question->uid.size,
                            .is_raw = question->is_raw,
                            .has_places = places};
    *bucket = entry;
    chimera_list_init(&entry->age);
    chimera_list_append(&part->ages, &entry->age);
    struct chimera_slice known = {(const char *)places, places_size(entry)};
    chimera_chain_append(&entry->asked, &part->blocks, known);
    chimera_chain_append(&entry->asked, &part->blocks, question->before);
    chimera_chain_append(&entry->asked, &part->blocks, question->behind);
    return entry;
}

struct verdict { /* that is to be kept */
    const struct chimera_question *question;
    const struct chimera_request_places *places; /* NULL: they are not known */
    struct record record;
};

/* The entry, with room for `more` bytes of verdicts; NULL when there cannot be. */
static struct entry *ensure_entry(struct chimera_verdicts *verdicts, struct part *part,
                                  const struct verdict *verdict, size_t more)
{
    const struct chimera_question *question = verdict->question;
    struct entry *entry = find_entry(part, question);
    size_t verdicts_size = entry ? entry->verdicts.size : 0;
    size_t size = question->before.size + question->behind.size +
                  (verdict->places ? sizeof(*verdict->places) : 0);
    size_t own = 1 + chimera_chain_blocks(0, size);
    size_t blocks = chimera_chain_blocks(verdicts_size, more) + (entry ? 0 : own);
    if (own + chimera_chain_blocks(0, verdicts_size + more) > part->blocks.count / REQUEST_SHARE ||
        !make_room(verdicts, part, blocks, entry))
        return NULL;
    return entry ? entry : add_entry(part, question, verdict->places);
}

/* One that the policy has had gives its place, if it is as large; else all of the request's are
 * forgotten, which is for policies that answer the same bytes differently. */
static bool replace_record(struct part *part, struct entry *entry, const struct record *record,
                           const struct chimera_question *question)
{
    struct record before;
    struct chimera_chain_place place;
    if (!find_record(entry, record->policy, &before, &place))
        return false;
    if (before.is_bound != record->is_bound || before.uid_size != record->uid_size ||
        before.size != record->size) {
        chimera_chain_empty(&entry->verdicts, &part->blocks);
        return false;
    }
    if (record->is_bound)
        chimera_chain_overwrite(&place, question->uid);
    chimera_chain_overwrite(&place, chimera_buffer_slice(&part->packed));
    return true;
}

static void keep(struct chimera_verdicts *verdicts, struct part *part, struct verdict *verdict)
{
    struct chimera_slice bytes = chimera_buffer_slice(&part->packed);
    const struct chimera_question *question = verdict->question;
    struct record *record = &verdict->record;
    record->uid_size = record->is_bound ? (uint32_t)question->uid.size : 0;
    record->size = (uint32_t)bytes.size;
    size_t more = sizeof(*record) + record->uid_size + bytes.size;
    struct entry *entry = ensure_entry(verdicts, part, verdict, more);
    if (!entry || replace_record(part, entry, record, question))
        return;
    struct chimera_slice head = {(const char *)record, sizeof(*record)};
    chimera_chain_append(&entry->verdicts, &part->blocks, head);
    if (record->is_bound)
        chimera_chain_append(&entry->verdicts, &part->blocks, question->uid);
    chimera_chain_append(&entry->verdicts, &part->blocks, bytes);
}

/* With the lock. False when there is no room for it. */
static bool pack(struct part *part, const struct chimera_response *response)
{
    chimera_buffer_recycle(&part->packed, PACKED_KEPT);
    chimera_pack_response(&part->packed, response);
    return !part->packed.failed;
}

static struct chimera_slice body_of(const struct chimera_question *question)
{
    struct chimera_slice body = question->before;
    if (question->uid.data)
        body.size += question->uid.size + question->behind.size;
    return body;
}

void chimera_verdicts_keep(struct chimera_verdicts *verdicts, uint32_t policy,
                           const struct chimera_question *question,
                           const struct chimera_request *request,
                           const struct chimera_response *response)
{
    struct chimera_request_places places;
    struct verdict verdict = {.question = question, .record = {.policy = policy}};
    if (question->uid.data &&
        (question->uid.data != request->uid.data || question->uid.size != request->uid.size))
        return; /* it is somebody else's */
    if (question->uid.data && chimera_request_find_places(request, body_of(question), &places))
        verdict.places = &places;
    verdict.record.is_bound = question->uid.data && chimera_uid_may_be_in(question->uid, response);
    struct part *part = part_of(verdicts, question->hash);
    pthread_mutex_lock(&part->lock);
    size_t before = part->blocks.used;
    if (pack(part, response))
        keep(verdicts, part, &verdict);
    count_bytes(verdicts, part, before);
    pthread_mutex_unlock(&part->lock);
}

bool chimera_verdicts_contradict(struct chimera_verdicts *verdicts, uint32_t policy,
                                 const struct chimera_question *question,
                                 const struct chimera_response *response)
{
    struct record record;
    struct chimera_chain_place place;
    struct part *part = part_of(verdicts, question->hash);
    bool is_other = false;
    pthread_mutex_lock(&part->lock);
    const struct entry *entry = find_entry(part, question);
    if (entry && find_record(entry, policy, &record, &place) &&
        is_uid_of(&record, &place, question) && pack(part, response)) {
        chimera_chain_skip(&place, record.uid_size);
        is_other = record.size != part->packed.size ||
                   !chimera_chain_match(&place, chimera_buffer_slice(&part->packed));
    }
    pthread_mutex_unlock(&part->lock);
    return is_other;
}
