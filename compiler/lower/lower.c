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

static void read_functions(struct reader *reader, struct lower *lower)
{
    uint32_t count = reader_count(reader, UINT32_MAX, "functions");
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        lower->functions[lower->function_count++] = lower_read_type_index(reader, lower);
}

static void refuse_tags(struct reader *reader, struct lower *lower)
{
    (void)lower;
    module_read_tags(reader, NULL);
}

/* Room for what the sections say, imported and own; the readers count again. Each entry takes a
 * byte. */
static void make_arrays(struct reader *reader, struct lower *lower)
{
    const struct chimera_slice *section = lower->source->section;
    size_t imports = section[WASM_SECTION_IMPORT].size;
    size_t functions = imports + section[WASM_SECTION_FUNCTION].size;
    lower->functions = lower_reserve(reader, functions, sizeof(*lower->functions));
    lower->declared = lower_reserve(reader, functions, 1);
    lower->slots = lower_reserve(reader, functions, sizeof(*lower->slots));
    lower->slotted = lower_reserve(reader, functions, sizeof(*lower->slotted));
    lower->tables =
        lower_reserve(reader, imports + section[WASM_SECTION_TABLE].size, sizeof(*lower->tables));
    lower->globals =
        lower_reserve(reader, imports + section[WASM_SECTION_GLOBAL].size, sizeof(*lower->globals));
}

static const struct {
    enum wasm_section id;
    void (*read)(struct reader *reader, struct lower *lower);
} section_readers[] = {
    {WASM_SECTION_TAG, refuse_tags},           {WASM_SECTION_TYPE, lower_read_types},
    {WASM_SECTION_IMPORT, lower_read_imports}, {WASM_SECTION_FUNCTION, read_functions},
    {WASM_SECTION_TABLE, lower_read_tables},   {WASM_SECTION_GLOBAL, lower_read_globals},
    {WASM_SECTION_EXPORT, lower_read_exports}, {WASM_SECTION_ELEMENT, lower_read_elements},
    {WASM_SECTION_DATA, lower_read_data},      {WASM_SECTION_CODE, lower_read_code},
};

static int read_all(struct lower *lower)
{
    const struct chimera_module *source = lower->source;
    const uint8_t *start = (const uint8_t *)source->bytes.data;
    struct reader file = {.start = start,
                          .at = start,
                          .end = start + source->bytes.size,
                          .file = source->file,
                          .section = "file",
                          .err = lower->err};
    make_arrays(&file, lower);
    int code = file.code;
    for (size_t i = 0; i < sizeof(section_readers) / sizeof(*section_readers) && code == 0; i++) {
        struct chimera_slice payload = source->section[section_readers[i].id];
        if (!payload.data)
            continue;
        struct reader reader = file;
        reader.at = (const uint8_t *)payload.data;
        reader.end = reader.at + payload.size;
        reader.section = wasm_section_names[section_readers[i].id];
        section_readers[i].read(&reader, lower);
        if (lower->is_slotted && lower->needs_funcrefs)
            return reader.code;
        if (reader.code == 0 && reader.at != reader.end)
            reader_fail(&reader, CHIMERA_EMODULE, "the section is longer than its contents");
        code = reader.code;
    }
    return code;
}

/* --- Writing. --- */

static void put_section(struct chimera_buffer *out, enum wasm_section id,
                        struct chimera_slice payload)
{
    if (payload.size == 0)
        return;
    chimera_buffer_byte(out, (uint8_t)id);
    lower_put_u32(out, (uint32_t)payload.size);
    chimera_buffer_append(out, payload);
}

static void put_made(struct chimera_buffer *out, enum wasm_section id,
                     struct chimera_buffer *payload)
{
    if (payload->failed)
        out->failed = payload->failed;
    put_section(out, id, chimera_buffer_slice(payload));
    chimera_buffer_reset(payload);
}

/* A count, and what has been made before. */
static void put_counted(struct chimera_buffer *out, enum wasm_section id, uint32_t count,
                        const struct chimera_buffer *made, struct chimera_buffer *payload)
{
    lower_put_u32(payload, count);
    chimera_buffer_append(payload, chimera_buffer_slice(made));
    if (made->failed)
        payload->failed = made->failed;
    put_made(out, id, payload);
}

static void copy_section(struct chimera_buffer *out, const struct lower *lower,
                         enum wasm_section id)
{
    struct chimera_slice section = lower->source->section[id];
    if (!section.data)
        return;
    chimera_buffer_byte(out, (uint8_t)id);
    lower_put_u32(out, (uint32_t)section.size);
    chimera_buffer_append(out, section);
}

/* Metadata and names; the framing was read before. */
static void copy_custom_sections(struct chimera_buffer *out, const struct lower *lower)
{
    const uint8_t *start = (const uint8_t *)lower->source->bytes.data;
    struct reader reader = {.start = start,
                            .at = start + WASM_HEADER_SIZE,
                            .end = start + lower->source->bytes.size,
                            .file = "",
                            .section = ""};
    while (reader.code == 0 && reader.at < reader.end) {
        uint8_t id = reader_byte(&reader);
        struct chimera_slice payload = reader_bytes(&reader, reader_u32(&reader));
        if (id == WASM_SECTION_CUSTOM)
            put_section(out, WASM_SECTION_CUSTOM, payload);
    }
}

