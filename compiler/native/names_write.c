/* SPDX-License-Identifier: Apache-2.0 */
/* The linker's map says where each C function went, the generated name which WebAssembly function
 * that is, and the module's name section, its exports and imports what it is called. */
#include "compiler/native/names_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/wasm/decode.h"
#include "compiler/wasm/reader.h"
#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/names.h"

#define MAP_MAX ((size_t)1 << 30)
#define FUNCTION_NAMES 1 /* the subsection of the name section */

struct place { /* of one function in the code */
    uint32_t start, size, function;
    struct chimera_slice symbol; /* of the map, for helpers */
};

struct facts {                   /* by function */
    struct chimera_slice *names; /* owned */
    uint32_t *offsets;           /* owned */
};

struct places {
    struct place *items; /* owned */
    size_t count, capacity;
};

/* --- The map: "    1340     1340        5     1                 w2c_f1" --- */

static bool take_hex(struct chimera_slice *line, uint64_t *ret_number)
{
    size_t at = 0, start;
    while (at < line->size && line->data[at] == ' ')
        at++;
    *ret_number = 0;
    for (start = at; at < line->size && at - start < 16; at++) {
        const char digit = line->data[at];
        if (digit >= '0' && digit <= '9')
            *ret_number = *ret_number * 16 + (uint64_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            *ret_number = *ret_number * 16 + (uint64_t)(digit - 'a' + 10);
        else
            break;
    }
    bool is_number = at > start && at < line->size && line->data[at] == ' ';
    *line = (struct chimera_slice){line->data + at, line->size - at};
    return is_number;
}

/* Sections stand in the column behind the numbers, files 8 further to the right, symbols 16. */
static bool take_symbol(struct chimera_slice line, uint64_t numbers[4], unsigned *ret_depth,
                        struct chimera_slice *ret_name)
{
    for (size_t i = 0; i < 4; i++) /* the fourth is decimal; only its end matters */
        if (!take_hex(&line, &numbers[i]))
            return false;
    size_t blanks = 0;
    while (blanks < line.size && line.data[blanks] == ' ')
        blanks++;
    *ret_depth = (unsigned)((blanks - (blanks > 0)) / 8);
    *ret_name = (struct chimera_slice){line.data + blanks, line.size - blanks};
    return ret_name->size > 0;
}

static uint32_t function_of(const struct chimera_names_source *source, struct chimera_slice symbol)
{
    size_t at = strlen(source->prefix);
    uint64_t index = 0;
    if (symbol.size <= at || memcmp(symbol.data, source->prefix, at) != 0)
        return CHIMERA_NO_FUNCTION;
    for (; at < symbol.size && symbol.data[at] >= '0' && symbol.data[at] <= '9'; at++) {
        index = index * 10 + (uint64_t)(symbol.data[at] - '0');
        if (index >= source->module->function_count)
            return CHIMERA_NO_FUNCTION;
    }
    return at == symbol.size ? (uint32_t)index : CHIMERA_NO_FUNCTION;
}

static bool add_place(struct places *places, const struct place *place)
{
    if (places->count == places->capacity) {
        size_t capacity = places->capacity ? 2 * places->capacity : 1024;
        struct place *items = realloc(places->items, capacity * sizeof(*items));
        if (!items)
            return false;
        places->items = items;
        places->capacity = capacity;
    }
    places->items[places->count++] = *place;
    return true;
}

/* All functions of .text; what does not fit 32 bits has no name. */
static bool read_map(const struct chimera_names_source *source, struct chimera_slice map,
                     struct places *places)
{
    bool is_text = false;
    while (map.size > 0) {
        const char *end = memchr(map.data, '\n', map.size);
        size_t size = end ? (size_t)(end - map.data) : map.size, step = size + (end ? 1 : 0);
        struct chimera_slice line = {map.data, size}, name;
        map = (struct chimera_slice){map.data + step, map.size - step};
        uint64_t numbers[4];
        unsigned depth;
        if (!take_symbol(line, numbers, &depth, &name))
            continue;
        if (depth == 0)
            is_text = chimera_slice_is(name, ".text");
        if (!is_text || depth != 2 || numbers[2] == 0 || numbers[0] + numbers[2] > UINT32_MAX)
            continue;
        struct place place = {(uint32_t)numbers[0], (uint32_t)numbers[2], function_of(source, name),
                              name};
        if (places->count < CHIMERA_NAMES_COUNT_MAX && !add_place(places, &place))
            return false;
    }
    return true;
}

static int by_start(const void *a, const void *b)
{
    uint32_t left = ((const struct place *)a)->start, right = ((const struct place *)b)->start;
    return (left > right) - (left < right);
}

/* --- What functions are called --- */

static void take_name_section(const struct chimera_names_source *source,
                              struct chimera_slice *names)
{
    const struct chimera_module *module = source->module;
    struct chimera_slice payload;
    if (!chimera_module_custom_section(source->wasm, "name", &payload))
        return;
    const uint8_t *at = (const uint8_t *)payload.data;
    struct reader reader = {.start = at, .at = at, .end = at + payload.size, .section = "names"};
    while (reader.code == 0 && reader.at < reader.end) {
        uint8_t kind = reader_byte(&reader);
        struct chimera_slice part = reader_bytes(&reader, reader_u32(&reader));
        const uint8_t *start = (const uint8_t *)part.data;
        struct reader inner = {
            .start = start, .at = start, .end = start + part.size, .section = "names"};
        if (reader.code < 0 || kind != FUNCTION_NAMES)
            continue;
        uint32_t count = reader_u32(&inner);
        for (uint32_t i = 0; i < count && inner.code == 0; i++) {
            uint32_t index = reader_u32(&inner);
            struct chimera_slice name = reader_bytes(&inner, reader_u32(&inner));
            if (inner.code == 0 && index < module->function_count)
                names[index] = name;
        }
    }
}

/* The name section's word wins over what outsiders call a function. */
static void take_names(const struct chimera_names_source *source, struct chimera_slice *names)
{
    const struct chimera_module *module = source->module;
    uint32_t function = 0;
    for (uint32_t i = 0; i < module->import_count; i++)
        if (module->imports[i].kind == WASM_FUNCTION && function < module->function_count)
            names[function++] = module->imports[i].name;
    for (uint32_t i = 0; i < module->export_count; i++)
        if (module->exports[i].kind == WASM_FUNCTION &&
            module->exports[i].index < module->function_count)
            names[module->exports[i].index] = module->exports[i].name;
    take_name_section(source, names);
}

/* --- Where their bodies are --- */

static struct reader code_section(struct chimera_slice wasm)
{
    const uint8_t *start = (const uint8_t *)wasm.data;
    struct reader reader = {
        .start = start, .at = start, .end = start + wasm.size, .section = "code"};
    reader_bytes(&reader, 8); /* magic and version */
    while (reader.code == 0 && reader.at < reader.end) {
        bool is_code = reader_byte(&reader) == 10;
        uint32_t size = reader_u32(&reader);
        if (is_code)
            return reader;
        reader_bytes(&reader, size);
    }
    reader.end = reader.at;
    return reader;
}

/* By function, behind the size of its body, where wasm-objdump shows it. Lowering keeps indices. */
static void take_offsets(const struct chimera_names_source *source, uint32_t *offsets)
{
    struct reader reader = code_section(source->wasm);
    uint32_t count = reader_u32(&reader), function = source->module->imported_functions;
    for (uint32_t i = 0; i < count && function < source->module->function_count; i++, function++) {
        uint32_t size = reader_u32(&reader);
        if (reader.code < 0)
            return;
        offsets[function] = (uint32_t)reader_offset(&reader);
        reader_bytes(&reader, size);
    }
}

/* --- Writing --- */

static void put_u32(struct chimera_buffer *out, uint32_t number)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        chimera_buffer_byte(out, (uint8_t)(number >> shift));
}

