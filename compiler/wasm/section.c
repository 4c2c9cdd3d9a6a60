/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/section.h"

const char *const wasm_section_names[WASM_SECTIONS] = {
#define NAME(number, name, rank, text) [number] = (text),
    WASM_SECTION_LIST(NAME)
#undef NAME
};
