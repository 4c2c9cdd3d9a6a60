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

uint32_t chimera_memory_grow(struct chimera_guest *guest, uint32_t delta);
uint32_t chimera_table_grow(struct chimera_guest *guest, struct chimera_table *table,
                            uint32_t delta, const void *initial);

static void (*work)(struct chimera_guest *guest);

GUEST_CODE static void call_work(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    work(instance->guest);
}

struct instance {
    struct chimera_instance head;
    struct chimera_table table[2];
};

static struct chimera_plugin_table shapes[2];
static struct c_guest module;

/* 4 pages of memory that may be 64, and two tables. */
static void make_guest(uint32_t min, uint32_t max)
{
    c_guest_init(&module, CHIMERA_MODE_NONE);
    for (size_t i = 0; i < 2; i++)
        shapes[i] = (struct chimera_plugin_table){.offset = offsetof(struct instance, table) +
                                                            i * sizeof(struct chimera_table),
                                                  .min = min,
                                                  .max = max,
                                                  .entry_size = ENTRY};
    module.plugin.memory_max_pages = 64;
    module.plugin.instance_size = sizeof(struct instance);
    module.plugin.tables = shapes;
    module.plugin.table_count = 2;
    module.plugin.changes_tables = 1;
    c_guest_export(&module, "call", ":", call_work);
}

static struct chimera_guest *make_host(uint64_t limit)
{
    struct chimera_guest *guest;
    struct chimera_error err = {0};
    if (chimera_guest_new(&module.loaded, limit, &guest, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(chimera_guest_snapshot(guest, &err), 0);
    return guest;
}

static int run(struct chimera_guest *guest, void (*what)(struct chimera_guest *))
{
    union chimera_value none = {0};
    work = what;
    chimera_guest_begin(guest, 10000);
    int code = chimera_guest_run(guest, module.exports, &none);
    chimera_guest_end(guest);
    return code;
}

static struct chimera_table *table_of(struct chimera_guest *guest, unsigned index)
{
    return &((struct instance *)guest->instance)->table[index];
}

static uint64_t got[10]; /* asserted on the test's own stack */
static const uint64_t entry[3];

/* --- Growing --- */

static void note_start(struct chimera_guest *guest)
{
    got[0] = guest->account.bytes;
    got[1] = guest->account.bytes_limit;
}

static void grow_memory_to_the_end(struct chimera_guest *guest)
{
    note_start(guest);
    for (got[2] = 0; chimera_memory_grow(guest, 1) != UINT32_MAX; got[2]++)
        ;
    got[3] = guest->account.bytes;
    got[4] = chimera_memory_grow(guest, 0);
    got[5] = guest->has_met_limit;
}

static void memory_and_tables_have_one_limit(void **state)
{
    (void)state;
    make_guest(1000, 100000);
    struct chimera_guest *guest = make_host(MIB);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(guest, grow_memory_to_the_end), 0);
        assert_int_equal(got[0], 4 * PAGE + 2 * 1000 * ENTRY); /* each time the same start */
        assert_int_equal(got[1], MIB);
        /* Less than without tables, and a 64th is left for the host. */
        assert_int_equal(got[2], (MIB - MIB / 64 - got[0]) / PAGE);
        assert_int_equal(got[3], got[0] + got[2] * PAGE);
        assert_int_equal(got[4], 4 + got[2]);
        assert_true(got[5]);
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
    chimera_guest_free(guest);
}

static void grow_tables_to_the_end(struct chimera_guest *guest)
{
    note_start(guest);
    got[2] = chimera_table_grow(guest, table_of(guest, 0), 10000, entry);
    got[3] = guest->account.bytes;
    got[8] = chimera_table_grow(guest, table_of(guest, 0), 1, entry); /* has moved already */
    got[9] = guest->account.bytes - got[3];
    got[3] = guest->account.bytes;
    got[4] = chimera_table_grow(guest, table_of(guest, 1), 30000, entry);
    got[5] = guest->account.bytes;
    got[6] = chimera_memory_grow(guest, 8);
    got[7] = guest->account.bytes;
}

/* What is grown is another block: the one before stays for the reset. */
static void tables_take_their_share(void **state)
{
    (void)state;
    make_guest(1000, 100000);
    struct chimera_guest *guest = make_host(MIB);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(guest, grow_tables_to_the_end), 0);
        assert_int_equal(got[0], 4 * PAGE + 2 * 1000 * ENTRY);
        assert_int_equal(got[2], 1000);
        assert_int_equal(got[3], got[0] + 11001 * ENTRY);
        assert_int_equal(got[8], 11000);
        assert_int_equal(got[9], ENTRY);
        assert_int_equal(got[4], UINT32_MAX); /* 720 KB more are not left */
        assert_int_equal(got[5], got[3]);
        assert_int_equal(got[6], UINT32_MAX); /* nor 512 KiB */
        assert_int_equal(got[7], got[3]);
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
    chimera_guest_free(guest);
}

