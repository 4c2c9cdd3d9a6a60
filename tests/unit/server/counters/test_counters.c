/* SPDX-License-Identifier: Apache-2.0 */
/* What the server counts: from several threads and processes, without end, and read from memory
 * that its writer has spoilt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include "runtime/base/clock.h"
#include "runtime/instance/guest.h"
#include "runtime/text/utf8.h"
#include "server/config/plugins.h"
#include "server/counters/counters.h"
#include "server/counters/scoreboard.h"

#define S(text) CHIMERA_SLICE(text)
#define MS UINT64_C(1000000)

static struct shared shared;
static struct counters *counters;

static int set_up(void **state)
{
    struct chimera_error err = {0};
    (void)state;
    assert_int_equal(counters_make(&shared, &err), CHIMERA_OK);
    counters = shared.data;
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    shared_done(&shared);
    return 0;
}

static void add(uint32_t policy, struct chimera_slice name_space, struct chimera_slice kind,
                uint64_t latency_ns)
{
    const struct series_labels labels = {.policy = policy,
                                         .is_accepted = true,
                                         .kind = kind,
                                         .operation = S("CREATE"),
                                         .name_space = name_space};
    series_add(&counters->series, &counters->policy[policy].series_count, &labels, latency_ns);
}

/* All evaluations in all series; fails when a label set is there twice. */
static uint64_t sum_up(uint32_t *ret_series)
{
    static struct series_view views[SERIES_MAX];
    uint32_t count = 0;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < series_count(&counters->series); i++) {
        if (!series_read(&counters->series, i, &views[count]))
            continue;
        for (uint32_t other = 0; other < count && count < 2000; other++)
            assert_memory_not_equal(&views[other].key, &views[count].key, sizeof(views[count].key));
        sum += views[count++].evaluations;
    }
    *ret_series = count;
    return sum;
}

/* --- Histogram --- */

static void quantiles_are_near_the_truth(void **state)
{
    struct histogram histogram = {0};
    struct histogram_copy copy;
    (void)state;
    for (uint64_t us = 1; us <= 10000; us++)
        histogram_add(&histogram, us * 1000);
    histogram_read(&histogram, &copy);
    static const struct {
        double share, truth_ns;
    } cases[] = {{0.5, 5000e3}, {0.9, 9000e3}, {0.99, 9900e3}, {0.01, 100e3}};
    assert_int_equal(copy.total, 10000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double error = (double)histogram_quantile(&copy, cases[i].share) / cases[i].truth_ns - 1;
        assert_true(error < 0.07 && error > -0.07);
    }
    for (uint64_t ns = 1; ns < UINT64_C(1) << 36; ns = ns * 3 / 2 + 1) {
        struct histogram one = {0};
        histogram_add(&one, ns);
        histogram_read(&one, &copy);
        double error = (double)histogram_quantile(&copy, 0.5) - (double)ns;
        assert_true(error <= 64 + 0.07 * (double)ns && error >= -64 - 0.07 * (double)ns);
    }
}

static void a_histogram_has_ends(void **state)
{
    struct histogram histogram = {0};
    struct histogram_copy copy;
    (void)state;
    histogram_read(&histogram, &copy);
    assert_int_equal(histogram_quantile(&copy, 0.5), 0);
    histogram_add(&histogram, 0);
    histogram_add(&histogram, UINT64_MAX);
    histogram_read(&histogram, &copy);
    assert_int_equal(copy.total, 2);
    assert_true(histogram_quantile(&copy, 1) > UINT64_C(100000) * MS);
    assert_int_equal(histogram_below(&copy, 1000), 1);
    assert_int_equal(histogram_below(&copy, UINT64_MAX), 2);
}

/* --- Series --- */