/* Cut before a character that would not fit whole. */
static struct chimera_slice cut_name(struct chimera_slice name)
{
    if (name.size <= CHIMERA_NAMES_NAME_MAX)
        return name;
    name.size = CHIMERA_NAMES_NAME_MAX;
    while (name.size > 0 && ((unsigned char)name.data[name.size] & 0xc0) == 0x80)
        name.size--;
    return name;
}

static void put_all(const struct places *places, const struct facts *facts,
                    struct chimera_buffer *out, struct chimera_buffer *pool)
{
    for (size_t i = 0; i < places->count; i++) {
        const struct place *place = &places->items[i];
        bool is_helper = place->function == CHIMERA_NO_FUNCTION;
        struct chimera_slice name =
            cut_name(is_helper ? place->symbol : facts->names[place->function]);
        put_u32(out, place->start);
        put_u32(out, place->size);
        put_u32(out, place->function);
        put_u32(out, is_helper ? 0 : facts->offsets[place->function]);
        put_u32(out, (uint32_t)pool->size);
        chimera_buffer_byte(pool, (uint8_t)name.size);
        chimera_buffer_append(pool, name);
    }
}

static int write_names_file(const struct chimera_names_source *source, const struct places *places,
                            const struct facts *facts, const char *path, struct chimera_error *err)
{
    struct chimera_buffer records, pool, file;
    chimera_buffer_init(&records, (size_t)CHIMERA_NAMES_COUNT_MAX * CHIMERA_NAMES_RECORD);
    chimera_buffer_init(&pool, CHIMERA_NAMES_BYTES_MAX);
    chimera_buffer_init(&file, records.limit + pool.limit + CHIMERA_NAMES_HEAD);
    put_all(places, facts, &records, &pool);
    chimera_buffer_append(&file, (struct chimera_slice){CHIMERA_NAMES_MAGIC, 8});
    put_u32(&file, (uint32_t)places->count);
    put_u32(&file, (uint32_t)pool.size);
    chimera_buffer_append(&file, (struct chimera_slice){(const char *)source->object.bytes,
                                                        sizeof(source->object.bytes)});
    chimera_buffer_append(&file, chimera_buffer_slice(&records));
    chimera_buffer_append(&file, chimera_buffer_slice(&pool));
    int failed = records.failed ? records.failed : pool.failed ? pool.failed : file.failed;
    int code =
        failed ? chimera_fail(err, failed, "cannot write %s: %s", path, chimera_code_text(failed))
               : chimera_file_write_scratch(path, chimera_buffer_slice(&file), err);
    chimera_buffer_free(&records);
    chimera_buffer_free(&pool);
    chimera_buffer_free(&file);
    return code;
}

int chimera_names_write(const struct chimera_names_source *source, const char *path,
                        struct chimera_error *err)
{
    struct places places = {0};
    struct chimera_buffer map;
    size_t count = (size_t)source->module->function_count + 1;
    CHIMERA_FREE struct chimera_slice *names = calloc(count, sizeof(*names));
    CHIMERA_FREE uint32_t *offsets = calloc(count, sizeof(*offsets));
    const struct facts facts = {names, offsets};
    chimera_buffer_init(&map, MAP_MAX);
    int code = names && offsets ? chimera_file_read(source->map, &map, err)
                                : chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
    if (code == CHIMERA_OK && !read_map(source, chimera_buffer_slice(&map), &places))
        code = chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
    if (code == CHIMERA_OK) {
        if (places.count > 0)
            qsort(places.items, places.count, sizeof(*places.items), by_start);
        take_names(source, names);
        take_offsets(source, offsets);
        code = write_names_file(source, &places, &facts, path, err);
    }
    chimera_buffer_free(&map);
    free(places.items);
    return code;
}
