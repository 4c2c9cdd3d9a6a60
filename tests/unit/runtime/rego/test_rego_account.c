/* SPDX-License-Identifier: Apache-2.0 */
/* Every builtin with its worst arguments (tests/hostile/builtins.c) on accounts that end: it
 * notices, and uses no more of the heap than was taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/json/node.h"
#include "tests/hostile/builtins.h"
#include "tests/unit/heap.h"

#define SIZE ((size_t)768 << 10)
#define TEXT_MAX ((size_t)64 << 20)
/* Of the heap, beside what grows with arguments: libraries, contexts, a time zone. */
#define ALLOWANCE ((size_t)300 << 10)
#define LIMIT ((uint64_t)100 << 10)
#define CUT_NS 30000000 /* when nobody is waiting for what a long call would say */
/* A loose net under the count of units: of this thread, whatever else the machine does. */
#define CPU_NS 250000000

/* --- The heap, watched --- */

static size_t heap_now, heap_most;

#if HEAP_IS_OURS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static void *add(void *block)
{
    heap_now += block ? malloc_usable_size(block) + 8 : 0;
    if (heap_now > heap_most)
        heap_most = heap_now;
    return block;
}

static void subtract(void *block)
{
    heap_now -= block ? malloc_usable_size(block) + 8 : 0;
}

void *malloc(size_t size)
{
    return add(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return add(__libc_calloc(count, size));
}

/* Both are there while it copies, unless pages are moved. */
void *realloc(void *block, size_t size)
{
    size_t before = block ? malloc_usable_size(block) + 8 : 0;
    void *moved = __libc_realloc(block, size);
    if (!moved)
        return NULL;
    heap_now += malloc_usable_size(moved) + 8;
    if (heap_now > heap_most && moved != block)
        heap_most = heap_now;
    heap_now -= before;
    if (heap_now > heap_most)
        heap_most = heap_now;
    return moved;
}

void free(void *block)
{
    subtract(block);
    __libc_free(block);
}
#endif

/* --- Calls --- */

struct call {
    const struct hostile_input *input;
    const struct chimera_rego_builtin *builtin;
    struct json_object *args[CHIMERA_REGO_ARGS_MAX];
};

static void open_call(struct call *call, const struct hostile_input *input, size_t size)
{
    *call = (struct call){.input = input, .builtin = chimera_rego_builtin_find(input->builtin)};
    if (!call->builtin)
        fail_msg("there is no builtin %s", input->builtin);
    for (unsigned i = 0; i < call->builtin->arity; i++) {
        struct chimera_error err = {0};
        struct chimera_buffer text;
        chimera_buffer_init(&text, TEXT_MAX);
        hostile_write(&input->args[i], size, &text);
        if (chimera_rego_parse(chimera_buffer_slice(&text), &call->args[i], &err) < 0)
            fail_msg("argument %u of %s: %s", i, input->builtin, err.text);
        chimera_buffer_free(&text);
    }
}

static void close_call(struct call *call)
{
    for (unsigned i = 0; i < CHIMERA_REGO_ARGS_MAX; i++)
        json_object_put(call->args[i]);
}

/* What it made is gone again. */
static int run(const struct call *call, struct chimera_account *account)
{
    struct chimera_error err = {0};
    struct json_object *result = NULL;
    const struct chimera_rego_call asked = {.args = call->args, .account = account, .err = &err};
    int code = call->builtin->function(&asked, &result);
    if (code < 0 && (result || !err.text[0]))
        fail_msg("%s leaves a result behind, or no reason", call->builtin->name);
    if (code == CHIMERA_OK && account->failed)
        fail_msg("%s gives a result although its account has failed", call->builtin->name);
    if (code == CHIMERA_EDEADLINE && account->failed != CHIMERA_EDEADLINE)
        fail_msg("%s ends without its account", call->builtin->name);
    json_object_put(result);
    return code;
}

static unsigned wrong; /* what did not hold, all of which is told */

static void fail_call(const struct call *call, const char *how, int code)
{
    wrong++;
    print_error("%s(", call->builtin->name);
    for (unsigned i = 0; i < call->builtin->arity; i++)
        print_error("%s%s%s…", i ? ", " : "", call->input->args[i].head,
                    call->input->args[i].part ? call->input->args[i].part : "");
    print_error(") %s: %d\n", how, code);
}

/* --- Checks --- */

static void every_builtin_has_an_input(void **state)
{
    (void)state;
    size_t count, input_count;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    const struct hostile_input *inputs = hostile_inputs(&input_count);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < input_count && !found; k++)
            found = strcmp(inputs[k].builtin, builtins[i].name) == 0;
        if (!found)
            fail_msg("%s has no entry in tests/hostile/builtins.c", builtins[i].name);
    }
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void check_deadline(const struct call *call)
{
    struct chimera_account account;
    chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER); /* long past */
    uint64_t before = cpu_ns();
    int code = run(call, &account);
    uint64_t took = cpu_ns() - before;
    bool is_short = call->input->flags & HOSTILE_SHORT;
    if (is_short ? account.units >= CHIMERA_ACCOUNT_LOOK || account.failed
                 : code != CHIMERA_EDEADLINE)
        fail_call(call, is_short ? "is not short" : "does not notice that the time is up", code);
    if (HEAP_IS_OURS && took > CPU_NS)
        fail_call(call, "notices too late (ms)", (int)(took / 1000000));
}

