/* SPDX-License-Identifier: Apache-2.0 */
/* Lies to the host functions that hand a guest what another call left for it: the answers of host
 * calls. They need a call that is answered, and tests/policies/hostile, where all other lies are,
 * grants none. What is expected is WebAssembly's own rule: wholly inside of memory, or a trap. */
#include "tests/unit/c_guest.h"
#include "tests/unit/wapc_imports.h"

#include "runtime/abi/wapc.h"
#include "runtime/abi/wasi.h"

uint32_t chimera_wasi_fd_read(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t count,
                              uint32_t ret_size);

enum { END = 4 * 65536, ARRAY = 64, COUNT = 32 };
static const char answer[] = "hello"; /* 5 bytes are handed over */
#define ANSWER_SIZE 5u

static void (*body)(struct chimera_guest *guest);
static uint32_t address, size; /* the lie */

GUEST_CODE static void call_body(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    body(instance->guest);
}

struct fixture {
    struct c_guest module;
    struct chimera_guest *guest;
};

static void open_host(struct fixture *fixture, const struct chimera_abi *abi)
{
    c_guest_init(&fixture->module, abi->mode);
    c_guest_export(&fixture->module, "call", ":", call_body);
    assert_int_equal(chimera_guest_new(&fixture->module.loaded, 1 << 20, &fixture->guest, NULL), 0);
    assert_int_equal(abi->attach(fixture->guest, NULL), 0);
}

static void close_host(struct fixture *fixture, const struct chimera_abi *abi)
{
    abi->detach(fixture->guest);
    chimera_guest_free(fixture->guest);
}

static int run(struct fixture *fixture, void (*function)(struct chimera_guest *))
{
    union chimera_value value = {0};
    body = function;
    chimera_guest_begin(fixture->guest, 10000);
    int code = chimera_guest_run(fixture->guest, fixture->module.exports, &value);
    chimera_guest_end(fixture->guest);
    return code;
}

static void expect_trap(struct fixture *fixture, void (*function)(struct chimera_guest *))
{
    assert_int_equal(run(fixture, function), CHIMERA_ETRAP);
    assert_int_equal(fixture->guest->trap, CHIMERA_TRAP_OUT_OF_BOUNDS);
}

/* Where five bytes fit, and where not. */
static const uint32_t good[] = {0, 1, END - ANSWER_SIZE};
static const uint32_t bad[] = {END - ANSWER_SIZE + 1, END - 1,     END,        END + 1, 0x7fffffff,
                               0x80000000u,           0xfffffffbu, 0xffffffffu};

static void expect_answer(struct fixture *fixture, uint32_t at)
{
    assert_memory_equal(fixture->guest->instance->memory.data + at, answer, ANSWER_SIZE);
    memset(fixture->guest->instance->memory.data + at, 0, ANSWER_SIZE);
}

/* --- waPC: __host_response and __host_error --- */

static void leave_answer(struct chimera_guest *guest, enum chimera_wapc_answer kind)
{
    chimera_buffer_reset(&chimera_wapc_of(guest)->answer_text);
    chimera_buffer_append(&chimera_wapc_of(guest)->answer_text,
                          (struct chimera_slice){answer, ANSWER_SIZE});
    chimera_wapc_of(guest)->answer_kind = kind;
}

static void take_response(struct chimera_guest *guest)
{
    leave_answer(guest, CHIMERA_WAPC_RESPONSE);
    chimera_wapc_host_response(guest, address);
}

static void take_error(struct chimera_guest *guest)
{
    leave_answer(guest, CHIMERA_WAPC_ERROR);
    chimera_wapc_host_error(guest, address);
}

static void answers_are_written_inside_of_memory_or_not_at_all(void **state)
{
    static void (*const takers[])(struct chimera_guest *) = {take_response, take_error};
    struct fixture fixture;
    (void)state;
    open_host(&fixture, &chimera_abi_wapc);
    for (size_t taker = 0; taker < 2; taker++) {
        for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
            address = good[i];
            assert_int_equal(run(&fixture, takers[taker]), 0);
            expect_answer(&fixture, address);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
            address = bad[i];
            expect_trap(&fixture, takers[taker]);
        }
    }
    close_host(&fixture, &chimera_abi_wapc);
}

/* --- WASI: fd_read of what host calls answered --- */

static void put32(struct chimera_guest *guest, uint32_t at, uint32_t value)
{
    memcpy(guest->instance->memory.data + at, &value, sizeof(value));
}

static uint32_t get32(const struct chimera_guest *guest, uint32_t at)
{
    uint32_t value;
    memcpy(&value, guest->instance->memory.data + at, sizeof(value));
    return value;
}

static uint32_t code, vector_count, count_at;

static void read_answer(struct chimera_guest *guest)
{
    chimera_buffer_reset(&chimera_wasi_of(guest)->answers);
    chimera_wasi_of(guest)->answers_done = 0;
    chimera_buffer_append(&chimera_wasi_of(guest)->answers,
                          (struct chimera_slice){answer, ANSWER_SIZE});
    put32(guest, ARRAY, address);
    put32(guest, ARRAY + 4, size);
    code = chimera_wasi_fd_read(guest, 0, ARRAY, vector_count, count_at);
}

static void reads_fill_what_is_inside_of_memory_or_nothing(void **state)
{
    static const uint32_t sizes[] = {ANSWER_SIZE, 0x80000000u, 0xffffffffu};
    struct fixture fixture;
    (void)state;
    open_host(&fixture, &chimera_abi_wasi);
    vector_count = 1;
    count_at = COUNT;
    size = ANSWER_SIZE;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        address = good[i];
        assert_int_equal(run(&fixture, read_answer), 0);
        assert_int_equal(code, 0);
        assert_int_equal(get32(fixture.guest, COUNT), ANSWER_SIZE);
        expect_answer(&fixture, address);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        for (size_t n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
            address = bad[i];
            size = sizes[n];
            expect_trap(&fixture, read_answer);
        }
    }
    address = 0;
    size = 0xffffffffu; /* begins well */
    expect_trap(&fixture, read_answer);
    close_host(&fixture, &chimera_abi_wasi);
}

/* What is read lands on the array that says where to read it to, or the count does. */
static void reads_may_overwrite_their_own_arguments(void **state)
{
    struct fixture fixture;
    (void)state;
    open_host(&fixture, &chimera_abi_wasi);
    vector_count = 2;
    count_at = COUNT;
    address = ARRAY;
    size = 16;
    assert_int_equal(run(&fixture, read_answer), 0);
    assert_int_equal(get32(fixture.guest, COUNT), ANSWER_SIZE);
    expect_answer(&fixture, ARRAY);
    vector_count = 1;
    address = 1024;
    count_at = ARRAY;
    assert_int_equal(run(&fixture, read_answer), 0);
    assert_int_equal(get32(fixture.guest, ARRAY), ANSWER_SIZE);
    expect_answer(&fixture, 1024);
    close_host(&fixture, &chimera_abi_wasi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_written_inside_of_memory_or_not_at_all),
        cmocka_unit_test(reads_fill_what_is_inside_of_memory_or_nothing),
        cmocka_unit_test(reads_may_overwrite_their_own_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
