/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the file of --policy-options; what is refused is explained, what is taken is in
 * range. */
#include <stdlib.h>

#include "runtime/source/policy_options.h"
#include "runtime/text/problems.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ids[] = {"a", "no-root", "gate/a", "gate/b", NULL};
    struct chimera_policy_extras extras[4];
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    int code = chimera_policy_options_parse(
        (struct chimera_slice){size ? (const char *)data : "", size}, "o.yml", ids, extras, &err);
    if (code < 0 && !err.text[0])
        abort();
    for (size_t i = 0; code == CHIMERA_OK && i < 4; i++)
        if (extras[i].memory_limit && (extras[i].memory_limit < CHIMERA_MEMORY_LEAST ||
                                       extras[i].memory_limit > CHIMERA_MEMORY_MOST))
            abort();
    chimera_buffer_free(&details);
    return 0;
}
