/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request that does not mutate takes nothing from malloc() once its arena is warm.
 * Counted by standing in front of glibc's own functions, which a sanitizer already does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/file.h"
#include "runtime/review/response.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_COUNT 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CAN_COUNT 0
#endif
#endif
#ifndef CAN_COUNT
#define CAN_COUNT 1
#endif

static unsigned long allocations;

#if CAN_COUNT
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nmemb, size_t size);
void *__libc_realloc(void *ptr, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    allocations++;
    return __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    allocations++;
    return __libc_realloc(ptr, size);
}
#endif

static void review(struct chimera_slice body, struct chimera_arena *arena,
                   struct chimera_buffer *out)
{
    static const char answer[] = "{\"accepted\":false,\"message\":\"no\\n\",\"code\":403,"
                                 "\"warnings\":[\"a\\t\",\"b\"],"
                                 "\"audit_annotations\":{\"b\":\"1\",\"a\":\"\\u0041\"}}";
    struct chimera_handling handling = {.policy_id = "p", .message = CHIMERA_SLICE("words")};
    struct chimera_request request;
    struct chimera_response response;
    struct chimera_slice why;
    assert_int_equal(chimera_request_parse_review(body, arena, &request, &why), 0);
    assert_int_equal(
        chimera_response_from_validation(CHIMERA_SLICE(answer), &request, arena, &response, &why),
        0);
    chimera_response_handle(&response, &handling, arena);
    chimera_response_write_review(&response, false, out);
    chimera_arena_reset(arena);
    chimera_buffer_reset(out);
}

static void request_path_does_not_allocate(void **state)
{
    struct chimera_arena arena;
    struct chimera_buffer file, out;
    (void)state;
    if (!CAN_COUNT)
        skip();
    chimera_arena_init(&arena, (size_t)1 << 20);
    chimera_buffer_init(&out, (size_t)1 << 20);
    chimera_buffer_init(&file, (size_t)1 << 20);
    assert_int_equal(chimera_file_read(TEST_DATA "/requests/pod-5k.json", &file, NULL), 0);
    review(chimera_buffer_slice(&file), &arena, &out);
    assert_true(allocations > 0);
    unsigned long before = allocations;
    for (int i = 0; i < 1000; i++)
        review(chimera_buffer_slice(&file), &arena, &out);
    assert_int_equal(allocations - before, 0);
    chimera_buffer_free(&file);
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_path_does_not_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
