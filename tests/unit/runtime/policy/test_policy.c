/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as the server uses them: lanes, limits, what a warm request costs. */
#include "tests/unit/c_guest.h"
#include "tests/unit/wapc_imports.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/log/log.h"
#include "runtime/policy/policy.h"

uint32_t chimera_wasi_fd_read(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t count,
                              uint32_t size);
uint32_t chimera_wasi_fd_write(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                               uint32_t count, uint32_t size);
uint32_t chimera_wasi_fd_seek(struct chimera_guest *guest, uint32_t fd, uint64_t offset,
                              uint32_t whence, uint32_t at);
uint32_t chimera_wasi_poll_oneoff(struct chimera_guest *guest, uint32_t in, uint32_t out,
                                  uint32_t count, uint32_t at);

/* --- Counting allocations; a sanitizer has its own --- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER
#endif

#ifndef HAS_SANITIZER
static _Atomic unsigned allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}
#endif

/* --- The guest --- */

static const char *volatile printed = "";
static _Thread_local uint32_t answers[4];

static void put_vector(uint8_t *memory, uint32_t at, uint32_t size)
{
    const uint32_t vector[] = {at, size};
    memcpy(memory, vector, sizeof(vector));
}

static void ask_wasi(struct chimera_guest *guest, uint8_t *memory)
{
    put_vector(memory + 4096, 8192, 64);
    answers[0] = chimera_wasi_fd_read(guest, 0, 4096, 1, 4104);
    memcpy(&answers[1], memory + 4104, 4);
    answers[2] = chimera_wasi_fd_seek(guest, 1, 0, 1, 4104);
    memset(memory + 6144, 0, 48);
    memory[6144 + 8] = 1; /* may be read now, as its end has come */
    answers[3] = chimera_wasi_poll_oneoff(guest, 6144, 7168, 1, 4104);
}

/* Takes its request, prints, and answers; counts its calls in its memory, which is reset. */
static void answer(struct chimera_guest *guest, union chimera_value *values)
{
    uint8_t *memory = guest->instance->memory.data;
    static const char accepted[] = "{\"accepted\":true}", valid[] = "{\"valid\":true}";
    bool is_settings = values[0].i32 == strlen("validate_settings");
    const char *text = memory[9000]++ ? "" : is_settings ? valid : accepted;
    chimera_wapc_guest_request(guest, 16, 65536);
    ask_wasi(guest, memory);
    memcpy(memory + 1000, printed, strlen(printed));
    put_vector(memory + 4096, 1000, (uint32_t)strlen(printed));
    chimera_wasi_fd_write(guest, 1, 4096, 1, 4104);
    chimera_wapc_console_log(guest, 1000, 3 < strlen(printed) ? 3 : 0);
    memcpy(memory + 2000, text, strlen(text));
    chimera_wapc_guest_response(guest, 2000, (uint32_t)strlen(text));
    values[0].i32 = 1;
}

GUEST_CODE static void guest_call(struct chimera_instance *instance, union chimera_value *values)
{
    answer(instance->guest, values);
}

#define LANES 3

struct fixture {
    struct c_guest module;
    struct chimera_policy *policy;
    struct chimera_request request;
};

static void open_policy(struct fixture *fixture, uint64_t memory_limit)
{
    const struct chimera_policy_options options = {
        .id = "my-policy", .limit_ms = 5000, .lanes = LANES, .memory_limit = memory_limit};
    c_guest_init(&fixture->module, CHIMERA_MODE_WAPC);
    c_guest_export(&fixture->module, "memory", "", NULL);
    c_guest_export(&fixture->module, "__guest_call", "ii:i", guest_call);
    assert_int_equal(chimera_policy_open(&fixture->module.loaded, &options, &fixture->policy, NULL),
                     0);
    fixture->request = c_guest_request("{\"n\":1}");
}

/* Requests that were not allowed. */
static unsigned run(struct fixture *fixture, unsigned lane, unsigned count)
{
    struct chimera_arena arena;
    struct chimera_response response;
    unsigned bad = 0;
    chimera_arena_init(&arena, 1 << 20);
    for (unsigned i = 0; i < count; i++) {
        int code =
            chimera_policy_evaluate(fixture->policy, lane, &fixture->request, 0, &arena, &response);
        bad += code < 0 || !response.allowed;
        chimera_arena_reset(&arena);
    }
    chimera_arena_free(&arena);
    return bad;
}

