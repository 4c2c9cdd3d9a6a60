/* SPDX-License-Identifier: Apache-2.0 */
/* What a tenant sends, read by its worker: whatever is taken can be written again, and comes to the
 * same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/tenant/message.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice bytes = {(const char *)data, size}, text;
    struct chimera_response response = {0};
    struct chimera_request request;
    struct message_call call;
    struct chimera_run_report cost;
    struct chimera_buffer out;
    struct chimera_arena arena;
    int code;
    chimera_arena_init(&arena, 1 << 24);
    chimera_buffer_init(&out, 1 << 24);
    if (message_get_response(bytes, &arena, &code, &response)) {
        message_put_response(&out, code, &response);
        check(!out.failed && out.size == size);
        if (code == 0) {
            chimera_buffer_reset(&out);
            chimera_response_write_review(&response, false, &out);
        }
    }
    struct chimera_slice rest = bytes;
    if (message_take_cost(&rest, &cost))
        check(rest.size == size - 44 && cost.resets <= 1 && cost.is_pure <= 1);
    message_get_check(bytes, &code, &text);
    message_get_call(bytes, &call, &request);
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
    return 0;
}