static void labels_come_back_as_they_went_in(void **state)
{
    struct series_view view;
    const struct series_labels labels = {.policy = 7,
                                         .is_monitor = true,
                                         .is_mutated = true,
                                         .has_error_code = true,
                                         .error_code = 403,
                                         .origin = SERIES_AUDIT,
                                         .kind = S("Pod"),
                                         .operation = S("DELETE"),
                                         .name_space = {NULL, 0}};
    (void)state;
    series_add(&counters->series, &counters->policy[7].series_count, &labels, 5 * MS);
    series_add(&counters->series, &counters->policy[7].series_count, &labels, 26 * MS + 999999);
    series_add(&counters->series, &counters->policy[7].series_count, &labels, 20000 * MS);
    assert_int_equal(series_count(&counters->series), 1);
    assert_true(series_read(&counters->series, 0, &view));
    assert_int_equal(view.labels.policy, 7);
    assert_true(view.labels.is_monitor && view.labels.is_mutated && !view.labels.is_accepted);
    assert_true(view.labels.has_error_code);
    assert_int_equal(view.labels.error_code, 403);
    assert_int_equal(view.labels.origin, SERIES_AUDIT);
    assert_true(chimera_slice_is(view.labels.kind, "Pod"));
    assert_true(chimera_slice_is(view.labels.operation, "DELETE"));
    assert_null(view.labels.name_space.data);
    assert_int_equal(view.evaluations, 3);
    assert_int_equal(view.sum_ms, 20031); /* whole milliseconds, cut */
    assert_int_equal(view.bucket[1], 1);  /* up to 5 ms, inclusive */
    assert_int_equal(view.bucket[4], 1);  /* up to 50 ms */
    assert_int_equal(view.bucket[SERIES_BOUNDS], 1);
}

static void *add_many(void *context)
{
    char name[16];
    (void)context;
    for (unsigned i = 0; i < 20000; i++) {
        int size = snprintf(name, sizeof(name), "ns-%u", i % 50);
        add(i % 4, (struct chimera_slice){name, (size_t)size}, S("Pod"), i);
        histogram_add(&counters->policy[1].wall, i);
    }
    return NULL;
}

static void run_threads(void)
{
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, add_many, NULL);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static void threads_and_processes_lose_nothing(void **state)
{
    struct histogram_copy copy;
    uint32_t series = 0;
    int status = -1;
    (void)state;
    pid_t pid = fork();
    if (pid == 0) { /* as a worker: it maps by the descriptor */
        if (shared_map(&shared, true, NULL) < 0)
            _exit(1);
        counters = shared.data;
        run_threads();
        _exit(0);
    }
    run_threads();
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(sum_up(&series), 2 * 3 * 20000);
    assert_int_equal(series, 100); /* 50 namespaces, each with two of the four policies */
    histogram_read(&counters->policy[1].wall, &copy);
    assert_int_equal(copy.total, 2 * 3 * 20000);
}

static void one_policy_has_an_end_of_label_sets(void **state)
{
    char name[24];
    uint32_t series = 0, others = 0;
    struct series_view view;
    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        int size = snprintf(name, sizeof(name), "x%u", i);
        struct chimera_slice text = {name, (size_t)size};
        add(1, text, i < 4000 ? S("Pod") : text, MS);
    }
    assert_int_equal(sum_up(&series), 5000);
    assert_true(series <= SERIES_PER_POLICY + SERIES_COARSE + SERIES_LAST);
    assert_int_equal(atomic_load(&counters->series.lost), 0);
    for (uint32_t i = 0; i < series_count(&counters->series); i++)
        if (series_read(&counters->series, i, &view))
            others += chimera_slice_is(view.labels.name_space, "other") &&
                      chimera_slice_is(view.labels.kind, "Pod");
    assert_int_equal(others, 1); /* the kind outlives the namespaces */
    add(2, S("default"), S("Pod"), MS);
    assert_int_equal(sum_up(&series), 5001);
    assert_int_equal(atomic_load(&counters->policy[2].series_count), 1); /* others have theirs */
}

static void all_policies_have_an_end_of_label_sets(void **state)
{
    char name[24];
    uint32_t series = 0;
    (void)state;
    for (unsigned i = 0; i < 40000; i++) {
        int size = snprintf(name, sizeof(name), "x%u", i);
        add(i % 1000, (struct chimera_slice){name, (size_t)size}, S("Pod"), MS);
    }
    uint64_t sum = sum_up(&series);
    assert_int_equal(sum + atomic_load(&counters->series.lost), 40000);
    assert_int_equal(atomic_load(&counters->series.lost), 0);
    assert_true(series <= SERIES_MAX);
}

