/* SPDX-License-Identifier: Apache-2.0 */
/* One limit for all that an evaluation takes: linear memory, tables, and what the host keeps for
 * it. */
#include "tests/unit/c_guest.h"
#include "tests/unit/wapc_imports.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/instance/watchdog.h"
#include "runtime/log/log.h"
#include "runtime/policy/policy.h"

#define MIB ((uint64_t)1 << 20)
#define PAGE CHIMERA_PAGE_BYTES
#define ENTRY 24u

uint32_t chimera_memory_grow(struct chimera_host *host, uint32_t delta);
uint32_t chimera_table_grow(struct chimera_host *host, struct chimera_table *table, uint32_t delta,
                            const void *initial);

static void (*work)(struct chimera_host *host);

GUEST_CODE static void call_work(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    work(instance->host);
}

struct instance {
    struct chimera_instance head;
    struct chimera_table table[2];
};

static struct chimera_plugin_table shapes[2];
static struct c_guest guest;

/* 4 pages of memory that may be 64, and two tables. */
static void make_guest(uint32_t min, uint32_t max)
{
    c_guest_init(&guest, CHIMERA_MODE_NONE);
    for (size_t i = 0; i < 2; i++)
        shapes[i] = (struct chimera_plugin_table){.offset = offsetof(struct instance, table) +
                                                            i * sizeof(struct chimera_table),
                                                  .min = min,
                                                  .max = max,
                                                  .entry_size = ENTRY};
    guest.plugin.memory_max_pages = 64;
    guest.plugin.instance_size = sizeof(struct instance);
    guest.plugin.tables = shapes;
    guest.plugin.table_count = 2;
    guest.plugin.changes_tables = 1;
    c_guest_export(&guest, "call", ":", call_work);
}

static struct chimera_host *make_host(uint64_t limit)
{
    struct chimera_host *host;
    struct chimera_error err = {0};
    if (chimera_host_new(&guest.loaded, limit, &host, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(chimera_host_snapshot(host, &err), 0);
    return host;
}

static int run(struct chimera_host *host, void (*what)(struct chimera_host *))
{
    union chimera_value none = {0};
    work = what;
    chimera_host_begin(host, 10000);
    int code = chimera_guest_run(host, guest.exports, &none);
    chimera_host_end(host);
    return code;
}

static struct chimera_table *table_of(struct chimera_host *host, unsigned index)
{
    return &((struct instance *)host->instance)->table[index];
}

static uint64_t got[10]; /* asserted on the test's own stack */
static const uint64_t entry[3];

/* --- Growing --- */

static void note_start(struct chimera_host *host)
{
    got[0] = host->account.bytes;
    got[1] = host->account.bytes_limit;
}

static void grow_memory_to_the_end(struct chimera_host *host)
{
    note_start(host);
    for (got[2] = 0; chimera_memory_grow(host, 1) != UINT32_MAX; got[2]++)
        ;
    got[3] = host->account.bytes;
    got[4] = chimera_memory_grow(host, 0);
    got[5] = host->has_met_limit;
}

static void memory_and_tables_have_one_limit(void **state)
{
    (void)state;
    make_guest(1000, 100000);
    struct chimera_host *host = make_host(MIB);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(host, grow_memory_to_the_end), 0);
        assert_int_equal(got[0], 4 * PAGE + 2 * 1000 * ENTRY); /* each time the same start */
        assert_int_equal(got[1], MIB);
        /* Less than without tables, and a 64th is left for the host. */
        assert_int_equal(got[2], (MIB - MIB / 64 - got[0]) / PAGE);
        assert_int_equal(got[3], got[0] + got[2] * PAGE);
        assert_int_equal(got[4], 4 + got[2]);
        assert_true(got[5]);
        assert_int_equal(chimera_host_reset(host), 0);
    }
    chimera_host_free(host);
}

static void grow_tables_to_the_end(struct chimera_host *host)
{
    note_start(host);
    got[2] = chimera_table_grow(host, table_of(host, 0), 10000, entry);
    got[3] = host->account.bytes;
    got[8] = chimera_table_grow(host, table_of(host, 0), 1, entry); /* has moved already */
    got[9] = host->account.bytes - got[3];
    got[3] = host->account.bytes;
    got[4] = chimera_table_grow(host, table_of(host, 1), 30000, entry);
    got[5] = host->account.bytes;
    got[6] = chimera_memory_grow(host, 8);
    got[7] = host->account.bytes;
}

