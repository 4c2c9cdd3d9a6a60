/* SPDX-License-Identifier: Apache-2.0 */
/* Calls everything that a guest can call, with the worst that it can hand over.
 *
 *   hostile-play [--size BYTES] [--rounds N] [--table]
 *
 * It knows all imports and all builtins from the tables that register them: one without a worst
 * input here is a failure. Each is called late       when the deadline has passed, which host code
 * must notice by itself, at large   with time to spare, within a memory limit, nested     from
 * every call back into the guest, abandoned  with a deadline at a random moment (N times), and
 * after each the slot is reset. No call may use more CPU time of its thread than a loose net
 * allows, nor more memory than the account; after each reset the host's side is what it was when
 * the guest was prepared. --table prints for each the worst: milliseconds past the deadline, by the
 * clock and of its thread, and the memory that the account saw (the guest's own in it) and that the
 * process took.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/instance/watchdog.h"
#include "runtime/log/log.h"
#include "tests/hostile/callable.h"
#include "tests/hostile/slot.h"
#include "tests/unit/heap.h"

#define LONG_MS 300                    /* of calls that have time */
#define NET_NS ((uint64_t)10000000000) /* of CPU; what it takes is some milliseconds */
#define PEAK_SLACK ((size_t)8 << 20)
#define NESTED "the policy calls its host from within a host call"

/* --- What there is to call --- */

#define DECLARE_RUNTIME(symbol) extern any_function any_##symbol __asm__(#symbol);
CHIMERA_RUNTIME_IMPORTS(DECLARE_RUNTIME)

#define OF_RUNTIME(symbol) \
    {#symbol, CHIMERA_MODE_WAPC, any_##symbol}, {#symbol, CHIMERA_MODE_OPA, any_##symbol},

/* clang-format off */
static const struct import imports[] = {
    ALL_IMPORTS
    CHIMERA_RUNTIME_IMPORTS(OF_RUNTIME)
};
/* clang-format on */
#define IMPORTS (sizeof(imports) / sizeof(*imports))

/* --- The call that is made now --- */

static const struct import *import;
static const struct hostile_import *input;
static const struct hostile_input *builtin_input;
static uint32_t builtin_id;
static struct chimera_buffer arguments[CHIMERA_REGO_ARGS_MAX];
static bool is_late;                  /* it is made when the deadline has passed */
static uint64_t made_ns, made_cpu_ns; /* when it was made, by the clock and by the thread's */
static uint64_t peak_bytes;           /* that its account saw */

static void fill_memory(struct chimera_guest *guest)
{
    static const uint32_t vector[] = {0, HOSTILE_HALF};
    uint8_t *memory = guest->instance->memory.data, *half = memory + HOSTILE_HALF;
    memset(memory, 'a', HOSTILE_MEMORY);
    if (input->fill == HOSTILE_ZEROS || input->fill == HOSTILE_EMPTY)
        memset(half, 0, HOSTILE_HALF);
    for (uint32_t at = 0; input->fill == HOSTILE_VECTORS && at < HOSTILE_HALF; at += 8)
        memcpy(half + at, vector, 8);
    for (uint32_t at = 1; input->fill == HOSTILE_LINES && at < HOSTILE_MEMORY; at += 2)
        memory[at] = '\n';
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* In host code, which is not interrupted. */
static void wait_if_late(struct chimera_guest *guest)
{
    while (is_late && chimera_guest_time_left(guest) > 0)
        ;
    made_ns = chimera_clock_ns();
    made_cpu_ns = cpu_ns();
}

GUEST_CODE static void make_call(struct chimera_guest *guest)
{
    static const uint64_t entry[3];
    uint64_t a[HOSTILE_ARGS_MAX];
    memcpy(a, input->args, sizeof(a));
    call_function *function = (call_function *)import->function;
    if (!strcmp(import->name, "chimera_table_grow")) {
        a[1] = a[0];
        a[0] = (uintptr_t)&((struct slot_instance *)guest->instance)->table;
        a[2] = (uintptr_t)entry;
    }
    function(guest, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]);
}

GUEST_CODE static void call_import(struct chimera_guest *guest)
{
    fill_memory(guest);
    wait_if_late(guest);
    make_call(guest);
}

GUEST_CODE static void call_builtin(struct chimera_guest *guest)
{
    size_t count;
    unsigned arity = chimera_rego_builtins(&count)[builtin_id].arity;
    uint32_t at[CHIMERA_REGO_ARGS_MAX + 1] = {REGO_ARGUMENTS};
    for (unsigned i = 0; i < arity; i++) {
        memcpy(rego_at(guest, at[i]), arguments[i].data, arguments[i].size);
        rego_at(guest, at[i])[arguments[i].size] = '\0';
        at[i + 1] = at[i] + (uint32_t)arguments[i].size + 1;
    }
    wait_if_late(guest);
    if (arity == 0)
        chimera_opa_builtin0(guest, builtin_id, 0);
    else if (arity == 1)
        chimera_opa_builtin1(guest, builtin_id, 0, at[0]);
    else if (arity == 2)
        chimera_opa_builtin2(guest, builtin_id, 0, at[0], at[1]);
    else if (arity == 3)
        chimera_opa_builtin3(guest, builtin_id, 0, at[0], at[1], at[2]);
    else
        chimera_opa_builtin4(guest, builtin_id, 0, at[0], at[1], at[2], at[3]);
}

/* --- What it came to --- */

struct worst {
    uint64_t late_ns, cpu_ns, account_bytes;
    size_t taken_bytes;
};

static unsigned calls, failures;
static bool prints_table;

static const char *name_of_call(void)
{
    return builtin_input ? builtin_input->builtin : import->name;
}

static void complain(const char *what, const char *more)
{
    failures++;
    printf("%s: %s%s\n", name_of_call(), what, more);
}

/* Most that the process had at once since it was asked to forget; 0 where the kernel does not say.
 */
static size_t resident(const char *field)
{
    char text[4096] = "";
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *at = size > 0 ? strstr(text, field) : NULL;
    return at ? strtoull(at + strlen(field), NULL, 10) << 10 : 0;
}

static bool forget_peak(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, "5", 1) == 1;
    if (fd >= 0)
        close(fd);
    return done && HEAP_IS_OURS;
}

