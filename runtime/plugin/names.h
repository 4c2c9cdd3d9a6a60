/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - STEM.names: which WebAssembly function a place in a plugin's code belongs to.
 *
 * Written by the build beside the plugin, so that the plugin itself holds no names and its bytes
 * depend on none. Opened with the plugin, because a locked-down worker opens nothing later; read
 * only when a guest was stopped, piece by piece and without trust: it is no part of what is signed,
 * and may change while we read. Any thread.
 *
 * Numbers are 32 bits, little endian. The head: the magic, the count of functions, the bytes of
 * all names, the SHA-256 of the .so. Then a record for each function, by rising address: start and
 * size in the object's addresses, the function's index (NO_FUNCTION: a helper of ours), the offset
 * of its body in the .wasm, where its name stands. Then the names: a byte of length and the text.
 */
#ifndef CHIMERA_PLUGIN_NAMES_H
#define CHIMERA_PLUGIN_NAMES_H

#include <stdbool.h>

#include "runtime/base/digest.h"
#include "runtime/base/slice.h"

#define CHIMERA_NAMES_MAGIC "CHIMERA\1"
#define CHIMERA_NAMES_HEAD 48u
#define CHIMERA_NAMES_RECORD 20u
#define CHIMERA_NAMES_NAME_MAX 255u
#define CHIMERA_NAMES_COUNT_MAX (1u << 22)
#define CHIMERA_NAMES_BYTES_MAX (1u << 28)
#define CHIMERA_NO_FUNCTION UINT32_MAX

struct chimera_place {
    uint32_t function;    /* its index, or CHIMERA_NO_FUNCTION */
    uint32_t wasm_offset; /* of its body in the .wasm file */
    uint32_t code_offset; /* of the place in the function's machine code */
    size_t name_size;
    char name[CHIMERA_NAMES_NAME_MAX]; /* any bytes; empty: none known */
};

/* -1 when there is none for the object of this digest. The caller owns the descriptor. */
int chimera_names_open(const char *path, const struct chimera_digest *object);

/* `address` counts from where the object is mapped. False when the file knows nothing of it. */
bool chimera_names_find(int fd, uint64_t address, struct chimera_place *ret_place);

/* All WebAssembly functions that have a name there, each with it. False when the file is none, or
 * ends early. */
bool chimera_names_each(int fd,
                        void (*visit)(uint32_t function, struct chimera_slice name, void *context),
                        void *context);

#endif