static void what_is_too_long_is_other(void **state)
{
    char name[SERIES_NAME_MAX + 1];
    struct series_view view;
    (void)state;
    memset(name, 'a', sizeof(name));
    add(1, (struct chimera_slice){name, sizeof(name)}, (struct chimera_slice){name, 64}, 0);
    assert_true(series_read(&counters->series, 0, &view));
    assert_true(chimera_slice_is(view.labels.name_space, "other"));
    assert_int_equal(view.labels.kind.size, 64);
    assert_int_equal(view.bucket[0], 1); /* 0 ms has a bucket of its own */
}

static void fill_with_noise(void *to, size_t size, unsigned seed)
{
    unsigned char *bytes = to;
    srand(seed);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)rand();
}

static void nonsense_is_not_believed(void **state)
{
    static struct rejection rejections[REJECTIONS_MAX];
    struct counters_view numbers;
    struct series_view view;
    (void)state;
    for (unsigned seed = 1; seed < 4; seed++) {
        fill_with_noise(counters, sizeof(*counters), seed);
        for (uint32_t i = 0; i < series_count(&counters->series) + 2; i++)
            if (series_read(&counters->series, i, &view))
                assert_true(view.labels.kind.size <= SERIES_NAME_MAX &&
                            chimera_utf8_is_valid(view.labels.kind));
        for (uint32_t i = 0; i < COUNTERS_POLICIES + 10; i++) {
            counters_read(counters, i, &numbers);
            assert_true(histogram_quantile(&numbers.wall, 0.99) < UINT64_MAX);
        }
        assert_true(rejections_read(&counters->rejections, rejections, REJECTIONS_MAX) <=
                    REJECTIONS_MAX);
        add_many(NULL); /* and a writer that finds it so stays inside, too */
    }
}

static void a_label_set_that_is_there_twice_counts_once(void **state)
{
    struct series_view view;
    (void)state;
    add(1, S("default"), S("Pod"), 0);
    counters->series.series[1] = counters->series.series[0];
    atomic_store(&counters->series.count, 2);
    assert_true(series_read(&counters->series, 0, &view));
    assert_false(series_read(&counters->series, 1, &view));
}

/* Whether the first series is read when the index leads to it from everywhere, by one tag or
 * another. */
static bool is_read_somehow(void)
{
    struct series_view view;
    for (uint32_t tag = 0; tag < 0x10000; tag++) {
        wmemset((wchar_t *)(uintptr_t)counters->series.index, (wchar_t)(tag << 16 | 1),
                SERIES_INDEX);
        if (series_read(&counters->series, 0, &view))
            return true;
    }
    return false;
}

/* Keys that differ where their labels do not. */
static void a_key_that_no_writer_makes_is_not_read(void **state)
{
    struct series_key *key = &counters->series.series[0].key;
    (void)state;
    add(1, S("default"), S("Pod"), 0);
    assert_true(is_read_somehow());
    key->flags |= 0x10;
    assert_false(is_read_somehow());
    key->flags &= 0xf;
    key->error_code = 7;
    assert_false(is_read_somehow());
    key->error_code = 0;
    key->has_name_space = 2;
    assert_false(is_read_somehow());
    key->has_name_space = 1;
    key->kind[10] = 'x';
    assert_false(is_read_somehow());
}

/* --- Rejections --- */

static void reject(unsigned number)
{
    char text[16];
    int size = snprintf(text, sizeof(text), "u-%u", number);
    struct rejection rejection = {.at_ms = number};
    REJECTION_SET(&rejection, uid, ((struct chimera_slice){text, (size_t)size}));
    rejections_add(&counters->rejections, &rejection);
}

