/* SPDX-License-Identifier: Apache-2.0 */
/* Imports, tables, globals and exports of a module that is lowered. */
#include "compiler/wasm/sections.h"
#include "compiler/lower/lowering.h"
#include "compiler/wasm/body.h"

#define INITIAL_MAX \
    100000u /* entries of a table with an initial value: each becomes an entry of a segment */

/* --- Imports. --- */

/* What one import is of; goes to the arrays and, as plain bytes, to `out`. */
struct description {
    uint8_t kind;
    uint32_t type;
    struct lower_table table;
    struct lower_global global;
    const uint8_t *from, *to; /* the bytes behind the kind; a memory's are copied */
};

static void read_limits(struct reader *reader, struct lower_table *table)
{
    table->limits = module_read_limits(reader, UINT32_MAX);
}

static void read_mutability(struct reader *reader, struct lower_global *global)
{
    uint8_t mutability = reader_byte(reader);
    if (mutability > 1)
        reader_fail(reader, CHIMERA_EMODULE, "malformed mutability");
    global->is_mutable = mutability == 1;
}

static struct description read_description(struct reader *reader, struct lowering *lowering,
                                           uint8_t kind)
{
    struct description description = {.kind = kind, .from = reader->at};
    switch (kind) {
    case WASM_IMPORT_EXACT_FUNCTION:
        description.kind = WASM_FUNCTION;
        /* fall through */
    case WASM_FUNCTION:
        description.type = lower_read_type_index(reader, lowering);
        break;
    case WASM_TABLE:
        description.table.type = lower_read_reference(reader, lowering);
        read_limits(reader, &description.table);
        break;
    case WASM_MEMORY:
        module_read_limits(reader, UINT32_MAX);
        break;
    case WASM_GLOBAL:
        description.global.type = lower_read_type(reader, lowering);
        read_mutability(reader, &description.global);
        break;
    case WASM_TAG:
        proposal_refuse(reader, PROPOSAL_EXCEPTIONS);
        break;
    default:
        reader_fail(reader, CHIMERA_EMODULE, "malformed import kind 0x%02x", kind);
    }
    description.to = reader->at;
    return description;
}

/* The host has no references to give, and sees their true types only when they are not slots. */
static void look_at_boundary(struct lowering *lowering, struct lower_list list)
{
    for (uint32_t i = 0; i < list.count; i++)
        lowering->needs_funcrefs |= lower_is_concrete(list.types[i]);
}

static void add_import(struct lowering *lowering, struct chimera_slice module,
                       struct chimera_slice name, const struct description *description)
{
    struct chimera_buffer *out = &lowering->imports;
    writer_name(out, module);
    writer_name(out, name);
    chimera_buffer_byte(out, description->kind);
    switch (description->kind) {
    case WASM_FUNCTION:
        lowering->functions[lowering->function_count++] = description->type;
        writer_u32(out, description->type);
        look_at_boundary(lowering, lower_params(lowering, description->type));
        look_at_boundary(lowering, lower_results(lowering, description->type));
        break;
    case WASM_TABLE:
        lowering->tables[lowering->table_count] = description->table;
        lowering->tables[lowering->table_count++].initial = WASM_NULL_FUNCTION;
        chimera_buffer_byte(out, lower_is_function(description->table.type) ? WASM_FUNCREF
                                                                            : WASM_EXTERNREF);
        writer_limits(out, &description->table.limits);
        break;
    case WASM_GLOBAL:
        lowering->globals[lowering->global_count++] = description->global;
        look_at_boundary(lowering, (struct lower_list){&description->global.type, 1});
        chimera_buffer_byte(out, lower_byte(lowering, description->global.type));
        chimera_buffer_byte(out, description->global.is_mutable);
        break;
    default:
        writer_bytes(out, description->from, description->to);
    }
    lowering->import_count++;
}