static void let_strike(struct chimera_guest *guest, uint64_t after_ns)
{
    uint64_t deadline_ns = chimera_clock_ns() + after_ns;
    atomic_store(&guest->run->deadline_ns, deadline_ns);
    guest->account.deadline_ns = deadline_ns;
}

/* `after_ns` 0: with the limit as it is. */
static int run(struct slot *slot, slot_work *what, uint32_t limit_ms, uint64_t after_ns)
{
    union chimera_value none = {0};
    work = what;
    chimera_guest_begin(slot->guest, limit_ms);
    if (after_ns && slot->guest->run)
        let_strike(slot->guest, after_ns);
    const struct chimera_export *export =
        &slot->module.exports[slot->module.plugin.export_count - 1];
    uint64_t start = cpu_ns();
    int code = chimera_guest_run(slot->guest, export, &none);
    if (cpu_ns() - start > NET_NS)
        complain("works on far past its deadline", "");
    const struct chimera_account *account = &slot->guest->account;
    peak_bytes = account->bytes_peak > account->bytes ? account->bytes_peak : account->bytes;
    chimera_guest_end(slot->guest);
    calls++;
    return code;
}

static void reset_slot(struct slot *slot)
{
    if (chimera_guest_reset(slot->guest) < 0)
        complain("the slot cannot be reset", "");
    else if (!slot_is_as_prepared(slot))
        complain("leaves something behind on the host's side", "");
}

static void call_late(struct slot *slot, slot_work *what, struct worst *worst)
{
    is_late = true;
    run(slot, what, 1, 0);
    uint64_t late_ns = chimera_clock_ns() - made_ns;
    uint64_t spent_ns = cpu_ns() - made_cpu_ns;
    if (late_ns > worst->late_ns)
        worst->late_ns = late_ns;
    if (spent_ns > worst->cpu_ns)
        worst->cpu_ns = spent_ns;
    is_late = false;
    reset_slot(slot);
}

static void call_at_large(struct slot *slot, slot_work *what, struct worst *worst)
{
    bool is_measured = forget_peak();
    size_t before = resident("VmRSS:");
    run(slot, what, LONG_MS, 0);
    size_t after = is_measured ? resident("VmHWM:") : before;
    size_t taken = after > before ? after - before : 0;
    if (peak_bytes > SLOT_LIMIT)
        complain("its account goes past its limit", "");
    if (taken > SLOT_LIMIT + PEAK_SLACK)
        complain("takes more memory than its account allows", "");
    if (peak_bytes < HOSTILE_MEMORY)
        complain("its account does not count the guest's own memory", "");
    if (peak_bytes > worst->account_bytes)
        worst->account_bytes = peak_bytes;
    if (taken > worst->taken_bytes)
        worst->taken_bytes = taken;
    reset_slot(slot);
}

static void call_abandoned(struct slot *slot, slot_work *what, unsigned rounds)
{
    static uint64_t seed = 88172645463325252u;
    for (unsigned i = 0; i < rounds; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        run(slot, what, LONG_MS, 1 + seed % 20000000);
        reset_slot(slot);
    }
}

/* --- From within call backs --- */

static bool has_nested;

GUEST_CODE static uint32_t call_in_call_back(struct chimera_guest *guest, uint32_t first,
                                             uint32_t second)
{
    (void)first, (void)second;
    if (guest->depth == 2) {
        has_nested = true;
        make_call(guest);
    }
    return 0;
}

GUEST_CODE static void reverse_text(struct chimera_guest *guest)
{
    fill_memory(guest);
    rego_put(guest, REGO_ARGUMENTS, "\"abc\"");
    chimera_opa_builtin1(guest, builtin_id, 0, REGO_ARGUMENTS);
}

