/* SPDX-License-Identifier: Apache-2.0 */
/* Types, imports, functions, tables, memories, globals, exports, start. Segments and code are in
 * segments.c. */
#include "compiler/wasm/sections.h"

#include <stdlib.h>

#include "compiler/wasm/body.h"
#include "compiler/wasm/limits.h"

static struct chimera_slice read_value_types(struct reader *reader, const char *what)
{
    uint32_t count = reader_count(reader, WASM_PARAMS_MAX, what);
    const char *first = (const char *)reader->at;
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        opcode_value_type(reader);
    return (struct chimera_slice){first, reader->code == 0 ? count : 0};
}

static int by_shape(const void *a, const void *b)
{
    const struct wasm_signature *x = *(struct wasm_signature *const *)a;
    const struct wasm_signature *y = *(struct wasm_signature *const *)b;
    if (x->params.size != y->params.size)
        return x->params.size < y->params.size ? -1 : 1;
    if (x->results.size != y->results.size)
        return x->results.size < y->results.size ? -1 : 1;
    int order = memcmp(x->params.data, y->params.data, x->params.size);
    if (order == 0)
        order = memcmp(x->results.data, y->results.data, x->results.size);
    if (order == 0)
        order = x < y ? -1 : 1; /* the first of equals leads */
    return order;
}

/* Equal signatures get one id, so that an indirect call compares numbers. */
static void number_signatures(struct reader *reader, struct chimera_module *module)
{
    struct wasm_signature **sorted =
        reader_reserve(reader, module->signature_count, sizeof(*sorted));
    if (!sorted)
        return;
    for (uint32_t i = 0; i < module->signature_count; i++)
        sorted[i] = &module->signatures[i];
    qsort(sorted, module->signature_count, sizeof(*sorted), by_shape);
    for (uint32_t i = 0; i < module->signature_count; i++) {
        bool is_repeated = i > 0 && chimera_slice_equal(sorted[i - 1]->params, sorted[i]->params) &&
                           chimera_slice_equal(sorted[i - 1]->results, sorted[i]->results);
        sorted[i]->id =
            is_repeated ? sorted[i - 1]->id : (uint32_t)(sorted[i] - module->signatures) + 1;
    }
    free(sorted);
}

static void check_form(struct reader *reader, uint8_t form)
{
    switch (form) {
    case WASM_FORM_FUNCTION:
        return;
    case WASM_FORM_OPEN:
    case WASM_FORM_FINAL:
    case WASM_FORM_GROUP:
        reader_want_lowering(reader, "recursive types");
        return;
    case WASM_FORM_STRUCT:
    case WASM_FORM_ARRAY:
        proposal_refuse(reader, PROPOSAL_GARBAGE_COLLECTION_TYPES);
        return;
    default:
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not a function type", form);
    }
}

void module_read_types(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_TYPES_MAX, "types");
    module->signatures = reader_reserve(reader, count, sizeof(*module->signatures));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        check_form(reader, reader_byte(reader));
        module->signatures[i].params = read_value_types(reader, "parameters");
        module->signatures[i].results = read_value_types(reader, "results");
        module->signature_count = i + 1;
    }
    if (reader->code == 0)
        number_signatures(reader, module);
}

