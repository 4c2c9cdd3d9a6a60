/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/decode.h"

#include <stdlib.h>

#include "compiler/wasm/reader.h"
#include "compiler/wasm/sections.h"
#include "runtime/source/file_kind.h"

static const uint8_t section_rank[WASM_SECTIONS] = {
#define RANK(number, name, rank, text) [number] = (rank),
    WASM_SECTION_LIST(RANK)
#undef RANK
};

static struct reader reader_of(const char *file, struct chimera_slice bytes,
                               struct chimera_error *err)
{
    const uint8_t *start = (const uint8_t *)bytes.data;
    return (struct reader){.start = start,
                           .at = start + WASM_HEADER_SIZE,
                           .end = start + bytes.size,
                           .file = file,
                           .section = "file",
                           .err = err};
}

/* Reads one section's head; the payload must lie inside the file. */
static uint8_t next_section(struct reader *reader, struct chimera_slice *ret_payload)
{
    uint8_t id = reader_byte(reader);
    uint32_t size = reader_u32(reader);
    if (reader->code == 0 && size > (uint64_t)(reader->end - reader->at))
        reader_fail(reader, CHIMERA_EMODULE,
                    "section %u says %u bytes, but only %zu are left: "
                    "the file is truncated",
                    id, size, (size_t)(reader->end - reader->at));
    *ret_payload = reader_bytes(reader, size);
    return id;
}

static void take_custom(struct reader *outer, struct chimera_slice payload,
                        struct chimera_module *module)
{
    struct reader reader = reader_inside(outer, payload, wasm_section_names[WASM_SECTION_CUSTOM]);
    struct chimera_slice name = reader_name(&reader);
    outer->code = reader.code;
    if (reader.code == 0 && !module->metadata.data &&
        chimera_slice_is(name, "io.kubewarden.metadata"))
        module->metadata = reader_bytes(&reader, (uint64_t)(reader.end - reader.at));
}

static void take_section(struct reader *reader, struct chimera_module *module, uint8_t *last_rank)
{
    struct chimera_slice payload;
    uint8_t id = next_section(reader, &payload);
    if (reader->code < 0)
        return;
    if (id == WASM_SECTION_CUSTOM) {
        take_custom(reader, payload, module);
        return;
    }
    if (id >= WASM_SECTIONS) {
        reader_fail(reader, CHIMERA_EMODULE, "there is no section with the number %u", id);
        return;
    }
    if (section_rank[id] <= *last_rank) {
        reader_fail(reader, CHIMERA_EMODULE, "the %s is repeated or out of order",
                    wasm_section_names[id]);
        return;
    }
    *last_rank = section_rank[id];
    module->section[id] = payload;
}

static const struct {
    uint8_t id;
    void (*read)(struct reader *reader, struct chimera_module *module);
} section_readers[] = {
    /* In the order in which one needs another, which is the order in the file. */
    {WASM_SECTION_TYPE, module_read_types},
    {WASM_SECTION_IMPORT, module_read_imports},
    {WASM_SECTION_FUNCTION, module_read_functions},
    {WASM_SECTION_TABLE, module_read_tables},
    {WASM_SECTION_MEMORY, module_read_memories},
    {WASM_SECTION_GLOBAL, module_read_globals},
    {WASM_SECTION_EXPORT, module_read_exports},
    {WASM_SECTION_START, module_read_start},
    {WASM_SECTION_ELEMENT, module_read_elements},
    {WASM_SECTION_DATA_COUNT, module_read_data_count},
    {WASM_SECTION_CODE, module_read_code},
    {WASM_SECTION_DATA, module_read_data},
    {WASM_SECTION_TAG, module_read_tags},
};

static int read_sections(struct reader *file, struct chimera_module *module)
{
    for (size_t i = 0; i < sizeof(section_readers) / sizeof(*section_readers); i++) {
        uint8_t id = section_readers[i].id;
        if (id == WASM_SECTION_FUNCTION) /* imports come first in all indices */
            module_begin_indices(file, module);
        if (file->code < 0)
            return file->code;
        if (!module->section[id].data)
            continue;
        struct reader reader = reader_inside(file, module->section[id], wasm_section_names[id]);
        section_readers[i].read(&reader, module);
        file->wants_lowering |= reader.wants_lowering;
        module->uses_vectors |= reader.has_vectors;
        if (reader.code == 0 && reader.at != reader.end)
            reader_fail(&reader, CHIMERA_EMODULE, "the section is longer than its contents");
        if (reader.code < 0)
            return reader.code;
    }
    return module_check_whole(file, module);
}

int module_open(const char *file, struct chimera_slice bytes, struct chimera_module **ret_module,
                struct chimera_error *err)
{
    int code = chimera_file_check_wasm(file, bytes, err);
    if (code < 0)
        return code;
    struct chimera_module *module = calloc(1, sizeof(*module));
    if (!module)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", file);
    module->file = file;
    module->bytes = bytes;

    struct reader reader = reader_of(file, bytes, err);
    uint8_t last_rank = 0;
    while (reader.code == 0 && reader.at < reader.end)
        take_section(&reader, module, &last_rank);
    if (reader.code < 0) {
        chimera_module_free(module);
        return reader.code;
    }
    *ret_module = module;
    return CHIMERA_OK;
}

int module_decode(const char *file, struct chimera_slice bytes, struct chimera_module **ret_module,
                  bool *ret_wants_lowering, struct chimera_error *err)
{
    struct chimera_module *module;
    int code = module_open(file, bytes, &module, err);
    if (code < 0)
        return code;
    struct reader reader = reader_of(file, bytes, err);
    code = read_sections(&reader, module);
    *ret_wants_lowering = reader.wants_lowering;
    if (code < 0) {
        chimera_module_free(module);
        return code;
    }
    *ret_module = module;
    return CHIMERA_OK;
}

int chimera_module_check_frame(const char *file, struct chimera_slice bytes,
                               struct chimera_error *err)
{
    int code = chimera_file_check_wasm(file, bytes, err);
    if (code < 0)
        return code;
    struct reader reader = reader_of(file, bytes, err);
    struct chimera_slice payload;
    while (reader.code == 0 && reader.at < reader.end)
        next_section(&reader, &payload);
    return reader.code;
}

bool chimera_module_custom_section(struct chimera_slice wasm, const char *name,
                                   struct chimera_slice *ret_payload)
{
    if (chimera_file_check_wasm("", wasm, NULL) < 0)
        return false;
    struct reader reader = reader_of("", wasm, NULL);
    while (reader.code == 0 && reader.at < reader.end) {
        struct chimera_slice payload;
        if (next_section(&reader, &payload) != WASM_SECTION_CUSTOM || reader.code < 0)
            continue;
        struct reader inside = reader_inside(&reader, payload, "");
        struct chimera_slice found = reader_name(&inside);
        if (inside.code == 0 && chimera_slice_is(found, name)) {
            *ret_payload = reader_bytes(&inside, (uint64_t)(inside.end - inside.at));
            return true;
        }
    }
    return false;
}
