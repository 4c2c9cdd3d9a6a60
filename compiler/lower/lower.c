/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lower/lower.h"

#include <stdlib.h>

#include "compiler/lower/lowering.h"
#include "compiler/wasm/sections.h"

#define MODULE_MAX ((size_t)1 << 30) /* bytes of the new module */

void lowered_done(struct lowered *lowered)
{
    free(lowered->bytes);
    free(lowered->type_ids);
    free(lowered->is_marked);
    *lowered = (struct lowered){0};
}

/* --- Reading. --- */

static void read_functions(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = reader_count(reader, UINT32_MAX, "functions");
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        lowering->functions[lowering->function_count++] = lower_read_type_index(reader, lowering);
}

static void refuse_tags(struct reader *reader, struct lowering *lowering)
{
    (void)lowering;
    module_read_tags(reader, NULL);
}

/* Room for what the sections say, imported and own; the readers count again. Each entry takes a
 * byte. */
static void make_arrays(struct reader *reader, struct lowering *lowering)
{
    const struct chimera_slice *section = lowering->source->section;
    size_t imports = section[WASM_SECTION_IMPORT].size;
    size_t functions = imports + section[WASM_SECTION_FUNCTION].size;
    lowering->functions = reader_reserve(reader, functions, sizeof(*lowering->functions));
    lowering->declared = reader_reserve(reader, functions, 1);
    lowering->slots = reader_reserve(reader, functions, sizeof(*lowering->slots));
    lowering->slotted = reader_reserve(reader, functions, sizeof(*lowering->slotted));
    lowering->tables = reader_reserve(reader, imports + section[WASM_SECTION_TABLE].size,
                                      sizeof(*lowering->tables));
    lowering->globals = reader_reserve(reader, imports + section[WASM_SECTION_GLOBAL].size,
                                       sizeof(*lowering->globals));
}

static const struct {
    enum wasm_section id;
    void (*read)(struct reader *reader, struct lowering *lowering);
} section_readers[] = {
    {WASM_SECTION_TAG, refuse_tags},           {WASM_SECTION_TYPE, lower_read_types},
    {WASM_SECTION_IMPORT, lower_read_imports}, {WASM_SECTION_FUNCTION, read_functions},
    {WASM_SECTION_TABLE, lower_read_tables},   {WASM_SECTION_GLOBAL, lower_read_globals},
    {WASM_SECTION_EXPORT, lower_read_exports}, {WASM_SECTION_ELEMENT, lower_read_elements},
    {WASM_SECTION_DATA, lower_read_data},      {WASM_SECTION_CODE, lower_read_code},
};

static int lower_sections(struct lowering *lowering)
{
    const struct chimera_module *source = lowering->source;
    const uint8_t *start = (const uint8_t *)source->bytes.data;
    struct reader file = {.start = start,
                          .at = start,
                          .end = start + source->bytes.size,
                          .file = source->file,
                          .section = "file",
                          .err = lowering->err};
    make_arrays(&file, lowering);
    int code = file.code;
    for (size_t i = 0; i < sizeof(section_readers) / sizeof(*section_readers) && code == 0; i++) {
        struct chimera_slice payload = source->section[section_readers[i].id];
        if (!payload.data)
            continue;
        struct reader reader = file;
        reader.at = (const uint8_t *)payload.data;
        reader.end = reader.at + payload.size;
        reader.section = wasm_section_names[section_readers[i].id];
        section_readers[i].read(&reader, lowering);
        if (lowering->is_slotted && lowering->needs_funcrefs)
            return reader.code;
        if (reader.code == 0 && reader.at != reader.end)
            reader_fail(&reader, CHIMERA_EMODULE, "the section is longer than its contents");
        code = reader.code;
    }
    return code;
}

/* --- Writing. --- */

static void put_made(struct chimera_buffer *out, enum wasm_section id,
                     struct chimera_buffer *payload)
{
    if (payload->size > 0 || payload->failed)
        writer_end_section(out, id, payload);
}

/* A count, and what has been made before. */
static void put_counted(struct chimera_buffer *out, enum wasm_section id, uint32_t count,
                        const struct chimera_buffer *made, struct chimera_buffer *payload)
{
    writer_u32(payload, count);
    chimera_buffer_append(payload, chimera_buffer_slice(made));
    if (made->failed)
        payload->failed = made->failed;
    put_made(out, id, payload);
}

/* Metadata and names; the framing was read before. */
static void copy_custom_sections(struct chimera_buffer *out, const struct lowering *lowering)
{
    const uint8_t *start = (const uint8_t *)lowering->source->bytes.data;
    struct reader reader = {.start = start,
                            .at = start + WASM_HEADER_SIZE,
                            .end = start + lowering->source->bytes.size,
                            .file = "",
                            .section = ""};
    while (reader.code == 0 && reader.at < reader.end) {
        uint8_t id = reader_byte(&reader);
        struct chimera_slice payload = reader_bytes(&reader, reader_u32(&reader));
        if (id == WASM_SECTION_CUSTOM && payload.size > 0)
            writer_section(out, WASM_SECTION_CUSTOM, payload);
    }
}