/* What needs no memory works on, so it gets an end; and so does all under a sanitizer, whose work
 * takes so long that the end may come first. */
static void check_limit(const struct call *call)
{
    struct chimera_account account;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t cut = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + 50 * CUT_NS;
    bool is_lean = call->input->flags & HOSTILE_LEAN;
    bool has_end = is_lean || !HEAP_IS_OURS;
    chimera_account_open(&account, has_end ? cut : CHIMERA_ACCOUNT_FOREVER, LIMIT);
    size_t before = heap_now;
    heap_most = heap_now;
    int code = run(call, &account);
    if (!is_lean && code != CHIMERA_ELIMIT && !(has_end && code == CHIMERA_EDEADLINE))
        fail_call(call, "does not notice the limit", code);
    if (account.bytes_peak > LIMIT || heap_most - before > LIMIT + ALLOWANCE)
        fail_call(call, "goes beyond the limit (KB)", (int)((heap_most - before) >> 10));
}

static void check_cost(const struct call *call)
{
    struct chimera_account account;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t cut = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + CUT_NS;
    chimera_account_open(&account, cut, CHIMERA_ACCOUNT_FOREVER);
    size_t before = heap_now;
    heap_most = heap_now;
    run(call, &account);
    size_t real = heap_most - before;
    if (real > account.bytes_peak + account.bytes_peak / 100 + ALLOWANCE)
        fail_call(call, "takes more than it says (KB)", (int)((real - account.bytes_peak) >> 10));
    if (heap_now > before + ALLOWANCE)
        fail_call(call, "leaves something behind (KB)", (int)((heap_now - before) >> 10));
}

static void builtins_keep_to_their_account(void **state)
{
    (void)state;
    size_t count;
    const struct hostile_input *inputs = hostile_inputs(&count);
    for (size_t i = 0; i < count; i++) {
        struct call call;
        open_call(&call, &inputs[i], SIZE);
        check_deadline(&call);
        check_limit(&call);
        check_cost(&call);
        close_call(&call);
    }
    assert_int_equal(wrong, 0);
}

/* Every step of the first ones, then fewer and fewer. */
static uint64_t next_step(uint64_t step)
{
    return step + 1 + step / 16;
}

static void check_steps(const struct call *call)
{
    struct chimera_account account;
    size_t before = heap_now;
    int code = CHIMERA_EDEADLINE;
    for (uint64_t units = 1; units < CHIMERA_ACCOUNT_LOOK && code == CHIMERA_EDEADLINE;
         units = next_step(units)) {
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
        account.units = CHIMERA_ACCOUNT_LOOK - units;
        code = run(call, &account);
    }
    code = CHIMERA_ELIMIT;
    for (uint64_t bytes = 0; bytes < LIMIT && code == CHIMERA_ELIMIT; bytes += 16 + bytes / 16) {
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, bytes);
        code = run(call, &account);
    }
    if (heap_now != before)
        fail_call(call, "leaves something behind (bytes)", (int)(heap_now - before));
}

/* Wherever they end, nothing is lost. */
static void builtins_may_end_at_any_step(void **state)
{
    (void)state;
    size_t count;
    const struct hostile_input *inputs = hostile_inputs(&count);
    for (size_t i = 0; i < count; i++) {
        struct call call;
        struct chimera_account account;
        open_call(&call, &inputs[i], 200);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, LIMIT);
        run(&call, &account); /* what the first call of a process needs besides */
        check_steps(&call);
        close_call(&call);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_builtin_has_an_input),
        cmocka_unit_test(builtins_may_end_at_any_step),
        cmocka_unit_test(builtins_keep_to_their_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