static bool has_room(struct reader *reader, const struct lowering *lowering, uint32_t count)
{
    if (reader->code == 0 && lowering->import_count + (uint64_t)count > WASM_IMPORTS_MAX)
        reader_fail(reader, CHIMERA_ELIMIT, "more than %u imports", WASM_IMPORTS_MAX);
    else if (reader->code == 0 && lowering->imports.failed)
        reader_fail(reader, lowering->imports.failed, "the imports' names are over the limit");
    return reader->code == 0;
}

/* The compact forms (proposal "compact import section"): items of one module, each with its type,
 * or all of one type. */
static void read_group(struct reader *reader, struct lowering *lowering,
                       struct chimera_slice module, bool is_of_type)
{
    struct description shared = {0};
    lowering->features |= WASM_LOWERS_IMPORTS;
    if (is_of_type)
        shared = read_description(reader, lowering, reader_byte(reader));
    uint32_t count = reader_count(reader, WASM_IMPORTS_MAX, "imports");
    for (uint32_t i = 0; i < count && has_room(reader, lowering, 1); i++) {
        struct chimera_slice name = reader_name(reader);
        struct description own =
            is_of_type ? shared : read_description(reader, lowering, reader_byte(reader));
        if (reader->code == 0)
            add_import(lowering, module, name, &own);
    }
}

void lower_read_imports(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = reader_count(reader, WASM_IMPORTS_MAX, "imports");
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        struct chimera_slice module = reader_name(reader), name = reader_name(reader);
        uint8_t kind = reader_byte(reader);
        if (reader->code == 0 && name.size == 0 &&
            (kind == WASM_IMPORT_GROUP || kind == WASM_IMPORT_GROUP_OF_TYPE)) {
            read_group(reader, lowering, module, kind == WASM_IMPORT_GROUP_OF_TYPE);
            continue;
        }
        struct description description = read_description(reader, lowering, kind);
        if (has_room(reader, lowering, 1))
            add_import(lowering, module, name, &description);
    }
    lowering->imported_functions = lowering->function_count;
    lowering->imported_tables = lowering->table_count;
    lowering->imported_globals = lowering->global_count;
    if (lowering->table_count > WASM_TABLES_MAX)
        reader_fail(reader, CHIMERA_ELIMIT, "more than %u tables", WASM_TABLES_MAX);
}

/* --- Tables. --- */

/* A segment of as many entries as the table begins with, before all of the module's own. */
static void add_initial_segment(struct reader *reader, struct lowering *lowering, uint32_t index)
{
    const struct lower_table *table = &lowering->tables[index];
    struct chimera_buffer *out = &lowering->table_elements;
    if (table->initial == WASM_NULL_FUNCTION || table->limits.min == 0)
        return;
    if (table->limits.min > INITIAL_MAX) {
        reader_fail(reader, CHIMERA_ELIMIT, "a table with an initial value of more than %u entries",
                    INITIAL_MAX);
        return;
    }
    static const uint8_t offset[] = {OP_I32_CONST, 0, OP_END};
    lowering->table_segments++;
    chimera_buffer_byte(out, 2); /* active, by index */
    writer_u32(out, index);
    writer_bytes(out, offset, offset + sizeof(offset));
    chimera_buffer_byte(out, 0);
    writer_u32(out, table->limits.min);
    for (uint32_t i = 0; i < table->limits.min; i++)
        writer_u32(out, table->initial);
}

static void read_table(struct reader *reader, struct lowering *lowering)
{
    struct lower_table *table = &lowering->tables[lowering->table_count];
    bool has_initial = reader->at < reader->end && *reader->at == WASM_TABLE_INITIAL;
    table->initial = WASM_NULL_FUNCTION;
    if (has_initial) {
        lowering->features |= WASM_LOWERS_REFERENCES;
        reader->at++;
        if (reader_byte(reader) != 0)
            reader_fail(reader, CHIMERA_EMODULE, "malformed table");
    }
    table->type = lower_read_reference(reader, lowering);
    read_limits(reader, table);
    if (has_initial) {
        struct wasm_expression initial = lower_constant(reader, lowering, table->type);
        if (initial.kind == WASM_REF_FUNC)
            table->initial = (uint32_t)initial.value;
    } else if (reader->code == 0 && !lower_is_defaultable(table->type)) {
        reader_fail(reader, CHIMERA_EMODULE,
                    "type mismatch: a table of references that cannot be null has no "
                    "initial value");
    }
    if (reader->code == 0)
        add_initial_segment(reader, lowering, lowering->table_count++);
}

