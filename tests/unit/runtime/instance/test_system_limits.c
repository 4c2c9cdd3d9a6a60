/* SPDX-License-Identifier: Apache-2.0 */
/* What the system refuses to a guest is an error with its reason, and no crash: memory, addresses
 * and descriptors. Each case is a process of its own, which a limit is set for. */
#include "tests/unit/c_guest.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/instance/start.h"
#include "runtime/instance/types_internal.h"
#include "runtime/instance/watchdog.h"
#include "tests/unit/failing_allocation.h"

#define MIB ((uint64_t)1 << 20)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

uint32_t chimera_memory_grow(struct chimera_guest *guest, uint32_t delta);

static struct c_guest module;
static struct chimera_guest *guest;
static struct chimera_error err;
static int report; /* where a child writes its error text */
static uint32_t got[4];

GUEST_CODE static void go(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    instance->memory.data[0] = 1;
    got[0] = chimera_memory_grow(instance->guest, 512);
    got[1] = (uint32_t)(instance->guest->account.bytes / CHIMERA_PAGE_BYTES);
    got[2] = instance->memory.pages;
    got[3] = chimera_memory_grow(instance->guest, 1);
}

/* 16 MiB of memory that may be 64. */
static void make_guest(void)
{
    c_guest_init(&module, CHIMERA_MODE_NONE);
    module.plugin.memory_min_pages = 256;
    module.plugin.memory_max_pages = 1024;
    c_guest_export(&module, "go", ":", go);
}

static void set_limit(int resource, uint64_t value)
{
    struct rlimit limit;
    getrlimit(resource, &limit);
    limit.rlim_cur = value;
    setrlimit(resource, &limit);
}

/* What the process has of a line of /proc/self/status, and `more`. */
static void limit_to(int resource, const char *line, uint64_t more)
{
    char text[4096] = "";
    unsigned long long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    size_t size = fread(text, 1, sizeof(text) - 1, status);
    fclose(status);
    text[size] = '\0';
    sscanf(strstr(text, line) + strlen(line), ": %llu", &kib);
    set_limit(resource, kib * 1024 + more);
}

static int make_host(void)
{
    chimera_tracking(); /* is found out with memory of its own */
    return chimera_guest_new(&module.loaded, 256 * MIB, &guest, &err);
}

static int run(void)
{
    union chimera_value none = {0};
    chimera_guest_begin(guest, 0);
    int code = chimera_guest_run(guest, module.exports, &none);
    chimera_guest_end(guest);
    return code;
}

static int no_addresses(void)
{
    limit_to(RLIMIT_AS, "VmSize", 1024 * MIB);
    return make_host();
}

static int no_stack(void)
{
    limit_to(RLIMIT_DATA, "VmData", 4 * MIB);
    return make_host();
}

static int no_watchdog(void)
{
    limit_to(RLIMIT_DATA, "VmData", 12 * MIB);
    return make_host();
}

/* Refused by the system, not by the policy's limit: what was counted for it is given back, and what
 * the guest makes of it does not follow from its request. */
static int nothing_to_grow_by(void)
{
    if (make_host() < 0)
        return CHIMERA_EGUEST;
    limit_to(RLIMIT_DATA, "VmData", 4 * MIB);
    int code = run();
    bool is_good = got[0] == UINT32_MAX && got[1] == 256 && got[2] == 256 && got[3] == 256;
    return is_good && !guest->has_met_limit && !guest->is_pure ? code : CHIMERA_EGUEST;
}

static int snapshot_of_used_memory(int resource, const char *line, uint64_t more)
{
    if (make_host() < 0 || run() < 0)
        return CHIMERA_EGUEST;
    signal(SIGXFSZ, SIG_IGN);
    if (line)
        limit_to(resource, line, more);
    else
        set_limit(resource, more);
    return chimera_guest_snapshot(guest, &err);
}

static int no_descriptor(void)
{
    return snapshot_of_used_memory(RLIMIT_NOFILE, NULL, 0);
}

static int no_file(void)
{
    return snapshot_of_used_memory(RLIMIT_FSIZE, NULL, 1024);
}

