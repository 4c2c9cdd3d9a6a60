/* SPDX-License-Identifier: Apache-2.0 */
/* isolation.c - does one request leave anything for the next, and does a deadline at any moment?
 *
 *   soak-isolation GUEST.wat REQUESTS THREADS [deadlines|swap]
 *
 * Every thread has a slot of its own, brought to the guest's first read of input, and sends it
 * random requests: sets of pages to write, growth, traps, endless recursion. The guest itself tells
 * whether it was new; what the host keeps of it is compared after each reset with what it was when
 * the slot was prepared; every 997th time all of memory is compared with the image. With
 * `deadlines` a sniper interrupts at random moments of some microseconds, as the watchdog does;
 * then some of the guests loop for ever. With `swap` memory is pushed out to swap every so often.
 * Prints what happened; exits with 1 at the first thing that is wrong.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "compiler/build.h"
#include "compiler/tool/process.h"
#include "runtime/abi/wasi.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/instance/fault.h"
#include "runtime/instance/types_internal.h"
#include "runtime/instance/watchdog.h"
#include "tests/describe.h"

#define THREADS_MAX 8
#define COMPARE_EVERY 997
#define PAGE_OUT_EVERY 211
#define LIMIT_MS 2000
#define MEMORY_LIMIT ((uint64_t)64 << 20)
#define WARM_UP 1000 /* before memory and descriptors are counted */

enum end { END_WELL, END_UNREACHABLE, END_OUTSIDE, END_DEEP, END_LOOP, END_FILL };

struct thread {
    pthread_t thread;
    unsigned long requests;
    uint64_t random;
    pthread_mutex_t lock;                /* over `run`, which ends with the thread */
    struct chimera_run *run;             /* for the sniper; NULL: not running */
    struct chimera_buffer prepared, now; /* what the host kept of the guest then, and keeps now */
    /* what came of them */
    unsigned long answered, trapped, interrupted, compared;
    struct chimera_reset_counters counters;
};

static struct {
    const struct chimera_loaded *loaded;
    struct chimera_start start;
    struct thread threads[THREADS_MAX];
    unsigned thread_count;
    bool has_deadlines, has_swap;
    _Atomic bool is_over;
} soak;

__attribute__((format(printf, 1, 2))) static _Noreturn void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    _exit(1);
}

static uint32_t draw(uint64_t *random) /* xorshift */
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 16);
}

/* --- One request --- */

struct input {
    uint32_t seed, words, pages, end;
};

static struct input draw_input(struct thread *thread)
{
    struct input input = {.seed = draw(&thread->random)};
    uint32_t kind = draw(&thread->random) % 100;
    input.words = kind < 90 ? draw(&thread->random) % 24 : draw(&thread->random) % 600;
    input.pages = draw(&thread->random) % 8 == 0 ? draw(&thread->random) % 6 : 0;
    if (draw(&thread->random) % 16 == 0)
        input.end = 1 + draw(&thread->random) % (soak.has_deadlines ? 5 : 3);
    return input;
}

static void check_output(const struct chimera_guest *guest, unsigned long number, int code)
{
    struct chimera_slice output = chimera_buffer_slice(&chimera_wasi_of(guest)->output);
    if (output.size == 0 && code == CHIMERA_EDEADLINE)
        return; /* it had not come so far */
    if (output.size != 1 || output.data[0] != '1')
        die("request %lu: the guest was not new: it printed \"%.*s\" (%s)", number,
            (int)output.size, output.data ? output.data : "", chimera_guest_stop_text(guest));
}