static void the_newest_rejections_are_kept(void **state)
{
    static struct rejection list[REJECTIONS_MAX + 1];
    (void)state;
    assert_int_equal(rejections_read(&counters->rejections, list, 10), 0);
    for (unsigned i = 1; i <= 100; i++)
        reject(i);
    assert_int_equal(rejections_read(&counters->rejections, list, 3), 3);
    assert_int_equal(list[0].at_ms, 100);
    assert_int_equal(list[2].at_ms, 98);
    assert_memory_equal(list[0].uid, "u-100", 5);
    assert_int_equal(list[0].uid_text.size, 5);
    assert_int_equal(rejections_read(&counters->rejections, list, REJECTIONS_MAX + 1),
                     REJECTIONS_MAX);
    assert_int_equal(list[REJECTIONS_MAX - 1].at_ms, 100 - REJECTIONS_MAX + 1);
}

static void texts_are_cut_between_characters(void **state)
{
    struct rejection rejection = {0};
    char text[REJECTION_NAME_MAX + 8];
    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text + REJECTION_NAME_MAX - 1, "\xe2\x82\xac", 3); /* one character, at the limit */
    REJECTION_SET(&rejection, name, ((struct chimera_slice){text, sizeof(text)}));
    assert_int_equal(rejection.name_text.size, REJECTION_NAME_MAX - 1);
    assert_int_equal(rejection.name_text.is_cut, 1);
    REJECTION_SET(&rejection, name, ((struct chimera_slice){NULL, 0}));
    assert_int_equal(rejection.name_text.size, 0);
}

static void *reject_many(void *context)
{
    unsigned first = *(unsigned *)context;
    for (unsigned i = 0; i < 20000; i++)
        reject(first + i);
    return NULL;
}

