/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts that are kept: for whom, for how long, within how much. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/base64.h"
#include "runtime/reuse/chain.h"
#include "runtime/reuse/uid.h"
#include "runtime/reuse/verdicts.h"

#define MI ((uint64_t)1 << 20)
#define ARENA_MAX ((size_t)16 << 20)
#define UID_A "705ab4f5-6393-11e8-b7cc-42010a800002"
#define UID_B "11111111-2222-3333-4444-555555555555"

struct store {
    struct chimera_verdicts_counters counters;
    struct chimera_verdicts *verdicts;
    struct chimera_arena arena;
};

static void open_store(struct store *store, uint64_t bytes)
{
    memset(store, 0, sizeof(*store));
    assert_int_equal(chimera_verdicts_open(bytes, &store->counters, &store->verdicts, NULL), 0);
    chimera_arena_init(&store->arena, ARENA_MAX);
}

static void close_store(struct store *store)
{
    chimera_verdicts_close(store->verdicts);
    chimera_arena_free(&store->arena);
}

struct asked { /* a request, and what it is looked for by */
    struct chimera_slice body;
    struct chimera_request request;
    struct chimera_question question;
};

static struct asked read_review(struct chimera_verdicts *verdicts, struct chimera_arena *arena,
                                struct chimera_slice body)
{
    struct asked asked = {.body = body};
    struct chimera_slice why;
    assert_int_equal(chimera_request_parse_review(body, arena, &asked.request, &why),
                     CHIMERA_REQUEST_OK);
    chimera_verdicts_ask(verdicts, body, false, &asked.question);
    return asked;
}

/* A review of an object with that number, and so many bytes more. */
static struct asked make_review(struct chimera_verdicts *verdicts, struct chimera_arena *arena,
                                const char *uid, unsigned number, size_t more)
{
    char *filling = chimera_arena_take(arena, more + 1);
    assert_non_null(filling);
    memset(filling, 'x', more);
    filling[more] = '\0';
    struct chimera_slice body = chimera_arena_print(
        arena,
        "{\"request\":{\"uid\":\"%s\",\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}"
        ","
        "\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},\"operation\":"
        "\"CREATE\",\"userInfo\":{},\"object\":{\"n\":%u,\"more\":\"%s\"}}}",
        uid, number, filling);
    return read_review(verdicts, arena, body);
}

static struct asked review(struct store *store, const char *uid, unsigned number, size_t more)
{
    return make_review(store->verdicts, &store->arena, uid, number, more);
}

static struct chimera_response verdict(const char *message)
{
    return chimera_response_reject(CHIMERA_SLICE(""), chimera_slice_of(message));
}

/* NULL: there is none. */
static const char *found(struct store *store, uint32_t policy, const struct asked *asked)
{
    struct chimera_response response = {.uid = asked->request.uid};
    if (!chimera_verdicts_find(store->verdicts, policy, &asked->question, &store->arena, &response))
        return NULL;
    assert_true(chimera_slice_equal(response.uid, asked->request.uid));
    assert_false(response.allowed);
    return chimera_arena_print(&store->arena, "%.*s", (int)response.status.message.size,
                               response.status.message.data)
        .data;
}

static void keep(struct store *store, uint32_t policy, const struct asked *asked,
                 const char *message)
{
    struct chimera_response response = verdict(message);
    chimera_verdicts_keep(store->verdicts, policy, &asked->question, &asked->request, &response);
}

/* --- For whom --- */

static void each_policy_and_request_has_its_own(void **state)
{
    struct store store;
    (void)state;
    open_store(&store, MI);
    for (unsigned i = 0; i < 20; i++) {
        struct asked request = review(&store, UID_A, i, 0);
        for (uint32_t policy = 0; policy < 5; policy++) {
            char message[32];
            snprintf(message, sizeof(message), "%u of %u", i, policy);
            assert_null(found(&store, policy, &request));
            keep(&store, policy, &request, message);
        }
    }
    for (unsigned i = 0; i < 20; i++) {
        struct asked request = review(&store, UID_B, i, 0); /* another uid */
        for (uint32_t policy = 0; policy < 5; policy++) {
            char message[32];
            snprintf(message, sizeof(message), "%u of %u", i, policy);
            assert_string_equal(found(&store, policy, &request), message);
        }
        assert_null(found(&store, 5, &request));
    }
    close_store(&store);
}

