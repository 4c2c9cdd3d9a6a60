/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/translate/rewrite.h"

#include <stdio.h>

#include "compiler/wasm/writer.h"

static void write_imports(struct chimera_buffer *out, const struct chimera_module *module,
                          struct chimera_buffer *payload)
{
    writer_u32(payload, module->imported_functions);
    for (uint32_t i = 0; i < module->imported_functions; i++) {
        char name[16];
        snprintf(name, sizeof(name), "i%u", i);
        writer_name(payload, CHIMERA_SLICE("h"));
        writer_name(payload, chimera_slice_of(name));
        chimera_buffer_byte(payload, WASM_FUNCTION);
        writer_u32(payload, module->functions[i]);
    }
    writer_end_section(out, WASM_SECTION_IMPORT, payload);
}

static void write_export(struct chimera_buffer *payload, enum wasm_kind kind, uint32_t index)
{
    char name[24];
    if (kind == WASM_MEMORY)
        snprintf(name, sizeof(name), "mem");
    else
        snprintf(name, sizeof(name), "%s%u", kind == WASM_TABLE ? "tab" : "glo", index);
    writer_name(payload, chimera_slice_of(name));
    chimera_buffer_byte(payload, (uint8_t)kind);
    writer_u32(payload, index);
}

/* An exported function may be the subject of ref.func; without its export it must be declared. */
static void write_elements(struct chimera_buffer *out, const struct chimera_module *module,
                           struct chimera_buffer *payload)
{
    uint32_t declared = 0;
    for (uint32_t i = 0; module->uses_ref_func && i < module->export_count; i++)
        declared += module->exports[i].kind == WASM_FUNCTION;
    if (declared == 0) {
        writer_copy_section(out, module, WASM_SECTION_ELEMENT);
        return;
    }
    struct chimera_slice old = module->section[WASM_SECTION_ELEMENT];
    writer_u32(payload, module->element_count + 1);
    for (size_t at = 0; at < old.size; at++) { /* past the old count, a LEB128 */
        if (!(old.data[at] & 0x80)) {
            chimera_buffer_append(payload,
                                  (struct chimera_slice){old.data + at + 1, old.size - at - 1});
            break;
        }
    }
    chimera_buffer_byte(payload, 3); /* declarative, by index */
    chimera_buffer_byte(payload, 0);
    writer_u32(payload, declared);
    for (uint32_t i = 0; i < module->export_count; i++) {
        if (module->exports[i].kind == WASM_FUNCTION)
            writer_u32(payload, module->exports[i].index);
    }
    writer_end_section(out, WASM_SECTION_ELEMENT, payload);
}

/* Only where code names segments do they stay: passive ones as they are, active ones as empty
 * passive ones, which is what they are after instantiation. */
static void write_data(struct chimera_buffer *out, const struct chimera_module *module,
                       struct chimera_buffer *payload)
{
    writer_u32(payload, module->data_count);
    for (uint32_t i = 0; i < module->data_count; i++) {
        const struct wasm_data *data = &module->data[i];
        struct chimera_slice bytes = data->mode == WASM_PASSIVE ? data->bytes : CHIMERA_SLICE("");
        chimera_buffer_byte(payload, 1);
        writer_u32(payload, (uint32_t)bytes.size);
        chimera_buffer_append(payload, bytes);
    }
    writer_end_section(out, WASM_SECTION_DATA, payload);
}

int chimera_module_rewrite(const struct chimera_module *module, struct chimera_buffer *out,
                           struct chimera_error *err)
{
    struct chimera_buffer payload;
    chimera_buffer_init(&payload, out->limit);
    chimera_buffer_append(out, (struct chimera_slice){WASM_HEADER, WASM_HEADER_SIZE});
    writer_copy_section(out, module, WASM_SECTION_TYPE);
    write_imports(out, module, &payload);
    writer_copy_section(out, module, WASM_SECTION_FUNCTION);
    writer_copy_section(out, module, WASM_SECTION_TABLE);
    if (module->has_memory) {
        uint32_t min = chimera_module_memory_min(module);
        struct wasm_limits limits = {min,
                                     module->memory.max < min ? UINT32_MAX : module->memory.max};
        writer_u32(&payload, 1);
        writer_limits(&payload, &limits);
        writer_end_section(out, WASM_SECTION_MEMORY, &payload);
    }
    writer_copy_section(out, module, WASM_SECTION_GLOBAL);
    writer_u32(&payload, module->has_memory + module->table_count + module->global_count);
    if (module->has_memory)
        write_export(&payload, WASM_MEMORY, 0);
    for (uint32_t i = 0; i < module->table_count; i++)
        write_export(&payload, WASM_TABLE, i);
    for (uint32_t i = 0; i < module->global_count; i++)
        write_export(&payload, WASM_GLOBAL, i);
    writer_end_section(out, WASM_SECTION_EXPORT, &payload);
    write_elements(out, module, &payload);
    if (module->uses_data_segments) {
        writer_u32(&payload, module->data_count);
        writer_end_section(out, WASM_SECTION_DATA_COUNT, &payload);
    }
    writer_copy_section(out, module, WASM_SECTION_CODE);
    if (module->uses_data_segments)
        write_data(out, module, &payload);
    chimera_buffer_free(&payload);
    if (out->failed)
        return chimera_fail(err, out->failed, "%s: %s", module->file,
                            chimera_code_text(out->failed));
    return CHIMERA_OK;
}
