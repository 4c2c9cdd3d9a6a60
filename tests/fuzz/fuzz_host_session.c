/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a recorded session of host calls: what is refused is explained; what is taken is
 * shown, and once it has been asked for and recorded, it is taken again. */
#include <stdlib.h>

#include "runtime/capability/recorded.h"
#include "runtime/capability/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(struct chimera_slice text)
{
    struct chimera_host_request request = {0}, again = {0};
    struct chimera_error err = {0};
    struct chimera_buffer written, shown;
    int code = chimera_recorded_read(text, &request, &err);
    if (code < 0 && !err.text[0])
        abort();
    if (code < 0 || request.kind == CHIMERA_ASK_COUNT)
        return;
    chimera_buffer_init(&written, (size_t)64 << 20);
    chimera_buffer_init(&shown, (size_t)64 << 20);
    chimera_recorded_show(&request, &shown);
    chimera_recorded_write(&request, &written);
    if (written.failed || shown.failed ||
        chimera_recorded_read(chimera_buffer_slice(&written), &again, &err) < 0 ||
        again.kind != request.kind || !json_object_equal(again.fields, request.fields))
        abort();
    chimera_buffer_free(&written);
    chimera_buffer_free(&shown);
    chimera_host_request_end(&again);
    chimera_host_request_end(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {size ? (const char *)data : "", size};
    struct chimera_host_session *session = NULL;
    struct chimera_error err = {0};
    if (chimera_host_session_parse(text, "s.yml", &session, &err) < 0 && !err.text[0])
        abort();
    chimera_host_session_free(session);
    check_request(text);
    return 0;
}