void lower_read_tables(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = reader_count(reader, WASM_TABLES_MAX - lowering->table_count, "tables");
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        read_table(reader, lowering);
}

void lower_write_tables(struct lowering *lowering, struct chimera_buffer *out)
{
    writer_u32(out,
               lowering->table_count - lowering->imported_tables + lowering->has_private_table);
    for (uint32_t i = lowering->imported_tables; i < lowering->table_count; i++) {
        chimera_buffer_byte(out, lower_is_function(lowering->tables[i].type) ? WASM_FUNCREF
                                                                             : WASM_EXTERNREF);
        writer_limits(out, &lowering->tables[i].limits);
    }
    if (lowering->has_private_table) {
        uint32_t size = lowering->slot_count + 1;
        chimera_buffer_byte(out, WASM_FUNCREF);
        writer_limits(out, &(struct wasm_limits){size, size});
    }
}

/* --- Globals and exports. --- */

void lower_read_globals(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = reader_count(reader, WASM_GLOBALS_MAX, "globals");
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        struct lower_global *global = &lowering->globals[lowering->global_count];
        global->type = lower_read_type(reader, lowering);
        read_mutability(reader, global);
        global->initial = lower_constant(reader, lowering, global->type);
        lowering->global_count++; /* an expression names those before it only */
    }
}

void lower_write_globals(struct lowering *lowering, struct chimera_buffer *out)
{
    static const uint8_t marker[] = {WASM_I32, 1, OP_I32_CONST, 0, OP_END}; /* 1: mutable */
    writer_u32(out, lowering->global_count - lowering->imported_globals + lowering->counts +
                        lowering->has_marker);
    for (uint32_t i = lowering->imported_globals; i < lowering->global_count; i++) {
        struct lower_global *global = &lowering->globals[i];
        struct wasm_expression initial = global->initial;
        if (lowering->is_slotted && lower_is_concrete(global->type) &&
            initial.kind != WASM_GLOBAL_GET) {
            /* A slot in place of the reference itself. */
            struct wasm_expression slot = {.kind = WASM_CONST, .type = WASM_I32};
            if (initial.kind == WASM_REF_FUNC)
                slot.value = lower_slot(lowering, (uint32_t)initial.value);
            initial = slot;
        }
        chimera_buffer_byte(out, lower_byte(lowering, global->type));
        chimera_buffer_byte(out, global->is_mutable);
        lower_write_constant(lowering, &initial, out);
    }
    if (lowering->counts)
        count_write_global(out);
    if (lowering->has_marker)
        writer_bytes(out, marker, marker + sizeof(marker));
}

/* The section itself is copied; the reader of the new module judges the rest of it. */
void lower_read_exports(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = reader_count(reader, WASM_EXPORTS_MAX, "exports");
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        reader_name(reader);
        uint8_t kind = reader_byte(reader);
        uint32_t index = reader_u32(reader);
        if (reader->code == 0 && kind == WASM_FUNCTION && index < lowering->function_count) {
            lowering->declared[index] |= 1;
            look_at_boundary(lowering, lower_params(lowering, lowering->functions[index]));
            look_at_boundary(lowering, lower_results(lowering, lowering->functions[index]));
        } else if (reader->code == 0 && kind == WASM_GLOBAL && index < lowering->global_count) {
            look_at_boundary(lowering, (struct lower_list){&lowering->globals[index].type, 1});
        }
    }
}
