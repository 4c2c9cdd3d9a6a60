/* SPDX-License-Identifier: Apache-2.0 */
/* section.h - the sections of a module: their numbers, and the order that they come in. */
#ifndef CHIMERA_COMPILER_WASM_SECTION_H
#define CHIMERA_COMPILER_WASM_SECTION_H

/* X(number, NAME, rank, what messages call it). Sections come with rising ranks: the data count
 * stands before the code, tags after memory. Custom sections stand anywhere. */
#define WASM_SECTION_LIST(X)                    \
    X(0, CUSTOM, 0, "custom section")           \
    X(1, TYPE, 1, "type section")               \
    X(2, IMPORT, 2, "import section")           \
    X(3, FUNCTION, 3, "function section")       \
    X(4, TABLE, 4, "table section")             \
    X(5, MEMORY, 5, "memory section")           \
    X(6, GLOBAL, 7, "global section")           \
    X(7, EXPORT, 8, "export section")           \
    X(8, START, 9, "start section")             \
    X(9, ELEMENT, 10, "element section")        \
    X(10, CODE, 12, "code section")             \
    X(11, DATA, 13, "data section")             \
    X(12, DATA_COUNT, 11, "data count section") \
    X(13, TAG, 6, "tag section")

enum wasm_section {
#define ENUMERATOR(number, name, rank, text) WASM_SECTION_##name = (number),
    WASM_SECTION_LIST(ENUMERATOR)
#undef ENUMERATOR
};

#define WASM_SECTIONS (WASM_SECTION_TAG + 1)

extern const char *const wasm_section_names[WASM_SECTIONS]; /* for messages */

/* What every module begins with: the magic and the version of the binary format. */
#define WASM_HEADER "\0asm\1\0\0\0"
#define WASM_HEADER_SIZE 8

#endif
