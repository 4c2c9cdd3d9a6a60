/* SPDX-License-Identifier: Apache-2.0 */
/* A deadline that passes while an import function works ends it there, however much the guest asked
 * for.
 *
 * No test here measures time. The guest lets its deadline pass in host code, which is not
 * interrupted, and only then asks for more work than there may be between two looks at the clock;
 * that the work was not done to its end shows that somebody looked. */
#include "tests/unit/rego_guest.h"
#include "tests/unit/wapc_imports.h"
#include "tests/unit/wasi_guest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/abi/wapc.h"
#include "runtime/abi/wasi.h"
#include "runtime/log/log.h"

uint32_t chimera_table_grow(struct chimera_guest *guest, struct chimera_table *table,
                            uint32_t delta, const void *initial);

#define PAGES 64u
#define MEMORY (PAGES * CHIMERA_PAGE_BYTES)
#define TABLE_MAX 1000000u

static void (*work)(struct chimera_guest *guest);

GUEST_CODE static void call_work(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    work(instance->guest);
}

struct instance { /* with a table */
    struct chimera_instance head;
    struct chimera_table table;
};

static struct chimera_plugin_table shape = {
    .offset = offsetof(struct instance, table), .min = 4, .max = TABLE_MAX, .entry_size = 24};

struct slot {
    struct c_guest module;
    struct chimera_guest *guest;
    const struct chimera_abi *abi;
};

static void open_slot(struct slot *slot, enum chimera_mode mode)
{
    slot->abi = chimera_abi_of(mode);
    c_guest_init(&slot->module, mode);
    slot->module.plugin.memory_min_pages = slot->module.plugin.memory_max_pages = PAGES;
    slot->module.plugin.instance_size = sizeof(struct instance);
    slot->module.plugin.tables = &shape;
    slot->module.plugin.table_count = 1;
    slot->module.plugin.changes_tables = 1;
    c_guest_export(&slot->module, "call", ":", call_work);
    assert_int_equal(chimera_guest_new(&slot->module.loaded, 1 << 30, &slot->guest, NULL), 0);
    assert_int_equal(slot->abi->attach(slot->guest, NULL), 0);
}

static void close_slot(struct slot *slot)
{
    slot->abi->detach(slot->guest);
    chimera_guest_free(slot->guest);
}

static int run(struct slot *slot, void (*what)(struct chimera_guest *), uint32_t limit_ms)
{
    union chimera_value none = {0};
    work = what;
    chimera_guest_begin(slot->guest, limit_ms);
    int code = chimera_guest_run(slot->guest, slot->module.exports, &none);
    chimera_guest_end(slot->guest);
    return code;
}

static void let_time_pass(struct chimera_guest *guest)
{
    if (guest->account.deadline_ns == CHIMERA_ACCOUNT_FOREVER)
        return; /* the same work with all the time it needs */
    while (chimera_guest_time_left(guest) > 0)
        ;
}

/* What shows whether the work was done to its end. */
typedef bool is_done(const struct chimera_guest *guest);

static void check(enum chimera_mode mode, void (*what)(struct chimera_guest *), is_done *done)
{
    struct slot slot;
    open_slot(&slot, mode);
    assert_int_equal(run(&slot, what, 1), CHIMERA_EDEADLINE);
    assert_int_equal(slot.guest->stop, CHIMERA_STOP_DEADLINE);
    assert_false(done(slot.guest));
    close_slot(&slot);
    open_slot(&slot, mode);
    assert_int_equal(run(&slot, what, 0), CHIMERA_OK);
    assert_true(done(slot.guest));
    close_slot(&slot);
}

/* --- WASI --- */

static void draw(struct chimera_guest *guest)
{
    memset(memory(guest, 0), 0, MEMORY);
    let_time_pass(guest);
    chimera_wasi_random_get(guest, 0, MEMORY);
}

static bool is_drawn(const struct chimera_guest *guest)
{
    static const uint8_t zeros[64];
    return memcmp(guest->instance->memory.data + MEMORY - 64, zeros, 64) != 0;
}

/* 4,096 vectors of 512 bytes, all of them the same. */
static void put_vectors(struct chimera_guest *guest, U at, U size)
{
    for (U i = 0; i < 4096; i++) {
        put32(guest, MEMORY / 2 + 8 * i, at);
        put32(guest, MEMORY / 2 + 8 * i + 4, size);
    }
}