/* One other byte, wherever it is, is another request; also when all hashes are the same. */
static void compare_all_bytes(void)
{
    struct store store;
    char body[] = "{\"request\":{\"uid\":\"" UID_A "\",\"kind\":{\"group\":\"a\",\"version\":\"b\","
                  "\"kind\":\"c\"},\"resource\":{\"group\":\"d\",\"version\":\"e\",\"resource\":"
                  "\"f\"},\"name\":\"g\",\"namespace\":\"h\",\"operation\":\"i\",\"userInfo\":"
                  "{\"username\":\"j\"},\"object\":{\"k\":\"l\"},\"oldObject\":{\"m\":\"n\"},"
                  "\"dryRun\":false,\"options\":{\"o\":\"p\"}}}";
    struct chimera_slice text = chimera_slice_of(body);
    open_store(&store, MI);
    struct asked request = read_review(store.verdicts, &store.arena, text);
    keep(&store, 0, &request, "as it was");
    unsigned others = 0;
    for (size_t i = strlen("{\"request\":{\"uid\":\"" UID_A "\""); i < text.size; i++) {
        bool is_value =
            body[i] >= 'a' && body[i] <= 'p' && body[i - 1] == '"' && body[i + 1] == '"';
        if (!is_value)
            continue;
        char before = body[i];
        body[i] = 'z';
        request = read_review(store.verdicts, &store.arena, text);
        assert_null(found(&store, 0, &request));
        keep(&store, 0, &request, "another");
        assert_string_equal(found(&store, 0, &request), "another");
        body[i] = before;
        request = read_review(store.verdicts, &store.arena, text);
        assert_string_equal(found(&store, 0, &request), "as it was");
        others++;
    }
    assert_int_equal(others, 16);
    close_store(&store);
}

static void requests_are_compared_whole(void **state)
{
    (void)state;
    compare_all_bytes();
    chimera_verdicts_hash_mask = 0;
    compare_all_bytes();
    each_policy_and_request_has_its_own(state);
    chimera_verdicts_hash_mask = UINT64_MAX;
}

static struct asked read_raw(struct store *store, const char *body)
{
    struct asked asked = {.body = chimera_slice_of(body)};
    struct chimera_slice why;
    assert_int_equal(chimera_request_parse_raw(asked.body, &store->arena, &asked.request, &why), 0);
    chimera_verdicts_ask(store->verdicts, asked.body, true, &asked.question);
    return asked;
}

static void raw_requests_are_compared_with_their_uid(void **state)
{
    struct store store;
    struct chimera_request_places places;
    (void)state;
    open_store(&store, MI);
    struct asked raw = read_raw(&store, "{\"request\":{\"uid\":\"" UID_A "\",\"a\":1}}");
    struct asked same = read_raw(&store, "{\"request\":{\"uid\":\"" UID_A "\",\"a\":1}}");
    struct asked other = read_raw(&store, "{\"request\":{\"uid\":\"" UID_B "\",\"a\":1}}");
    keep(&store, 0, &raw, "raw");
    assert_string_equal(found(&store, 0, &same), "raw");
    assert_null(found(&store, 0, &other));
    assert_false(chimera_verdicts_find_places(store.verdicts, &same.question, &places));
    close_store(&store);
}

/* --- Which uid --- */

#define REST                                                                                      \
    "\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},\"resource\":{\"group\":\"\"," \
    "\"version\":\"v1\",\"resource\":\"pods\"},\"operation\":\"CREATE\",\"userInfo\":{}"