/* A reader beside two writers sees whole entries or none. */
static void a_reader_sees_whole_rejections(void **state)
{
    static struct rejection list[REJECTIONS_MAX];
    unsigned firsts[] = {100000, 900000};
    pthread_t threads[2];
    char text[16];
    (void)state;
    for (size_t i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, reject_many, &firsts[i]);
    for (unsigned round = 0; round < 300; round++) {
        size_t count = rejections_read(&counters->rejections, list, REJECTIONS_MAX);
        for (size_t i = 0; i < count; i++) {
            int size = snprintf(text, sizeof(text), "u-%u", (unsigned)list[i].at_ms);
            assert_int_equal(list[i].uid_text.size, size);
            assert_memory_equal(list[i].uid, text, (size_t)size);
        }
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void count_rejection(struct chimera_slice uid, struct chimera_cause *causes)
{
    struct chimera_arena arena;
    const struct chimera_request request = {.is_raw = true, .uid = uid};
    struct chimera_response response = chimera_response_reject(uid, S("no"));
    const struct counters_request counted = {
        .request = &request, .response = &response, .policy = 5};
    response.status.causes = causes;
    chimera_arena_init(&arena, 4096);
    counters_count_request(counters, &counted, &arena);
    chimera_arena_free(&arena);
}

static void causes_are_kept_as_far_as_there_is_room(void **state)
{
    static struct rejection list[2];
    struct chimera_cause causes[REJECTION_CAUSES + 2];
    char long_text[REJECTION_CAUSE_MAX + 1];
    (void)state;
    memset(long_text, 'x', sizeof(long_text));
    for (size_t i = 0; i < REJECTION_CAUSES + 2; i++)
        causes[i] =
            (struct chimera_cause){.field = S("spec.policies.m"),
                                   .message = {long_text, sizeof(long_text) - i},
                                   .next = i + 1 < REJECTION_CAUSES + 2 ? &causes[i + 1] : NULL};
    count_rejection(S("u-1"), causes);
    count_rejection(S("u-2"), NULL);
    assert_int_equal(rejections_read(&counters->rejections, list, 2), 2);
    assert_int_equal(list[0].cause_count, 0);
    assert_int_equal(list[1].cause_count, REJECTION_CAUSES + 2);
    assert_int_equal(rejection_causes(&list[1]), REJECTION_CAUSES);
    assert_int_equal(list[1].cause[0].message_text.is_cut, 1);
    assert_int_equal(list[1].cause[1].message_text.is_cut, 0);
    assert_int_equal(list[1].cause[5].message_text.size, REJECTION_CAUSE_MAX - 4);
    assert_memory_equal(list[1].cause[5].field, "spec.policies.m", 15);
}

static void a_stop_is_the_policy_s_and_its_request_s(void **state)
{
    static struct rejection list[3];
    struct stop stop;
    (void)state;
    counters_read_stop(counters, 7, &stop);
    assert_int_equal(stop.at_ms, 0);
    counters_note_stop(counters, 7, S("u-2"), S("panic"));
    counters_note_stop(counters, 7, S("u-2"), S("\xff no text"));
    counters_read_stop(counters, 7, &stop);
    assert_true(stop.at_ms > 0);
    assert_int_equal(stop.function_text.size, 5);
    assert_memory_equal(stop.function, "panic", 5);
    count_rejection(S("u-2"), NULL);
    count_rejection(S("u-2"), NULL); /* another one with that uid: it was taken */
    counters_note_stop(counters, 7, S("u-3"), S("abort"));
    count_rejection(S("u-4"), NULL);
    assert_int_equal(rejections_read(&counters->rejections, list, 3), 3);
    assert_int_equal(list[2].function_text.size, 5);
    assert_memory_equal(list[2].function, "panic", 5);
    assert_int_equal(list[1].function_text.size, 0);
    assert_int_equal(list[0].function_text.size, 0);
    counters_read_stop(counters, 7, &stop);
    assert_memory_equal(stop.function, "abort", 5);
}

/* --- Policies --- */

static void an_evaluation_is_counted(void **state)
{
    struct counters_policy *policy = counters_policy(counters, 3);
    struct chimera_response no = chimera_response_reject_code(S("u"), S("no"), 500);
    const struct chimera_response yes = {.allowed = true, .patch = S("W10=")};
    const struct chimera_run_report trap = {.stop = CHIMERA_STOP_TRAP, .resets = 1, .pages = 9};
    const struct chimera_run_report good = {.resets = 1, .pages = 2};
    struct counters_meter meter;
    struct counters_view view;
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        counters_begin(policy, &meter);
        for (volatile unsigned at = 0; at < 2000; at = at + 1)
            ;
        counters_end(policy, &meter, CHIMERA_OK, i ? &yes : &no, i ? &good : &trap);
    }
    counters_begin(policy, &meter);
    counters_end(policy, &meter, CHIMERA_ENOMEM, &no, &trap);
    counters_read(counters, 3, &view);
    assert_int_equal(view.evaluations, 20);
    assert_int_equal(view.accepted, 19);
    assert_int_equal(view.rejected, 0);
    assert_int_equal(view.errors, 1);
    assert_int_equal(view.mutated, 19);
    assert_int_equal(view.traps, 1);
    assert_int_equal(view.deadlines, 0);
    assert_int_equal(view.failures, 1);
    assert_int_equal(view.resets, 20);
    assert_int_equal(view.dirty_pages, 9 + 19 * 2);
    assert_int_equal(view.wall.total, 20);
    assert_true(view.cpu_samples >= 3); /* every eighth, from the first on */
    assert_true(view.wall_ns > 0 && view.cpu_ns > 0);
    counters_read(counters, 2, &view);
    assert_int_equal(view.evaluations, 0);
}

static void a_sleep_is_no_cpu_time(void **state)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct counters_policy *policy = counters_policy(counters, 3);
    const struct chimera_response yes = {.allowed = true};
    const struct chimera_run_report report = {0};
    struct counters_meter meter;
    struct counters_view view;
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        counters_begin(policy, &meter);
        nanosleep(&pause, NULL);
        counters_end(policy, &meter, CHIMERA_OK, &yes, &report);
    }
    counters_read(counters, 3, &view);
    assert_int_equal(view.cpu_samples, 10); /* all, as each takes long */
    assert_true(view.wall_ns >= 10 * 2 * MS);
    assert_true(view.cpu_ns < view.wall_ns / 2);
}

/* One evaluation that somebody else has measured. */
static void count_measured(struct counters_policy *policy, const struct chimera_run_report *cost,
                           int code)
{
    const struct chimera_response yes = {.allowed = true};
    struct counters_meter meter;
    counters_begin(policy, &meter);
    meter.began_ns -= MS; /* it was waited for so long at least */
    counters_end(policy, &meter, code, &yes, cost);
}

