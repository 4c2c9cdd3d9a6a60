/* SPDX-License-Identifier: Apache-2.0 */
/* A host call as a guest makes it: four texts, split at the first three NULs of the input. */
#include "runtime/capability/dispatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const capabilities[] = {"*", NULL}, *const resources[] = {"v1/Pod", NULL};
    const struct chimera_grants grants = {
        .policy_id = "p", .capabilities = capabilities, .resources = resources};
    struct chimera_slice part[4], rest = {size ? (const char *)data : "", size};
    for (size_t i = 0; i < 4; i++) {
        const char *end = i < 3 && rest.size ? memchr(rest.data, 0, rest.size) : NULL;
        part[i] = (struct chimera_slice){rest.data, end ? (size_t)(end - rest.data) : rest.size};
        size_t used = part[i].size + (end ? 1 : 0);
        rest = (struct chimera_slice){rest.data + used, rest.size - used};
    }
    const struct chimera_guest_request call = {part[0], part[1], part[2], part[3]};
    struct chimera_buffer answer;
    chimera_buffer_init(&answer, 1 << 20);
    struct chimera_host_answer whole = {.text = &answer};
    chimera_capability_call(&grants, &call, &whole);
    chimera_buffer_free(&answer);
    return 0;
}
