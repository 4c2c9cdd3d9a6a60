/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a reference to something in a registry: what is refused is explained, and what is
 * taken reads the same once it is written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/source/image_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool differs(const char *a, const char *b)
{
    return !a != !b || (a && strcmp(a, b) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {size ? (const char *)data : "", size};
    struct chimera_image_reference first, second;
    struct chimera_error err = {0};
    struct chimera_buffer whole;
    if (chimera_image_reference_parse(text, &first, &err) < 0) {
        if (!err.text[0])
            abort();
        return 0;
    }
    chimera_buffer_init(&whole, 2000);
    chimera_image_reference_write(&first, &whole);
    if (whole.failed ||
        chimera_image_reference_parse(chimera_buffer_slice(&whole), &second, &err) < 0)
        abort();
    if (differs(first.registry, second.registry) || differs(first.repository, second.repository) ||
        differs(first.tag, second.tag) || differs(first.digest, second.digest) ||
        strchr(first.registry, '/') || strstr(first.repository, ".."))
        abort();
    chimera_image_reference_done(&first);
    chimera_image_reference_done(&second);
    chimera_buffer_free(&whole);
    return 0;
}
