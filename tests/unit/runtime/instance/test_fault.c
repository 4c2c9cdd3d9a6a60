/* SPDX-License-Identifier: Apache-2.0 */
/* Whose fault it is: what guest code does to its own memory and stack ends its run, and every other
 * signal is for who was there before us. Each case is a process of its own, whose exit code tells
 * what became of it. */
#include "tests/unit/c_guest.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/instance/fault.h"
#include "runtime/instance/types_internal.h"
#include "runtime/instance/watchdog.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define PAGE CHIMERA_PROCESSOR_PAGE

/* Exit codes; a trap's own number is less than any of them. */
enum { BY_SEGV_HANDLER = 70, BY_BUS_HANDLER, WRONG_HANDLER, BY_DEADLINE, NOT_RUN };
#define KILLED(signal) (256 + (signal))

static struct c_guest module;
static struct chimera_guest *guest;
static volatile uint8_t *target;            /* what is read */
static uint8_t *foreign;                    /* a page that may not be read, and is no guest's */
static volatile int is_waiting, was_called; /* a guest that waits, and a handler */

/* --- Who was there before us --- */

static void segv_handler(int number, siginfo_t *info, void *context)
{
    (void)context;
    _exit(number == SIGSEGV && info->si_addr == (void *)(uintptr_t)target ? BY_SEGV_HANDLER
                                                                          : WRONG_HANDLER);
}

static void bus_handler(int number)
{
    _exit(number == SIGBUS ? BY_BUS_HANDLER : WRONG_HANDLER);
}

static void mending_handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    mprotect(foreign, PAGE, PROT_READ);
    was_called = 1;
}

static void set_handlers(void (*of_segv)(int, siginfo_t *, void *), void (*of_bus)(int))
{
    const struct sigaction segv = {.sa_sigaction = of_segv, .sa_flags = SA_SIGINFO};
    const struct sigaction bus = {.sa_handler = of_bus};
    sigaction(SIGSEGV, &segv, NULL);
    sigaction(SIGBUS, &bus, NULL);
    chimera_fault_install();
}

/* --- The guest --- */

static __attribute__((noinline)) void host_reads(void)
{
    (void)*target;
}

static void host_is_told_late(void)
{
    chimera_import_enter(guest);
    raise(CHIMERA_DEADLINE_SIGNAL);
    chimera_import_leave(guest);
}

GUEST_CODE static void guest_reads(void)
{
    (void)*target;
}

GUEST_CODE static void guest_waits(void)
{
    is_waiting = 1;
    while (!was_called)
        ;
}

GUEST_CODE static void guest_traps(void)
{
    chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

static void (*work)(void);

GUEST_CODE static void go(struct chimera_instance *instance, union chimera_value *values)
{
    (void)instance, (void)values;
    work();
}

static int run(void (*what)(void))
{
    union chimera_value none = {0};
    work = what;
    chimera_guest_begin(guest, 0);
    int code = chimera_guest_run(guest, module.exports, &none);
    chimera_guest_end(guest);
    return code == CHIMERA_EDEADLINE ? BY_DEADLINE : code < 0 ? (int)guest->trap : 0;
}

/* The page of another is mapped before, and so stands above what is mapped later. */
static void prepare(void)
{
    alarm(60); /* who waits for ever has failed */
    foreign = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    c_guest_init(&module, CHIMERA_MODE_NONE);
    c_guest_export(&module, "go", ":", go);
    if (foreign == MAP_FAILED || chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL) < 0)
        _exit(NOT_RUN);
    set_handlers(segv_handler, bus_handler);
}

/* What becomes of a process that does `what`: its exit code or KILLED(signal). */
static int become(int (*what)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prepare();
        _exit(what());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED(WTERMSIG(status));
}

/* --- The guest's own --- */

static int reads_first_of_stack(void)
{
    target = guest->stack;
    return run(guest_reads);
}

static int reads_last_of_guard(void)
{
    target = guest->stack + CHIMERA_STACK_GUARD_BYTES - 1;
    return run(guest_reads);
}

static int reads_first_of_memory(void)
{
    target = guest->reservation;
    return run(guest_reads);
}

static int reads_last_of_memory(void)
{
    target = guest->reservation + CHIMERA_RESERVATION_BYTES - 1;
    return run(guest_reads);
}

/* At the instruction that failed, text may begin, and behind it, it may end. */
static int reads_at_the_ends_of_text(void)
{
    int trap = reads_first_of_memory();
    module.loaded.text_start = guest->stop_at;
    module.loaded.text_end = guest->stop_at + 1;
    return trap == CHIMERA_TRAP_OUT_OF_BOUNDS ? reads_first_of_memory() : NOT_RUN;
}