/* Where another uid comes first nothing is kept, and nothing is given to another. */
static void a_uid_that_is_not_the_request_s_is_none(void **state)
{
    struct store store;
    (void)state;
    open_store(&store, MI);
    static const char *const bodies[] = {
        "{\"other\":{\"uid\":\"" UID_A "\"},\"request\":{\"uid\":\"" UID_B "\"," REST "}}",
        "{\"request\":{\"object\":{\"uid\":\"" UID_A "\"},\"uid\":\"" UID_B "\"," REST "}}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct asked asked = read_review(store.verdicts, &store.arena, chimera_slice_of(bodies[i]));
        keep(&store, 0, &asked, "no");
        assert_null(found(&store, 0, &asked));
    }
    assert_int_equal(atomic_load(&store.counters.bytes), 0);
    close_store(&store);
}

/* They are compared with all else. */
static void uids_that_are_not_plain_are_not_left_out(void **state)
{
    static const char *const bodies[] = {
        "{\"request\":{\"uid\":\"\"," REST "}}",
        "{\"request\":{\"uid\":\"short\"," REST "}}",
        "{\"request\":{\"uid\":\"1111\\u0031111-2222-3333\"," REST "}}",
        "{\"request\":{\"uid\":\"blank 22-3333-4444-5555\"," REST "}}",
        "{\"request\":{\"uid\" : \"short\"," REST "}}",
        "{\"request\":{\"\\u0075id\":\"" UID_A "\"," REST "}}",
    };
    enum { COUNT = sizeof(bodies) / sizeof(bodies[0]) };
    struct store store;
    (void)state;
    open_store(&store, MI);
    for (size_t i = 0; i < COUNT; i++) {
        struct asked asked = read_review(store.verdicts, &store.arena, chimera_slice_of(bodies[i]));
        assert_null(asked.question.uid.data);
        assert_null(found(&store, 0, &asked));
        keep(&store, 0, &asked, bodies[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        struct asked asked = read_review(store.verdicts, &store.arena, chimera_slice_of(bodies[i]));
        assert_string_equal(found(&store, 0, &asked), bodies[i]);
    }
    close_store(&store);
}

/* Of another length it is another place for all that is behind it. */
static void uids_of_two_lengths_are_two_requests(void **state)
{
    struct store store;
    (void)state;
    open_store(&store, MI);
    struct asked longer = review(&store, UID_A, 0, 0),
                 shorter = review(&store, "1111111111111111", 0, 0);
    keep(&store, 0, &longer, "longer");
    assert_null(found(&store, 0, &shorter));
    keep(&store, 0, &shorter, "shorter");
    assert_string_equal(found(&store, 0, &longer), "longer");
    assert_string_equal(found(&store, 0, &shorter), "shorter");
    close_store(&store);
}

/* --- What is in a verdict --- */

static void all_of_a_verdict_comes_back(void **state)
{
    struct store store;
    struct chimera_cause second = {.message = CHIMERA_SLICE("m2")};
    struct chimera_cause first = {
        .message = CHIMERA_SLICE("m"), .field = CHIMERA_SLICE(""), .next = &second};
    struct chimera_response whole = {.allowed = true,
                                     .patch_type = CHIMERA_SLICE("JSONPatch"),
                                     .patch = CHIMERA_SLICE("W10="),
                                     .has_status = true,
                                     .status = {.status = CHIMERA_SLICE("s"),
                                                .message = CHIMERA_SLICE("t"),
                                                .reason = CHIMERA_SLICE("u"),
                                                .has_details = true,
                                                .details_name = CHIMERA_SLICE("v"),
                                                .details_group = CHIMERA_SLICE("w"),
                                                .details_kind = CHIMERA_SLICE("x"),
                                                .details_uid = CHIMERA_SLICE("y"),
                                                .causes = &first,
                                                .has_retry_after = true,
                                                .retry_after_seconds = 7,
                                                .has_code = true,
                                                .code = 418},
                                     .audit_annotations = CHIMERA_SLICE("{\"a\":\"b\"}"),
                                     .warnings = CHIMERA_SLICE("[\"c\"]")};
    struct chimera_response got;
    struct chimera_buffer wanted, written;
    (void)state;
    open_store(&store, MI);
    chimera_buffer_init(&wanted, MI);
    chimera_buffer_init(&written, MI);
    struct asked request = review(&store, UID_A, 0, 0);
    chimera_verdicts_keep(store.verdicts, 3, &request.question, &request.request, &whole);
    got.uid = whole.uid = request.request.uid;
    assert_true(chimera_verdicts_find(store.verdicts, 3, &request.question, &store.arena, &got));
    chimera_response_write(&whole, &wanted);
    chimera_response_write(&got, &written);
    assert_int_equal(wanted.size, written.size);
    assert_memory_equal(wanted.data, written.data, wanted.size);
    assert_false(chimera_verdicts_contradict(store.verdicts, 3, &request.question, &whole));
    whole.status.code = 419;
    assert_true(chimera_verdicts_contradict(store.verdicts, 3, &request.question, &whole));
    assert_false(chimera_verdicts_contradict(store.verdicts, 4, &request.question, &whole));
    chimera_buffer_free(&wanted);
    chimera_buffer_free(&written);
    close_store(&store);
}

static void a_verdict_with_the_uid_is_for_that_one(void **state)
{
    struct store store;
    (void)state;
    open_store(&store, MI);
    struct asked a = review(&store, UID_A, 0, 0);
    struct asked b = review(&store, UID_B, 0, 0);
    keep(&store, 0, &a, "refused: " UID_A);
    assert_string_equal(found(&store, 0, &a), "refused: " UID_A);
    assert_null(found(&store, 0, &b));
    keep(&store, 0, &b, "refused: " UID_B); /* in its place */
    assert_string_equal(found(&store, 0, &b), "refused: " UID_B);
    assert_null(found(&store, 0, &a));
    keep(&store, 0, &a, "longer than before: " UID_A);
    assert_string_equal(found(&store, 0, &a), "longer than before: " UID_A);
    keep(&store, 0, &a, "without");
    assert_string_equal(found(&store, 0, &b), "without");
    close_store(&store);
}

static bool may_be_in(const char *uid, const struct chimera_response *response)
{
    return chimera_uid_may_be_in(chimera_slice_of(uid), response);
}

static void uids_are_found_wherever_they_are(void **state)
{
    struct chimera_cause cause = {.message = CHIMERA_SLICE("m")};
    struct chimera_response none = verdict("text"), response = none;
    (void)state;
    none.status.causes = &cause;
    none.warnings = CHIMERA_SLICE("[\"a\"]");
    none.patch = CHIMERA_SLICE("W10=");
    assert_false(may_be_in(UID_A, &none));
    struct chimera_slice *const places[] = {&response.status.message,
                                            &response.status.reason,
                                            &response.status.status,
                                            &response.status.details_name,
                                            &response.status.details_uid,
                                            &response.status.details_kind,
                                            &response.status.details_group,
                                            &response.warnings,
                                            &response.audit_annotations,
                                            &response.patch_type,
                                            &cause.message,
                                            &cause.field,
                                            &cause.reason};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        response = none;
        struct chimera_slice before = *places[i];
        *places[i] = CHIMERA_SLICE("it is " UID_A ".");
        assert_true(may_be_in(UID_A, &response));
        assert_false(may_be_in(UID_B, &response));
        *places[i] = before;
    }
    /* Short ones, and those that JSON writes in more than one way, may be anywhere. */
    static const char *const odd[] = {"",
                                      "1",
                                      "123456789012345",
                                      "12345678901234567890\"",
                                      "1234567890123456789\xC3\xA9",
                                      "12345678901234567890 "};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_true(may_be_in(odd[i], &none));
}

/* Wherever in the patch, whose base64 is decoded in pieces. */
static void uids_are_found_in_patches(void **state)
{
    char text[20000];
    struct chimera_buffer patch;
    (void)state;
    chimera_buffer_init(&patch, MI);
    for (size_t at = 0; at < sizeof(text) - strlen(UID_A);
         at += at < 12400 && at > 12200 ? 1 : 97) {
        struct chimera_response response = {.allowed = true};
        memset(text, 'x', sizeof(text));
        memcpy(text + at, UID_A, strlen(UID_A));
        chimera_buffer_reset(&patch);
        chimera_base64_encode((struct chimera_slice){text, sizeof(text)}, CHIMERA_BASE64_STANDARD,
                              &patch);
        response.patch = chimera_buffer_slice(&patch);
        assert_true(may_be_in(UID_A, &response));
        assert_false(may_be_in(UID_B, &response));
    }
    struct chimera_response response = {.patch = CHIMERA_SLICE("no base64")};
    assert_true(may_be_in(UID_B, &response));
    chimera_buffer_free(&patch);
}

/* --- Within how much --- */

static uint64_t bytes_of(struct store *store)
{
    return atomic_load(&store->counters.bytes);
}

static void the_bound_holds_and_the_oldest_make_room(void **state)
{
    struct store store;
    (void)state;
    open_store(&store, MI);
    struct asked used = review(&store, UID_A, 1000000, 2000);
    keep(&store, 0, &used, "used");
    for (unsigned i = 0; i < 2000; i++) {
        struct asked request = review(&store, UID_A, i, 2000);
        keep(&store, 0, &request, "now");
        assert_string_equal(found(&store, 0, &request), "now");
        if (i % 50 == 0)
            assert_string_equal(found(&store, 0, &used), "used"); /* which is a use */
        assert_true(bytes_of(&store) < MI);
        chimera_arena_reset(&store.arena);
        used = review(&store, UID_A, 1000000, 2000);
    }
    uint64_t evicted = atomic_load(&store.counters.evicted);
    assert_true(evicted > 1000 && evicted < 2000);
    unsigned kept = 0;
    for (unsigned i = 0; i < 2000; i++) {
        struct asked request = review(&store, UID_A, i, 2000);
        bool is_there = found(&store, 0, &request);
        kept += is_there;
        if (is_there)
            assert_true(i >= evicted - 1); /* those that came last */
        chimera_arena_reset(&store.arena);
    }
    assert_int_equal(kept + evicted, 2000);
    close_store(&store);
}

/* What lies in memory is what the bound says, all told: blocks, buckets, and the rest. */
static void all_that_is_held_is_within_the_bound(void **state)
{
    static const uint64_t bounds[] = {MI, 3 * MI, 4 * MI, 9 * MI, 64 * MI, 100 * MI};
    (void)state;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        struct store store;
        open_store(&store, bounds[i]);
        for (unsigned n = 0; n < bounds[i] / 4096 * 3; n++) {
            struct asked request = review(&store, UID_A, n, 3900);
            keep(&store, 0, &request, "full");
            chimera_arena_reset(&store.arena);
        }
        assert_true(atomic_load(&store.counters.evicted) > 0);
        assert_true(bytes_of(&store) < bounds[i]);
        assert_true(bytes_of(&store) > bounds[i] * 9 / 10); /* and nearly all of it is of use */
        close_store(&store);
    }
}

