/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/confine/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE 0u /* no filter */
#endif

/* The second table of x86-64 (x32) begins here; elsewhere no call has such a number. */
#define OTHER_CALLS 0x40000000u

static void put_instruction(struct chimera_seccomp_filter *filter, uint16_t code, uint8_t if_true,
                            uint8_t if_false, uint32_t operand)
{
    if (filter->size < CHIMERA_SECCOMP_MAX)
        filter->code[filter->size] = (struct sock_filter){code, if_true, if_false, operand};
    if (filter->size <= CHIMERA_SECCOMP_MAX) /* one too many is found at the end */
        filter->size++;
}

static void put_load(struct chimera_seccomp_filter *filter, size_t offset)
{
    put_instruction(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* Both supported architectures are little-endian: the lower half comes first. */
static void put_load_argument(struct chimera_seccomp_filter *filter, unsigned argument)
{
    put_load(filter, offsetof(struct seccomp_data, args) + 8 * (size_t)argument);
}

/* Skips the next `skipped` instructions unless the accumulator compares so. */
static void put_test(struct chimera_seccomp_filter *filter, uint16_t comparison, uint32_t operand,
                     uint8_t skipped)
{
    put_instruction(filter, (uint16_t)(BPF_JMP | comparison | BPF_K), 0, skipped, operand);
}

static void put_return(struct chimera_seccomp_filter *filter, uint32_t verdict)
{
    put_instruction(filter, BPF_RET | BPF_K, 0, 0, verdict);
}

bool chimera_seccomp_is_known(void)
{
    return NATIVE != 0;
}

void chimera_seccomp_begin(struct chimera_seccomp_filter *filter)
{
    filter->size = 0;
    put_load(filter, offsetof(struct seccomp_data, arch));
    put_instruction(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE);
    put_return(filter, CHIMERA_SECCOMP_KILL);
    put_load(filter, offsetof(struct seccomp_data, nr));
    put_test(filter, BPF_JGE, OTHER_CALLS, 1);
    put_return(filter, CHIMERA_SECCOMP_KILL);
}

void chimera_seccomp_put_newer(struct chimera_seccomp_filter *filter, uint32_t newest,
                               uint32_t verdict)
{
    put_test(filter, BPF_JGT, newest, 1);
    put_return(filter, verdict);
}

void chimera_seccomp_put_call(struct chimera_seccomp_filter *filter, int call, uint32_t verdict)
{
    put_test(filter, BPF_JEQ, (uint32_t)call, 1);
    put_return(filter, verdict);
}

void chimera_seccomp_put_calls(struct chimera_seccomp_filter *filter, const int *calls,
                               size_t count, uint32_t verdict)
{
    for (size_t i = 0; i < count; i++)
        chimera_seccomp_put_call(filter, calls[i], verdict);
}

uint16_t chimera_seccomp_put_condition(struct chimera_seccomp_filter *filter,
                                       const struct chimera_seccomp_condition *condition)
{
    put_test(filter, BPF_JEQ, (uint32_t)condition->call, 5);
    put_load_argument(filter, condition->argument);
    put_instruction(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, condition->mask);
    uint16_t value_at = filter->size;
    put_test(filter, BPF_JEQ, condition->value, 1);
    put_return(filter, condition->if_equal);
    put_return(filter, condition->otherwise);
    return value_at;
}

void chimera_seccomp_put_commands(struct chimera_seccomp_filter *filter, int call,
                                  const uint32_t *commands, uint8_t count)
{
    chimera_seccomp_put_values(filter, call, 1, commands, count);
}

void chimera_seccomp_put_values(struct chimera_seccomp_filter *filter, int call, unsigned argument,
                                const uint32_t *values, uint8_t count)
{
    put_test(filter, BPF_JEQ, (uint32_t)call, (uint8_t)(2 * count + 2));
    put_load_argument(filter, argument);
    for (unsigned i = 0; i < count; i++) {
        put_test(filter, BPF_JEQ, values[i], 1);
        put_return(filter, CHIMERA_SECCOMP_ALLOW);
    }
    put_return(filter, CHIMERA_SECCOMP_FAIL(EPERM));
}

void chimera_seccomp_end(struct chimera_seccomp_filter *filter, uint32_t verdict)
{
    put_return(filter, verdict);
}

void chimera_seccomp_set_value(struct chimera_seccomp_filter *filter, uint16_t at, uint32_t value)
{
    if (at < CHIMERA_SECCOMP_MAX)
        filter->code[at].k = value;
}

static bool fits(const struct chimera_seccomp_filter *filter)
{
    if (filter->size <= CHIMERA_SECCOMP_MAX)
        return true;
    errno = E2BIG;
    return false;
}

bool chimera_seccomp_enter(struct chimera_seccomp_filter *filter)
{
    struct sock_fprog program = {filter->size, filter->code};
    return fits(filter) && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

long chimera_seccomp_enter_all(struct chimera_seccomp_filter *filter)
{
    struct sock_fprog program = {filter->size, filter->code};
    if (!fits(filter))
        return -1;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}