/* What is grown is another block: the one before stays for the reset. */
static void tables_take_their_share(void **state)
{
    (void)state;
    make_guest(1000, 100000);
    struct chimera_host *host = make_host(MIB);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(host, grow_tables_to_the_end), 0);
        assert_int_equal(got[0], 4 * PAGE + 2 * 1000 * ENTRY);
        assert_int_equal(got[2], 1000);
        assert_int_equal(got[3], got[0] + 11001 * ENTRY);
        assert_int_equal(got[8], 11000);
        assert_int_equal(got[9], ENTRY);
        assert_int_equal(got[4], UINT32_MAX); /* 720 KB more are not left */
        assert_int_equal(got[5], got[3]);
        assert_int_equal(got[6], UINT32_MAX); /* nor 512 KiB */
        assert_int_equal(got[7], got[3]);
        assert_int_equal(chimera_host_reset(host), 0);
    }
    chimera_host_free(host);
}

/* --- Starting --- */

static void many_tables_are_no_way_around_the_limit(void **state)
{
    struct chimera_host *host = NULL;
    struct chimera_error err = {0};
    (void)state;
    make_guest(100000, 100000);
    assert_int_equal(chimera_host_new(&guest.loaded, 4 * MIB, &host, &err), CHIMERA_ELIMIT);
    assert_null(host);
    /* 4 pages and two tables of 2.4 MB each are 4.83 MiB. */
    assert_non_null(strstr(err.text, "starts with 5 MiB of memory and tables"));
    assert_non_null(strstr(err.text, "limit of 4 MiB"));
    assert_non_null(strstr(err.text, "`memoryLimit` of --policy-options"));
    assert_non_null(strstr(err.text, "--memory-limit"));
    uint64_t exact = 4 * PAGE + 2 * 100000 * ENTRY;
    assert_int_equal(chimera_host_new(&guest.loaded, exact - 1, &host, &err), CHIMERA_ELIMIT);
    assert_int_equal(chimera_host_new(&guest.loaded, exact, &host, &err), 0);
    chimera_host_free(host);
}

static void what_the_start_grew_is_where_requests_begin(void **state)
{
    (void)state;
    make_guest(1000, 100000);
    struct chimera_host *host;
    assert_int_equal(chimera_host_new(&guest.loaded, MIB, &host, NULL), 0);
    assert_int_equal(run(host, grow_tables_to_the_end),
                     0); /* without a snapshot it moves in place */
    assert_int_equal(got[3], got[0] + 10001 * ENTRY);
    assert_int_equal(chimera_host_snapshot(host, NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(host, note_start), 0);
        assert_int_equal(got[0], 4 * PAGE + 12001 * ENTRY);
        assert_int_equal(chimera_host_reset(host), 0);
    }
    chimera_host_free(host);
}

/* --- What is said --- */

static void spend_all(struct chimera_host *host)
{
    chimera_account_take(&host->account, MIB);
    chimera_guest_spend(host, 1);
}

static void a_trap_says_which_limit_and_how_to_raise_it(void **state)
{
    (void)state;
    make_guest(1, 1);
    struct chimera_host *host = make_host(MIB);
    assert_int_equal(run(host, spend_all), CHIMERA_ETRAP);
    assert_string_equal(chimera_host_stop_text(host),
                        "the policy's memory limit of 1 MiB is reached: see `memoryLimit` of "
                        "--policy-options and --memory-limit of `chimera run`");
    assert_int_equal(chimera_host_reset(host), 0);
    assert_int_equal(run(host, note_start), 0); /* the next one has all of it */
    chimera_host_free(host);
}

/* --- Between runs, and on the way back to the guest --- */

static void overdraw_in_a_host_call(struct chimera_host *host)
{
    chimera_import_enter(host);
    chimera_account_take(&host->account, 2 * MIB);
    got[0] = 1;
    chimera_import_leave(host);
    got[0] = 2;
}

static void take_too_long_in_a_host_call(struct chimera_host *host)
{
    chimera_import_enter(host);
    got[0] = 1;
    while (!chimera_run_is_due(host->run))
        usleep(1000);
    chimera_import_leave(host);
    got[0] = 2;
}

static void no_guest_goes_on_that_has_nothing_left(void **state)
{
    union chimera_value none = {0};
    (void)state;
    make_guest(1, 1);
    struct chimera_host *host = make_host(MIB);
    assert_int_equal(run(host, overdraw_in_a_host_call), CHIMERA_ETRAP);
    assert_int_equal(got[0], 1);
    assert_int_equal(chimera_host_reset(host), 0);
    work = take_too_long_in_a_host_call;
    chimera_host_begin(host, 20);
    assert_int_equal(chimera_guest_run(host, guest.exports, &none), CHIMERA_EDEADLINE);
    chimera_host_end(host);
    assert_int_equal(got[0], 1);
    assert_int_equal(chimera_account_take(&host->account, 1), CHIMERA_ELIMIT);
    chimera_host_free(host);
}

