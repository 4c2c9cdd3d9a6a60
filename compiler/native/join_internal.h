/* SPDX-License-Identifier: Apache-2.0 */
/* join_internal.h - objects as join_read.c has read them, for join.c, which lays them out. */
#ifndef CHIMERA_COMPILER_NATIVE_JOIN_INTERNAL_H
#define CHIMERA_COMPILER_NATIVE_JOIN_INTERNAL_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/native/join.h"

#define JOIN_NONE UINT32_MAX

enum join_place { JOIN_LEFT_OUT, JOIN_CODE, JOIN_DATA };

struct join_section {
    enum join_place place;
    const uint8_t *bytes; /* borrowed from the object */
    uint64_t size, align;
    uint64_t address; /* in the plugin; set by the layout */
};

struct join_symbol { /* of one object */
    uint32_t section;
    uint32_t global; /* in join.globals; JOIN_NONE: it is known in its object alone */
    uint64_t value, size;
    uint8_t type;
    struct chimera_slice name; /* borrowed */
};

struct join_relocation {
    uint32_t section; /* to change; that of the same object */
    uint32_t symbol, type;
    uint64_t offset; /* within the section, with room for the number behind it */
    int64_t addend;
};

struct join_object {
    struct join_section *sections; /* owned, as the next */
    struct join_symbol *symbols;
    struct join_relocation *relocations;
    size_t section_count, symbol_count, relocation_count;
};

struct join_global { /* a name that is the same in all objects */
    struct chimera_slice name;
    uint32_t object, symbol; /* where it is defined; JOIN_NONE: the runtime has it */
    uint32_t import, slot;   /* its places among imports and addresses; JOIN_NONE: none */
};

struct join {
    struct join_object *objects; /* owned */
    struct join_global *globals; /* owned */
    uint32_t *index;             /* by hash: globals, or JOIN_NONE; owned */
    size_t object_count, global_count, global_room, index_size;
    struct chimera_error *err;
};

/* Reads one object into join->objects[at]. On failure too, join_done() frees what is there. */
int join_read(struct join *join, size_t at, struct chimera_slice object);
void join_done(struct join *join);

#endif