/* --- Starting --- */

static void many_tables_are_no_way_around_the_limit(void **state)
{
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    (void)state;
    make_guest(100000, 100000);
    assert_int_equal(chimera_guest_new(&module.loaded, 4 * MIB, &guest, &err), CHIMERA_ELIMIT);
    assert_null(guest);
    /* 4 pages and two tables of 2.4 MB each are 4.83 MiB. */
    assert_non_null(strstr(err.text, "starts with 5 MiB of memory and tables"));
    assert_non_null(strstr(err.text, "limit of 4 MiB"));
    assert_non_null(strstr(err.text, "`memoryLimit` of --policy-options"));
    assert_non_null(strstr(err.text, "--memory-limit"));
    uint64_t exact = 4 * PAGE + 2 * 100000 * ENTRY;
    assert_int_equal(chimera_guest_new(&module.loaded, exact - 1, &guest, &err), CHIMERA_ELIMIT);
    assert_int_equal(chimera_guest_new(&module.loaded, exact, &guest, &err), 0);
    chimera_guest_free(guest);
}

static void what_the_start_grew_is_where_requests_begin(void **state)
{
    (void)state;
    make_guest(1000, 100000);
    struct chimera_guest *guest;
    assert_int_equal(chimera_guest_new(&module.loaded, MIB, &guest, NULL), 0);
    assert_int_equal(run(guest, grow_tables_to_the_end),
                     0); /* without a snapshot it moves in place */
    assert_int_equal(got[3], got[0] + 10001 * ENTRY);
    assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(guest, note_start), 0);
        assert_int_equal(got[0], 4 * PAGE + 12001 * ENTRY);
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
    chimera_guest_free(guest);
}

/* --- What is said --- */

static void spend_all(struct chimera_guest *guest)
{
    chimera_account_take(&guest->account, MIB);
    chimera_guest_spend(guest, 1);
}

static void a_trap_says_which_limit_and_how_to_raise_it(void **state)
{
    (void)state;
    make_guest(1, 1);
    struct chimera_guest *guest = make_host(MIB);
    assert_int_equal(run(guest, spend_all), CHIMERA_ETRAP);
    assert_string_equal(chimera_guest_stop_text(guest),
                        "the policy's memory limit of 1 MiB is reached: see `memoryLimit` of "
                        "--policy-options and --memory-limit of `chimera run`");
    assert_int_equal(chimera_guest_reset(guest), 0);
    assert_int_equal(run(guest, note_start), 0); /* the next one has all of it */
    chimera_guest_free(guest);
}

/* --- Between runs, and on the way back to the guest --- */

static void overdraw_in_a_host_call(struct chimera_guest *guest)
{
    chimera_import_enter(guest);
    chimera_account_take(&guest->account, 2 * MIB);
    got[0] = 1;
    chimera_import_leave(guest);
    got[0] = 2;
}

static void take_too_long_in_a_host_call(struct chimera_guest *guest)
{
    chimera_import_enter(guest);
    got[0] = 1;
    while (!chimera_run_is_due(guest->run))
        usleep(1000);
    chimera_import_leave(guest);
    got[0] = 2;
}

static void no_guest_goes_on_that_has_nothing_left(void **state)
{
    union chimera_value none = {0};
    (void)state;
    make_guest(1, 1);
    struct chimera_guest *guest = make_host(MIB);
    assert_int_equal(run(guest, overdraw_in_a_host_call), CHIMERA_ETRAP);
    assert_int_equal(got[0], 1);
    assert_int_equal(chimera_guest_reset(guest), 0);
    work = take_too_long_in_a_host_call;
    chimera_guest_begin(guest, 20);
    assert_int_equal(chimera_guest_run(guest, module.exports, &none), CHIMERA_EDEADLINE);
    chimera_guest_end(guest);
    assert_int_equal(got[0], 1);
    assert_int_equal(chimera_account_take(&guest->account, 1), CHIMERA_ELIMIT);
    chimera_guest_free(guest);
}