static void what_is_large_beside_the_bound_is_not_kept(void **state)
{
    struct store store;
    (void)state;
    open_store(&store, MI);
    struct asked small = review(&store, UID_A, 0, 0);
    struct asked large = review(&store, UID_A, 0, 400000);
    keep(&store, 0, &small, "small");
    keep(&store, 0, &large, "large");
    assert_null(found(&store, 0, &large));
    assert_string_equal(found(&store, 0, &small), "small");
    assert_int_equal(atomic_load(&store.counters.evicted), 0);
    /* Nor what becomes large by its verdicts. */
    unsigned kept = 0;
    for (uint32_t policy = 0; policy < 20000; policy++) {
        keep(&store, policy, &small, "small");
        kept += found(&store, policy, &small) != NULL;
        chimera_arena_reset(&store.arena);
        small = review(&store, UID_A, 0, 0);
        if (policy % 1000 != 0)
            policy += 9; /* each look goes over all of them */
    }
    assert_true(kept > 1000 && bytes_of(&store) < MI / 2);
    close_store(&store);
}

/* A policy that answers the same bytes differently takes no more and no more. */
static void verdicts_of_many_sizes_do_not_pile_up(void **state)
{
    struct store store;
    (void)state;
    open_store(&store, MI);
    struct asked request = review(&store, UID_A, 0, 0);
    uint64_t most = 0;
    for (unsigned i = 0; i < 5000; i++) {
        char message[300];
        memset(message, 'm', sizeof(message));
        message[i * 7 % sizeof(message)] = '\0';
        message[sizeof(message) - 1] = '\0';
        keep(&store, 0, &request, message);
        most = bytes_of(&store) > most ? bytes_of(&store) : most;
    }
    assert_true(most <= 8 * CHIMERA_BLOCK_SIZE);
    close_store(&store);
}

