/* SPDX-License-Identifier: Apache-2.0 */
/* body.h - one function body on its way through the pass: what is checked, and what is
 * written.
 *
 * The algorithm of the core specification's appendix, "Validation of Instruction Sequences", with
 * the tracking of locals that cannot be null. Unreachable code is checked and left out, so what is
 * written never works on a stack of unknown types.
 */
#ifndef CHIMERA_COMPILER_LOWER_BODY_H
#define CHIMERA_COMPILER_LOWER_BODY_H

#include "compiler/lower/lowering.h"

struct lower_block {   /* a block's type: a function type's index, or at most one result */
    uint32_t index;    /* or INLINE_BLOCK */
    lower_type single; /* LOWER_UNKNOWN: none */
};

#define INLINE_BLOCK UINT32_MAX

struct lower_frame {
    uint8_t opcode;      /* block, loop, if, else; block for the body itself */
    bool is_unreachable; /* from here to its end */
    bool is_dead;        /* it began in unreachable code */
    struct lower_block type;
    uint32_t height;     /* of the operand stack where it began */
    uint32_t set_height; /* of the list of locals that were set */
};

enum { TEMPORARY_I32, TEMPORARY_FUNCREF, TEMPORARY_EXTERNREF, TEMPORARIES };

struct lower_body {
    struct lowering *lowering;
    struct reader *reader;
    uint32_t function;
    /* Owned, and kept from one body to the next. */
    lower_type *locals;
    uint8_t *is_set;
    uint32_t *newly_set; /* locals that cannot be null and got a value in an open block */
    lower_type *stack;
    struct lower_frame *frames;
    uint32_t local_count, local_capacity, newly_set_count, stack_size, stack_capacity, frame_count,
        frame_capacity;
    uint32_t temporaries[TEMPORARIES];    /* the local's index; 0 while there is none */
    uint8_t temporary_types[TEMPORARIES]; /* in the order of their indices */
    uint32_t temporary_count;
    uint32_t uncounted;        /* what the instructions of this basic block cost so far */
    struct chimera_buffer out; /* the instructions */
    const uint8_t *copied;     /* what is before it in the file is written or left out */
};

/* Checks the operands' types; all report to body->reader. */
void body_push(struct lower_body *body, lower_type type);
void body_push_list(struct lower_body *body, struct lower_list list);
lower_type body_pop(struct lower_body *body, lower_type wanted); /* what was there */
lower_type body_pop_any(struct lower_body *body);
lower_type body_pop_reference(struct lower_body *body);
void body_pop_list(struct lower_body *body, struct lower_list list);

void body_begin_block(struct lower_body *body, uint8_t opcode, struct lower_block type);
void body_else(struct lower_body *body);
void body_end(struct lower_body *body);
void body_unreachable(struct lower_body *body);

struct lower_list body_params(const struct lower_body *body, const struct lower_block *type);
struct lower_list body_results(const struct lower_body *body, const struct lower_block *type);
struct lower_list body_label(struct lower_body *body,
                             uint32_t depth); /* what a branch there takes */

/* An index that follows in the code; 0 after a failure. */
lower_type body_local(struct lower_body *body, uint32_t *ret_index);
void body_set_local(struct lower_body *body, uint32_t index);

static inline bool body_is_live(const struct lower_body *body)
{
    const struct lower_frame *frame = &body->frames[body->frame_count - 1];
    return !frame->is_unreachable && !frame->is_dead;
}

/* Instructions that are rewritten (emit.c). `from` is where the instruction begins in the
 * file; the reader stands behind it. They write nothing in unreachable code. */
void emit_pending(struct lower_body *body, const uint8_t *from); /* all before it, as it is */
void emit_block(struct lower_body *body, const uint8_t *from, uint8_t opcode, lower_type single);
void emit_select(struct lower_body *body, const uint8_t *from, lower_type type);
void emit_null(struct lower_body *body, const uint8_t *from, lower_type type);
void emit_function(struct lower_body *body, const uint8_t *from, uint32_t function);
void emit_is_null(struct lower_body *body, const uint8_t *from, lower_type type);
void emit_as_non_null(struct lower_body *body, const uint8_t *from, lower_type type);
void emit_branch_on_null(struct lower_body *body, const uint8_t *from, lower_type type,
                         uint32_t label);
void emit_branch_on_non_null(struct lower_body *body, const uint8_t *from, lower_type type,
                             uint32_t label);
void emit_call_reference(struct lower_body *body, const uint8_t *from, uint32_t type);
void emit_marker(struct lower_body *body, const uint8_t *from, uint32_t type);
void emit_return(struct lower_body *body);
/* Before the instruction itself: its cost, and at a block's end what adds up that. */
void emit_count(struct lower_body *body, const uint8_t *from, uint8_t opcode);
/* An instruction of `count` indices. */
void emit_indices(struct lower_body *body, const uint8_t *from, enum wasm_opcode opcode,
                  uint32_t count, const uint32_t *indices);

/* One instruction whose first byte is `opcode`, at `from`. */
void body_instruction(struct lower_body *body, const uint8_t *from, uint8_t opcode);

/* Those whose types depend on nothing but the instruction (numeric.c); false for others. */
bool body_numeric(struct lower_body *body, const struct wasm_instruction *instruction);
void body_vector(struct lower_body *body); /* behind its prefix */

#endif