static int no_view(void)
{
    return snapshot_of_used_memory(RLIMIT_AS, "VmSize", 0);
}

static int no_descriptor_for_the_first_of_many(void)
{
    static struct chimera_start start;
    chimera_start_init(&start);
    if (make_host() < 0 || run() < 0)
        return CHIMERA_EGUEST;
    guest->start = &start;
    set_limit(RLIMIT_NOFILE, 0);
    return chimera_guest_snapshot(guest, &err);
}

static int no_view_of_a_file(void)
{
    struct chimera_image *image;
    int fd = memfd_create("image", MFD_CLOEXEC);
    if (ftruncate(fd, 4 * MIB) < 0)
        return CHIMERA_EGUEST;
    limit_to(RLIMIT_AS, "VmSize", MIB);
    return chimera_image_of_file(fd, 4 * MIB, &image, &err);
}

/* --- Of allocations, the next one fails --- */

/* The list of the pages that it wrote. */
static int no_list_for_a_reset(void)
{
    if (make_host() < 0 || chimera_guest_snapshot(guest, &err) < 0 || run() < 0)
        return CHIMERA_EGUEST;
    fail_allocation(1);
    int code = chimera_guest_reset(guest);
    fail_allocation(0);
    return chimera_tracking() == CHIMERA_TRACKING_NONE ? CHIMERA_ENOMEM : code;
}

static int thread_s_code;
static volatile int may_go_on;

static void *reset_here(void *unused)
{
    fail_allocation(1);
    thread_s_code = chimera_guest_reset(guest);
    fail_allocation(0);
    return unused;
}

/* What a thread needs that has never run a guest. */
static int no_run_for_a_reset(void)
{
    pthread_t thread;
    if (make_host() < 0 || chimera_guest_snapshot(guest, &err) < 0 || run() < 0 ||
        pthread_create(&thread, NULL, reset_here, NULL) != 0)
        return CHIMERA_EGUEST;
    pthread_join(thread, NULL);
    return chimera_tracking() == CHIMERA_TRACKING_NONE ? CHIMERA_ENOMEM : thread_s_code;
}

/* --- Mappings, of which a process has some thousands --- */

#define MAPPINGS_MOST ((size_t)1 << 21)

static uint8_t *striped;
static size_t stripes;

static bool set_stripe(size_t index, int protection)
{
    return mprotect(striped + 2 * index * CHIMERA_PROCESSOR_PAGE, CHIMERA_PROCESSOR_PAGE,
                    protection) == 0;
}

