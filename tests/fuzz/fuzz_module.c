/* SPDX-License-Identifier: Apache-2.0 */
/* The module reader, the import check and the rewrite, on any bytes. */
#include <stdint.h>

#include "compiler/lower/read.h"
#include "compiler/translate/rewrite.h"
#include "compiler/wasm/decode.h"
#include "compiler/wasm/import_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_module *module = NULL;
    struct chimera_slice bytes = {(const char *)data, size}, payload;
    chimera_module_custom_section(bytes, "io.kubewarden.metadata", &payload);
    if (chimera_module_read("fuzz", bytes, &module, NULL) < 0)
        return 0;
    struct chimera_buffer out;
    chimera_buffer_init(&out, (size_t)16 << 20);
    if (chimera_module_check_imports(module, NULL) == 0)
        chimera_module_rewrite(module, &out, NULL);
    chimera_buffer_free(&out);
    chimera_module_free(module);
    return 0;
}
