/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what --request-path names; each request that is made of them is JSON. */
#include <stdlib.h>

#include "runtime/json/tree.h"
#include "toolchain/command/request/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct requests *requests, bool is_made)
{
    if (is_made && requests->count == 0)
        abort();
    for (size_t i = 0; is_made && i < requests->count; i++) {
        struct json_object *tree = NULL;
        const struct request_text *request = &requests->list[i];
        if (!request->name || chimera_json_parse(chimera_buffer_slice(&request->json), &tree, NULL))
            abort();
        json_object_put(tree);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[] = "p.yml";
    struct request_file file = {.name = name};
    const struct request_files files = {&file, 1};
    chimera_buffer_init(&file.text, (size_t)1 << 24);
    chimera_buffer_append(&file.text, (struct chimera_slice){size ? (const char *)data : "", size});
    for (int reading = REQUESTS_RAW; reading <= REQUESTS_REVIEWS; reading++) {
        struct requests requests;
        struct chimera_error err = {0};
        int code = requests_make(&files, (enum request_reading)reading, &requests, &err);
        check(&requests, code == CHIMERA_OK);
        requests_done(&requests);
    }
    chimera_buffer_free(&file.text);
    return 0;
}
