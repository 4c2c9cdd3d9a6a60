/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a signed statement; the annotations are handed out as a tree, or nothing is. */
#include <stdint.h>

#include "compiler/fetch/signature/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {(const char *)data, size};
    struct json_object *annotations = NULL;
    struct chimera_error err;
    if (chimera_statement_check(text, NULL, "sha256:ab", &annotations, &err) < 0 && annotations)
        __builtin_trap();
    if (annotations && !json_object_is_type(annotations, json_type_object))
        __builtin_trap();
    json_object_put(annotations);
    return 0;
}