/* Takes all that are left. */
static bool take_mappings(void)
{
    striped = mmap(NULL, 2 * MAPPINGS_MOST * CHIMERA_PROCESSOR_PAGE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    while (stripes < MAPPINGS_MOST && set_stripe(stripes, PROT_READ))
        stripes++;
    return stripes < MAPPINGS_MOST;
}

/* One step gives back one: a stripe is two, and the last page alone is one. */
static void give_a_mapping_back(bool is_odd)
{
    uint8_t *last = striped + (2 * MAPPINGS_MOST - 1) * CHIMERA_PROCESSOR_PAGE;
    if (is_odd)
        set_stripe(--stripes, PROT_NONE);
    mprotect(last, CHIMERA_PROCESSOR_PAGE, is_odd ? PROT_READ : PROT_NONE);
}

/* Tries with a mapping more each time until it works; on the way it must have failed with
 * `wanted`. */
static int with_ever_more_mappings(int (*what)(void), const char *wanted)
{
    bool has_failed_so = false;
    chimera_run_of_thread(); /* its watchdog has mappings, too */
    if (!take_mappings())
        return CHIMERA_OK; /* this system has more than that */
    for (int i = 1; i < 20; i++) {
        int code = what();
        if (code == CHIMERA_OK)
            return has_failed_so ? CHIMERA_OK : CHIMERA_EGUEST;
        if (code != CHIMERA_ENOMEM)
            return code;
        has_failed_so |= strncmp(err.text, wanted, strlen(wanted)) == 0;
        give_a_mapping_back(i % 2 == 1);
    }
    return CHIMERA_EDEADLINE;
}

static int make_snapshot(void)
{
    return chimera_guest_snapshot(guest, &err);
}

static int few_mappings(void)
{
    int code = with_ever_more_mappings(make_host, "cannot map a policy's memory: Cannot");
    err.text[0] = '\0';
    return code;
}

static int few_mappings_for_a_snapshot(void)
{
    if (make_host() < 0 || run() < 0)
        return CHIMERA_EGUEST;
    int code = with_ever_more_mappings(make_snapshot, "cannot map a policy's memory");
    err.text[0] = '\0';
    return code == CHIMERA_OK ? run() : code;
}

static void *make_run_here(void *unused)
{
    while (!may_go_on)
        usleep(1000);
    thread_s_code = chimera_run_of_thread() ? CHIMERA_OK : CHIMERA_ENOMEM;
    return unused;
}

/* A thread that has come so far wants one for its signals. */
static int no_signal_stack(void)
{
    pthread_t thread;
    chimera_run_of_thread();
    if (pthread_create(&thread, NULL, make_run_here, NULL) != 0)
        return CHIMERA_EGUEST;
    bool is_full = take_mappings();
    may_go_on = 1;
    pthread_join(thread, NULL);
    return is_full ? thread_s_code : CHIMERA_ENOMEM;
}

/* --- Not in their order --- */

static int never_begun(void)
{
    union chimera_value none = {0};
    return make_host() < 0 ? CHIMERA_EGUEST : chimera_guest_run(guest, module.exports, &none);
}

static int no_snapshot(void)
{
    return make_host() < 0 ? CHIMERA_EGUEST : chimera_guest_reset(guest);
}

/* What `what` comes to in a process of its own, and what it says. */
static int become(int (*what)(void), char text[256])
{
    int ends[2], code = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        report = ends[1];
        code = what();
        bool is_told = write(report, &code, sizeof(code)) == sizeof(code) &&
                       write(report, err.text, strlen(err.text)) >= 0;
        _exit(is_told ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &code, sizeof(code)), sizeof(code));
    ssize_t size = read(ends[0], text, 255);
    text[size > 0 ? size : 0] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return code;
}

static void what_the_system_refuses_is_said(void **state)
{
    static const struct {
        int (*what)(void);
        int code;
        const char *text;
    } cases[] = {
        {no_addresses, CHIMERA_ENOMEM, "cannot reserve 8 GiB of addresses for a policy: Cannot"},
        {no_stack, CHIMERA_ENOMEM, "no memory for a policy's stack: Cannot allocate memory"},
        {no_watchdog, CHIMERA_ENOMEM,
         "the policy cannot be instantiated: no memory for its thread"},
        {nothing_to_grow_by, CHIMERA_OK, ""},
        {no_descriptor, CHIMERA_ENOMEM, "cannot keep a policy's memory: Too many open files"},
        {no_file, CHIMERA_ENOMEM, "cannot keep a policy's memory: File too large"},
        {no_view, CHIMERA_ENOMEM, "cannot keep a policy's memory: Cannot allocate memory"},
        {no_descriptor_for_the_first_of_many, CHIMERA_ENOMEM,
         "cannot keep a policy's memory: Too many open files"},
        {no_view_of_a_file, CHIMERA_ENOMEM,
         "cannot keep a policy's memory: Cannot allocate memory"},
        {no_list_for_a_reset, CHIMERA_ENOMEM, ""},
        {no_run_for_a_reset, CHIMERA_ENOMEM, ""},
        {few_mappings, CHIMERA_OK, ""},
        {few_mappings_for_a_snapshot, CHIMERA_OK, ""},
        {no_signal_stack, CHIMERA_ENOMEM, ""},
        {never_begun, CHIMERA_ENOMEM, ""},
        {no_snapshot, CHIMERA_EINVAL, ""},
    };
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip(); /* a sanitizer wants memory of its own */
    make_guest();
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        int code = become(cases[i].what, text);
        if (code != cases[i].code || strncmp(text, cases[i].text, strlen(cases[i].text)) != 0)
            fail_msg("case %zu: %d, %s", i, code, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_the_system_refuses_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