/* The host has taken of its own part, and growing by nothing is no growing. */
static void grow_in_the_host_s_part(struct chimera_host *host)
{
    grow_memory_to_the_end(host);
    host->has_met_limit = false;
    chimera_account_take(&host->account, host->account.bytes_limit - host->account.bytes);
    got[6] = chimera_memory_grow(host, 0) == host->instance->memory.pages;
    got[7] = chimera_table_grow(host, table_of(host, 0), 0, entry);
    got[8] = host->has_met_limit;
}

/* Its own most pages come before any limit. */
static void grow_beyond_its_most(struct chimera_host *host)
{
    note_start(host);
    got[2] = chimera_memory_grow(host, 61);
    got[3] = chimera_memory_grow(host, 60);
    got[4] = chimera_memory_grow(host, 1);
    got[5] = chimera_table_grow(host, table_of(host, 0), 5, entry);
    got[6] = chimera_table_grow(host, table_of(host, 0), 4, entry);
    got[7] = chimera_table_grow(host, table_of(host, 0), 1, entry);
    got[8] = host->has_met_limit;
    got[9] = host->account.bytes - got[0];
}

static void what_a_guest_declares_is_a_limit_as_well(void **state)
{
    (void)state;
    make_guest(1, 5);
    struct chimera_host *host = make_host(64 * MIB);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(host, grow_beyond_its_most), 0);
        assert_int_equal(got[2], UINT32_MAX);
        assert_int_equal(got[3], 4);
        assert_int_equal(got[4], UINT32_MAX);
        assert_int_equal(got[5], UINT32_MAX);
        assert_int_equal(got[6], 1);
        assert_int_equal(got[7], UINT32_MAX);
        assert_int_equal(got[8], 0);
        assert_int_equal(got[9], 60 * PAGE + 5 * ENTRY); /* one entry has moved */
        assert_int_equal(chimera_host_reset(host), 0);
    }
    chimera_host_free(host);
    make_guest(1000, 100000);
    host = make_host(MIB);
    assert_int_equal(run(host, grow_in_the_host_s_part), 0);
    assert_int_equal(got[6], 1);
    assert_int_equal(got[7], 1000);
    assert_int_equal(got[8], 0);
    chimera_host_free(host);
}

static void tables_have_a_limit_of_their_own(void **state)
{
    static const struct {
        uint32_t min, code;
    } cases[] = {{10000000, 0}, {10000001, 1}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct chimera_host *host = NULL;
        struct chimera_error err = {0};
        make_guest(1, 1);
        shapes[1].min = shapes[1].max = cases[i].min;
        shapes[1].entry_size = 8;
        int code = chimera_host_new(&guest.loaded, 1024 * MIB, &host, &err);
        assert_int_equal(code, cases[i].code ? CHIMERA_ELIMIT : 0);
        assert_string_equal(
            err.text, code ? "a table of 10000001 entries is over the limit of 10000000" : "");
        chimera_host_free(host);
    }
}

static void grow_first_table(struct chimera_host *host)
{
    got[0] = chimera_table_grow(host, table_of(host, 0), 100, entry);
}

/* Each snapshot may be of a table that has moved since the one before; the other has not. */
static void a_later_snapshot_is_of_other_tables(void **state)
{
    (void)state;
    make_guest(10, 100000);
    struct chimera_host *host = make_host(16 * MIB);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(run(host, grow_first_table), 0);
        assert_int_equal(got[0], 10 + 100 * i);
        assert_int_equal(chimera_host_snapshot(host, NULL), 0);
        assert_int_equal(run(host, grow_tables_to_the_end), 0);
        assert_int_equal(chimera_host_reset(host), 0);
        assert_int_equal(table_of(host, 0)->size, 110 + 100 * i);
        assert_int_equal(table_of(host, 1)->size, 10);
        static const char zeros[10 * ENTRY]; /* what was freed has been written to */
        assert_memory_equal(table_of(host, 1)->data, zeros, sizeof(zeros));
    }
    chimera_host_free(host);
}

/* --- What the host keeps --- */

uint32_t chimera_wasi_fd_write(struct chimera_host *host, uint32_t fd, uint32_t at, uint32_t count,
                               uint32_t ret_size);