static void check_end(struct thread *thread, const struct chimera_guest *guest,
                      const struct input *input, unsigned long number)
{
    static const enum chimera_trap traps[] = {CHIMERA_TRAP_NONE, CHIMERA_TRAP_UNREACHABLE,
                                              CHIMERA_TRAP_OUT_OF_BOUNDS, CHIMERA_TRAP_STACK};
    if (guest->stop == CHIMERA_STOP_DEADLINE && soak.has_deadlines) {
        thread->interrupted++;
        return;
    }
    if (input->end == END_WELL && guest->stop == CHIMERA_STOP_NONE) {
        thread->answered++;
        return;
    }
    if (input->end > END_DEEP || guest->stop != CHIMERA_STOP_TRAP ||
        guest->trap != traps[input->end])
        die("request %lu: asked for end %u, got %s", number, input->end,
            chimera_guest_stop_text(guest));
    thread->trapped++;
}

/* What was grown must be out of reach again; the kernel is asked, because a read would end us. */
static bool is_readable(uint8_t *at)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {at, 1};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1;
}

static void compare(const struct chimera_guest *guest, unsigned long number)
{
    const struct chimera_memory *memory = &guest->instance->memory;
    if (memory->size != guest->snapshot->memory_size ||
        !chimera_image_equals(guest->snapshot->image,
                              &(struct chimera_image_memory){memory->data, memory->size, NULL}))
        die("request %lu: memory differs from the image", number);
    if (memcmp(guest->instance, guest->snapshot->instance, guest->loaded->plugin->instance_size) !=
        0)
        die("request %lu: the instance differs from its snapshot", number);
    if (is_readable(memory->data + memory->size) || is_readable(memory->data - 1))
        die("request %lu: memory does not end where it should", number);
}

static void check_side(struct thread *thread, const struct chimera_guest *guest,
                       unsigned long number)
{
    chimera_buffer_reset(&thread->now);
    describe_host(guest, &thread->now);
    if (thread->now.failed || thread->now.size != thread->prepared.size ||
        memcmp(thread->now.data, thread->prepared.data, thread->now.size) != 0)
        die("request %lu: the host keeps something of it", number);
}

static void ask(struct thread *thread, struct chimera_guest *guest, struct chimera_arena *arena,
                unsigned long number)
{
    const struct input input = draw_input(thread);
    struct chimera_pieces pieces = {0};
    struct chimera_slice text;
    chimera_pieces_add(&pieces, (struct chimera_slice){(const char *)&input, sizeof(input)});
    const struct chimera_wasi_run run = {.input = &pieces, .operation = "soak"};
    chimera_arena_reset(arena);
    chimera_guest_begin(guest, LIMIT_MS);
    int code = chimera_wasi_run(guest, &run, arena, &text);
    chimera_guest_end(guest);
    check_output(guest, number, code);
    check_end(thread, guest, &input, number);
    if (chimera_guest_reset(guest) < 0)
        die("request %lu: the reset failed", number);
    check_side(thread, guest, number);
    if (number % COMPARE_EVERY == 0) {
        compare(guest, number);
        thread->compared++;
    }
    if (soak.has_swap && number % PAGE_OUT_EVERY == 0)
        madvise(guest->instance->memory.data, guest->instance->memory.size, MADV_PAGEOUT);
}

/* --- Threads --- */

static struct chimera_guest *make_host(void)
{
    struct chimera_guest *guest;
    struct chimera_error err = {0};
    const struct chimera_wasi_run run = {.operation = "start"};
    if (chimera_guest_new(soak.loaded, MEMORY_LIMIT, &guest, &err) < 0)
        die("%s", err.text);
    guest->start = &soak.start;
    if (chimera_wasi_attach(guest, CHIMERA_WASI_PIPES, &err) < 0)
        die("%s", err.text);
    chimera_guest_begin(guest, LIMIT_MS);
    if (chimera_wasi_prepare(guest, &run, &err) < 0)
        die("%s", err.text);
    chimera_guest_end(guest);
    return guest;
}

static void show_run(struct thread *thread, struct chimera_run *run)
{
    pthread_mutex_lock(&thread->lock);
    thread->run = run;
    pthread_mutex_unlock(&thread->lock);
}