static void who_measures_itself_is_counted_without_the_way_there(void **state)
{
    const struct chimera_run_report cost = {
        .resets = 1, .pages = 3, .reset_ns = 500, .wall_ns = 5000, .cpu_ns = 4000};
    struct counters_view view;
    (void)state;
    count_measured(counters_policy(counters, 3), &cost, CHIMERA_OK);
    count_measured(counters_policy(counters, 3), &cost, CHIMERA_EIO);
    counters_read(counters, 3, &view);
    assert_int_equal(view.accepted, 1);
    assert_int_equal(view.failures, 1);
    assert_int_equal(view.wall_ns, 5000);
    assert_int_equal(view.cpu_ns, 4000);
    assert_int_equal(view.cpu_samples, 1);
    assert_int_equal(view.reset_ns, 500);
    assert_int_equal(view.dirty_pages, 3);
}

static void it_is_believed_as_far_as_it_is_possible(void **state)
{
    const struct chimera_run_report lie = {.stop = 77,
                                           .resets = 1,
                                           .reset_ns = UINT64_MAX,
                                           .wall_ns = UINT64_MAX,
                                           .cpu_ns = UINT64_MAX};
    uint64_t began_ns = chimera_clock_ns();
    struct counters_view view;
    (void)state;
    count_measured(counters_policy(counters, 3), &lie, CHIMERA_OK);
    uint64_t most_ns = chimera_clock_ns() - began_ns + MS; /* no longer than it was waited for */
    counters_read(counters, 3, &view);
    assert_in_range(view.wall_ns, MS, most_ns);
    assert_in_range(view.cpu_ns, MS, most_ns);
    assert_in_range(view.reset_ns, MS, most_ns);
    assert_int_equal(view.traps + view.deadlines, 0);
}

static void without_counters_nothing_is_counted(void **state)
{
    const struct chimera_response yes = {.allowed = true};
    const struct chimera_run_report report = {0};
    struct counters_meter meter;
    (void)state;
    counters_begin(counters_policy(NULL, 1), &meter);
    counters_end(NULL, &meter, CHIMERA_OK, &yes, &report);
    counters_count_group(NULL, 1, &yes);
    counters_count_start_error(NULL, 1);
    assert_ptr_equal(counters_policy(counters, COUNTERS_POLICIES), &counters->policy[0]);
}

/* --- Scoreboard --- */

static struct policies make_policies(size_t count, const char *prefix)
{
    struct policies policies = {.policy = calloc(count, sizeof(struct policy_spec)),
                                .policy_count = count};
    for (size_t i = 0; i < count; i++)
        assert_true(asprintf(&policies.policy[i].id, "%s%zu", prefix, i) > 0);
    return policies;
}

static void free_policies(struct policies *policies)
{
    for (size_t i = 0; i < policies->policy_count; i++)
        free(policies->policy[i].id);
    free(policies->policy);
}

static void a_policy_keeps_its_number(void **state)
{
    struct shared memory;
    struct policies first = make_policies(3, "a"), second = make_policies(5, "a"),
                    many = make_policies(5000, "long-prefix-");
    (void)state;
    assert_int_equal(scoreboard_make(&memory, NULL), CHIMERA_OK);
    struct scoreboard *scoreboard = memory.data;
    scoreboard_enter(scoreboard, &first);
    assert_int_equal(scoreboard_find(scoreboard, S("a0")), 1);
    assert_int_equal(scoreboard_find(scoreboard, S("a2")), 3);
    assert_int_equal(scoreboard_find(scoreboard, S("a3")), SCOREBOARD_OTHER);
    scoreboard_enter(scoreboard, &second);
    assert_int_equal(scoreboard_find(scoreboard, S("a0")), 1);
    assert_int_equal(scoreboard_find(scoreboard, S("a4")), 5);
    assert_int_equal(scoreboard_count(scoreboard), 6);
    scoreboard_enter(scoreboard, &many);
    assert_int_equal(scoreboard_count(scoreboard), SCOREBOARD_POLICIES);
    assert_int_equal(scoreboard_find(scoreboard, S("a2")), 3);
    assert_int_equal(scoreboard_find(scoreboard, S("long-prefix-4999")), SCOREBOARD_OTHER);
    assert_true(chimera_slice_is(scoreboard_id(scoreboard, 4), "a3"));
    assert_true(chimera_slice_is(scoreboard_id(scoreboard, SCOREBOARD_POLICIES), "other"));
    assert_int_equal(scoreboard_find(NULL, S("a0")), SCOREBOARD_OTHER);
    free_policies(&first);
    free_policies(&second);
    free_policies(&many);
    shared_done(&memory);
}