/* What an honest allocator does, too. */
static bool may_be_nested(const char *name)
{
    static const char *const names[] = {"opa_abort", "opa_println", "chimera_trap",
                                        "chimera_memory_grow", "chimera_table_grow"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static uint32_t id_of(const char *name)
{
    size_t count;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    uint32_t id = 0;
    while (id < count && strcmp(builtins[id].name, name) != 0)
        id++;
    return id;
}

static void call_nested(struct slot *slot)
{
    rego_hook **const hooks[] = {&on_malloc, &on_value_parse, &on_value_dump};
    builtin_id = id_of("strings.reverse");
    for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++) {
        rego_hook *before = *hooks[i];
        *hooks[i] = call_in_call_back;
        has_nested = false;
        int code = run(slot, reverse_text, LONG_MS, 0);
        if (!has_nested)
            complain("was not called from a call back", "");
        else if (!may_be_nested(import->name) &&
                 (code != CHIMERA_ETRAP || strcmp(slot->guest->stop_text, NESTED) != 0))
            complain("is not refused in a call back: ", slot->guest->stop_text);
        *hooks[i] = before;
        reset_slot(slot);
    }
}

/* --- All of it --- */

static void print_worst(const struct worst *worst)
{
    if (prints_table)
        printf("| %s | %.2f | %.2f | %.1f | %.1f |\n", name_of_call(), (double)worst->late_ns / 1e6,
               (double)worst->cpu_ns / 1e6, (double)worst->account_bytes / (1 << 20),
               (double)worst->taken_bytes / (1 << 20));
}

static void call_all_ways(struct slot *slot, slot_work *what, unsigned rounds, struct worst *worst)
{
    call_late(slot, what, worst);
    call_at_large(slot, what, worst);
    call_abandoned(slot, what, rounds);
}

static void play_import(struct slot *slot, unsigned rounds)
{
    size_t count;
    const struct hostile_import *inputs = hostile_imports(&count);
    struct worst worst = {0};
    bool is_known = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(inputs[i].name, import->name) != 0)
            continue;
        is_known = true;
        input = &inputs[i];
        call_all_ways(slot, call_import, rounds, &worst);
        if (import->mode == CHIMERA_MODE_OPA)
            call_nested(slot);
    }
    if (!is_known)
        complain("has no worst input in tests/hostile/imports.c", "");
    print_worst(&worst);
}

static void play_imports(enum chimera_mode mode, unsigned rounds)
{
    struct slot slot;
    slot_open(&slot, mode);
    for (size_t i = 0; i < IMPORTS; i++) {
        import = &imports[i];
        if (import->mode == mode)
            play_import(&slot, rounds);
    }
    slot_close(&slot);
}

static void write_arguments(size_t size)
{
    for (size_t i = 0; i < CHIMERA_REGO_ARGS_MAX; i++) {
        chimera_buffer_reset(&arguments[i]);
        if (builtin_input->args[i].head)
            hostile_write(&builtin_input->args[i], size, &arguments[i]);
    }
}

static void play_builtin(struct slot *slot, uint32_t id, size_t size, unsigned rounds)
{
    size_t count, all;
    const struct hostile_input *inputs = hostile_inputs(&count);
    struct hostile_input unknown = {.builtin = chimera_rego_builtins(&all)[id].name};
    struct worst worst = {0};
    bool is_known = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(inputs[i].builtin, unknown.builtin) != 0)
            continue;
        is_known = true;
        builtin_input = &inputs[i];
        builtin_id = id;
        write_arguments(size);
        call_all_ways(slot, call_builtin, rounds, &worst);
    }
    builtin_input = is_known ? builtin_input : &unknown;
    if (!is_known)
        complain("has no worst input in tests/hostile/builtins.c", "");
    print_worst(&worst);
}

static void play_builtins(size_t size, unsigned rounds)
{
    struct slot slot;
    size_t count;
    for (size_t i = 0; i < CHIMERA_REGO_ARGS_MAX; i++)
        chimera_buffer_init(&arguments[i], (size_t)16 << 20);
    slot_open(&slot, CHIMERA_MODE_OPA);
    chimera_rego_builtins(&count);
    for (uint32_t id = 0; id < count; id++)
        play_builtin(&slot, id, size, rounds);
    slot_close(&slot);
    builtin_input = NULL;
    for (size_t i = 0; i < CHIMERA_REGO_ARGS_MAX; i++)
        chimera_buffer_free(&arguments[i]);
}

int main(int argc, char **argv)
{
    size_t size = (size_t)128 << 10;
    unsigned rounds = 2;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--table"))
            prints_table = true;
        else if (!strcmp(argv[i], "--size") && i + 1 < argc)
            size = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
            rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            return 2;
    }
    if (size > (size_t)4 << 20)
        return 2; /* four arguments must fit into the guest's memory */
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    chimera_log_open(nowhere, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    if (prints_table)
        puts(
            "| import or builtin | ms past the deadline | CPU, ms | account, MiB | process, MiB |\n"
            "| --- | --- | --- | --- | --- |");
    play_imports(CHIMERA_MODE_WAPC, rounds);
    play_imports(CHIMERA_MODE_WASI, rounds);
    play_imports(CHIMERA_MODE_OPA, rounds);
    play_builtins(size, rounds);
    printf("%u calls, %u failures\n", calls, failures);
    return failures ? 1 : 0;
}
