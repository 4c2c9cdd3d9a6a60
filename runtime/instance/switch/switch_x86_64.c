/* SPDX-License-Identifier: Apache-2.0 */
/* The context switch of x86-64 (System V). It saves the callee-saved registers and the two control
 * words that a call preserves; everything else is the caller's to save. */
#include "runtime/instance/switch/switch.h"

#ifdef __x86_64__

#include <ucontext.h>

#define DIRECTION_FLAG 0x400

__asm__(".text\n"
        ".globl chimera_switch_call\n"
        ".hidden chimera_switch_call\n"
        ".type chimera_switch_call, @function\n"
        "chimera_switch_call:\n"
        "  endbr64\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  sub $8, %rsp\n"
        "  stmxcsr (%rsp)\n  fnstcw 4(%rsp)\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rdi, %rbx\n"
        "  mov %rsi, %rsp\n"
        "  xor %ebp, %ebp\n"
        "  mov %rcx, %rdi\n"
        "  call *%rdx\n"
        "  mov (%rbx), %rsp\n"
        ".globl chimera_switch_resume\n"
        ".hidden chimera_switch_resume\n"
        "chimera_switch_resume:\n" /* %rsp is what the host saved */
        "  ldmxcsr (%rsp)\n  fldcw 4(%rsp)\n"
        "  add $8, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
        "  ret\n"
        ".size chimera_switch_call, .-chimera_switch_call\n"
        ".globl chimera_switch_leave\n"
        ".hidden chimera_switch_leave\n"
        ".type chimera_switch_leave, @function\n"
        "chimera_switch_leave:\n"
        "  endbr64\n"
        "  mov (%rdi), %rsp\n"
        "  jmp chimera_switch_resume\n"
        ".size chimera_switch_leave, .-chimera_switch_leave\n"
        ".type chimera_switch_away, @function\n"
        "chimera_switch_away:\n" /* (void **host_stack, void **ret_guest_stack) */
        "  endbr64\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  sub $8, %rsp\n"
        "  stmxcsr (%rsp)\n  fnstcw 4(%rsp)\n"
        "  mov %rsp, (%rsi)\n"
        "  mov (%rdi), %rsp\n"
        "  jmp chimera_switch_resume\n"
        ".size chimera_switch_away, .-chimera_switch_away\n"
        ".globl chimera_switch_continue\n"
        ".hidden chimera_switch_continue\n"
        ".type chimera_switch_continue, @function\n"
        "chimera_switch_continue:\n" /* (void **host_stack, void *guest_stack) */
        "  endbr64\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  sub $8, %rsp\n"
        "  stmxcsr (%rsp)\n  fnstcw 4(%rsp)\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rsi, %rsp\n"
        "  jmp chimera_switch_resume\n"
        ".size chimera_switch_continue, .-chimera_switch_continue\n");

void chimera_switch_away(void **host_stack, void **ret_guest_stack);

/* Both stacks hold the same frame, so one tail takes up either. */
bool chimera_switch_suspend(void **host_stack, void **ret_guest_stack)
{
    chimera_switch_away(host_stack, ret_guest_stack);
    return true;
}

extern char chimera_switch_resume[];

void chimera_switch_leave_after_signal(void **host_stack, void *signal_context)
{
    greg_t *registers = ((ucontext_t *)signal_context)->uc_mcontext.gregs;
    registers[REG_RSP] = (greg_t)*host_stack;
    registers[REG_RIP] = (greg_t)chimera_switch_resume;
    registers[REG_EFL] &= ~(greg_t)DIRECTION_FLAG;
}

void *chimera_switch_interrupted_at(const void *signal_context)
{
    return (void *)((const ucontext_t *)signal_context)->uc_mcontext.gregs[REG_RIP];
}

#endif
