/* SPDX-License-Identifier: Apache-2.0 */
/* Element and data segments, and the function bodies. */
#include <stdlib.h>

#include "compiler/wasm/body.h"
#include "compiler/wasm/limits.h"
#include "compiler/wasm/sections.h"

static struct wasm_expression read_offset(struct reader *reader,
                                          const struct chimera_module *module)
{
    struct wasm_expression offset = opcode_constant(reader);
    module_check_expression(reader, module, &offset, WASM_I32);
    return offset;
}

static uint32_t read_function_index(struct reader *reader, const struct chimera_module *module)
{
    uint32_t index = reader_u32(reader);
    if (reader->code == 0 && index >= module->function_count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown function %u", index);
    return index;
}

static uint32_t read_element_expression(struct reader *reader, const struct chimera_module *module,
                                        uint8_t type)
{
    struct wasm_expression expression = opcode_constant(reader);
    module_check_expression(reader, module, &expression, type);
    if (reader->code == 0 && expression.kind == WASM_REF_FUNC)
        return (uint32_t)expression.value;
    return WASM_NULL_FUNCTION; /* null, or a global: then the module imports it and is refused */
}

static void read_element_place(struct reader *reader, const struct chimera_module *module,
                               struct wasm_element *element, uint32_t flags)
{
    if (flags & 1) {
        element->mode = flags & 2 ? WASM_DECLARATIVE : WASM_PASSIVE;
        return;
    }
    element->mode = WASM_ACTIVE;
    element->table = flags & 2 ? reader_u32(reader) : 0;
    element->offset = read_offset(reader, module);
}

/* Bit 0: not active; bit 1: a table index, or declarative; bit 2: expressions instead of indices.
 */
static void read_element(struct reader *reader, struct chimera_module *module,
                         struct wasm_element *element)
{
    uint32_t flags = reader_u32(reader);
    if (flags > 7) {
        reader_fail(reader, CHIMERA_EMODULE, "malformed elements segment kind %u", flags);
        return;
    }
    read_element_place(reader, module, element, flags);
    element->type = WASM_FUNCREF;
    if ((flags & 3) && (flags & 4))
        element->type = opcode_value_type(reader);
    else if ((flags & 3) && reader_byte(reader) != 0)
        reader_fail(reader, CHIMERA_EMODULE, "malformed element kind");
    if (reader->code == 0 && element->mode == WASM_ACTIVE && element->table >= module->table_count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown table %u", element->table);
    else if (reader->code == 0 && element->mode == WASM_ACTIVE &&
             module->tables[element->table].type != element->type)
        reader_fail(reader, CHIMERA_EMODULE, "type mismatch: the segment's and its table's");
    uint32_t count = reader_count(reader, WASM_ENTRIES_MAX, "entries");
    element->functions = reader_reserve(reader, count, sizeof(uint32_t));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        element->functions[i] = (flags & 4) ? read_element_expression(reader, module, element->type)
                                            : read_function_index(reader, module);
        element->count = i + 1;
    }
}

void module_read_elements(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_SEGMENTS_MAX, "element segments");
    module->elements = reader_reserve(reader, count, sizeof(*module->elements));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        module->element_count = i + 1;
        read_element(reader, module, &module->elements[i]);
    }
}

void module_read_data_count(struct reader *reader, struct chimera_module *module)
{
    module->has_data_count = true;
    module->stated_data_count = reader_u32(reader);
}

void module_read_code(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, UINT32_MAX, "function bodies");
    uint32_t defined = module->function_count - module->imported_functions;
    if (reader->code == 0 && count != defined)
        reader_fail(reader, CHIMERA_EMODULE, "function and code section have inconsistent lengths");
    module->bodies = reader_reserve(reader, reader->code == 0 ? count : 0, sizeof(*module->bodies));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        uint32_t size = reader_u32(reader);
        if (size > WASM_BODY_MAX)
            reader_fail(reader, CHIMERA_ELIMIT, "a function of %u bytes is over the limit of %llu",
                        size, (unsigned long long)WASM_BODY_MAX);
        struct chimera_slice body = reader_bytes(reader, size);
        if (reader->code != 0)
            return; /* there are no such bytes */
        struct reader inside = *reader;
        inside.at = (const uint8_t *)body.data;
        inside.end = inside.at + body.size;
        reader->code = opcode_walk(&inside, module);
        reader->wants_lowering |= inside.wants_lowering;
        reader->has_vectors |= inside.has_vectors;
        module->bodies[i] = body;
        module->body_count = i + 1;
    }
}

static void read_data(struct reader *reader, const struct chimera_module *module,
                      struct wasm_data *data)
{
    uint32_t flags = reader_u32(reader);
    if (flags > 2) {
        reader_fail(reader, CHIMERA_EMODULE, "malformed data segment kind %u", flags);
        return;
    }
    data->mode = flags == 1 ? WASM_PASSIVE : WASM_ACTIVE;
    uint32_t memory = flags == 2 ? reader_u32(reader) : 0;
    if (reader->code == 0 && data->mode == WASM_ACTIVE && (memory > 0 || !module->has_memory))
        reader_fail(reader, CHIMERA_EMODULE, "unknown memory %u", memory);
    if (data->mode == WASM_ACTIVE)
        data->offset = read_offset(reader, module);
    data->bytes = reader_bytes(reader, reader_u32(reader));
}

void module_read_data(struct reader *reader, struct chimera_module *module)
{
    uint32_t count = reader_count(reader, WASM_SEGMENTS_MAX, "data segments");
    module->data = reader_reserve(reader, count, sizeof(*module->data));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        read_data(reader, module, &module->data[i]);
        module->data_count = i + 1;
    }
}

/* What spans sections. `file` is only for messages here. */
int module_check_whole(struct reader *file, struct chimera_module *module)
{
    if (module->body_count != module->function_count - module->imported_functions)
        return reader_fail(file, CHIMERA_EMODULE,
                           "function and code section have inconsistent lengths");
    if (module->has_data_count && module->stated_data_count != module->data_count)
        return reader_fail(file, CHIMERA_EMODULE,
                           "data count and data section have inconsistent lengths");
    if (module->uses_data_segments && !module->has_data_count)
        return reader_fail(file, CHIMERA_EMODULE, "data count section required");
    return file->code;
}