/* --- Together --- */

struct worker {
    struct store *store;
    unsigned seed;
    unsigned hits, wrong;
};

/* The verdict says which request and policy it is for. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    struct chimera_arena arena;
    chimera_arena_init(&arena, ARENA_MAX);
    for (unsigned i = 0; i < 20000; i++) {
        struct chimera_response response;
        char message[48];
        worker->seed = worker->seed * 1103515245 + 12345;
        unsigned number = worker->seed >> 16 & 511;
        uint32_t policy = worker->seed >> 8 & 3;
        snprintf(message, sizeof(message), "%u of %u", number, policy);
        struct chimera_verdicts *verdicts = worker->store->verdicts;
        struct asked asked =
            make_review(verdicts, &arena, i & 1 ? UID_A : UID_B, number, number * 10);
        if (chimera_verdicts_find(verdicts, policy, &asked.question, &arena, &response)) {
            worker->hits++;
            worker->wrong += !chimera_slice_is(response.status.message, message);
        } else {
            response = verdict(message);
            chimera_verdicts_keep(verdicts, policy, &asked.question, &asked.request, &response);
        }
        worker->wrong += chimera_verdicts_contradict(verdicts, policy, &asked.question, &response);
        chimera_arena_reset(&arena);
    }
    chimera_arena_free(&arena);
    return NULL;
}

static void threads_find_what_others_keep(void **state)
{
    enum { THREADS = 4 };
    struct store store;
    struct worker worker[THREADS];
    pthread_t thread[THREADS];
    unsigned hits = 0;
    (void)state;
    open_store(&store, MI); /* less than they all need: some make room for others */
    for (unsigned i = 0; i < THREADS; i++) {
        worker[i] = (struct worker){.store = &store, .seed = i + 1};
        assert_int_equal(pthread_create(&thread[i], NULL, work, &worker[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(worker[i].wrong, 0);
        hits += worker[i].hits;
    }
    assert_true(hits > 0 && atomic_load(&store.counters.evicted) > 0);
    assert_true(bytes_of(&store) < MI);
    close_store(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_and_request_has_its_own),
        cmocka_unit_test(requests_are_compared_whole),
        cmocka_unit_test(raw_requests_are_compared_with_their_uid),
        cmocka_unit_test(a_uid_that_is_not_the_request_s_is_none),
        cmocka_unit_test(uids_that_are_not_plain_are_not_left_out),
        cmocka_unit_test(uids_of_two_lengths_are_two_requests),
        cmocka_unit_test(all_of_a_verdict_comes_back),
        cmocka_unit_test(a_verdict_with_the_uid_is_for_that_one),
        cmocka_unit_test(uids_are_found_wherever_they_are),
        cmocka_unit_test(uids_are_found_in_patches),
        cmocka_unit_test(the_bound_holds_and_the_oldest_make_room),
        cmocka_unit_test(all_that_is_held_is_within_the_bound),
        cmocka_unit_test(what_is_large_beside_the_bound_is_not_kept),
        cmocka_unit_test(verdicts_of_many_sizes_do_not_pile_up),
        cmocka_unit_test(threads_find_what_others_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
