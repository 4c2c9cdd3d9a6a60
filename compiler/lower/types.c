/* SPDX-License-Identifier: Apache-2.0 */
/* The type section, and what types are to one another.
 *
 * Types are equal when their recursion groups have equal shapes (core specification 3.0, "Type
 * equivalence"): inside a group by position, outside by what is known to be equal already. Declared
 * supertypes are refused, so a concrete type has no subtypes but itself.
 */
#include <search.h>
#include <stdlib.h>

#include "compiler/lower/lowering.h"
#include "compiler/wasm/body.h"

#define SECTION_MAX ((size_t)16 << 20) /* bytes */

#define INSIDE 0x20000000u /* in a key: a heap type by its position in the group */
#define OPEN 0x80000000u   /* in a key, at the parameters' count: not final */

struct group { /* one shape of a recursion group */
    const uint32_t *key;
    uint32_t size;
    uint32_t first; /* canonical index of its first type */
};

/* --- Reading value types. --- */

static bool abstract_heap(struct reader *reader, uint8_t byte, uint32_t *ret_heap)
{
    enum wasm_proposal proposal = wasm_type_proposal(byte);
    switch (byte) {
    case WASM_FUNCREF:
        *ret_heap = HEAP_FUNC;
        return true;
    case WASM_EXTERNREF:
        *ret_heap = HEAP_EXTERN;
        return true;
    case WASM_NULLFUNCREF:
        *ret_heap = HEAP_NOFUNC;
        return true;
    case WASM_NULLEXTERNREF:
        *ret_heap = HEAP_NOEXTERN;
        return true;
    default:
        return (proposal == PROPOSAL_EXCEPTIONS || proposal == PROPOSAL_GARBAGE_COLLECTION_TYPES) &&
               proposal_check(reader, proposal);
    }
}

static uint32_t read_heap(struct reader *reader, struct lowering *lowering)
{
    uint32_t heap = 0;
    if (reader->code == 0 && reader->at < reader->end &&
        abstract_heap(reader, *reader->at, &heap)) {
        reader->at++;
        return heap;
    }
    lowering->features |= WASM_LOWERS_REFERENCES;
    if (reader->code == 0 && reader->at < reader->end && *reader->at == WASM_EXACT)
        reader->at++; /* exact: no type has subtypes here, so it says nothing more */
    uint64_t index = reader_signed(reader, 33);
    if (reader->code == 0 && index >= lowering->types.limit)
        reader_fail(reader, CHIMERA_EMODULE, "unknown type %lld", (long long)index);
    if (reader->code < 0)
        return 0;
    /* Until its group is complete a type is named by its own index, then by its canonical one. */
    return index < lowering->types.count ? lowering->types.canonical[index] : (uint32_t)index;
}

lower_type lower_read_heap(struct reader *reader, struct lowering *lowering)
{
    uint32_t heap = read_heap(reader, lowering);
    if (heap == HEAP_NOFUNC || heap == HEAP_NOEXTERN)
        lowering->features |= WASM_LOWERS_REFERENCES;
    return LOWER_REFERENCE | LOWER_NULLABLE | heap;
}

lower_type lower_read_type(struct reader *reader, struct lowering *lowering)
{
    uint32_t heap = 0;
    uint8_t byte = reader_byte(reader);
    if (reader->code < 0)
        return LOWER_UNKNOWN;
    if (byte == WASM_REFERENCE || byte == WASM_NULLABLE_REFERENCE) {
        lowering->features |= WASM_LOWERS_REFERENCES;
        return LOWER_REFERENCE | (byte == WASM_NULLABLE_REFERENCE ? LOWER_NULLABLE : 0) |
               read_heap(reader, lowering);
    }
    if (byte >= WASM_V128 && byte <= WASM_I32)
        return byte;
    reader->at--;
    if (!abstract_heap(reader, byte, &heap)) {
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not a value type", byte);
        return LOWER_UNKNOWN;
    }
    reader->at++;
    if (heap == HEAP_NOFUNC || heap == HEAP_NOEXTERN)
        lowering->features |= WASM_LOWERS_REFERENCES;
    return LOWER_REFERENCE | LOWER_NULLABLE | heap;
}

lower_type lower_read_reference(struct reader *reader, struct lowering *lowering)
{
    lower_type type = lower_read_type(reader, lowering);
    if (reader->code == 0 && !lower_is_reference(type))
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not a reference type", type);
    return type;
}

