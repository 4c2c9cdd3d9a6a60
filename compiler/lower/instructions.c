/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions one by one: operands checked, and the instruction left to be copied or replaced.
 */
#include "compiler/lower/body.h"
#include "compiler/wasm/body.h"

static void fail_type(struct lower_body *body, const char *what)
{
    reader_fail(body->reader, CHIMERA_EMODULE, "type mismatch: %s", what);
}

static uint32_t read_index(struct lower_body *body, uint32_t count, const char *what)
{
    uint32_t index = reader_u32(body->reader);
    if (body->reader->code == 0 && index >= count)
        reader_fail(body->reader, CHIMERA_EMODULE, "unknown %s %u", what, index);
    return index;
}

/* --- Control. --- */

static struct lower_block read_block_type(struct lower_body *body)
{
    struct reader *reader = body->reader;
    struct lower_block type = {INLINE_BLOCK, LOWER_UNKNOWN};
    uint8_t first = reader->at < reader->end ? *reader->at : 0;
    if (first == 0x40) {
        reader->at++;
        return type;
    }
    if (first < 0x80 && (first & 0x40)) {
        type.single = lower_read_type(reader, body->lower);
        return type;
    }
    uint64_t index = reader_signed(reader, 33);
    if (reader->code == 0 && index >= body->lower->types.count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown type %lld", (long long)index);
    type.index = reader->code == 0 ? (uint32_t)index : INLINE_BLOCK;
    return type;
}

static void do_block(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    struct lower_block type = read_block_type(body);
    if (opcode == 0x04)
        body_pop(body, WASM_I32);
    body_pop_list(body, body_params(body, &type));
    emit_block(body, from, opcode, type.index == INLINE_BLOCK ? type.single : LOWER_UNKNOWN);
    if (body->reader->code == 0)
        body_begin_block(body, opcode, type);
}

static void do_branch(struct lower_body *body, bool is_conditional)
{
    uint32_t depth = reader_u32(body->reader);
    struct lower_list label = body_label(body, depth);
    if (is_conditional)
        body_pop(body, WASM_I32);
    body_pop_list(body, label);
    if (is_conditional)
        body_push_list(body, label);
    else
        body_unreachable(body);
}

/* The operands must fit every target, and stay for the next. */
static void check_target(struct lower_body *body, uint32_t depth, uint32_t arity)
{
    struct lower_list label = body_label(body, depth);
    if (body->reader->code == 0 && label.count != arity) {
        fail_type(body, "the targets of a br_table take different numbers of operands");
        return;
    }
    const struct lower_frame *frame = &body->frames[body->frame_count - 1];
    uint32_t there = body->stack_size - frame->height;
    if (body->reader->code == 0 && there < arity && !frame->is_unreachable)
        fail_type(body, "an operand is missing");
    for (uint32_t i = 0; i < arity && i < there && body->reader->code == 0; i++) {
        lower_type found = body->stack[body->stack_size - 1 - i];
        body_push(body, found);
        body_pop(body, label.types[arity - 1 - i]);
    }
}

static void do_branch_table(struct lower_body *body)
{
    body_pop(body, WASM_I32);
    uint32_t count = reader_count(body->reader, UINT32_MAX, "branch targets");
    struct reader ahead = *body->reader; /* the last target says how many operands */
    for (uint32_t i = 0; i < count; i++)
        reader_u32(&ahead);
    uint32_t last = reader_u32(&ahead), arity = 0;
    body->reader->code = ahead.code;
    arity = body_label(body, last).count;
    for (uint32_t i = 0; i <= count && body->reader->code == 0; i++)
        check_target(body, reader_u32(body->reader), arity);
    body_unreachable(body);
}

static void do_return(struct lower_body *body)
{
    body_pop_list(body, lower_results(body->lower, body->lower->functions[body->function]));
    body_unreachable(body);
}

/* --- Calls. --- */

static void apply_call(struct lower_body *body, uint32_t type)
{
    if (body->reader->code < 0)
        return;
    body_pop_list(body, lower_params(body->lower, type));
    body_push_list(body, lower_results(body->lower, type));
}

/* A tail call is a call and a return: the same but for the stack that it needs. The callee's
 * results become ours, so they must fit. */
static void end_tail_call(struct lower_body *body, uint32_t type)
{
    struct lower_list own = lower_results(body->lower, body->lower->functions[body->function]);
    body->lower->features |= WASM_LOWERS_TAIL_CALLS;
    if (body->reader->code == 0 && lower_results(body->lower, type).count != own.count)
        fail_type(body, "a tail call's function has other results");
    body_pop_list(body, own);
    emit_return(body);
    if (body->reader->code == 0)
        body_unreachable(body);
}

static void do_call(struct lower_body *body, const uint8_t *from, bool is_tail)
{
    uint32_t function = read_index(body, body->lower->function_count, "function");
    if (body->reader->code < 0)
        return;
    uint32_t type = body->lower->functions[function];
    if (is_tail)
        emit_indices(body, from, CHIMERA_SLICE("\x10"), 1, &function);
    apply_call(body, type);
    if (is_tail)
        end_tail_call(body, type);
}

static void do_call_indirect(struct lower_body *body, const uint8_t *from, bool is_tail)
{
    uint32_t type = lower_read_type_index(body->reader, body->lower);
    uint32_t table = read_index(body, body->lower->table_count, "table");
    if (body->reader->code < 0)
        return;
    if (!lower_is_function(body->lower->tables[table].type))
        fail_type(body, "an indirect call through a table of other references than functions");
    body_pop(body, WASM_I32);
    emit_marker(body, from, type);
    if (is_tail)
        emit_indices(body, from, CHIMERA_SLICE("\x11"), 2, (const uint32_t[]){type, table});
    apply_call(body, type);
    if (is_tail)
        end_tail_call(body, type);
}

static void do_call_reference(struct lower_body *body, const uint8_t *from, bool is_tail)
{
    uint32_t type = lower_read_type_index(body->reader, body->lower);
    body->lower->features |= WASM_LOWERS_REFERENCES;
    if (body->reader->code < 0)
        return;
    body_pop(body, LOWER_REFERENCE | LOWER_NULLABLE | body->lower->types.canonical[type]);
    emit_call_reference(body, from, type);
    apply_call(body, type);
    if (is_tail)
        end_tail_call(body, type);
}

/* --- References. --- */

static void do_function(struct lower_body *body, const uint8_t *from)
{
    uint32_t function = read_index(body, body->lower->function_count, "function");
    if (body->reader->code < 0)
        return;
    if (!body->lower->declared[function])
        reader_fail(body->reader, CHIMERA_EMODULE, "undeclared function reference %u", function);
    emit_function(body, from, function);
    body_push(body, lower_of_function(body->lower, function));
}

static lower_type not_null(lower_type type)
{
    return lower_is_reference(type) ? type & ~(lower_type)LOWER_NULLABLE : type;
}

static void do_branch_on_null(struct lower_body *body, const uint8_t *from)
{
    uint32_t depth = reader_u32(body->reader);
    struct lower_list label = body_label(body, depth);
    lower_type type = body_pop_reference(body);
    emit_branch_on_null(body, from, type, depth);
    body_pop_list(body, label);
    body_push_list(body, label);
    body_push(body, not_null(type));
}

static void do_branch_on_non_null(struct lower_body *body, const uint8_t *from)
{
    uint32_t depth = reader_u32(body->reader);
    struct lower_list label = body_label(body, depth);
    lower_type type = body_pop_reference(body);
    if (body->reader->code == 0 && label.count == 0)
        fail_type(body, "br_on_non_null to a label without a reference");
    emit_branch_on_non_null(body, from, type, depth);
    if (body->reader->code < 0)
        return;
    body_push(body, not_null(type));
    body_pop_list(body, label);
    label.count--;
    body_push_list(body, label);
}

static void do_reference(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    lower_type type;
    switch (opcode) {
    case 0xd0:
        type = lower_read_heap(body->reader, body->lower);
        emit_null(body, from, type);
        body_push(body, type);
        return;
    case 0xd1:
        emit_is_null(body, from, body_pop_reference(body));
        body_push(body, WASM_I32);
        return;
    case 0xd2:
        do_function(body, from);
        return;
    case 0xd4:
        type = body_pop_reference(body);
        emit_as_non_null(body, from, type);
        body_push(body, not_null(type));
        break;
    case 0xd5:
        do_branch_on_null(body, from);
        break;
    default:
        do_branch_on_non_null(body, from);
    }
    body->lower->features |= WASM_LOWERS_REFERENCES;
}

/* --- Tables. --- */

/* A reference that goes through a table is a funcref, not a slot. */
static lower_type read_table(struct lower_body *body, bool is_value_used, uint32_t *ret_table)
{
    *ret_table = read_index(body, body->lower->table_count, "table");
    if (body->reader->code < 0)
        return LOWER_UNKNOWN;
    lower_type type = body->lower->tables[*ret_table].type;
    body->lower->needs_funcrefs |= is_value_used && lower_is_concrete(type);
    return type;
}

static void do_table_access(struct lower_body *body, bool is_set)
{
    uint32_t table;
    lower_type type = read_table(body, true, &table);
    if (is_set)
        body_pop(body, type);
    body_pop(body, WASM_I32);
    if (!is_set)
        body_push(body, type);
}

static void pop_indices(struct lower_body *body)
{
    for (unsigned i = 0; i < 3; i++)
        body_pop(body, WASM_I32);
}

/* Segments of tables with initial values stand before the module's own. */
static uint32_t read_segment(struct lower_body *body, lower_type *ret_type)
{
    uint32_t segment = read_index(body, body->lower->segment_count, "element segment");
    *ret_type = body->reader->code == 0 ? body->lower->segments[segment] : LOWER_UNKNOWN;
    return segment + body->lower->table_segments;
}

static void do_table_init(struct lower_body *body, const uint8_t *from)
{
    lower_type type;
    uint32_t segment = read_segment(body, &type), table;
    lower_type wanted = read_table(body, false, &table);
    if (body->reader->code == 0 && !lower_matches(type, wanted))
        fail_type(body, "the segment's and its table's");
    emit_indices(body, from, CHIMERA_SLICE("\xfc\x0c"), 2, (const uint32_t[]){segment, table});
    pop_indices(body);
}

static void do_element_drop(struct lower_body *body, const uint8_t *from)
{
    lower_type type;
    uint32_t segment = read_segment(body, &type);
    emit_indices(body, from, CHIMERA_SLICE("\xfc\x0d"), 1, &segment);
}

static void do_table_copy(struct lower_body *body)
{
    uint32_t to, from;
    lower_type wanted = read_table(body, false, &to), type = read_table(body, false, &from);
    if (body->reader->code == 0 && !lower_matches(type, wanted))
        fail_type(body, "the two tables'");
    pop_indices(body);
}

static void do_long(struct lower_body *body, const uint8_t *from)
{
    uint32_t operation = reader_u32(body->reader), table;
    if (operation == 12) {
        do_table_init(body, from);
    } else if (operation == 13) {
        do_element_drop(body, from);
    } else if (operation == 14) {
        do_table_copy(body);
    } else if (operation == 15) { /* table.grow */
        lower_type type = read_table(body, true, &table);
        body_pop(body, WASM_I32);
        body_pop(body, type);
        body_push(body, WASM_I32);
    } else if (operation == 16) { /* table.size */
        read_table(body, false, &table);
        body_push(body, WASM_I32);
    } else if (operation == 17) { /* table.fill */
        lower_type type = read_table(body, true, &table);
        body_pop(body, WASM_I32);
        body_pop(body, type);
        body_pop(body, WASM_I32);
    } else if (!body_numeric_long(body, operation)) {
        reader_fail(body->reader, CHIMERA_EFEATURE,
                    "0xfc 0x%02x is not an instruction that Chimera compiles", operation);
    }
}

/* --- Variables. --- */

static void do_select(struct lower_body *body)
{
    body_pop(body, WASM_I32);
    lower_type a = body_pop_any(body), b = body_pop_any(body);
    if (lower_is_reference(a) || lower_is_reference(b))
        fail_type(body, "a select of references needs its type");
    if (a != b && a != LOWER_UNKNOWN && b != LOWER_UNKNOWN)
        fail_type(body, "a select between two types");
    body_push(body, a == LOWER_UNKNOWN ? b : a);
}

static void do_typed_select(struct lower_body *body, const uint8_t *from)
{
    if (reader_u32(body->reader) != 1)
        reader_fail(body->reader, CHIMERA_EMODULE, "a select has one type");
    lower_type type = lower_read_type(body->reader, body->lower);
    emit_select(body, from, type);
    body_pop(body, WASM_I32);
    body_pop(body, type);
    body_pop(body, type);
    body_push(body, type);
}

static void do_local(struct lower_body *body, uint8_t opcode)
{
    uint32_t index;
    lower_type type = body_local(body, &index);
    if (opcode == 0x20) {
        if (body->reader->code == 0 && !body->is_set[index])
            reader_fail(body->reader, CHIMERA_EMODULE, "uninitialized local %u", index);
    } else {
        body_pop(body, type);
        body_set_local(body, index);
    }
    if (opcode != 0x21)
        body_push(body, type);
}

static void do_global(struct lower_body *body, bool is_set)
{
    uint32_t index = read_index(body, body->lower->global_count, "global");
    if (body->reader->code < 0)
        return;
    const struct lower_global *global = &body->lower->globals[index];
    if (!is_set) {
        body_push(body, global->type);
        return;
    }
    if (!global->is_mutable)
        reader_fail(body->reader, CHIMERA_EMODULE, "global %u is immutable", index);
    body_pop(body, global->type);
}

/* --- All. --- */

static void do_control(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    switch (opcode) {
    case 0x00:
        body_unreachable(body);
        return;
    case 0x01: /* nop */
        return;
    case 0x05:
        body_else(body);
        return;
    case 0x0b:
        body_end(body);
        return;
    case 0x0c:
    case 0x0d:
        do_branch(body, opcode == 0x0d);
        return;
    case 0x0e:
        do_branch_table(body);
        return;
    case 0x0f:
        do_return(body);
        return;
    case 0x10:
    case 0x12:
        do_call(body, from, opcode == 0x12);
        return;
    case 0x11:
    case 0x13:
        do_call_indirect(body, from, opcode == 0x13);
        return;
    default:
        do_call_reference(body, from, opcode == 0x15);
    }
}

static void do_variable(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    switch (opcode) {
    case 0x1a:
        body_pop_any(body);
        return;
    case 0x1b:
        do_select(body);
        return;
    case 0x1c:
        do_typed_select(body, from);
        return;
    case 0x20:
    case 0x21:
    case 0x22:
        do_local(body, opcode);
        return;
    case 0x23:
    case 0x24:
        do_global(body, opcode == 0x24);
        return;
    default:
        do_table_access(body, opcode == 0x26);
    }
}

void body_instruction(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    if (opcode >= 0x02 && opcode <= 0x04)
        do_block(body, from, opcode);
    else if (opcode <= 0x01 || opcode == 0x05 || (opcode >= 0x0b && opcode <= 0x15))
        do_control(body, from, opcode);
    else if ((opcode >= 0x1a && opcode <= 0x1c) || (opcode >= 0x20 && opcode <= 0x26))
        do_variable(body, from, opcode);
    else if ((opcode >= 0xd0 && opcode <= 0xd2) || (opcode >= 0xd4 && opcode <= 0xd6))
        do_reference(body, from, opcode);
    else if (opcode == 0xfc)
        do_long(body, from);
    else if (opcode == 0xfd)
        body_vector(body);
    else if (!body_numeric(body, opcode) && !opcode_refuse(body->reader, opcode))
        reader_fail(body->reader, CHIMERA_EMODULE, "0x%02x is not an instruction", opcode);
}
