/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/annotate.h"

#include "compiler/wasm/limits.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/reader.h"
#include "compiler/wasm/writer.h"
#include "runtime/source/file_kind.h"

#define JAVY_MODULE "kubewarden:javy/host"
#define HOST_MODULE "host"

/* Of the flags of limits: a maximum follows; a page size does. */
enum { LIMITS_MAX = 1, LIMITS_PAGE_SIZE = 8 };

static bool is_custom(const struct reader *file, struct chimera_slice payload, const char *name)
{
    struct reader reader = reader_inside(file, payload, "custom section");
    reader.err = NULL; /* one that has no name is copied like any other */
    struct chimera_slice found = reader_name(&reader);
    return reader.code == 0 && chimera_slice_is(found, name);
}

/* A number of up to 64 bits, whose value nobody wants. */
static void skip_number(struct reader *reader)
{
    for (unsigned i = 0; i < 10 && reader->code == 0; i++)
        if (reader_byte(reader) < 0x80)
            return;
}

static void skip_limits(struct reader *reader)
{
    uint8_t flags = reader_byte(reader);
    skip_number(reader);
    if (flags & LIMITS_MAX)
        skip_number(reader);
    if (flags & LIMITS_PAGE_SIZE)
        skip_number(reader);
}

/* Typed references have a heap type behind their first byte. */
static void skip_value_type(struct reader *reader)
{
    uint8_t type = reader_byte(reader);
    if (type == WASM_REFERENCE || type == WASM_NULLABLE_REFERENCE)
        skip_number(reader);
}

static void skip_import(struct reader *reader, uint8_t kind)
{
    switch (kind) {
    case WASM_FUNCTION:
    case WASM_IMPORT_EXACT_FUNCTION:
        skip_number(reader);
        return;
    case WASM_TABLE:
        skip_value_type(reader);
        skip_limits(reader);
        return;
    case WASM_MEMORY:
        skip_limits(reader);
        return;
    case WASM_GLOBAL:
        skip_value_type(reader);
        reader_byte(reader);
        return;
    case WASM_TAG:
        reader_byte(reader);
        skip_number(reader);
        return;
    default: /* the compact forms: the toolchain that is meant here writes none */
        reader_fail(reader, CHIMERA_EFEATURE,
                    "imports from " JAVY_MODULE " cannot be renamed in this form of the section");
    }
}

static void copy_imports(struct reader *reader, struct chimera_buffer *out)
{
    uint32_t count = reader_count(reader, WASM_IMPORTS_MAX, "imports");
    writer_u32(out, count);
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        struct chimera_slice module = reader_name(reader), name = reader_name(reader);
        const uint8_t *rest = reader->at;
        uint8_t kind = reader_byte(reader);
        skip_import(reader, kind);
        bool is_renamed = kind == WASM_FUNCTION && chimera_slice_is(module, JAVY_MODULE) &&
                          chimera_slice_is(name, "call");
        writer_name(out, is_renamed ? CHIMERA_SLICE(HOST_MODULE) : module);
        writer_name(out, name);
        writer_bytes(out, rest, reader->at);
    }
    if (reader->code == 0 && reader->at != reader->end)
        reader_fail(reader, CHIMERA_EMODULE, "the section is longer than its contents");
}

static bool has_bytes(struct chimera_slice where, const char *what)
{
    return where.size > 0 && memmem(where.data, where.size, what, strlen(what)) != NULL;
}

/* As it is, unless there is something to rename. */
static void put_imports(struct reader *file, struct chimera_slice payload,
                        struct chimera_buffer *out)
{
    struct chimera_buffer renamed;
    if (!has_bytes(payload, JAVY_MODULE)) {
        writer_section(out, WASM_SECTION_IMPORT, payload);
        return;
    }
    struct reader reader = reader_inside(file, payload, wasm_section_names[WASM_SECTION_IMPORT]);
    chimera_buffer_init(&renamed, out->limit);
    copy_imports(&reader, &renamed);
    file->code = reader.code;
    writer_end_section(out, WASM_SECTION_IMPORT, &renamed);
    chimera_buffer_free(&renamed);
}

static void copy_section(struct reader *file, const char *replaced, struct chimera_buffer *out)
{
    const uint8_t *begin = file->at;
    uint8_t id = reader_byte(file);
    uint32_t size = reader_u32(file);
    struct chimera_slice payload = reader_bytes(file, size);
    if (file->code < 0 || (id == WASM_SECTION_CUSTOM && is_custom(file, payload, replaced)))
        return;
    if (id == WASM_SECTION_IMPORT)
        put_imports(file, payload, out);
    else
        writer_bytes(out, begin, file->at);
}

static void put_custom(const char *name, struct chimera_slice payload, struct chimera_buffer *out)
{
    struct chimera_buffer section;
    chimera_buffer_init(&section, out->limit);
    writer_name(&section, chimera_slice_of(name));
    chimera_buffer_append(&section, payload);
    writer_end_section(out, WASM_SECTION_CUSTOM, &section);
    chimera_buffer_free(&section);
}

int chimera_module_annotate(const char *file, struct chimera_slice bytes, const char *name,
                            struct chimera_slice payload, struct chimera_buffer *out,
                            struct chimera_error *err)
{
    int code = chimera_file_check_wasm(file, bytes, err);
    if (code < 0)
        return code;
    const uint8_t *start = (const uint8_t *)bytes.data;
    struct reader reader = {.start = start,
                            .at = start + WASM_HEADER_SIZE,
                            .end = start + bytes.size,
                            .file = file,
                            .section = "file",
                            .err = err};
    writer_bytes(out, start, reader.at);
    while (reader.code == 0 && reader.at < reader.end && !out->failed)
        copy_section(&reader, name, out);
    put_custom(name, payload, out);
    if (reader.code == 0 && out->failed)
        return chimera_fail(err, out->failed, "%s: %s", file, chimera_code_text(out->failed));
    return reader.code;
}
