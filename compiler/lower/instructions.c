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
    if (first == WASM_EMPTY_BLOCK) {
        reader->at++;
        return type;
    }
    if (wasm_is_type_byte(first)) {
        type.single = lower_read_type(reader, body->lowering);
        return type;
    }
    uint64_t index = reader_signed(reader, 33);
    if (reader->code == 0 && index >= body->lowering->types.count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown type %lld", (long long)index);
    type.index = reader->code == 0 ? (uint32_t)index : INLINE_BLOCK;
    return type;
}

static void do_block(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    struct lower_block type = read_block_type(body);
    if (opcode == OP_IF)
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

/* --- Calls. --- */

static void apply_call(struct lower_body *body, uint32_t type)
{
    if (body->reader->code < 0)
        return;
    body_pop_list(body, lower_params(body->lowering, type));
    body_push_list(body, lower_results(body->lowering, type));
}

/* A tail call is a call and a return: the same but for the stack that it needs. The callee's
 * results become ours, so they must fit. */
static void end_tail_call(struct lower_body *body, uint32_t type)
{
    struct lower_list own =
        lower_results(body->lowering, body->lowering->functions[body->function]);
    body->lowering->features |= WASM_LOWERS_TAIL_CALLS;
    if (body->reader->code == 0 && lower_results(body->lowering, type).count != own.count)
        fail_type(body, "a tail call's function has other results");
    body_pop_list(body, own);
    emit_return(body);
    if (body->reader->code == 0)
        body_unreachable(body);
}

static void do_call(struct lower_body *body, const uint8_t *from, bool is_tail)
{
    uint32_t function = read_index(body, body->lowering->function_count, "function");
    if (body->reader->code < 0)
        return;
    uint32_t type = body->lowering->functions[function];
    if (is_tail)
        emit_indices(body, from, OP_CALL, 1, &function);
    apply_call(body, type);
    if (is_tail)
        end_tail_call(body, type);
}

static void do_call_indirect(struct lower_body *body, const uint8_t *from, bool is_tail)
{
    uint32_t type = lower_read_type_index(body->reader, body->lowering);
    uint32_t table = read_index(body, body->lowering->table_count, "table");
    if (body->reader->code < 0)
        return;
    if (!lower_is_function(body->lowering->tables[table].type))
        fail_type(body, "an indirect call through a table of other references than functions");
    body_pop(body, WASM_I32);
    emit_marker(body, from, type);
    if (is_tail)
        emit_indices(body, from, OP_CALL_INDIRECT, 2, (const uint32_t[]){type, table});
    apply_call(body, type);
    if (is_tail)
        end_tail_call(body, type);
}

static void do_call_reference(struct lower_body *body, const uint8_t *from, bool is_tail)
{
    uint32_t type = lower_read_type_index(body->reader, body->lowering);
    body->lowering->features |= WASM_LOWERS_REFERENCES;
    if (body->reader->code < 0)
        return;
    body_pop(body, LOWER_REFERENCE | LOWER_NULLABLE | body->lowering->types.canonical[type]);
    emit_call_reference(body, from, type);
    apply_call(body, type);
    if (is_tail)
        end_tail_call(body, type);
}

/* --- References. --- */

static void do_function(struct lower_body *body, const uint8_t *from)
{
    uint32_t function = read_index(body, body->lowering->function_count, "function");
    if (body->reader->code < 0)
        return;
    if (!body->lowering->declared[function])
        reader_fail(body->reader, CHIMERA_EMODULE, "undeclared function reference %u", function);
    emit_function(body, from, function);
    body_push(body, lower_of_function(body->lowering, function));
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

static bool do_reference(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    lower_type type;
    switch (opcode) {
    case OP_REF_NULL:
        type = lower_read_heap(body->reader, body->lowering);
        emit_null(body, from, type);
        body_push(body, type);
        return true;
    case OP_REF_IS_NULL:
        emit_is_null(body, from, body_pop_reference(body));
        body_push(body, WASM_I32);
        return true;
    case OP_REF_FUNC:
        do_function(body, from);
        return true;
    case OP_REF_AS_NON_NULL:
        type = body_pop_reference(body);
        emit_as_non_null(body, from, type);
        body_push(body, not_null(type));
        break;
    case OP_BR_ON_NULL:
        do_branch_on_null(body, from);
        break;
    case OP_BR_ON_NON_NULL:
        do_branch_on_non_null(body, from);
        break;
    default:
        return false;
    }
    body->lowering->features |= WASM_LOWERS_REFERENCES;
    return true;
}

/* --- Tables. --- */

/* A reference that goes through a table is a funcref, not a slot. */
static lower_type read_table(struct lower_body *body, bool is_value_used, uint32_t *ret_table)
{
    *ret_table = read_index(body, body->lowering->table_count, "table");
    if (body->reader->code < 0)
        return LOWER_UNKNOWN;
    lower_type type = body->lowering->tables[*ret_table].type;
    body->lowering->needs_funcrefs |= is_value_used && lower_is_concrete(type);
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
    uint32_t segment = read_index(body, body->lowering->segment_count, "element segment");
    *ret_type = body->reader->code == 0 ? body->lowering->segments[segment] : LOWER_UNKNOWN;
    return segment + body->lowering->table_segments;
}

static void do_table_init(struct lower_body *body, const uint8_t *from)
{
    lower_type type;
    uint32_t segment = read_segment(body, &type), table;
    lower_type wanted = read_table(body, false, &table);
    if (body->reader->code == 0 && !lower_matches(type, wanted))
        fail_type(body, "the segment's and its table's");
    emit_indices(body, from, OP_TABLE_INIT, 2, (const uint32_t[]){segment, table});
    pop_indices(body);
}

static void do_element_drop(struct lower_body *body, const uint8_t *from)
{
    lower_type type;
    uint32_t segment = read_segment(body, &type);
    emit_indices(body, from, OP_ELEM_DROP, 1, &segment);
}

static void do_table_copy(struct lower_body *body)
{
    uint32_t to, from;
    lower_type wanted = read_table(body, false, &to), type = read_table(body, false, &from);
    if (body->reader->code == 0 && !lower_matches(type, wanted))
        fail_type(body, "the two tables'");
    pop_indices(body);
}

static void do_table_grow(struct lower_body *body)
{
    uint32_t table;
    lower_type type = read_table(body, true, &table);
    body_pop(body, WASM_I32);
    body_pop(body, type);
    body_push(body, WASM_I32);
}

static void do_table_size(struct lower_body *body)
{
    uint32_t table;
    read_table(body, false, &table);
    body_push(body, WASM_I32);
}

static void do_table_fill(struct lower_body *body)
{
    uint32_t table;
    lower_type type = read_table(body, true, &table);
    body_pop(body, WASM_I32);
    body_pop(body, type);
    body_pop(body, WASM_I32);
}

static void do_long(struct lower_body *body, const uint8_t *from)
{
    uint32_t number = reader_u32(body->reader);
    const struct wasm_instruction *instruction = wasm_long_instruction(number);
    switch (instruction->opcode) {
    case OP_TABLE_INIT:
        do_table_init(body, from);
        break;
    case OP_ELEM_DROP:
        do_element_drop(body, from);
        break;
    case OP_TABLE_COPY:
        do_table_copy(body);
        break;
    case OP_TABLE_GROW:
        do_table_grow(body);
        break;
    case OP_TABLE_SIZE:
        do_table_size(body);
        break;
    case OP_TABLE_FILL:
        do_table_fill(body);
        break;
    default:
        if (!body_numeric(body, instruction))
            reader_fail(body->reader, CHIMERA_EFEATURE,
                        "0xfc 0x%02x is not an instruction that Chimera compiles", number);
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
    lower_type type = lower_read_type(body->reader, body->lowering);
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
    if (opcode == OP_LOCAL_GET) {
        if (body->reader->code == 0 && !body->is_set[index])
            reader_fail(body->reader, CHIMERA_EMODULE, "uninitialized local %u", index);
    } else {
        body_pop(body, type);
        body_set_local(body, index);
    }
    if (opcode != OP_LOCAL_SET)
        body_push(body, type);
}

static void do_global(struct lower_body *body, bool is_set)
{
    uint32_t index = read_index(body, body->lowering->global_count, "global");
    if (body->reader->code < 0)
        return;
    const struct lower_global *global = &body->lowering->globals[index];
    if (!is_set) {
        body_push(body, global->type);
        return;
    }
    if (!global->is_mutable)
        reader_fail(body->reader, CHIMERA_EMODULE, "global %u is immutable", index);
    body_pop(body, global->type);
}

/* --- All. --- */

static bool do_control(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    switch (opcode) {
    case OP_UNREACHABLE:
        body_unreachable(body);
        return true;
    case OP_NOP:
        return true;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
        do_block(body, from, opcode);
        return true;
    case OP_ELSE:
        body_else(body);
        return true;
    case OP_END:
        body_end(body);
        return true;
    case OP_BR:
    case OP_BR_IF:
        do_branch(body, opcode == OP_BR_IF);
        return true;
    case OP_BR_TABLE:
        do_branch_table(body);
        return true;
    case OP_RETURN:
        body_pop_list(body,
                      lower_results(body->lowering, body->lowering->functions[body->function]));
        body_unreachable(body);
        return true;
    default:
        return false;
    }
}

static bool do_any_call(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    switch (opcode) {
    case OP_CALL:
    case OP_RETURN_CALL:
        do_call(body, from, opcode == OP_RETURN_CALL);
        return true;
    case OP_CALL_INDIRECT:
    case OP_RETURN_CALL_INDIRECT:
        do_call_indirect(body, from, opcode == OP_RETURN_CALL_INDIRECT);
        return true;
    case OP_CALL_REF:
    case OP_RETURN_CALL_REF:
        do_call_reference(body, from, opcode == OP_RETURN_CALL_REF);
        return true;
    default:
        return false;
    }
}

static bool do_variable(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    switch (opcode) {
    case OP_DROP:
        body_pop_any(body);
        return true;
    case OP_SELECT:
        do_select(body);
        return true;
    case OP_SELECT_TYPED:
        do_typed_select(body, from);
        return true;
    case OP_LOCAL_GET:
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE:
        do_local(body, opcode);
        return true;
    case OP_GLOBAL_GET:
    case OP_GLOBAL_SET:
        do_global(body, opcode == OP_GLOBAL_SET);
        return true;
    case OP_TABLE_GET:
    case OP_TABLE_SET:
        do_table_access(body, opcode == OP_TABLE_SET);
        return true;
    default:
        return false;
    }
}

void body_instruction(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    const struct wasm_instruction *instruction = &wasm_instructions[opcode];
    if (opcode == OP_PREFIX_LONG)
        do_long(body, from);
    else if (opcode == OP_PREFIX_VECTORS)
        body_vector(body);
    else if (!body_numeric(body, instruction) && !do_variable(body, from, opcode) &&
             !do_control(body, from, opcode) && !do_any_call(body, from, opcode) &&
             !do_reference(body, from, opcode) &&
             !proposal_check(body->reader, instruction->proposal))
        reader_fail(body->reader, CHIMERA_EMODULE, "0x%02x is not an instruction", opcode);
}
