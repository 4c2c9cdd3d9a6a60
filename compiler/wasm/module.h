/* SPDX-License-Identifier: Apache-2.0 */
/* module.h - the structure of one WebAssembly module, read and checked by ourselves.
 *
 * What the build must know or must refuse before wasm2c sees a module: sections, features, imports,
 * limits, segments, names (runtime-performance.md §7.2). Types inside function bodies are wasm2c's
 * to validate. A module that uses what wasm2c does not take but chimera_lower() rewrites is lowered
 * first, and what is read is the outcome. Names and bodies are slices of the file, which must
 * outlive the module. Immutable once read.
 */
#ifndef CHIMERA_COMPILER_WASM_MODULE_H
#define CHIMERA_COMPILER_WASM_MODULE_H

#include <stdint.h>

#include "compiler/wasm/section.h"
#include "compiler/wasm/type.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"

enum wasm_kind { /* of imports and exports */
                 WASM_FUNCTION = 0,
                 WASM_TABLE = 1,
                 WASM_MEMORY = 2,
                 WASM_GLOBAL = 3,
                 WASM_TAG = 4, /* no module that was read has one */
};

/* What stands in place of an import's kind in newer proposals: items of one module, each with its
 * kind, or all of one; a function of this type and no subtype. */
enum {
    WASM_IMPORT_GROUP = 0x7f,
    WASM_IMPORT_GROUP_OF_TYPE = 0x7e,
    WASM_IMPORT_EXACT_FUNCTION = 0x20,
};

struct wasm_signature {
    struct chimera_slice params, results; /* one byte each, enum wasm_type */
    uint32_t id; /* the first equal type + 1; equal shapes are equal types but in lowered modules */
    bool is_marked; /* lowered: an indirect call finds its type's id in the global `marker` */
};

struct wasm_limits {
    uint32_t min, max; /* max UINT32_MAX: none stated */
};

struct wasm_export {
    struct chimera_slice name;
    enum wasm_kind kind;
    uint32_t index;
};

enum wasm_expression_kind { WASM_CONST, WASM_REF_NULL, WASM_REF_FUNC, WASM_GLOBAL_GET };

struct wasm_expression { /* a constant expression of one instruction */
    enum wasm_expression_kind kind;
    uint8_t type;        /* of a constant or a null */
    uint64_t value;      /* the constant's bits, or the index */
    uint64_t value_high; /* the other half of a vector's */
};

struct wasm_table {
    uint8_t type;
    struct wasm_limits limits;
};

struct wasm_global {
    uint8_t type;
    bool is_mutable;
    struct wasm_expression initial;
};

struct wasm_import {
    struct chimera_slice module, name;
    enum wasm_kind kind;
    uint32_t type;             /* functions: index of the signature */
    struct wasm_table table;   /* tables */
    struct wasm_global global; /* globals */
    size_t offset;             /* in the file, for messages */
};

enum wasm_segment_mode { WASM_ACTIVE, WASM_PASSIVE, WASM_DECLARATIVE };

#define WASM_NULL_FUNCTION UINT32_MAX

struct wasm_element {
    enum wasm_segment_mode mode;
    uint32_t table;
    struct wasm_expression offset;
    uint8_t type;
    uint32_t *functions; /* owned; an index each, or WASM_NULL_FUNCTION */
    uint32_t count;
};

struct wasm_data {
    enum wasm_segment_mode mode;
    struct wasm_expression offset;
    struct chimera_slice bytes;
};

/* Newer proposals that chimera_lower() rewrote before the module was read. */
enum wasm_lowering {
    WASM_LOWERS_REFERENCES = 1, /* typed function references */
    WASM_LOWERS_TAIL_CALLS = 2,
    WASM_LOWERS_IMPORTS = 4,   /* the compact form of the import section */
    WASM_LOWERS_CONSTANTS = 8, /* extended constant expressions */
};

struct chimera_module {
    const char *file;           /* borrowed; for messages */
    struct chimera_slice bytes; /* of the file or, when it was lowered, of what came of it */
    char *lowered;              /* the latter; owned, or NULL */
    unsigned lowering;          /* enum wasm_lowering */
    uint32_t marker;            /* a global's index, where a signature is marked */
    bool counts;                /* its instructions, … */
    uint32_t counter;           /* … in the global of this index */
    struct chimera_slice
        section[WASM_SECTIONS];    /* payloads by enum wasm_section; .data NULL: absent */
    struct chimera_slice metadata; /* io.kubewarden.metadata, the first; .data NULL: none */

    /* Arrays are owned. Functions, tables and globals begin with the imported ones, as their
     * indices do. (What passes chimera_module_check_imports() has no imported tables and globals.)
     */
    struct wasm_signature *signatures;
    struct wasm_import *imports;
    uint32_t *functions; /* the signature of each */
    struct wasm_table *tables;
    struct wasm_global *globals;
    struct wasm_export *exports;
    struct wasm_element *elements;
    struct wasm_data *data;
    struct chimera_slice *bodies; /* of the functions that are not imported */
    uint32_t signature_count, import_count, function_count, imported_functions, table_count,
        imported_tables, global_count, imported_globals, export_count, element_count, data_count,
        body_count;
    bool has_memory, is_memory_imported;
    struct wasm_limits memory; /* pages */
    bool has_start;
    uint32_t start;
    bool has_data_count;
    uint32_t stated_data_count;

    /* What the bodies use. */
    bool uses_data_segments; /* memory.init or data.drop */
    bool uses_ref_func;
    bool uses_vectors;   /* or their type stands anywhere */
    bool changes_tables; /* table.set, grow, fill, copy or init */
};

void chimera_module_free(struct chimera_module *module); /* does nothing when it is NULL */

/* Pages that the guest's memory starts with: an imported one has at least 5 (guest-abis.md §4.2).
 */
uint32_t chimera_module_memory_min(const struct chimera_module *module);

/* True when any export's name begins with `prefix`. */
bool chimera_module_exports_prefix(const struct chimera_module *module, const char *prefix);

/* "typed function references, tail calls"; "" when nothing was lowered. */
#define CHIMERA_LOWERING_SIZE 80
void chimera_module_lowering_text(const struct chimera_module *module,
                                  char ret_text[CHIMERA_LOWERING_SIZE]);

/* "ii:i" for plugin.h; `size` of `ret_text` must fit the signature: see chimera_signature_size().
 */
void chimera_signature_text(const struct wasm_signature *signature, char *ret_text);
size_t chimera_signature_size(const struct wasm_signature *signature);
char chimera_type_letter(uint8_t type);

#endif