static void write_all(struct lower *lower, struct chimera_buffer *out)
{
    const struct chimera_module *source = lower->source;
    struct chimera_buffer payload, globals;
    chimera_buffer_init(&payload, MODULE_MAX);
    chimera_buffer_init(&globals, MODULE_MAX);
    chimera_buffer_append(out, (struct chimera_slice){WASM_HEADER, WASM_HEADER_SIZE});
    lower_write_types(lower, &payload);
    put_made(out, WASM_SECTION_TYPE, &payload);
    if (source->section[WASM_SECTION_IMPORT].data)
        put_counted(out, WASM_SECTION_IMPORT, lower->import_count, &lower->imports, &payload);
    copy_section(out, lower, WASM_SECTION_FUNCTION);
    lower_write_globals(lower, &globals); /* may need slots, so before the tables */
    if (source->section[WASM_SECTION_TABLE].data || lower->has_private_table) {
        lower_write_tables(lower, &payload);
        put_made(out, WASM_SECTION_TABLE, &payload);
    }
    copy_section(out, lower, WASM_SECTION_MEMORY);
    put_made(out, WASM_SECTION_GLOBAL, &globals);
    copy_section(out, lower, WASM_SECTION_EXPORT);
    copy_section(out, lower, WASM_SECTION_START);
    lower_write_elements(lower, &payload);
    put_made(out, WASM_SECTION_ELEMENT, &payload);
    copy_section(out, lower, WASM_SECTION_DATA_COUNT);
    if (source->section[WASM_SECTION_CODE].data)
        put_counted(out, WASM_SECTION_CODE, lower->function_count - lower->imported_functions,
                    &lower->code, &payload);
    if (source->section[WASM_SECTION_DATA].data)
        put_counted(out, WASM_SECTION_DATA, lower->data_count, &lower->data, &payload);
    copy_custom_sections(out, lower);
    chimera_buffer_free(&payload);
    chimera_buffer_free(&globals);
}

static int take_types(struct lower *lower, struct lowered *lowered)
{
    lowered->type_count = lower->types.count;
    lowered->type_ids = malloc(((size_t)lower->types.count + 1) * sizeof(uint32_t));
    lowered->is_marked = calloc((size_t)lower->types.count + 1, 1);
    if (!lowered->type_ids || !lowered->is_marked)
        return CHIMERA_ENOMEM;
    for (uint32_t i = 0; i < lower->types.count; i++) {
        lowered->type_ids[i] = lower_type_id(lower, i);
        lowered->is_marked[i] = lower->types.is_marked[i] && lower->has_marker;
    }
    lowered->marker = lower->has_marker ? lower->global_count : UINT32_MAX;
    return CHIMERA_OK;
}

static int finish(struct lower *lower, struct lowered *ret_lowered)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, MODULE_MAX);
    write_all(lower, &out);
    struct lowered lowered = {.features = lower->features};
    int code = out.failed ? out.failed : take_types(lower, &lowered);
    if (code < 0) {
        chimera_buffer_free(&out);
        lowered_done(&lowered);
        return chimera_fail(lower->err, code, "%s: cannot be lowered: %s", lower->source->file,
                            chimera_code_text(code));
    }
    lowered.bytes = out.data; /* handed over */
    lowered.size = out.size;
    *ret_lowered = lowered;
    return CHIMERA_OK;
}

static void begin(struct lower *lower, const struct chimera_module *source,
                  struct chimera_error *err)
{
    *lower = (struct lower){.source = source, .err = err};
    chimera_buffer_init(&lower->imports, MODULE_MAX);
    chimera_buffer_init(&lower->elements, MODULE_MAX);
    chimera_buffer_init(&lower->table_elements, MODULE_MAX);
    chimera_buffer_init(&lower->code, MODULE_MAX);
    chimera_buffer_init(&lower->data, MODULE_MAX);
}

static void end(struct lower *lower)
{
    lower_free_types(lower);
    free(lower->functions);
    free(lower->tables);
    free(lower->globals);
    free(lower->segments);
    free(lower->declared);
    free(lower->slots);
    free(lower->slotted);
    free(lower->operands);
    chimera_buffer_free(&lower->imports);
    chimera_buffer_free(&lower->elements);
    chimera_buffer_free(&lower->table_elements);
    chimera_buffer_free(&lower->code);
    chimera_buffer_free(&lower->data);
}

int chimera_lower(const struct chimera_module *source, struct lowered *ret_lowered,
                  struct chimera_error *err)
{
    struct lower lower;
    begin(&lower, source, err);
    lower.is_slotted = true;
    int code = read_all(&lower);
    if (code == 0 && lower.needs_funcrefs) {
        end(&lower);
        begin(&lower, source, err);
        code = read_all(&lower);
    }
    if (code == 0)
        code = finish(&lower, ret_lowered);
    end(&lower);
    return code;
}