static void write_overlapping(struct chimera_guest *guest)
{
    put_vectors(guest, 4096, 512);
    let_time_pass(guest);
    chimera_wasi_fd_write(guest, 1, MEMORY / 2, 4096, 8);
}

static bool is_all_written(const struct chimera_guest *guest)
{
    return chimera_wasi_of(guest)->output.size == 4096 * 512;
}

static void write_nothing(struct chimera_guest *guest)
{
    for (U i = 0; i < MEMORY / 2; i += 8)
        put64(guest, MEMORY / 2 + i, 0);
    put32(guest, 8, 77);
    let_time_pass(guest);
    chimera_wasi_fd_write(guest, 1, MEMORY / 2, MEMORY / 16, 8);
}

static void read_nowhere(struct chimera_guest *guest)
{
    for (U i = 0; i < MEMORY / 2; i += 8)
        put64(guest, MEMORY / 2 + i, 0);
    put32(guest, 8, 77);
    let_time_pass(guest);
    chimera_wasi_fd_read(guest, 0, MEMORY / 2, MEMORY / 16, 8);
}

static bool is_answered(const struct chimera_guest *guest)
{
    uint32_t value;
    memcpy(&value, guest->instance->memory.data + 8, sizeof(value));
    return value != 77;
}

/* Clocks that have all run out. */
static void poll_many(struct chimera_guest *guest)
{
    memset(memory(guest, 0), 0, MEMORY);
    put32(guest, 8, 77);
    let_time_pass(guest);
    chimera_wasi_poll_oneoff(guest, 4096, 4096, (MEMORY - 4096) / 48, 8);
}

static void wasi_ends_in_the_middle(void **state)
{
    (void)state;
    check(CHIMERA_MODE_WASI, draw, is_drawn);
    check(CHIMERA_MODE_WASI, write_overlapping, is_all_written);
    check(CHIMERA_MODE_WASI, write_nothing, is_answered);
    check(CHIMERA_MODE_WASI, read_nowhere, is_answered);
    check(CHIMERA_MODE_WAPC, poll_many, is_answered);
}

/* --- What a waPC guest prints --- */

#define LINES 256

static char log_path[] = "/tmp/chimera-time-log-XXXXXX";
static int log_fd;

static unsigned count_lines(void)
{
    static char text[1 << 20];
    unsigned count = 0;
    ssize_t size = pread(log_fd, text, sizeof(text), 0);
    for (ssize_t i = 0; i < size; i++)
        count += text[i] == '\n';
    return count;
}

static void print_lines(struct chimera_guest *guest)
{
    assert_int_equal(ftruncate(log_fd, 0), 0);
    for (U i = 0; i < LINES; i++)
        memcpy(memory(guest, 4096 + 2 * i), "x\n", 2);
    put32(guest, 0, 4096);
    put32(guest, 4, 2 * LINES);
    let_time_pass(guest);
    chimera_wasi_fd_write(guest, 1, 0, 1, 8);
}

static bool are_all_lines_logged(const struct chimera_guest *guest)
{
    (void)guest;
    return count_lines() == LINES;
}

static void print_much(struct chimera_guest *guest)
{
    assert_int_equal(ftruncate(log_fd, 0), 0);
    memset(memory(guest, 0), 'a', MEMORY);
    let_time_pass(guest);
    chimera_wapc_console_log(guest, 0, MEMORY);
}

static bool is_logged(const struct chimera_guest *guest)
{
    (void)guest;
    return count_lines() > 0;
}

/* --- Texts --- */

static void complain_at_length(struct chimera_guest *guest)
{
    memset(memory(guest, 0), 'a', MEMORY);
    let_time_pass(guest);
    chimera_wapc_guest_error(guest, 0, 1 << 20);
}

static bool has_complained(const struct chimera_guest *guest)
{
    return chimera_wapc_of(guest)->has_error;
}

static void call_by_a_long_name(struct chimera_guest *guest)
{
    memset(memory(guest, 0), 'a', MEMORY);
    let_time_pass(guest);
    chimera_wapc_host_call(guest, 0, MEMORY, 0, 0, 0, 0, 0, 0);
}

