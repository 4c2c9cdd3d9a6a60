/* SPDX-License-Identifier: Apache-2.0 */
/* What is assembled is played here, instruction by instruction, for calls and arguments that nobody
 * could make in a test; that the kernel reads it alike is tried once. The two lists themselves:
 * test_lockdown.c, test_confine.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/confine/seccomp.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif
#define ALLOW CHIMERA_SECCOMP_ALLOW
#define KILL CHIMERA_SECCOMP_KILL
#define REFUSE CHIMERA_SECCOMP_FAIL(EPERM)
#define UNKNOWN CHIMERA_SECCOMP_FAIL(ENOSYS)

static struct chimera_seccomp_filter filter;

static bool jumps(const struct sock_filter *step, uint32_t value)
{
    switch (BPF_OP(step->code)) {
    case BPF_JEQ:
        return value == step->k;
    case BPF_JGE:
        return value >= step->k;
    case BPF_JGT:
        return value > step->k;
    default:
        fail_msg("code %x", step->code);
        return false;
    }
}

static uint32_t play(const struct seccomp_data *data)
{
    uint32_t value = 0;
    for (size_t at = 0; at < filter.size; at++) {
        const struct sock_filter *step = &filter.code[at];
        switch (BPF_CLASS(step->code)) {
        case BPF_LD:
            memcpy(&value, (const char *)data + step->k, sizeof(value));
            break;
        case BPF_ALU:
            value &= step->k;
            break;
        case BPF_JMP:
            at += jumps(step, value) ? step->jt : step->jf;
            break;
        default:
            return step->k;
        }
    }
    fail_msg("the filter has no end");
    return 0;
}

static uint32_t verdict_on(int call, unsigned argument, uint64_t value)
{
    struct seccomp_data data = {.nr = call, .arch = NATIVE};
    data.args[argument] = value;
    return play(&data);
}

static void the_first_rule_that_speaks_of_a_call_decides(void **state)
{
    (void)state;
    static const int killed[] = {7, 8, 9};
    chimera_seccomp_begin(&filter);
    chimera_seccomp_put_call(&filter, 8, ALLOW);
    chimera_seccomp_put_calls(&filter, killed, 3, KILL);
    chimera_seccomp_put_newer(&filter, 400, UNKNOWN);
    chimera_seccomp_put_call(&filter, 401, ALLOW); /* too late */
    chimera_seccomp_end(&filter, REFUSE);
    assert_int_equal(verdict_on(7, 0, 0), KILL);
    assert_int_equal(verdict_on(8, 0, 0), ALLOW);
    assert_int_equal(verdict_on(9, 0, 0), KILL);
    assert_int_equal(verdict_on(10, 0, 0), REFUSE);
    assert_int_equal(verdict_on(400, 0, 0), REFUSE);
    assert_int_equal(verdict_on(401, 0, 0), UNKNOWN);
    assert_int_equal(verdict_on(0x3fffffff, 0, 0), UNKNOWN);
}

static void another_abi_is_ended_before_any_rule(void **state)
{
    (void)state;
    struct seccomp_data foreign = {.nr = 3, .arch = AUDIT_ARCH_I386};
    chimera_seccomp_begin(&filter);
    chimera_seccomp_put_call(&filter, 3, ALLOW);
    chimera_seccomp_end(&filter, ALLOW);
    assert_int_equal(verdict_on(3, 0, 0), ALLOW);
    assert_int_equal(play(&foreign), KILL);
    assert_int_equal(verdict_on(0x40000003, 0, 0), KILL);
    assert_int_equal(verdict_on(-1, 0, 0), KILL);
}

static void a_condition_looks_at_its_bits_of_its_argument(void **state)
{
    (void)state;
    const uint64_t upper = UINT64_C(0xabcd) << 32; /* the kernel does not read it of an int */
    const struct chimera_seccomp_condition masked = {5, 2, 4, 0, ALLOW, KILL};
    const struct chimera_seccomp_condition whole = {6, 0, UINT32_MAX, 0, ALLOW, REFUSE};
    chimera_seccomp_begin(&filter);
    chimera_seccomp_put_condition(&filter, &masked);
    uint16_t value_at = chimera_seccomp_put_condition(&filter, &whole);
    chimera_seccomp_end(&filter, UNKNOWN);
    chimera_seccomp_set_value(&filter, value_at, 77);
    assert_int_equal(verdict_on(5, 2, upper | 3), ALLOW);
    assert_int_equal(verdict_on(5, 2, 7), KILL);
    assert_int_equal(verdict_on(5, 1, 7), ALLOW); /* not its argument */
    assert_int_equal(verdict_on(6, 0, upper | 77), ALLOW);
    assert_int_equal(verdict_on(6, 0, 0), REFUSE);
    assert_int_equal(verdict_on(7, 0, 77), UNKNOWN);
}

static void a_call_of_many_commands_has_those_that_are_named(void **state)
{
    (void)state;
    static const uint32_t commands[] = {1, 0xc0606610u, 9};
    chimera_seccomp_begin(&filter);
    chimera_seccomp_put_commands(&filter, 16, commands, 3);
    chimera_seccomp_end(&filter, ALLOW);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(verdict_on(16, 1, commands[i]), ALLOW);
    assert_int_equal(verdict_on(16, 1, 2), REFUSE);
    assert_int_equal(verdict_on(16, 0, 1), REFUSE);
    assert_int_equal(verdict_on(17, 1, 2), ALLOW);
}

static void a_filter_that_does_not_fit_cannot_be_applied(void **state)
{
    (void)state;
    chimera_seccomp_begin(&filter);
    for (int i = 0; i < 100000; i++) /* more than the counter could hold */
        chimera_seccomp_put_call(&filter, i, REFUSE);
    chimera_seccomp_end(&filter, ALLOW);
    errno = 0;
    assert_false(chimera_seccomp_enter(&filter));
    assert_int_equal(errno, E2BIG);
    assert_int_equal(chimera_seccomp_enter_all(&filter), -1);
}

/* The kernel's outcome of getppid() behind a filter that refuses it. */
static int outcome_in_child(bool is_for_all_threads)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        chimera_seccomp_begin(&filter);
        chimera_seccomp_put_call(&filter, SYS_getppid, CHIMERA_SECCOMP_FAIL(EDOM));
        chimera_seccomp_end(&filter, ALLOW);
        bool is_in = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                     (is_for_all_threads ? chimera_seccomp_enter_all(&filter) == 0
                                         : chimera_seccomp_enter(&filter));
        _exit(!is_in ? 254 : syscall(SYS_getppid) < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_kernel_reads_it_alike(void **state)
{
    (void)state;
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
        skip();
    assert_int_equal(outcome_in_child(false), EDOM);
    assert_int_equal(outcome_in_child(true), EDOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_speaks_of_a_call_decides),
        cmocka_unit_test(another_abi_is_ended_before_any_rule),
        cmocka_unit_test(a_condition_looks_at_its_bits_of_its_argument),
        cmocka_unit_test(a_call_of_many_commands_has_those_that_are_named),
        cmocka_unit_test(a_filter_that_does_not_fit_cannot_be_applied),
        cmocka_unit_test(the_kernel_reads_it_alike),
    };
    if (!chimera_seccomp_is_known())
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
