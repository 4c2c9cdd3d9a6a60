/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a function that wasm2c wrote. What is made flat nests no ifs any more, so it stays as
 * it is. */
#include "compiler/translate/flatten.h"
#include "runtime/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_buffer first, second;
    chimera_buffer_init(&first, 1 << 20);
    chimera_buffer_init(&second, 1 << 20);
    if (chimera_flatten((struct chimera_slice){(const char *)data, size}, &first) == CHIMERA_OK &&
        (chimera_flatten(chimera_buffer_slice(&first), &second) < 0 ||
         !chimera_slice_equal(chimera_buffer_slice(&first), chimera_buffer_slice(&second))))
        __builtin_trap();
    chimera_buffer_free(&first);
    chimera_buffer_free(&second);
    return 0;
}