/* Values that must be read before the call can be. */
static void call_with_much(struct chimera_guest *guest)
{
    static const char log[] = "kubewardentracinglog";
    memcpy(memory(guest, 0), log, sizeof(log) - 1);
    memory(guest, 4096)[0] = '[';
    for (U at = 4097; at < MEMORY / 2; at += 2)
        memcpy(memory(guest, at), "1,", 2);
    memcpy(memory(guest, MEMORY / 2 - 2), "1]", 2);
    let_time_pass(guest);
    chimera_wapc_host_call(guest, 0, 10, 10, 7, 17, 3, 4096, MEMORY / 2 - 4096);
}

static bool has_been_answered(const struct chimera_guest *guest)
{
    return chimera_wapc_of(guest)->answer_kind != CHIMERA_WAPC_NONE;
}

static void wapc_ends_in_the_middle(void **state)
{
    (void)state;
    check(CHIMERA_MODE_WAPC, print_lines, are_all_lines_logged);
    check(CHIMERA_MODE_WAPC, print_much, is_logged);
    check(CHIMERA_MODE_WAPC, complain_at_length, has_complained);
    check(CHIMERA_MODE_WAPC, call_by_a_long_name, has_been_answered);
    check(CHIMERA_MODE_WAPC, call_with_much, has_been_answered);
}

/* --- The answer, which is read when the guest has ended --- */

static bool is_slow;

static void mutate(struct chimera_guest *guest)
{
    static const char before[] = "{\"accepted\":true,\"mutated_object\":[", behind[] = "1]}";
    U at = 4096 + (U)sizeof(before) - 1;
    memcpy(memory(guest, 4096), before, sizeof(before) - 1);
    for (; at < MEMORY / 16; at += 2)
        memcpy(memory(guest, at), "1,", 2);
    memcpy(memory(guest, at), behind, sizeof(behind) - 1);
    chimera_wapc_guest_response(guest, 4096, at + (U)sizeof(behind) - 1 - 4096);
    if (is_slow)
        let_time_pass(guest);
}

GUEST_CODE static void guest_call(struct chimera_instance *instance, union chimera_value *values)
{
    mutate(instance->guest);
    values[0].i32 = 1;
}

static void an_answer_is_read_in_the_same_time(void **state)
{
    const struct chimera_policy_options options = {.id = "p", .limit_ms = 10000, .lanes = 1};
    struct c_guest module;
    struct chimera_policy *policy;
    struct chimera_arena arena;
    struct chimera_response response;
    struct chimera_run_report report;
    struct chimera_request request = c_guest_request("[1]");
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    module.plugin.memory_min_pages = module.plugin.memory_max_pages = PAGES;
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "__guest_call", "ii:i", guest_call);
    assert_int_equal(chimera_policy_open(&module.loaded, &options, &policy, NULL), 0);
    chimera_arena_init(&arena, 64 << 20);
    for (int i = 0; i < 4; i++) {
        is_slow = i % 2;
        chimera_arena_reset(&arena);
        assert_int_equal(
            chimera_policy_evaluate(policy, 0, &request, is_slow ? 50 : 0, &arena, &response), 0);
        chimera_policy_last_run(policy, 0, &report);
        assert_int_equal(response.allowed, !is_slow);
        assert_int_equal(report.stop, is_slow ? CHIMERA_STOP_DEADLINE : CHIMERA_STOP_NONE);
        if (is_slow)
            c_guest_assert_slice(response.status.message, CHIMERA_DEADLINE_TEXT);
    }
    chimera_policy_close(policy);
    chimera_arena_free(&arena);
}

/* --- What generated code calls --- */

static const uint64_t entry[3] = {1, 2, 3};

static struct chimera_table *table_of(const struct chimera_guest *guest)
{
    return &((struct instance *)guest->instance)->table;
}

static void grow_table(struct chimera_guest *guest)
{
    let_time_pass(guest);
    chimera_table_grow(guest, table_of(guest), TABLE_MAX - table_of(guest)->size, entry);
}

static bool has_grown(const struct chimera_guest *guest)
{
    return table_of(guest)->size == TABLE_MAX;
}

