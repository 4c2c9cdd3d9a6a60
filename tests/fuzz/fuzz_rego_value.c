/* Any bytes as a value that a Rego guest hands over. What is read is written as the same value. */
#include <stdlib.h>

#include "runtime/rego/value.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_object *value = NULL, *again = NULL;
    struct chimera_buffer text;
    struct chimera_slice input = {size ? (const char *)data : "", size};
    if (chimera_rego_parse(input, &value, NULL) < 0)
        return 0;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_rego_write(value, &text);
    if (!text.failed) {
        if (chimera_rego_parse(chimera_buffer_slice(&text), &again, NULL) < 0 ||
            chimera_rego_compare(value, again) != 0)
            abort();
        json_object_put(again);
    }
    chimera_buffer_free(&text);
    json_object_put(value);
    return 0;
}
