/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep over the quick tier's code. Expected: Intel's manual, volume 2, for what each row of
 * bytes is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/native/audit_quick.h"

struct row {
    const char *what;
    const char *bytes;
    size_t size;
    int code;
};

#define ROW(what, bytes, code) {what, bytes, sizeof(bytes) - 1, code}
#define HEAD \
    "\x55\x48\x89\xe5\x48\x81\xec\x10\x00\x00\x00" /* push %rbp; mov %rsp, %rbp; sub $16, %rsp */
#define TAIL "\xc9\xc3"                            /* leave; ret */

static const struct row rows[] = {
    ROW("an empty function", HEAD TAIL, CHIMERA_OK),
    ROW("loads, stores, a constant of 64 bits",
        HEAD "\x48\x8b\x45\xf8\x8b\x04\x25\x00\x01\x00\x00\x89\x84\x91\x00\x00\x00\x01"
             "\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08\x66\x89\x08" TAIL,
        CHIMERA_OK),
    ROW("numbers",
        HEAD "\xf2\x0f\x58\xc1\xf3\x0f\x7e\x45\xf8\x66\x0f\xd6\x45\xf0\xf2\x48\x0f\x2c\xc0" TAIL,
        CHIMERA_OK),
    ROW("string instructions", HEAD "\xf3\xa4\xf3\xaa" TAIL, CHIMERA_OK),
    ROW("jumps to instructions", HEAD "\x0f\x84\x02\x00\x00\x00\xeb\xf8" TAIL, CHIMERA_OK),
    ROW("indirect calls", HEAD "\x41\xff\xd3" TAIL, CHIMERA_OK),
    ROW("a procedure linkage table behind zeros",
        HEAD TAIL "\x00\x00\x00"
                  "\xff\x35\x00\x00\x00\x00\xff\x25\x00\x00\x00\x00\x0f\x1f\x40\x00"
                  "\xff\x25\x00\x00\x00\x00\x68\x00\x00\x00\x00\xe9\xe0\xff\xff\xff",
        CHIMERA_OK),
    ROW("a frame of 1 MiB", "\x55\x48\x89\xe5\x48\x81\xec\x00\x00\x10\x00" TAIL, CHIMERA_OK),

    ROW("a frame that is larger", "\x55\x48\x89\xe5\x48\x81\xec\x10\x00\x10\x00" TAIL,
        CHIMERA_ELIMIT),
    ROW("a frame of -16 bytes", "\x55\x48\x89\xe5\x48\x81\xec\xf0\xff\xff\xff" TAIL,
        CHIMERA_ELIMIT),
    ROW("nothing", "", CHIMERA_EREFUSED),
    ROW("syscall", HEAD "\x0f\x05" TAIL, CHIMERA_EREFUSED),
    ROW("sysenter", HEAD "\x0f\x34" TAIL, CHIMERA_EREFUSED),
    ROW("int $0x80", HEAD "\xcd\x80" TAIL, CHIMERA_EREFUSED),
    ROW("wrfsbase %rax", HEAD "\xf3\x48\x0f\xae\xd0" TAIL, CHIMERA_EREFUSED),
    ROW("wrpkru", HEAD "\x0f\x01\xef" TAIL, CHIMERA_EREFUSED),
    ROW("xrstor", HEAD "\x0f\xae\x28" TAIL, CHIMERA_EREFUSED),
    ROW("rdtsc", HEAD "\x0f\x31" TAIL, CHIMERA_EREFUSED),
    ROW("a prefix for %fs", HEAD "\x64\x48\x8b\x04\x25\x28\x00\x00\x00" TAIL, CHIMERA_EREFUSED),
    ROW("lock", HEAD "\xf0\x48\x01\x08" TAIL, CHIMERA_EREFUSED),
    ROW("xbegin", HEAD "\xc7\xf8\x00\x00\x00\x00" TAIL, CHIMERA_EREFUSED),
    ROW("a far call", HEAD "\x48\xff\x18" TAIL, CHIMERA_EREFUSED),
    ROW("a far return", HEAD "\xcb", CHIMERA_EREFUSED),
    ROW("a jump of 16 bits", HEAD "\x66\xe9\x00\x00\x00\x00" TAIL, CHIMERA_EREFUSED),
    ROW("a string instruction that is not repeated", HEAD "\xa4" TAIL, CHIMERA_EREFUSED),
    ROW("two prefixes", HEAD "\xf3\x66\x0f\x7e\xc0" TAIL, CHIMERA_EREFUSED),
    ROW("a vector instruction", HEAD "\xc5\xf8\x77" TAIL, CHIMERA_EREFUSED),
    ROW("zeros after something that goes on", HEAD "\x90\x00\x00\x00\x00", CHIMERA_EREFUSED),
    /* mov $0x0000050f, %eax holds a syscall, which begins one byte in. */
    ROW("a jump into an instruction", HEAD "\xb8\x0f\x05\x00\x00\xeb\xfa" TAIL, CHIMERA_EREFUSED),
    ROW("a call into an instruction", HEAD "\xb8\x0f\x05\x00\x00\xe8\xf7\xff\xff\xff" TAIL,
        CHIMERA_EREFUSED),
    ROW("a jump before the code", HEAD "\xeb\x80" TAIL, CHIMERA_EREFUSED),
    ROW("a jump behind the code", HEAD "\xe9\x00\x01\x00\x00" TAIL, CHIMERA_EREFUSED),
    ROW("a jump into the padding", HEAD "\xeb\x02" TAIL "\x00", CHIMERA_EREFUSED),
    ROW("an instruction that is cut", HEAD "\x48\xb8\x01\x02", CHIMERA_EREFUSED),
    ROW("an operand that is cut", HEAD "\x8b", CHIMERA_EREFUSED),
};

static void only_what_tcc_writes_is_let_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct chimera_error err = {0};
        int code = chimera_sweep((struct chimera_slice){rows[i].bytes, rows[i].size}, "x.so", &err);
        if (code != rows[i].code)
            fail_msg("%s: %d %s", rows[i].what, code, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_tcc_writes_is_let_through)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