static uint32_t read_type_index(struct reader *reader, const struct chimera_module *module)
{
    uint32_t index = reader_u32(reader);
    if (reader->code == 0 && index >= module->signature_count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown type %u", index);
    return index;
}

struct wasm_limits module_read_limits(struct reader *reader, uint32_t range)
{
    uint8_t flags = reader_byte(reader);
    if (flags > 1) {
        const char *feature = flags & 8   ? "custom page sizes"
                              : flags & 4 ? "64-bit memory"
                                          : "shared memory (threads)";
        if (flags < 16)
            reader_refuse(reader, feature);
        else
            reader_fail(reader, CHIMERA_EMODULE, "0x%02x is no flag of limits", flags);
    }
    struct wasm_limits limits = {.min = reader_u32(reader), .max = UINT32_MAX};
    if (flags & 1)
        limits.max = reader_u32(reader);
    if (reader->code == 0 && (limits.min > range || ((flags & 1) && limits.max > range)))
        reader_fail(reader, CHIMERA_EMODULE, "memory size must be at most %u pages", range);
    else if (reader->code == 0 && limits.max < limits.min)
        reader_fail(reader, CHIMERA_EMODULE, "size minimum must not be greater than maximum");
    return limits;
}

static void add_memory(struct reader *reader, struct chimera_module *module, bool is_imported)
{
    if (module->has_memory) {
        proposal_refuse(reader, PROPOSAL_MULTI_MEMORY);
        return;
    }
    module->has_memory = true;
    module->is_memory_imported = is_imported;
    module->memory = module_read_limits(reader, WASM_PAGES_MAX);
}

static uint8_t read_reference_type(struct reader *reader)
{
    uint8_t type = opcode_value_type(reader);
    if (reader->code == 0 && type != WASM_FUNCREF && type != WASM_EXTERNREF)
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not a reference type", type);
    return type;
}

static void read_global_type(struct reader *reader, struct wasm_global *global)
{
    global->type = opcode_value_type(reader);
    uint8_t mutability = reader_byte(reader);
    if (mutability > 1)
        reader_fail(reader, CHIMERA_EMODULE, "malformed mutability");
    global->is_mutable = mutability == 1;
}

void module_check_expression(struct reader *reader, const struct chimera_module *module,
                             const struct wasm_expression *expression, uint8_t type)
{
    uint8_t found = expression->type;
    if (reader->code < 0)
        return;
    if (expression->kind == WASM_GLOBAL_GET && expression->value >= module->imported_globals &&
        expression->value < module->global_count) {
        reader_want_lowering(reader, "extended constant expressions");
        return;
    }
    if (expression->kind == WASM_GLOBAL_GET && expression->value >= module->global_count) {
        reader_fail(reader, CHIMERA_EMODULE, "unknown global %llu in a constant expression",
                    (unsigned long long)expression->value);
        return;
    }
    if (expression->kind == WASM_GLOBAL_GET) {
        const struct wasm_global *global = &module->globals[expression->value];
        found = global->type;
        if (global->is_mutable)
            reader_fail(reader, CHIMERA_EMODULE,
                        "constant expression required: a global of it is mutable");
    }
    if (expression->kind == WASM_REF_FUNC && expression->value >= module->function_count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown function %llu",
                    (unsigned long long)expression->value);
    else if (found != type)
        reader_fail(reader, CHIMERA_EMODULE, "type mismatch in a constant expression");
}

static void read_import(struct reader *reader, struct chimera_module *module,
                        struct wasm_import *import)
{
    import->offset = reader_offset(reader);
    import->module = reader_name(reader);
    import->name = reader_name(reader);
    uint8_t kind = reader_byte(reader);
    import->kind = (enum wasm_kind)kind;
    switch (kind) {
    case WASM_FUNCTION:
        import->type = read_type_index(reader, module);
        return;
    case WASM_TABLE:
        import->table.type = read_reference_type(reader);
        import->table.limits = module_read_limits(reader, UINT32_MAX);
        return;
    case WASM_MEMORY:
        add_memory(reader, module, true);
        return;
    case WASM_GLOBAL:
        read_global_type(reader, &import->global);
        return;
    case WASM_TAG:
        proposal_refuse(reader, PROPOSAL_EXCEPTIONS);
        return;
    case WASM_IMPORT_GROUP:
    case WASM_IMPORT_GROUP_OF_TYPE:
        reader_want_lowering(reader, "compact imports");
        return;
    case WASM_IMPORT_EXACT_FUNCTION:
        reader_want_lowering(reader, "imports of exact function types");
        return;
    default:
        reader_fail(reader, CHIMERA_EMODULE, "malformed import kind 0x%02x", kind);
    }
}

void module_read_imports(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_IMPORTS_MAX, "imports");
    module->imports = reader_reserve(reader, count, sizeof(*module->imports));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        read_import(reader, module, &module->imports[i]);
        module->import_count = i + 1;
        module->imported_functions += module->imports[i].kind == WASM_FUNCTION;
        module->imported_tables += module->imports[i].kind == WASM_TABLE;
        module->imported_globals += module->imports[i].kind == WASM_GLOBAL;
    }
}

/* The count that a section begins with; 0 when it is absent. Its reader will judge it. */
static uint32_t count_of_section(const struct reader *reader, const struct chimera_module *module,
                                 enum wasm_section id)
{
    struct chimera_slice section = module->section[id];
    if (!section.data)
        return 0;
    struct reader inside = *reader;
    inside.at = (const uint8_t *)section.data;
    inside.end = inside.at + section.size;
    inside.err = NULL;
    return reader_count(&inside, WASM_FUNCTIONS_MAX, "entries");
}