#define PAGES 32u
#define MEMORY (PAGES * PAGE)
#define MUCH 1000000u /* bytes of a text */
#define LIMIT_TEXT(mib)                                        \
    "internal server error: the policy's memory limit of " mib \
    " MiB is reached: see `memoryLimit` "                      \
    "of --policy-options and --memory-limit of `chimera run`"

static uint32_t memory_max = PAGES;
static const char good_answer[] = "{\"accepted\":true}";

static uint8_t *bytes_at(struct chimera_host *host, uint32_t at)
{
    return host->instance->memory.data + at;
}

static uint32_t put_text(struct chimera_host *host, uint32_t at, const char *text)
{
    memcpy(bytes_at(host, at), text, strlen(text));
    return (uint32_t)strlen(text);
}

/* `before`, then [] as often as there is room, then `behind`; MUCH bytes in all. */
static void put_lists(struct chimera_host *host, uint32_t at, const char *before,
                      const char *behind)
{
    uint32_t end = at + MUCH - (uint32_t)strlen(behind);
    at += put_text(host, at, before);
    while (at + 4 < end)
        at += put_text(host, at, "[],");
    at += put_text(host, at, "[]");
    memset(bytes_at(host, at), ' ', end - at);
    put_text(host, end, behind);
}

/* A good answer, of which the host has to keep much. */
static void answer_at_length(struct chimera_host *host)
{
    put_text(host, PAGE, good_answer);
    memset(bytes_at(host, PAGE + sizeof(good_answer) - 1), ' ', MUCH);
    chimera_wapc_guest_response(host, PAGE, MUCH);
}

static void print_at_length(struct chimera_host *host)
{
    const uint32_t vector[] = {PAGE, MUCH};
    put_text(host, PAGE, good_answer);
    memset(bytes_at(host, PAGE + sizeof(good_answer) - 1), ' ', MUCH);
    memcpy(bytes_at(host, 0), vector, sizeof(vector));
    chimera_wasi_fd_write(host, 1, 0, 1, 8);
}

/* What it logs becomes a tree of a hundred bytes and more for each three. */
static void log_lists(struct chimera_host *host)
{
    uint32_t size[3] = {put_text(host, 0, "kubewarden"), put_text(host, 64, "tracing"),
                        put_text(host, 128, "log")};
    put_lists(host, PAGE, "{\"level\":\"error\",\"x\":[", "]}");
    chimera_wapc_host_call(host, 0, size[0], 64, size[1], 128, size[2], PAGE, MUCH);
    chimera_wapc_guest_response(host, 256, put_text(host, 256, good_answer));
}

/* The host compares the request with it. */
static void mutate_into_lists(struct chimera_host *host)
{
    put_lists(host, PAGE, "{\"accepted\":true,\"mutated_object\":[", "]}");
    chimera_wapc_guest_response(host, PAGE, MUCH);
}

GUEST_CODE static void wapc_call(struct chimera_instance *instance, union chimera_value *values)
{
    work(instance->host);
    values[0].i32 = 1;
}

static void evaluate(enum chimera_mode mode, void (*what)(struct chimera_host *), uint64_t limit,
                     const char *want)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = 20000, .lanes = 1, .memory_limit = limit, .is_fresh_start = true};
    struct chimera_policy *policy;
    struct chimera_arena arena;
    struct chimera_request request = c_guest_request("[{\"a\":1}]");
    work = what;
    c_guest_init(&guest, mode);
    guest.plugin.memory_min_pages = PAGES;
    guest.plugin.memory_max_pages = memory_max;
    c_guest_export(&guest, "memory", "", NULL);
    c_guest_export(&guest, "__guest_call", "ii:i", wapc_call);
    c_guest_export(&guest, "_start", ":", mode == CHIMERA_MODE_WASI ? call_work : NULL);
    chimera_arena_init(&arena, 64 * MIB);
    assert_int_equal(chimera_policy_open(&guest.loaded, &options, &policy, NULL), 0);
    for (int i = 0; i < 3; i++) { /* each time the same */
        struct chimera_response response;
        chimera_arena_reset(&arena);
        assert_int_equal(chimera_policy_evaluate(policy, 0, &request, 0, &arena, &response), 0);
        assert_int_equal(response.allowed, want == NULL);
        if (want)
            c_guest_assert_slice(response.status.message, want);
    }
    chimera_policy_close(policy);
    chimera_arena_free(&arena);
}