static enum build_progress progress_of(const struct scoreboard *scoreboard, const char *id)
{
    struct scoreboard_spec spec;
    scoreboard_read(scoreboard, scoreboard_find(scoreboard, chimera_slice_of(id)), &spec);
    return spec.progress;
}

static void a_build_is_shown_while_there_is_one(void **state)
{
    static const uint8_t progress[] = {BUILD_WAITS, BUILD_FULL, BUILD_FAILED};
    struct shared memory;
    struct policies policies = make_policies(3, "a");
    (void)state;
    assert_int_equal(scoreboard_make(&memory, NULL), CHIMERA_OK);
    struct scoreboard *scoreboard = memory.data;
    scoreboard_enter(scoreboard, &policies);
    assert_int_equal(progress_of(scoreboard, "a0"), BUILD_NONE);
    scoreboard_show_progress(scoreboard, &policies, progress);
    assert_int_equal(progress_of(scoreboard, "a0"), BUILD_WAITS);
    assert_int_equal(progress_of(scoreboard, "a1"), BUILD_FULL);
    assert_int_equal(progress_of(scoreboard, "a2"), BUILD_FAILED);
    scoreboard_show_progress(scoreboard, &policies, NULL);
    assert_int_equal(progress_of(scoreboard, "a2"), BUILD_NONE);
    free_policies(&policies);
    shared_done(&memory);
}

/* Not even a process that has the descriptor and the mapping. */
static void only_its_maker_writes_to_the_scoreboard(void **state)
{
    struct shared memory, mine;
    (void)state;
    assert_int_equal(scoreboard_make(&memory, NULL), CHIMERA_OK);
    mine = memory;
    assert_int_equal(shared_map(&mine, true, NULL), CHIMERA_EIO);
    assert_int_equal(shared_map(&mine, false, NULL), CHIMERA_OK);
    assert_int_not_equal(mprotect(mine.data, mine.size, PROT_READ | PROT_WRITE), 0);
    munmap(mine.data, mine.size);
    shared_done(&memory);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_near_the_truth),
        cmocka_unit_test(a_histogram_has_ends),
        TEST(labels_come_back_as_they_went_in),
        TEST(threads_and_processes_lose_nothing),
        TEST(one_policy_has_an_end_of_label_sets),
        TEST(all_policies_have_an_end_of_label_sets),
        TEST(what_is_too_long_is_other),
        TEST(nonsense_is_not_believed),
        TEST(a_label_set_that_is_there_twice_counts_once),
        TEST(a_key_that_no_writer_makes_is_not_read),
        TEST(the_newest_rejections_are_kept),
        TEST(texts_are_cut_between_characters),
        TEST(a_reader_sees_whole_rejections),
        TEST(causes_are_kept_as_far_as_there_is_room),
        TEST(a_stop_is_the_policy_s_and_its_request_s),
        TEST(an_evaluation_is_counted),
        TEST(a_sleep_is_no_cpu_time),
        TEST(who_measures_itself_is_counted_without_the_way_there),
        TEST(it_is_believed_as_far_as_it_is_possible),
        TEST(without_counters_nothing_is_counted),
        cmocka_unit_test(a_policy_keeps_its_number),
        cmocka_unit_test(a_build_is_shown_while_there_is_one),
        cmocka_unit_test(only_its_maker_writes_to_the_scoreboard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