static void *work(void *context)
{
    struct thread *thread = context;
    static pthread_mutex_t one_starts = PTHREAD_MUTEX_INITIALIZER;
    struct chimera_arena arena;
    pthread_mutex_lock(&one_starts);
    struct chimera_guest *guest = make_host();
    pthread_mutex_unlock(&one_starts);
    chimera_arena_init(&arena, 1 << 20);
    chimera_buffer_init(&thread->prepared, 1 << 20);
    chimera_buffer_init(&thread->now, 1 << 20);
    describe_host(guest, &thread->prepared);
    if (soak.start.image != guest->snapshot->image)
        die("two slots of one policy have different images (%s)", chimera_wasi_of(guest)->obstacle);
    show_run(thread, chimera_run_of_thread());
    for (unsigned long i = 0; i < thread->requests; i++)
        ask(thread, guest, &arena, i);
    show_run(thread, NULL);
    thread->counters = guest->counters;
    chimera_arena_free(&arena);
    chimera_buffer_free(&thread->prepared);
    chimera_buffer_free(&thread->now);
    chimera_wasi_detach(guest);
    chimera_guest_free(guest);
    return NULL;
}

static void shoot(struct thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    struct chimera_run *run = thread->run;
    uint64_t sequence = run ? atomic_load(&run->sequence) : 0;
    if (sequence & 1) {
        atomic_store(&run->kill, sequence);
        syscall(SYS_tgkill, getpid(), run->thread, CHIMERA_DEADLINE_SIGNAL);
    }
    pthread_mutex_unlock(&thread->lock);
}

/* Interrupts whatever runs, as the watchdog does, but at any moment. */
static void *snipe(void *unused)
{
    uint64_t random = 88172645463325252u;
    (void)unused;
    while (!atomic_load(&soak.is_over)) {
        uint64_t until = chimera_clock_ns() + 1000 + draw(&random) % 60000;
        while (chimera_clock_ns() < until)
            ;
        shoot(&soak.threads[draw(&random) % soak.thread_count]);
    }
    return NULL;
}

static void run_threads(unsigned long requests)
{
    pthread_t sniper;
    atomic_store(&soak.is_over, false);
    for (unsigned i = 0; i < soak.thread_count; i++) {
        soak.threads[i].requests = requests / soak.thread_count;
        pthread_create(&soak.threads[i].thread, NULL, work, &soak.threads[i]);
    }
    if (soak.has_deadlines)
        pthread_create(&sniper, NULL, snipe, NULL);
    for (unsigned i = 0; i < soak.thread_count; i++)
        pthread_join(soak.threads[i].thread, NULL);
    atomic_store(&soak.is_over, true);
    if (soak.has_deadlines)
        pthread_join(sniper, NULL);
}

/* --- What may not grow --- */

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static unsigned count_mappings(void)
{
    unsigned count = 0;
    FILE *file = fopen("/proc/self/maps", "re");
    for (int byte; file && (byte = fgetc(file)) != EOF;)
        count += byte == '\n';
    if (file)
        fclose(file);
    return count;
}

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        die("cannot read /proc/self/statm");
    fclose(file);
    return resident * 4;
}

/* What ASan keeps of freed memory for a while is not ours. */
static bool memory_grew(unsigned mappings, long resident)
{
#ifdef CHIMERA_ASAN
    (void)mappings, (void)resident;
    return false;
#else
    return count_mappings() > mappings + 16 || resident_kib() > resident + 4096;
#endif
}