/* The host has taken of its own part, and growing by nothing is no growing. */
static void grow_in_the_host_s_part(struct chimera_guest *guest)
{
    grow_memory_to_the_end(guest);
    guest->has_met_limit = false;
    chimera_account_take(&guest->account, guest->account.bytes_limit - guest->account.bytes);
    got[6] = chimera_memory_grow(guest, 0) == guest->instance->memory.pages;
    got[7] = chimera_table_grow(guest, table_of(guest, 0), 0, entry);
    got[8] = guest->has_met_limit;
}

/* Its own most pages come before any limit. */
static void grow_beyond_its_most(struct chimera_guest *guest)
{
    note_start(guest);
    got[2] = chimera_memory_grow(guest, 61);
    got[3] = chimera_memory_grow(guest, 60);
    got[4] = chimera_memory_grow(guest, 1);
    got[5] = chimera_table_grow(guest, table_of(guest, 0), 5, entry);
    got[6] = chimera_table_grow(guest, table_of(guest, 0), 4, entry);
    got[7] = chimera_table_grow(guest, table_of(guest, 0), 1, entry);
    got[8] = guest->has_met_limit;
    got[9] = guest->account.bytes - got[0];
}

static void what_a_guest_declares_is_a_limit_as_well(void **state)
{
    (void)state;
    make_guest(1, 5);
    struct chimera_guest *guest = make_host(64 * MIB);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(guest, grow_beyond_its_most), 0);
        assert_int_equal(got[2], UINT32_MAX);
        assert_int_equal(got[3], 4);
        assert_int_equal(got[4], UINT32_MAX);
        assert_int_equal(got[5], UINT32_MAX);
        assert_int_equal(got[6], 1);
        assert_int_equal(got[7], UINT32_MAX);
        assert_int_equal(got[8], 0);
        assert_int_equal(got[9], 60 * PAGE + 5 * ENTRY); /* one entry has moved */
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
    chimera_guest_free(guest);
    make_guest(1000, 100000);
    guest = make_host(MIB);
    assert_int_equal(run(guest, grow_in_the_host_s_part), 0);
    assert_int_equal(got[6], 1);
    assert_int_equal(got[7], 1000);
    assert_int_equal(got[8], 0);
    chimera_guest_free(guest);
}

static void tables_have_a_limit_of_their_own(void **state)
{
    static const struct {
        uint32_t min, code;
    } cases[] = {{10000000, 0}, {10000001, 1}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct chimera_guest *guest = NULL;
        struct chimera_error err = {0};
        make_guest(1, 1);
        shapes[1].min = shapes[1].max = cases[i].min;
        shapes[1].entry_size = 8;
        int code = chimera_guest_new(&module.loaded, 1024 * MIB, &guest, &err);
        assert_int_equal(code, cases[i].code ? CHIMERA_ELIMIT : 0);
        assert_string_equal(
            err.text, code ? "a table of 10000001 entries is over the limit of 10000000" : "");
        chimera_guest_free(guest);
    }
}

static void grow_first_table(struct chimera_guest *guest)
{
    got[0] = chimera_table_grow(guest, table_of(guest, 0), 100, entry);
}

/* Each snapshot may be of a table that has moved since the one before; the other has not. */
static void a_later_snapshot_is_of_other_tables(void **state)
{
    (void)state;
    make_guest(10, 100000);
    struct chimera_guest *guest = make_host(16 * MIB);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(run(guest, grow_first_table), 0);
        assert_int_equal(got[0], 10 + 100 * i);
        assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
        assert_int_equal(run(guest, grow_tables_to_the_end), 0);
        assert_int_equal(chimera_guest_reset(guest), 0);
        assert_int_equal(table_of(guest, 0)->size, 110 + 100 * i);
        assert_int_equal(table_of(guest, 1)->size, 10);
        static const char zeros[10 * ENTRY]; /* what was freed has been written to */
        assert_memory_equal(table_of(guest, 1)->data, zeros, sizeof(zeros));
    }
    chimera_guest_free(guest);
}

/* --- What the host keeps --- */

uint32_t chimera_wasi_fd_write(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                               uint32_t count, uint32_t ret_size);

#define PAGES 32u
#define MEMORY (PAGES * PAGE)
#define MUCH 1000000u /* bytes of a text */
#define LIMIT_TEXT(mib)                                        \
    "internal server error: the policy's memory limit of " mib \
    " MiB is reached: see `memoryLimit` "                      \
    "of --policy-options and --memory-limit of `chimera run`"