/* Of a table that a reset would go back to, so that it has to be copied. */
static void grow_large_table(struct chimera_guest *guest)
{
    let_time_pass(guest);
    chimera_table_grow(guest, table_of(guest), 1, entry);
}

static void tables_end_in_the_middle(void **state)
{
    struct slot slot;
    (void)state;
    check(CHIMERA_MODE_WASI, grow_table, has_grown);
    shape.min = TABLE_MAX - 1;
    open_slot(&slot, CHIMERA_MODE_WASI);
    assert_int_equal(chimera_guest_snapshot(slot.guest, NULL), 0);
    assert_int_equal(run(&slot, grow_large_table, 1), CHIMERA_EDEADLINE);
    assert_false(has_grown(slot.guest));
    assert_int_equal(chimera_guest_reset(slot.guest), 0);
    assert_int_equal(run(&slot, grow_large_table, 0), CHIMERA_OK);
    assert_true(has_grown(slot.guest));
    close_slot(&slot);
    shape.min = 4;
}

/* --- How a table grows --- */

static unsigned moves;

static void grow_by_one(struct chimera_guest *guest)
{
    moves = 0;
    for (uint32_t size = table_of(guest)->size; size < 100000; size++) {
        const void *before = table_of(guest)->data;
        uint64_t number[3] = {size, size, size};
        if (chimera_table_grow(guest, table_of(guest), 1, number) != size)
            chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
        moves += table_of(guest)->data != before;
    }
}

static void grow_by_nothing(struct chimera_guest *guest)
{
    const void *before = table_of(guest)->data;
    for (int i = 0; i < 100; i++)
        moves += chimera_table_grow(guest, table_of(guest), 0, entry) != 4 ||
                 table_of(guest)->data != before;
}

static void small_steps_cost_no_more_than_large_ones(void **state)
{
    struct slot slot;
    (void)state;
    open_slot(&slot, CHIMERA_MODE_WASI);
    assert_int_equal(chimera_guest_snapshot(slot.guest, NULL), 0);
    const void *start = table_of(slot.guest)->data;
    for (int i = 0; i < 2; i++) {
        moves = 0;
        assert_int_equal(run(&slot, grow_by_nothing, 0), 0);
        assert_int_equal(moves, 0);
        assert_int_equal(run(&slot, grow_by_one, 0), 0);
        assert_in_range(moves, 1, 20); /* the logarithm of 100,000 / 4 is 15 */
        const uint64_t *entries = table_of(slot.guest)->data;
        for (size_t at = 4; at < 100000; at++)
            assert_int_equal(entries[3 * at + 2], at);
        assert_int_equal(chimera_guest_reset(slot.guest), 0);
        assert_ptr_equal(table_of(slot.guest)->data, start);
        assert_int_equal(table_of(slot.guest)->size, 4);
    }
    close_slot(&slot);
}

static void grow_beyond(struct chimera_guest *guest)
{
    moves = 0;
    moves += chimera_table_grow(guest, table_of(guest), TABLE_MAX, entry) != UINT32_MAX;
    moves += chimera_table_grow(guest, table_of(guest), UINT32_MAX, entry) != UINT32_MAX;
    moves += chimera_table_grow(guest, table_of(guest), TABLE_MAX - 4, entry) != 4;
    moves += chimera_table_grow(guest, table_of(guest), 1, entry) != UINT32_MAX;
    moves += chimera_table_grow(guest, table_of(guest), 0, entry) != TABLE_MAX;
}

static void a_table_ends_at_its_maximum(void **state)
{
    struct slot slot;
    (void)state;
    open_slot(&slot, CHIMERA_MODE_WASI);
    assert_int_equal(run(&slot, grow_beyond, 0), 0);
    assert_int_equal(moves, 0);
    close_slot(&slot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wasi_ends_in_the_middle),
        cmocka_unit_test(wapc_ends_in_the_middle),
        cmocka_unit_test(an_answer_is_read_in_the_same_time),
        cmocka_unit_test(tables_end_in_the_middle),
        cmocka_unit_test(small_steps_cost_no_more_than_large_ones),
        cmocka_unit_test(a_table_ends_at_its_maximum),
    };
    log_fd = mkostemp(log_path, O_APPEND | O_CLOEXEC);
    if (log_fd < 0)
        return 1;
    unlink(log_path);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
