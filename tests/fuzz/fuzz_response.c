/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a guest answers, what is written is JSON. */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/json/scan.h"
#include "runtime/review/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_right)
{
    if (!is_right)
        abort();
}

static void expect_json(struct chimera_response response, bool forbids_mutation,
                        struct chimera_arena *arena)
{
    struct chimera_handling handling = {.policy_id = "p",
                                        .allowed_to_mutate = !forbids_mutation,
                                        .message = forbids_mutation ? CHIMERA_SLICE("m")
                                                                    : (struct chimera_slice){0}};
    struct chimera_buffer out;
    chimera_buffer_init(&out, (size_t)64 << 20);
    chimera_response_handle(&response, &handling, arena);
    chimera_response_write_review(&response, false, &out);
    expect(out.failed == 0);
    expect(chimera_json_check(chimera_buffer_slice(&out), NULL) == CHIMERA_OK);
    chimera_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice answer = {(const char *)data, size}, why, message;
    struct chimera_request request = {.uid = {"u", 1}, .object = {"{\"a\":[1,{\"b\":2}]}", 17}};
    struct chimera_response response;
    struct chimera_arena arena;
    bool is_valid;
    chimera_arena_init(&arena, (size_t)4 << 20);
    if (chimera_response_from_validation(answer, &request, &arena, &response, &why) == CHIMERA_OK)
        expect_json(response, size & 1, &arena);
    else
        expect(why.size > 0);
    if (chimera_response_from_admission(answer, &request, &arena, &response, &why) == CHIMERA_OK)
        expect_json(response, size & 1, &arena);
    if (chimera_settings_from_answer(answer, &arena, &is_valid, &message, &why) < 0)
        expect(why.size > 0);
    chimera_arena_free(&arena);
    return 0;
}