static uint32_t memory_max = PAGES;
static const char good_answer[] = "{\"accepted\":true}";

static uint8_t *bytes_at(struct chimera_guest *guest, uint32_t at)
{
    return guest->instance->memory.data + at;
}

static uint32_t put_text(struct chimera_guest *guest, uint32_t at, const char *text)
{
    memcpy(bytes_at(guest, at), text, strlen(text));
    return (uint32_t)strlen(text);
}

/* `before`, then [] as often as there is room, then `behind`; MUCH bytes in all. */
static void put_lists(struct chimera_guest *guest, uint32_t at, const char *before,
                      const char *behind)
{
    uint32_t end = at + MUCH - (uint32_t)strlen(behind);
    at += put_text(guest, at, before);
    while (at + 4 < end)
        at += put_text(guest, at, "[],");
    at += put_text(guest, at, "[]");
    memset(bytes_at(guest, at), ' ', end - at);
    put_text(guest, end, behind);
}

/* A good answer, of which the host has to keep much. */
static void answer_at_length(struct chimera_guest *guest)
{
    put_text(guest, PAGE, good_answer);
    memset(bytes_at(guest, PAGE + sizeof(good_answer) - 1), ' ', MUCH);
    chimera_wapc_guest_response(guest, PAGE, MUCH);
}

static void print_at_length(struct chimera_guest *guest)
{
    const uint32_t vector[] = {PAGE, MUCH};
    put_text(guest, PAGE, good_answer);
    memset(bytes_at(guest, PAGE + sizeof(good_answer) - 1), ' ', MUCH);
    memcpy(bytes_at(guest, 0), vector, sizeof(vector));
    chimera_wasi_fd_write(guest, 1, 0, 1, 8);
}

/* What it logs becomes a tree of a hundred bytes and more for each three. */
static void log_lists(struct chimera_guest *guest)
{
    uint32_t size[3] = {put_text(guest, 0, "kubewarden"), put_text(guest, 64, "tracing"),
                        put_text(guest, 128, "log")};
    put_lists(guest, PAGE, "{\"level\":\"error\",\"x\":[", "]}");
    chimera_wapc_host_call(guest, 0, size[0], 64, size[1], 128, size[2], PAGE, MUCH);
    chimera_wapc_guest_response(guest, 256, put_text(guest, 256, good_answer));
}

/* The host compares the request with it. */
static void mutate_into_lists(struct chimera_guest *guest)
{
    put_lists(guest, PAGE, "{\"accepted\":true,\"mutated_object\":[", "]}");
    chimera_wapc_guest_response(guest, PAGE, MUCH);
}

GUEST_CODE static void wapc_call(struct chimera_instance *instance, union chimera_value *values)
{
    work(instance->guest);
    values[0].i32 = 1;
}

static void evaluate(enum chimera_mode mode, void (*what)(struct chimera_guest *), uint64_t limit,
                     const char *want)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = 20000, .lanes = 1, .memory_limit = limit, .is_fresh_start = true};
    struct chimera_policy *policy;
    struct chimera_arena arena;
    struct chimera_request request = c_guest_request("[{\"a\":1}]");
    work = what;
    c_guest_init(&module, mode);
    module.plugin.memory_min_pages = PAGES;
    module.plugin.memory_max_pages = memory_max;
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "__guest_call", "ii:i", wapc_call);
    c_guest_export(&module, "_start", ":", mode == CHIMERA_MODE_WASI ? call_work : NULL);
    chimera_arena_init(&arena, 64 * MIB);
    assert_int_equal(chimera_policy_open(&module.loaded, &options, &policy, NULL), 0);
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
static void grow_and_answer(struct chimera_guest *guest)
{
    while (chimera_memory_grow(guest, 1) != UINT32_MAX)
        ;
    chimera_wapc_guest_response(guest, 256, put_text(guest, 256, good_answer));
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
    if (chimera_memory_grow(instance->guest, 60) == UINT32_MAX)
        chimera_guest_trap(instance->guest, CHIMERA_TRAP_UNREACHABLE, NULL);
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
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    module.plugin.memory_max_pages = 64;
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "__guest_call", "ii:i", give_up);
    chimera_arena_init(&arena, MIB);
    assert_int_equal(chimera_policy_open(&module.loaded, &options, &policy, NULL), 0);
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