uint32_t lower_read_type_index(struct reader *reader, const struct lowering *lowering)
{
    uint32_t index = reader_u32(reader);
    if (reader->code == 0 && index >= lowering->types.count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown type %u", index);
    return reader->code < 0 ? 0 : index;
}

/* --- Relations. --- */

static uint32_t heap_of(lower_type type)
{
    return type & LOWER_HEAP;
}

bool lower_is_concrete(lower_type type)
{
    return lower_is_reference(type) && (heap_of(type) < HEAP_FUNC || heap_of(type) == HEAP_NOFUNC);
}

bool lower_is_function(lower_type type)
{
    return lower_is_reference(type) && heap_of(type) != HEAP_EXTERN &&
           heap_of(type) != HEAP_NOEXTERN;
}

static bool heap_matches(uint32_t heap, uint32_t wanted)
{
    if (heap == wanted)
        return true;
    if (wanted == HEAP_EXTERN)
        return heap == HEAP_NOEXTERN;
    if (wanted == HEAP_FUNC)
        return heap < HEAP_FUNC || heap == HEAP_NOFUNC;
    return wanted < HEAP_FUNC && heap == HEAP_NOFUNC;
}

bool lower_matches(lower_type type, lower_type wanted)
{
    if (type == wanted || type == LOWER_UNKNOWN || wanted == LOWER_UNKNOWN)
        return true;
    if (!lower_is_reference(type) || !lower_is_reference(wanted))
        return false;
    if ((type & LOWER_NULLABLE) && !(wanted & LOWER_NULLABLE))
        return false;
    return heap_matches(heap_of(type), heap_of(wanted));
}

uint8_t lower_byte(const struct lowering *lowering, lower_type type)
{
    if (!lower_is_reference(type))
        return (uint8_t)type;
    if (!lower_is_function(type))
        return WASM_EXTERNREF;
    return lowering->is_slotted && lower_is_concrete(type) ? WASM_I32 : WASM_FUNCREF;
}

struct lower_list lower_params(const struct lowering *lowering, uint32_t type)
{
    const lower_type *list = lowering->types.list + lowering->types.position[type];
    return (struct lower_list){list + 2, list[0]};
}

struct lower_list lower_results(const struct lowering *lowering, uint32_t type)
{
    const lower_type *list = lowering->types.list + lowering->types.position[type];
    return (struct lower_list){list + 2 + list[0], list[1]};
}

/* --- The section. --- */

static uint32_t read_list(struct reader *reader, struct lowering *lowering, const char *what)
{
    uint32_t count = reader_count(reader, WASM_PARAMS_MAX, what);
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        lowering->types.list[lowering->types.used++] = lower_read_type(reader, lowering);
    return count;
}

static bool read_finality(struct reader *reader, uint8_t *form)
{
    bool is_open = *form == WASM_FORM_OPEN;
    if (*form != WASM_FORM_OPEN && *form != WASM_FORM_FINAL)
        return false;
    if (reader_u32(reader) != 0 && reader->code == 0)
        reader_refuse(reader, "subtypes of function types");
    *form = reader_byte(reader);
    return is_open;
}

/* Two counts, then the types: never more entries than bytes were read. */
static void read_one(struct reader *reader, struct lowering *lowering, uint32_t index, uint8_t form)
{
    bool is_open = read_finality(reader, &form);
    if (reader->code == 0 && (form == WASM_FORM_ARRAY || form == WASM_FORM_STRUCT))
        proposal_refuse(reader, PROPOSAL_GARBAGE_COLLECTION_TYPES);
    else if (reader->code == 0 && form != WASM_FORM_FUNCTION)
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not a function type", form);
    if (reader->code < 0)
        return;
    uint32_t at = lowering->types.used;
    lowering->types.position[index] = at;
    lowering->types.used += 2;
    lowering->types.list[at] = read_list(reader, lowering, "parameters");
    lowering->types.list[at + 1] = read_list(reader, lowering, "results");
    lowering->types.keys[at] = is_open ? OPEN : 0;
}

static int by_key(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return x->size ? memcmp(x->key, y->key, x->size * sizeof(uint32_t)) : 0;
}

static lower_type settle_type(lower_type type, uint32_t first, uint32_t end, uint32_t canonical)
{
    uint32_t heap = heap_of(type);
    if (!lower_is_reference(type) || heap < first || heap >= end)
        return type;
    return (type & ~(lower_type)LOWER_HEAP) | (heap - first + canonical);
}

/* Visits the counts and the types of the group that begins at type `first`. */
static void make_group_key(struct lowering *lowering, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        uint32_t at = lowering->types.position[i];
        const lower_type *list = lowering->types.list;
        uint32_t last = at + 2 + list[at] + list[at + 1];
        lowering->types.keys[at] |= list[at];
        lowering->types.keys[at + 1] = list[at + 1];
        for (uint32_t j = at + 2; j < last; j++) {
            lower_type type = list[j];
            uint32_t heap = heap_of(type);
            lowering->types.keys[j] =
                !lower_is_reference(type) || heap < first || heap >= end
                    ? type
                    : (type & ~(lower_type)LOWER_HEAP) | INSIDE | (heap - first);
        }
    }
}

static void end_group(struct reader *reader, struct lowering *lowering, uint32_t first,
                      uint32_t end, uint32_t start)
{
    make_group_key(lowering, first, end);
    struct group *group = malloc(sizeof(*group));
    struct group **found = NULL;
    if (group) {
        *group = (struct group){lowering->types.keys + start, lowering->types.used - start, first};
        found = tsearch(group, &lowering->types.groups, by_key);
    }
    if (!found) {
        free(group);
        reader_fail(reader, CHIMERA_ENOMEM, "out of memory");
        return;
    }
    for (uint32_t i = first; i < end; i++) {
        uint32_t at = lowering->types.position[i];
        lower_type *list = lowering->types.list;
        uint32_t last = at + 2 + list[at] + list[at + 1];
        for (uint32_t j = at + 2; j < last; j++)
            list[j] = settle_type(list[j], first, end, (*found)->first);
        lowering->types.canonical[i] = (*found)->first + (i - first);
    }
    if (*found != group)
        free(group);
    lowering->types.count = end;
}