/* A guest that has taken all that it can get still has its answer taken. */
static void grow_and_answer(struct chimera_host *host)
{
    while (chimera_memory_grow(host, 1) != UINT32_MAX)
        ;
    chimera_wapc_guest_response(host, 256, put_text(host, 256, good_answer));
}

static void growing_leaves_room_for_an_answer(void **state)
{
    static const uint64_t limits[] = {3 * MIB, 64 * MIB, 1024 * MIB};
    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        memory_max = 65536;
        evaluate(CHIMERA_MODE_WAPC, grow_and_answer, limits[i], NULL);
        memory_max = PAGES;
    }
}

/* 2 MiB are the guest's; an answer of 1 MB takes 1 MiB while the guest runs, and once more its
 * size. */
static void texts_that_the_host_keeps_count(void **state)
{
    (void)state;
    evaluate(CHIMERA_MODE_WAPC, answer_at_length, 3 * MIB, LIMIT_TEXT("3"));
    evaluate(CHIMERA_MODE_WAPC, answer_at_length, 4 * MIB, NULL);
    evaluate(CHIMERA_MODE_WASI, print_at_length, 3 * MIB, LIMIT_TEXT("3"));
    evaluate(CHIMERA_MODE_WASI, print_at_length, 4 * MIB, NULL);
}

static void trees_that_the_host_makes_count(void **state)
{
    (void)state;
    evaluate(CHIMERA_MODE_WAPC, log_lists, 16 * MIB, LIMIT_TEXT("16"));
    evaluate(CHIMERA_MODE_WAPC, log_lists, 256 * MIB, NULL);
    evaluate(CHIMERA_MODE_WAPC, mutate_into_lists, 16 * MIB, LIMIT_TEXT("16"));
    evaluate(CHIMERA_MODE_WAPC, mutate_into_lists, 256 * MIB, NULL);
}

/* --- In the log of a policy --- */

static char log_path[] = "/tmp/chimera-limit-log-XXXXXX";
static int log_fd;

GUEST_CODE static void give_up(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    if (chimera_memory_grow(instance->host, 60) == UINT32_MAX)
        chimera_guest_trap(instance->host, CHIMERA_TRAP_UNREACHABLE, NULL);
}

static void a_guest_that_gives_up_without_memory_is_explained(void **state)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = 5000, .lanes = 1, .memory_limit = MIB};
    struct chimera_policy *policy;
    struct chimera_arena arena;
    struct chimera_response response;
    struct chimera_request request = c_guest_request("{}");
    static char text[1 << 16];
    assert_int_equal(ftruncate(log_fd, 0), 0);
    (void)state;
    c_guest_init(&guest, CHIMERA_MODE_WAPC);
    guest.plugin.memory_max_pages = 64;
    c_guest_export(&guest, "memory", "", NULL);
    c_guest_export(&guest, "__guest_call", "ii:i", give_up);
    chimera_arena_init(&arena, MIB);
    assert_int_equal(chimera_policy_open(&guest.loaded, &options, &policy, NULL), 0);
    assert_int_equal(chimera_policy_evaluate(policy, 0, &request, 0, &arena, &response), 0);
    assert_false(response.allowed);
    assert_true(pread(log_fd, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(strstr(text, "the policy was denied memory before it ended policy_id=\"p\" "
                                 "request_uid=\"u\" why=\"the policy's memory limit of 1 MiB is "
                                 "reached: see `memoryLimit`"));
    assert_non_null(strstr(text, "error=\"unreachable\""));
    chimera_policy_close(policy);
    chimera_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_and_tables_have_one_limit),
        cmocka_unit_test(tables_take_their_share),
        cmocka_unit_test(many_tables_are_no_way_around_the_limit),
        cmocka_unit_test(what_the_start_grew_is_where_requests_begin),
        cmocka_unit_test(a_trap_says_which_limit_and_how_to_raise_it),
        cmocka_unit_test(no_guest_goes_on_that_has_nothing_left),
        cmocka_unit_test(what_a_guest_declares_is_a_limit_as_well),
        cmocka_unit_test(tables_have_a_limit_of_their_own),
        cmocka_unit_test(a_later_snapshot_is_of_other_tables),
        cmocka_unit_test(growing_leaves_room_for_an_answer),
        cmocka_unit_test(texts_that_the_host_keeps_count),
        cmocka_unit_test(trees_that_the_host_makes_count),
        cmocka_unit_test(a_guest_that_gives_up_without_memory_is_explained),
    };
    log_fd = mkostemp(log_path, O_APPEND | O_CLOEXEC);
    if (log_fd < 0)
        return 1;
    unlink(log_path);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
