/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log/log_limit.h"

#include <stdatomic.h>

#include "runtime/base/clock.h"
#include "runtime/text/utf8.h"

#define NS_PER_S UINT64_C(1000000000)
#define BURST_NS (2 * NS_PER_S)
#define SILENCE_NS NS_PER_S /* half of the buckets fills meanwhile */
#define BUCKETS 8192        /* a power of two, twice the policies that a server tells apart */
#define PROBES_MAX 16       /* then the last one is shared */
#define NAME_BYTES 128

struct bucket { /* all zeros: nobody's */
    _Atomic uint64_t key;
    /* When the bucket of lines, and that of bytes, would be full again. */
    _Atomic uint64_t lines_full_ns, bytes_full_ns;
    _Atomic uint64_t resume_ns; /* 0: it may speak */
    _Atomic uint64_t lost;
    _Atomic uint32_t naming; /* an enum naming */
};

enum naming { UNNAMED, IS_BEING_NAMED, NAMED };

static struct bucket buckets[BUCKETS];
static char names[BUCKETS][NAME_BYTES]; /* written once, by who begins the naming */
static atomic_uint silent_count;        /* of those with resume_ns */
static uint64_t line_ns, byte_ns_1024;  /* what a line costs, and 1,024 bytes; 0: nothing */

void (*chimera_log_limit_count)(struct chimera_slice policy_id);

void chimera_log_limit_set(unsigned lines_per_s)
{
    line_ns = lines_per_s ? NS_PER_S / lines_per_s : 0;
    byte_ns_1024 = lines_per_s ? NS_PER_S / lines_per_s * 1024 / CHIMERA_LOG_LINE_SHARE : 0;
}

static struct bucket *bucket_of(uint64_t key)
{
    uint64_t place = key ^ key >> 32;
    struct bucket *bucket = NULL;
    for (unsigned i = 0; i < PROBES_MAX; i++) {
        uint64_t found = 0;
        bucket = &buckets[(place + i) & (BUCKETS - 1)];
        if (atomic_compare_exchange_strong(&bucket->key, &found, key) || found == key)
            return bucket;
    }
    return bucket;
}

/* Takes what costs `cost_ns`, unless the bucket is too empty. A full one is enough for any line. */
static bool take_from_bucket(_Atomic uint64_t *full_ns, uint64_t cost_ns, uint64_t now_ns)
{
    uint64_t before_ns = atomic_load_explicit(full_ns, memory_order_relaxed), after_ns;
    cost_ns = cost_ns < BURST_NS ? cost_ns : BURST_NS;
    do {
        after_ns = (before_ns > now_ns ? before_ns : now_ns) + cost_ns;
        if (after_ns > now_ns + BURST_NS)
            return false;
    } while (!atomic_compare_exchange_weak(full_ns, &before_ns, after_ns));
    return true;
}

static void name_bucket(struct bucket *bucket, struct chimera_slice id)
{
    uint32_t unnamed = UNNAMED;
    if (!atomic_compare_exchange_strong(&bucket->naming, &unnamed, IS_BEING_NAMED))
        return;
    id.size = id.size < NAME_BYTES ? id.size : NAME_BYTES - 1;
    memcpy(names[bucket - buckets], id.data, chimera_utf8_prefix(id));
    atomic_store(&bucket->naming, NAMED); /* partner: settle() */
}

/* One of many threads ends the silence, and tells of it. */
static bool end_silence(struct bucket *bucket, uint64_t resume_ns, uint64_t *ret_lost)
{
    if (!atomic_compare_exchange_strong(&bucket->resume_ns, &resume_ns, 0))
        return false;
    atomic_fetch_sub(&silent_count, 1);
    *ret_lost = atomic_exchange(&bucket->lost, 0);
    return true;
}

struct chimera_log_permit chimera_log_limit_ask(struct chimera_slice policy_id,
                                                enum chimera_log_speaker speaker, size_t bytes,
                                                uint64_t now_ns)
{
    struct chimera_log_permit permit = {.is_given = true};
    if (line_ns == 0)
        return permit;
    /* FNV-1a. Two ids with one key share a bucket, and nobody would notice. */
    uint64_t key = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)speaker;
    for (size_t i = 0; i < policy_id.size; i++)
        key = (key ^ (unsigned char)policy_id.data[i]) * UINT64_C(0x100000001b3);
    struct bucket *bucket = bucket_of(key ? key : 1);
    uint64_t resume_ns = atomic_load(&bucket->resume_ns), none = 0;
    permit.is_given = resume_ns <= now_ns;
    if (resume_ns && permit.is_given)
        end_silence(bucket, resume_ns, &permit.lost);
    permit.is_given = permit.is_given &&
                      take_from_bucket(&bucket->lines_full_ns, line_ns, now_ns) &&
                      take_from_bucket(&bucket->bytes_full_ns, bytes * byte_ns_1024 / 1024, now_ns);
    if (permit.is_given)
        return permit;
    name_bucket(bucket, policy_id);
    atomic_fetch_add_explicit(&bucket->lost, 1, memory_order_relaxed);
    if (chimera_log_limit_count)
        chimera_log_limit_count(policy_id);
    permit.begins = atomic_compare_exchange_strong(&bucket->resume_ns, &none, now_ns + SILENCE_NS);
    if (permit.begins)
        atomic_fetch_add(&silent_count, 1);
    return permit;
}

/* --- Policies that have fallen silent --- */

static void settle(struct bucket *bucket, uint64_t now_ns,
                   void (*tell)(struct chimera_slice policy_id, uint64_t lines))
{
    uint64_t resume_ns = atomic_load(&bucket->resume_ns), lost = 0;
    if (resume_ns && resume_ns <= now_ns && end_silence(bucket, resume_ns, &lost) && lost > 0)
        tell(atomic_load(&bucket->naming) != NAMED ? CHIMERA_SLICE("")
                                                   : chimera_slice_of(names[bucket - buckets]),
             lost);
}

bool chimera_log_limit_settle(bool is_end,
                              void (*tell)(struct chimera_slice policy_id, uint64_t lines))
{
    uint64_t now_ns = is_end ? UINT64_MAX : chimera_clock_ns();
    for (size_t i = 0; i < BUCKETS && atomic_load(&silent_count) > 0; i++)
        settle(&buckets[i], now_ns, tell);
    return atomic_load(&silent_count) > 0;
}