void module_begin_indices(struct reader *reader, struct chimera_module *module)
{
    module->functions = reader_reserve(reader,
                                       module->imported_functions +
                                           count_of_section(reader, module, WASM_SECTION_FUNCTION),
                                       sizeof(*module->functions));
    module->tables = reader_reserve(
        reader, module->imported_tables + count_of_section(reader, module, WASM_SECTION_TABLE),
        sizeof(*module->tables));
    module->globals = reader_reserve(
        reader, module->imported_globals + count_of_section(reader, module, WASM_SECTION_GLOBAL),
        sizeof(*module->globals));
    for (uint32_t i = 0; reader->code == 0 && i < module->import_count; i++) {
        const struct wasm_import *import = &module->imports[i];
        if (import->kind == WASM_FUNCTION)
            module->functions[module->function_count++] = import->type;
        else if (import->kind == WASM_TABLE)
            module->tables[module->table_count++] = import->table;
        else if (import->kind == WASM_GLOBAL)
            module->globals[module->global_count++] = import->global;
    }
}

void module_read_functions(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_FUNCTIONS_MAX, "functions");
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        module->functions[module->function_count++] = read_type_index(reader, module);
}

void module_read_tables(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_TABLES_MAX, "tables");
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        if (reader->at < reader->end && *reader->at == WASM_TABLE_INITIAL) {
            reader_want_lowering(reader, "tables with an initial value");
            return;
        }
        struct wasm_table *table = &module->tables[module->table_count];
        table->type = read_reference_type(reader);
        table->limits = module_read_limits(reader, UINT32_MAX);
        module->table_count += reader->code == 0;
    }
}

void module_read_memories(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, 100, "memories");
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        add_memory(reader, module, false);
}

void module_read_globals(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_GLOBALS_MAX, "globals");
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        struct wasm_global *global = &module->globals[module->global_count];
        read_global_type(reader, global);
        global->initial = opcode_constant(reader);
        module_check_expression(reader, module, &global->initial, global->type);
        module->global_count += reader->code == 0;
    }
}

static uint32_t count_of(const struct chimera_module *module, enum wasm_kind kind)
{
    switch (kind) {
    case WASM_FUNCTION:
        return module->function_count;
    case WASM_TABLE:
        return module->table_count;
    case WASM_MEMORY:
        return module->has_memory;
    case WASM_GLOBAL:
        return module->global_count;
    case WASM_TAG:
        break;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct wasm_export *x = *(struct wasm_export *const *)a,
                             *y = *(struct wasm_export *const *)b;
    size_t size = x->name.size < y->name.size ? x->name.size : y->name.size;
    int order = size ? memcmp(x->name.data, y->name.data, size) : 0;
    if (order != 0)
        return order;
    return (x->name.size > y->name.size) - (x->name.size < y->name.size);
}

static void refuse_equal_names(struct reader *reader, const struct chimera_module *module)
{
    struct wasm_export **sorted = reader_reserve(reader, module->export_count, sizeof(*sorted));
    for (uint32_t i = 0; sorted && i < module->export_count; i++)
        sorted[i] = &module->exports[i];
    if (sorted)
        qsort(sorted, module->export_count, sizeof(*sorted), by_name);
    for (uint32_t i = 1; sorted && i < module->export_count; i++) {
        if (by_name(&sorted[i - 1], &sorted[i]) == 0) {
            reader_fail(reader, CHIMERA_EMODULE, "duplicate export name");
            break;
        }
    }
    free(sorted);
}

void module_read_exports(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_EXPORTS_MAX, "exports");
    module->exports = reader_reserve(reader, count, sizeof(*module->exports));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        struct wasm_export *export = &module->exports[i];
        export->name = reader_name(reader);
        uint8_t kind = reader_byte(reader);
        export->kind = (enum wasm_kind)kind;
        export->index = reader_u32(reader);
        if (reader->code == 0 && kind > WASM_GLOBAL)
            reader_fail(reader, kind == WASM_TAG ? CHIMERA_EFEATURE : CHIMERA_EMODULE,
                        "0x%02x is no kind of export that Chimera compiles", kind);
        else if (reader->code == 0 && export->index >= count_of(module, export->kind))
            reader_fail(reader, CHIMERA_EMODULE, "an export of what does not exist (index %u)",
                        export->index);
        module->export_count = i + 1;
    }
    if (reader->code == 0)
        refuse_equal_names(reader, module);
}

void module_read_start(struct reader *reader, struct chimera_module *module)
{
    module->start = reader_u32(reader);
    module->has_start = true;
    if (reader->code == 0 && module->start >= module->function_count) {
        reader_fail(reader, CHIMERA_EMODULE, "unknown function %u", module->start);
        return;
    }
    if (reader->code < 0)
        return;
    const struct wasm_signature *signature = &module->signatures[module->functions[module->start]];
    if (signature->params.size > 0 || signature->results.size > 0)
        reader_fail(reader, CHIMERA_EMODULE, "the start function must take and return nothing");
}

void module_read_tags(struct reader *reader, struct chimera_module *module)
{
    (void)module;
    proposal_refuse(reader, PROPOSAL_EXCEPTIONS);
}