static void write_sections(struct lowering *lowering, struct chimera_buffer *out)
{
    const struct chimera_module *source = lowering->source;
    struct chimera_buffer payload, globals;
    chimera_buffer_init(&payload, MODULE_MAX);
    chimera_buffer_init(&globals, MODULE_MAX);
    chimera_buffer_append(out, (struct chimera_slice){WASM_HEADER, WASM_HEADER_SIZE});
    lower_write_types(lowering, &payload);
    put_made(out, WASM_SECTION_TYPE, &payload);
    if (source->section[WASM_SECTION_IMPORT].data)
        put_counted(out, WASM_SECTION_IMPORT, lowering->import_count, &lowering->imports, &payload);
    writer_copy_section(out, source, WASM_SECTION_FUNCTION);
    lower_write_globals(lowering, &globals); /* may need slots, so before the tables */
    if (source->section[WASM_SECTION_TABLE].data || lowering->has_private_table) {
        lower_write_tables(lowering, &payload);
        put_made(out, WASM_SECTION_TABLE, &payload);
    }
    writer_copy_section(out, source, WASM_SECTION_MEMORY);
    put_made(out, WASM_SECTION_GLOBAL, &globals);
    writer_copy_section(out, source, WASM_SECTION_EXPORT);
    writer_copy_section(out, source, WASM_SECTION_START);
    lower_write_elements(lowering, &payload);
    put_made(out, WASM_SECTION_ELEMENT, &payload);
    writer_copy_section(out, source, WASM_SECTION_DATA_COUNT);
    if (source->section[WASM_SECTION_CODE].data)
        put_counted(out, WASM_SECTION_CODE, lowering->function_count - lowering->imported_functions,
                    &lowering->code, &payload);
    if (source->section[WASM_SECTION_DATA].data)
        put_counted(out, WASM_SECTION_DATA, lowering->data_count, &lowering->data, &payload);
    copy_custom_sections(out, lowering);
    chimera_buffer_free(&payload);
    chimera_buffer_free(&globals);
}

static int hand_over_types(struct lowering *lowering, struct lowered *lowered)
{
    lowered->type_count = lowering->types.count;
    lowered->type_ids = malloc(((size_t)lowering->types.count + 1) * sizeof(uint32_t));
    lowered->is_marked = calloc((size_t)lowering->types.count + 1, 1);
    if (!lowered->type_ids || !lowered->is_marked)
        return CHIMERA_ENOMEM;
    for (uint32_t i = 0; i < lowering->types.count; i++) {
        lowered->type_ids[i] = lower_type_id(lowering, i);
        lowered->is_marked[i] = lowering->types.is_marked[i] && lowering->has_marker;
    }
    lowered->marker = lowering->has_marker ? lower_marker(lowering) : UINT32_MAX;
    lowered->counter = lowering->counts ? lowering->global_count : UINT32_MAX;
    return CHIMERA_OK;
}

static int write_lowered(struct lowering *lowering, struct lowered *ret_lowered)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, MODULE_MAX);
    write_sections(lowering, &out);
    struct lowered lowered = {.features = lowering->features};
    int code = out.failed ? out.failed : hand_over_types(lowering, &lowered);
    if (code < 0) {
        chimera_buffer_free(&out);
        lowered_done(&lowered);
        return chimera_fail(lowering->err, code, "%s: cannot be lowered: %s",
                            lowering->source->file, chimera_code_text(code));
    }
    lowered.bytes = out.data; /* handed over */
    lowered.size = out.size;
    *ret_lowered = lowered;
    return CHIMERA_OK;
}

static void begin_lowering(struct lowering *lowering, const struct chimera_module *source,
                           struct chimera_error *err)
{
    *lowering = (struct lowering){.source = source, .err = err};
    chimera_buffer_init(&lowering->imports, MODULE_MAX);
    chimera_buffer_init(&lowering->elements, MODULE_MAX);
    chimera_buffer_init(&lowering->table_elements, MODULE_MAX);
    chimera_buffer_init(&lowering->code, MODULE_MAX);
    chimera_buffer_init(&lowering->data, MODULE_MAX);
}

static void end_lowering(struct lowering *lowering)
{
    lower_free_types(lowering);
    free(lowering->functions);
    free(lowering->tables);
    free(lowering->globals);
    free(lowering->segments);
    free(lowering->declared);
    free(lowering->slots);
    free(lowering->slotted);
    free(lowering->operands);
    chimera_buffer_free(&lowering->imports);
    chimera_buffer_free(&lowering->elements);
    chimera_buffer_free(&lowering->table_elements);
    chimera_buffer_free(&lowering->code);
    chimera_buffer_free(&lowering->data);
}

int chimera_lower(const struct chimera_module *source, bool counts, struct lowered *ret_lowered,
                  struct chimera_error *err)
{
    struct lowering lowering;
    begin_lowering(&lowering, source, err);
    lowering.counts = counts;
    lowering.is_slotted = true;
    int code = lower_sections(&lowering);
    if (code == 0 && lowering.needs_funcrefs) {
        end_lowering(&lowering);
        begin_lowering(&lowering, source, err);
        lowering.counts = counts;
        code = lower_sections(&lowering);
    }
    if (code == 0)
        code = write_lowered(&lowering, ret_lowered);
    end_lowering(&lowering);
    return code;
}