static void load_guest(const char *wat, struct chimera_builder **ret_builder)
{
    static char folder[] = "/tmp/chimera-soak-XXXXXX";
    char wasm[64], path[PATH_MAX];
    struct chimera_error err = {0};
    struct chimera_built built;
    struct chimera_loaded *loaded;
    if (!mkdtemp(folder) || !realpath(wat, path))
        die("cannot make a folder in /tmp, or find %s", wat);
    snprintf(wasm, sizeof(wasm), "%s/guest.wasm", folder);
    const char *argv[] = {"/usr/bin/wat2wasm", path, "-o", wasm, NULL};
    const char *reads[] = {path, NULL};
    struct chimera_command command = {
        .what = "wat2wasm", .argv = argv, .folder = folder, .reads = reads};
    struct chimera_build_options options = {.has_no_cache = true};
    if (chimera_process_run(&command, &err) < 0 ||
        chimera_builder_new(&options, ret_builder, &err) < 0 ||
        chimera_build_bare(*ret_builder, wasm, CHIMERA_TIER_FULL, &built, &err) < 0 ||
        chimera_plugin_load(built.plugin, &loaded, &err) < 0)
        die("%s", err.text);
    chimera_built_done(&built);
    chimera_folder_remove(folder, NULL);
    soak.loaded = loaded;
}

static void print_result(double seconds)
{
    struct thread sum = {0};
    for (unsigned i = 0; i < soak.thread_count; i++) {
        const struct thread *thread = &soak.threads[i];
        sum.answered += thread->answered;
        sum.trapped += thread->trapped;
        sum.interrupted += thread->interrupted;
        sum.compared += thread->compared;
        sum.counters.resets += thread->counters.resets;
        sum.counters.scans += thread->counters.scans;
        sum.counters.pages += thread->counters.pages;
        sum.counters.drops += thread->counters.drops;
        sum.counters.nanoseconds += thread->counters.nanoseconds;
    }
    double resets = (double)sum.counters.resets;
    printf("tracking %s: %lu answered, %lu trapped, %lu interrupted, 0 wrong; %lu whole compares;\n"
           "%.1f pages and %.2f us a reset, a scan in %.1f%%, %lu drops; %.0f requests/s\n",
           chimera_tracking_name(chimera_tracking()), sum.answered, sum.trapped, sum.interrupted,
           sum.compared, (double)sum.counters.pages / resets,
           (double)sum.counters.nanoseconds / resets / 1000,
           100 * (double)sum.counters.scans / resets, (unsigned long)sum.counters.drops,
           resets / seconds);
}

int main(int count, char **arguments)
{
    struct chimera_builder *builder = NULL;
    if (count < 4) {
        fprintf(stderr, "usage: %s GUEST.wat REQUESTS THREADS [deadlines|swap]\n", arguments[0]);
        return 2;
    }
    unsigned long requests = strtoul(arguments[2], NULL, 10);      /* allowed: a test's count */
    soak.thread_count = (unsigned)strtoul(arguments[3], NULL, 10); /* allowed: likewise */
    soak.has_deadlines = count > 4 && strcmp(arguments[4], "deadlines") == 0;
    soak.has_swap = count > 4 && strcmp(arguments[4], "swap") == 0;
    if (soak.thread_count == 0 || soak.thread_count > THREADS_MAX)
        die("between 1 and %d threads", THREADS_MAX);
    for (unsigned i = 0; i < soak.thread_count; i++) {
        soak.threads[i].random = 0x9e3779b97f4a7c15u * (i + 1);
        pthread_mutex_init(&soak.threads[i].lock, NULL);
    }
    load_guest(arguments[1], &builder);
    chimera_start_init(&soak.start);
    run_threads(WARM_UP * soak.thread_count);
    unsigned descriptors = count_descriptors(), mappings = count_mappings();
    long resident = resident_kib();
    uint64_t start = chimera_clock_ns();
    run_threads(requests);
    print_result((double)(chimera_clock_ns() - start) / 1e9);
    printf("descriptors %u to %u, mappings %u to %u, resident %ld to %ld KiB\n", descriptors,
           count_descriptors(), mappings, count_mappings(), resident, resident_kib());
    if (count_descriptors() != descriptors || memory_grew(mappings, resident))
        die("something grew");
    chimera_start_done(&soak.start);
    chimera_builder_free(builder);
    return 0;
}