static void a_warm_request_allocates_nothing(void **state)
{
#ifdef HAS_SANITIZER
    (void)state;
    skip();
#else
    struct fixture fixture;
    struct chimera_arena arena;
    struct chimera_response response;
    (void)state;
    open_policy(&fixture, 0);
    chimera_arena_init(&arena, 1 << 20);
    chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 0, &arena, &response);
    unsigned before = allocations;
    for (int i = 0; i < 1000; i++) {
        chimera_arena_reset(&arena);
        chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 0, &arena, &response);
    }
    assert_int_equal(allocations, before);
    assert_true(response.allowed);
    chimera_arena_free(&arena);
    chimera_policy_close(fixture.policy);
#endif
}

struct worker {
    struct fixture *fixture;
    unsigned lane, bad;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    worker->bad = run(worker->fixture, worker->lane, 500);
    return NULL;
}

static void lanes_run_at_once_and_share_nothing(void **state)
{
    struct fixture fixture;
    struct worker workers[LANES];
    pthread_t threads[LANES];
    (void)state;
    open_policy(&fixture, 0);
    for (unsigned i = 0; i < LANES; i++) {
        workers[i] = (struct worker){&fixture, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < LANES; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].bad, 0);
    }
    chimera_policy_close(fixture.policy);
}

static void settings_left_out_are_an_empty_object(void **state)
{
    struct fixture fixture;
    struct chimera_arena arena;
    bool is_valid = false;
    struct chimera_slice message = {0};
    (void)state;
    open_policy(&fixture, 0);
    chimera_arena_init(&arena, 1 << 20);
    assert_int_equal(
        chimera_policy_check_settings(fixture.policy, 1, &arena, &is_valid, &message, NULL), 0);
    assert_true(is_valid);
    assert_null(message.data);
    assert_string_equal(chimera_policy_id(fixture.policy), "my-policy");
    chimera_arena_free(&arena);
    chimera_policy_close(fixture.policy);
}

static void warm_tells_what_is_wrong(void **state)
{
    struct fixture fixture;
    struct chimera_error err = {0};
    (void)state;
    open_policy(&fixture, 65536);
    assert_int_equal(chimera_policy_warm(fixture.policy, 0, &err), CHIMERA_ELIMIT);
    assert_memory_equal(err.text, "WebAssembly failure: cannot rehydrate PolicyEvaluatorPre: ", 58);
    assert_int_equal(run(&fixture, 0, 1), 1);
    chimera_policy_close(fixture.policy);
}

static void descriptors_of_a_wapc_guest_are_the_hosts(void **state)
{
    static const uint32_t want[] = {0, 0, 70, 0};
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, 0);
    assert_int_equal(run(&fixture, 0, 1), 0);
    assert_memory_equal(answers, want, sizeof(want));
    chimera_policy_close(fixture.policy);
}

static void what_a_wapc_guest_prints_goes_to_the_log(void **state)
{
    static const char want[] = "  INFO policy_log: one policy_id=\"my-policy\" stream=\"stdout\"\n"
                               "  INFO policy_log: one policy_id=\"my-policy\"\n"
                               "  INFO policy_log: two policy_id=\"my-policy\" stream=\"stdout\"\n";
    static char text[4096];
    struct fixture fixture;
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    open_policy(&fixture, 0);
    printed = "one\ntwo";
    chimera_log_open(ends[1], CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    assert_int_equal(run(&fixture, 0, 1), 0);
    chimera_log_open(-1, CHIMERA_LOG_TEXT, CHIMERA_LOG_SILENT);
    close(ends[1]);
    char *to = text;
    size_t column = 0;
    for (char byte; read(ends[0], &byte, 1) == 1; column = byte == '\n' ? 0 : column + 1)
        if (column >= 27) /* behind the time */
            *to++ = byte;
    assert_string_equal(text, want);
    close(ends[0]);
    chimera_policy_close(fixture.policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_request_allocates_nothing),
        cmocka_unit_test(lanes_run_at_once_and_share_nothing),
        cmocka_unit_test(settings_left_out_are_an_empty_object),
        cmocka_unit_test(warm_tells_what_is_wrong),
        cmocka_unit_test(descriptors_of_a_wapc_guest_are_the_hosts),
        cmocka_unit_test(what_a_wapc_guest_prints_goes_to_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
