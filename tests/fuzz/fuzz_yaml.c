/* Any bytes as YAML. What is read can be written, and reads back as the same. */
#include <stdlib.h>

#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct chimera_yaml_options options = {0};
    struct json_object *tree = NULL, *again = NULL;
    struct chimera_buffer text;
    struct chimera_slice input = {size ? (const char *)data : "", size};
    if (chimera_yaml_parse(input, &options, &tree, NULL) < 0)
        return 0;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_yaml_write(tree, &text);
    if (!text.failed) {
        if (chimera_yaml_parse(chimera_buffer_slice(&text), &options, &again, NULL) < 0 ||
            !json_object_equal(tree, again))
            abort();
        json_object_put(again);
    }
    chimera_buffer_free(&text);
    json_object_put(tree);
    return 0;
}
