/* SPDX-License-Identifier: Apache-2.0 */
/* lowering.h - what the files of this folder share.
 *
 * How a reference of a concrete type, (ref null? $t), is represented:
 *  - slotted: as the i32 index of an entry in a private table that the pass adds. Entry 0 is null.
 * The table is filled once and no instruction of the guest can name it. call_ref becomes a
 *    call_indirect on it, whose checks of bounds and type are kept. So even if an i32 that is no
 *    reference got there, the call would trap or reach a function of the right type.
 *  - as a funcref, where slots would have to mix with funcrefs: a concrete reference is used as a
 *    funcref, goes through a table, or could be seen by the host. ref.func then reads the private
 *    table, call_ref puts the reference into its entry 0 and calls that.
 * The first is faster and leaves tables unchanged; chimera_lower() tries it first.
 *
 * Types of the same shape in the new module may have been different. An indirect call of such a
 * type is told apart by a private global, the marker, that is set to the type's number just before:
 * newer releases of wasm2c name types by their shape, and our glue reads the marker in place of
 * that name.
 */
#ifndef CHIMERA_COMPILER_LOWER_LOWERING_H
#define CHIMERA_COMPILER_LOWER_LOWERING_H

#include "compiler/count/count.h"
#include "compiler/wasm/instruction.h"
#include "compiler/wasm/limits.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/reader.h"
#include "compiler/wasm/writer.h"
#include "runtime/base/buffer.h"

/* --- Types (types.c). --- */

/* A numeric type is its encoding; a reference is flags and a heap type: an abstract one below, or
 * the canonical index of a function type. Equal types are equal numbers. */
typedef uint32_t lower_type;

#define LOWER_REFERENCE 0x80000000u
#define LOWER_NULLABLE 0x40000000u
#define LOWER_HEAP 0x1fffffffu

enum { HEAP_FUNC = 0x1ffffff0, HEAP_NOFUNC, HEAP_EXTERN, HEAP_NOEXTERN };

#define LOWER_UNKNOWN ((lower_type)0) /* of unreachable code: fits everything */
#define LOWER_FUNCREF (LOWER_REFERENCE | LOWER_NULLABLE | (lower_type)HEAP_FUNC)

struct lower_list { /* borrowed */
    const lower_type *types;
    uint32_t count;
};

struct lower_table {
    lower_type type;
    struct wasm_limits limits;
    uint32_t initial; /* what its entries begin as: a function, or WASM_NULL_FUNCTION */
};

struct lower_global {
    lower_type type;
    bool is_mutable;
    struct wasm_expression initial;
};

struct lowering {
    const struct chimera_module *source;
    struct chimera_error *err;
    unsigned features;
    bool counts; /* instructions, into a global that comes behind the module's own */
    bool is_slotted;
    bool needs_funcrefs; /* set where slots do not do; then everything is done again without */

    /* All arrays are owned. Those by index begin with the imported. */
    struct {                 /* types.c */
        uint32_t *keys;      /* the shapes, with canonical indices, for comparison */
        lower_type *list;    /* by the same positions: counts and types of each */
        uint32_t *position;  /* of each type */
        uint32_t *canonical; /* of each type: the index of the first equal one */
        uint8_t *is_marked;  /* another type has the same shape in the new module */
        uint32_t count, limit, used;
        void *groups; /* a tree of those met */
    } types;
    uint32_t *functions; /* the type of each */
    struct lower_table *tables;
    struct lower_global *globals;
    lower_type *segments; /* of each element segment */
    uint32_t function_count, imported_functions, table_count, imported_tables, global_count,
        imported_globals, segment_count;
    uint8_t *declared; /* by function: ref.func may name it */
    uint32_t *slots;   /* by function: its entry in the private table, 0 for none yet */
    uint32_t *slotted; /* by slot - 1: the function */
    uint32_t slot_count, table_segments; /* the latter stand before the module's own segments */
    bool has_private_table, has_marker;

    struct lower_operand *operands; /* owned; of the constant expression at hand */
    uint32_t operand_count, operand_capacity;

    /* Contents of the new module's sections, without the counts that they begin with. */
    struct chimera_buffer imports, elements, table_elements, code, data;
    uint32_t import_count, data_count;
    uint64_t steps; /* of checking, to bound it */
};

void lower_read_types(struct reader *reader, struct lowering *lowering);
void lower_write_types(struct lowering *lowering, struct chimera_buffer *out);
void lower_free_types(struct lowering *lowering);

lower_type lower_read_type(struct reader *reader, struct lowering *lowering);
lower_type lower_read_heap(struct reader *reader,
                           struct lowering *lowering); /* a nullable reference to it */
lower_type lower_read_reference(struct reader *reader, struct lowering *lowering);
uint32_t lower_read_type_index(struct reader *reader, const struct lowering *lowering);
struct lower_list lower_params(const struct lowering *lowering, uint32_t type);
struct lower_list lower_results(const struct lowering *lowering, uint32_t type);

static inline bool lower_is_reference(lower_type type)
{
    return (type & LOWER_REFERENCE) != 0;
}

static inline bool lower_is_defaultable(lower_type type)
{
    return !lower_is_reference(type) || (type & LOWER_NULLABLE);
}

/* A concrete reference or (ref null nofunc): what a slot may stand for. */
bool lower_is_concrete(lower_type type);
bool lower_is_function(lower_type type); /* a reference to functions of any kind */

static inline lower_type lower_of_function(const struct lowering *lowering, uint32_t function)
{
    return LOWER_REFERENCE | lowering->types.canonical[lowering->functions[function]];
}

/* Globals that the pass adds: the counter first, then the marker. */
static inline uint32_t lower_marker(const struct lowering *lowering)
{
    return lowering->global_count + lowering->counts;
}

/* What an indirect call compares: equal for equal types only; never 0. */
static inline uint32_t lower_type_id(const struct lowering *lowering, uint32_t type)
{
    return lowering->types.canonical[type] + 1;
}

/* Is `type` a subtype of `wanted`? */
bool lower_matches(lower_type type, lower_type wanted);

/* The encoding that `type` has in the new module, one byte. */
uint8_t lower_byte(const struct lowering *lowering, lower_type type);

/* --- Sections (sections.c, segments.c). --- */

void lower_read_imports(struct reader *reader, struct lowering *lowering);
void lower_read_tables(struct reader *reader, struct lowering *lowering);
void lower_read_globals(struct reader *reader, struct lowering *lowering);
void lower_read_exports(struct reader *reader, struct lowering *lowering);
void lower_read_elements(struct reader *reader, struct lowering *lowering);
void lower_write_tables(struct lowering *lowering, struct chimera_buffer *out);
void lower_write_globals(struct lowering *lowering, struct chimera_buffer *out);
void lower_write_elements(struct lowering *lowering, struct chimera_buffer *out);
void lower_read_data(struct reader *reader, struct lowering *lowering);

/* A constant expression, folded; its type must match `type` (constant.c). */
struct wasm_expression lower_constant(struct reader *reader, struct lowering *lowering,
                                      lower_type type);
void lower_write_constant(struct lowering *lowering, const struct wasm_expression *expression,
                          struct chimera_buffer *out);
void lower_write_entry(uint32_t function, lower_type type, struct chimera_buffer *out);

uint32_t lower_slot(struct lowering *lowering, uint32_t function);

/* --- Code (code.c and what it calls). --- */

void lower_read_code(struct reader *reader, struct lowering *lowering);

#endif