static void read_group(struct reader *reader, struct lowering *lowering, uint32_t *room)
{
    uint32_t first = lowering->types.count, start = lowering->types.used, count = 1;
    uint8_t form = reader_byte(reader);
    bool is_group = form == WASM_FORM_GROUP;
    if (is_group)
        count = reader_count(reader, WASM_TYPES_MAX, "types");
    if (reader->code == 0 && count > *room)
        reader_fail(reader, CHIMERA_ELIMIT, "more than %u types", WASM_TYPES_MAX);
    *room -= reader->code == 0 ? count : 0;
    lowering->types.limit = first + (reader->code == 0 ? count : 0);
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        read_one(reader, lowering, first + i, is_group ? reader_byte(reader) : form);
    if (reader->code == 0 && count > 0)
        end_group(reader, lowering, first, first + count, start);
}

/* --- Types that look alike in the new module. --- */

struct shape {
    const struct lowering *lowering;
    uint32_t type;
};

static int by_list(const struct lowering *lowering, struct lower_list a, struct lower_list b)
{
    if (a.count != b.count)
        return a.count < b.count ? -1 : 1;
    for (uint32_t i = 0; i < a.count; i++) {
        int order = lower_byte(lowering, a.types[i]) - lower_byte(lowering, b.types[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

static int by_shape(const void *a, const void *b)
{
    const struct shape *x = a, *y = b;
    int order = by_list(x->lowering, lower_params(x->lowering, x->type),
                        lower_params(y->lowering, y->type));
    if (order != 0)
        return order;
    return by_list(x->lowering, lower_results(x->lowering, x->type),
                   lower_results(y->lowering, y->type));
}

static void keep_shape(void *shape)
{
    (void)shape; /* they are in one array */
}

/* The first of a shape learns of the others' types, and they of it. */
static void mark_types(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = lowering->types.count;
    struct shape *shapes = reader_reserve(reader, count, sizeof(*shapes));
    uint32_t *firsts = reader_reserve(reader, count, sizeof(*firsts));
    void *tree = NULL;
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        shapes[i] = (struct shape){lowering, i};
        struct shape **found = tsearch(&shapes[i], &tree, by_shape);
        if (!found) {
            reader_fail(reader, CHIMERA_ENOMEM, "out of memory");
            break;
        }
        firsts[i] = (*found)->type;
        if (lowering->types.canonical[firsts[i]] != lowering->types.canonical[i])
            lowering->types.is_marked[firsts[i]] = 1;
    }
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        lowering->types.is_marked[i] = lowering->types.is_marked[firsts[i]];
    tdestroy(tree, keep_shape);
    free(shapes);
    free(firsts);
}

void lower_read_types(struct reader *reader, struct lowering *lowering)
{
    size_t size = (size_t)(reader->end - reader->at);
    if (size > SECTION_MAX) {
        reader_fail(reader, CHIMERA_ELIMIT, "%zu bytes of types are over the limit", size);
        return;
    }
    uint32_t groups = reader_count(reader, WASM_TYPES_MAX, "types"), room = WASM_TYPES_MAX;
    uint32_t types_max = size < WASM_TYPES_MAX ? (uint32_t)size : WASM_TYPES_MAX;
    lowering->types.keys = reader_reserve(reader, size, sizeof(uint32_t));
    lowering->types.list = reader_reserve(reader, size, sizeof(lower_type));
    lowering->types.position = reader_reserve(reader, types_max, sizeof(uint32_t));
    lowering->types.canonical = reader_reserve(reader, types_max, sizeof(uint32_t));
    lowering->types.is_marked = reader_reserve(reader, types_max, 1);
    for (uint32_t i = 0; i < groups && reader->code == 0; i++)
        read_group(reader, lowering, &room);
    if (reader->code == 0)
        mark_types(reader, lowering);
}

static void write_list(struct lowering *lowering, struct lower_list list,
                       struct chimera_buffer *out)
{
    writer_u32(out, list.count);
    for (uint32_t i = 0; i < list.count; i++)
        chimera_buffer_byte(out, lower_byte(lowering, list.types[i]));
}

void lower_write_types(struct lowering *lowering, struct chimera_buffer *out)
{
    writer_u32(out, lowering->types.count);
    for (uint32_t i = 0; i < lowering->types.count; i++) {
        chimera_buffer_byte(out, WASM_FORM_FUNCTION);
        write_list(lowering, lower_params(lowering, i), out);
        write_list(lowering, lower_results(lowering, i), out);
    }
}

void lower_free_types(struct lowering *lowering)
{
    tdestroy(lowering->types.groups, free);
    free(lowering->types.keys);
    free(lowering->types.list);
    free(lowering->types.position);
    free(lowering->types.canonical);
    free(lowering->types.is_marked);
}
