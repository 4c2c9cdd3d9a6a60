/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as configuration. What is JSON says the same as YAML, once adapted; and what adapting
 * does to other YAML makes nothing of it that was read before say something else. */
#include <stdlib.h>

#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"

#define TEXT_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Numbers apart: JSON takes those beyond 64 bits for floating-point numbers, YAML refuses them, and
 * -0 is one there and none here. */
static bool has_odd_number(struct chimera_slice text)
{
    bool is_string = false;
    for (size_t i = 0, digits = 0; i < text.size; i++) {
        char c = text.data[i];
        is_string = is_string != (c == '"');
        i += is_string && c == '\\';
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (!is_string &&
            (digits > 18 || (c == '-' && i + 1 < text.size && text.data[i + 1] == '0')))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct chimera_yaml_options options = {0};
    struct json_object *before = NULL, *after = NULL;
    struct chimera_error err;
    struct chimera_buffer text;
    struct chimera_slice input = {size ? (const char *)data : "", size};
    bool is_json = chimera_json_parse(input, &before, NULL) == CHIMERA_OK;
    bool was_read = is_json || chimera_yaml_parse(input, &options, &before, NULL) == CHIMERA_OK;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_buffer_reserve(&text, 1); /* as a file's is, which may be empty */
    chimera_buffer_append(&text, input);
    if (chimera_yaml_adapt(&text, &err) < 0)
        abort();
    bool is_read =
        chimera_yaml_parse(chimera_buffer_slice(&text), &options, &after, &err) == CHIMERA_OK;
    if (was_read && !(is_json && has_odd_number(input)))
        if (!is_read || !json_object_equal(before, after))
            abort();
    json_object_put(before);
    json_object_put(after);
    chimera_buffer_free(&text);
    return 0;
}