/* Where a run stopped is in the text, to its last byte. */
static int stops_at_the_ends_of_text(void)
{
    const struct chimera_loaded whole = module.loaded;
    run(guest_traps);
    uintptr_t at = guest->stop_at;
    const struct {
        uintptr_t start, end;
        bool is_found;
    } texts[] = {{whole.text_start, at, false},
                 {whole.text_start, at + 1, true},
                 {at, whole.text_end, true},
                 {at + 1, whole.text_end, false},
                 {0, 0, false}};
    for (size_t i = 0; i < COUNT(texts); i++) {
        module.loaded.text_start = texts[i].start;
        module.loaded.text_end = texts[i].end;
        run(guest_traps);
        if ((guest->stop_at == at) != texts[i].is_found)
            return NOT_RUN;
    }
    return guest->stop_at == 0 ? 0 : NOT_RUN;
}

/* --- Of others --- */

static int reads_before_text(void)
{
    reads_first_of_memory();
    module.loaded.text_start = guest->stop_at + 1;
    return reads_first_of_memory();
}

static int reads_behind_text(void)
{
    reads_first_of_memory();
    module.loaded.text_end = guest->stop_at;
    return reads_first_of_memory();
}

static int reads_above_stack(void)
{
    target = foreign;
    return foreign > guest->stack ? run(guest_reads) : BY_SEGV_HANDLER;
}

/* The stack often stands there; so memory is said to be elsewhere. */
static int reads_behind_memory(void)
{
    guest->reservation = mmap(NULL, CHIMERA_RESERVATION_BYTES + PAGE, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    target = guest->reservation + CHIMERA_RESERVATION_BYTES;
    return run(guest_reads);
}

static int reads_in_the_host(void)
{
    target = guest->reservation;
    return run(host_reads);
}

static int reads_without_a_guest(void)
{
    target = foreign;
    host_reads();
    return 0;
}

static int is_mended(void)
{
    set_handlers(mending_handler, bus_handler);
    target = foreign;
    return run(guest_reads) == 0 && was_called ? 0 : WRONG_HANDLER;
}

static void read_behind_a_file(void)
{
    int fd = memfd_create("empty", MFD_CLOEXEC);
    target = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    host_reads();
}

static int meets_the_end_of_a_file(void)
{
    read_behind_a_file();
    return 0;
}

static int does_so_by_default(void)
{
    set_handlers(segv_handler, SIG_DFL);
    return meets_the_end_of_a_file();
}

static int does_so_and_ignores_it(void)
{
    set_handlers(segv_handler, SIG_IGN);
    return meets_the_end_of_a_file();
}

static void *wait_in_guest(void *good)
{
    return run(guest_waits) == 0 ? good : NULL;
}

/* The process sends itself the signal, and says that it is about the guest's memory. Only its first
 * thread may say so, and the only other one gets it. */
static int is_sent_a_fault(void)
{
    pthread_t waiting;
    sigset_t segv;
    void *good = NULL;
    siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_USER};
    info.si_addr = guest->reservation;
    set_handlers(mending_handler, bus_handler);
    if (pthread_create(&waiting, NULL, wait_in_guest, &info) != 0)
        return NOT_RUN;
    while (!is_waiting)
        usleep(1000);
    sigemptyset(&segv);
    sigaddset(&segv, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &segv, NULL);
    if (syscall(SYS_rt_sigqueueinfo, getpid(), SIGSEGV, &info) != 0)
        return NOT_RUN;
    pthread_join(waiting, &good);
    return good ? 0 : WRONG_HANDLER;
}

/* The signal of a run that is over, which comes in the next one. */
static int is_told_of_an_earlier_run(void)
{
    int code = run(host_is_told_late);
    return code ? code : run(host_is_told_late);
}

static void each_fault_is_somebody_s(void **state)
{
    static const struct {
        int (*what)(void);
        int want;
    } cases[] = {
        {reads_first_of_stack, CHIMERA_TRAP_STACK},
        {reads_last_of_guard, CHIMERA_TRAP_STACK},
        {reads_first_of_memory, CHIMERA_TRAP_OUT_OF_BOUNDS},
        {reads_last_of_memory, CHIMERA_TRAP_OUT_OF_BOUNDS},
        {reads_at_the_ends_of_text, CHIMERA_TRAP_OUT_OF_BOUNDS},
        {stops_at_the_ends_of_text, 0},
        {reads_before_text, BY_SEGV_HANDLER},
        {reads_behind_text, BY_SEGV_HANDLER},
        {reads_above_stack, BY_SEGV_HANDLER},
        {reads_behind_memory, BY_SEGV_HANDLER},
        {reads_in_the_host, BY_SEGV_HANDLER},
        {reads_without_a_guest, BY_SEGV_HANDLER},
        {is_mended, 0},
        {meets_the_end_of_a_file, BY_BUS_HANDLER},
        {does_so_by_default, KILLED(SIGBUS)},
        {does_so_and_ignores_it, KILLED(SIGBUS)},
        {is_sent_a_fault, 0},
        {is_told_of_an_earlier_run, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int got = become(cases[i].what);
        if (got != cases[i].want)
            fail_msg("case %zu: %d, not %d", i, got, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_fault_is_somebody_s)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
