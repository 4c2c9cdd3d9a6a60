/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of written pages, in each way that there is to find them. The file's own parts are looked
 * at, too, so it comes in whole. */
#include "runtime/instance/pagemap.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/failing_allocation.h"

#define PAGE CHIMERA_PROCESSOR_PAGE
#define PAGES 130

static uint8_t *memory;

static void make_memory(void)
{
    if (memory)
        munmap(memory, PAGES * PAGE);
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
}

static void list_and_compare(enum chimera_tracking tracking, const uint64_t *pages, size_t count)
{
    struct chimera_page_list list = {0};
    uint64_t start = (uint64_t)(uintptr_t)memory;
    assert_int_equal(list_by(tracking, start, start + PAGES * PAGE, &list), CHIMERA_OK);
    assert_int_equal(list.pages, count);
    size_t at = 0;
    for (size_t i = 0; i < list.count; i++)
        for (uint64_t page = list.runs[i].start; page < list.runs[i].end; page += PAGE)
            assert_int_equal((page - start) / PAGE, pages[at++]);
    assert_int_equal(at, count);
    for (size_t i = 1; i < list.count; i++)
        assert_true(list.runs[i - 1].end < list.runs[i].start); /* else they were one */
    chimera_page_list_done(&list);
    assert_null(list.runs);
    assert_int_equal(list.count + list.capacity + list.pages, 0);
}

/* Every other page, so that the list has to grow; then some that touch. */
static void what_was_written_is_listed(void **state)
{
    static const enum chimera_tracking ways[] = {CHIMERA_TRACKING_SCAN, CHIMERA_TRACKING_READ};
    (void)state;
    chimera_tracking();
    for (size_t way = 0; way < 2; way++) {
        uint64_t pages[PAGES];
        size_t count = 0;
        make_memory();
        if (!works(ways[way], memory) && pagemap_fd < 0)
            skip();
        memory[PAGE] = 1;
        if (!works(ways[way], memory))
            continue; /* not on this kernel */
        make_memory();
        list_and_compare(ways[way], NULL, 0);
        for (uint64_t page = 0; page < PAGES; page += 2) {
            memory[page * PAGE + page] = 1;
            pages[count++] = page;
        }
        assert_true(count > RUNS_FIRST);
        list_and_compare(ways[way], pages, count);
        make_memory();
        static const uint64_t some[] = {0, 1, 2, 5, 7, 8, PAGES - 1};
        for (size_t i = 0; i < 7; i++)
            memory[some[i] * PAGE + PAGE - 1] = 1;
        list_and_compare(ways[way], some, 7);
    }
}

/* The way is tried out on three pages, of which the middle one alone was written. */
static void a_way_that_does_not_work_is_not_taken(void **state)
{
    static const int wrong[][3] = {{1, 1, 0}, {0, 1, 1}, {1, 0, 0},
                                   {0, 0, 1}, {1, 0, 1}, {0, 0, 0}};
    (void)state;
    chimera_tracking();
    if (pagemap_fd < 0)
        skip();
    make_memory();
    memory[PAGE] = 1;
    struct chimera_page_list list = {0};
    uint64_t start = (uint64_t)(uintptr_t)memory;
    bool can_read =
        list_by_reading(start, start + 3 * PAGE, &list) == CHIMERA_OK && list.count == 1;
    chimera_page_list_done(&list);
    assert_int_equal(works(CHIMERA_TRACKING_READ, memory), can_read);
    if (!can_read)
        skip();
    for (size_t i = 0; i < 6; i++) {
        make_memory();
        for (size_t page = 0; page < 3; page++)
            if (wrong[i][page])
                memory[page * PAGE] = 1;
        assert_false(works(CHIMERA_TRACKING_READ, memory));
    }
    make_memory();
    memory[PAGE] = memory[4 * PAGE] = 1; /* behind the three */
    assert_true(works(CHIMERA_TRACKING_READ, memory));
    assert_string_equal(chimera_tracking_name(CHIMERA_TRACKING_SCAN), "scan");
    assert_string_equal(chimera_tracking_name(CHIMERA_TRACKING_READ), "read");
    assert_string_equal(chimera_tracking_name(CHIMERA_TRACKING_NONE), "none");
}

static void a_way_is_asked_for_by_its_name(void **state)
{
    static const struct {
        const char *name;
        enum chimera_tracking way;
    } cases[] = {{"scan", CHIMERA_TRACKING_SCAN},
                 {"read", CHIMERA_TRACKING_READ},
                 {"none", CHIMERA_TRACKING_NONE},
                 {"any", CHIMERA_TRACKING_SCAN},
                 {"", CHIMERA_TRACKING_SCAN}};
    const char *set = getenv("CHIMERA_PAGE_TRACKING");
    char *kept = set ? strdup(set) : NULL;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setenv("CHIMERA_PAGE_TRACKING", cases[i].name, 1);
        assert_int_equal(asked_for(), cases[i].way);
    }
    unsetenv("CHIMERA_PAGE_TRACKING");
    assert_int_equal(asked_for(), CHIMERA_TRACKING_SCAN);
    if (kept)
        setenv("CHIMERA_PAGE_TRACKING", kept, 1);
    free(kept);
}

/* What the kernel may say of pages, in a file that stands for its own. */
#define OWN ENTRY_PRESENT

static int list_of_entries(const uint64_t *entries, size_t count, size_t pages,
                           struct chimera_page_list *list)
{
    int kept = pagemap_fd;
    chimera_tracking();
    pagemap_fd = memfd_create("pagemap", MFD_CLOEXEC);
    assert_int_equal(pwrite(pagemap_fd, entries, count * 8, 0), (ssize_t)(count * 8));
    int code = list_by(CHIMERA_TRACKING_READ, 0, pages * PAGE, list);
    close(pagemap_fd);
    pagemap_fd = kept;
    return code;
}

static void each_kind_of_page_is_known(void **state)
{
    static const uint64_t entries[] = {
        OWN,           ENTRY_SWAPPED, 0,   OWN | ENTRY_FILE,
        OWN | 0xfffff, ENTRY_FILE,    OWN, ENTRY_SWAPPED | ENTRY_FILE};
    static const uint64_t runs[][2] = {{0, 2}, {4, 5}, {6, 7}};
    struct chimera_page_list list = {0};
    (void)state;
    assert_int_equal(list_of_entries(entries, 8, 8, &list), CHIMERA_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.pages, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(list.runs[i].start, runs[i][0] * PAGE);
        assert_int_equal(list.runs[i].end, runs[i][1] * PAGE);
    }
    chimera_page_list_done(&list);
}

/* As many as are read at once, one less and one more; and as many as it says. */
static void all_entries_are_read_or_none_will_do(void **state)
{
    static const size_t counts[] = {1, READ_ENTRIES - 1, READ_ENTRIES, READ_ENTRIES + 1,
                                    3 * READ_ENTRIES};
    static uint64_t entries[3 * READ_ENTRIES];
    (void)state;
    for (size_t i = 0; i < 3 * READ_ENTRIES; i++)
        entries[i] = OWN;
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        struct chimera_page_list list = {0};
        assert_int_equal(list_of_entries(entries, counts[i], counts[i], &list), CHIMERA_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.pages, counts[i]);
        assert_int_equal(list_of_entries(entries, counts[i] - 1, counts[i], &list), CHIMERA_EIO);
        chimera_page_list_done(&list);
    }
}

static void who_does_not_know_pages_says_so(void **state)
{
    struct chimera_page_list list = {0};
    int kept = pagemap_fd;
    (void)state;
    chimera_tracking();
    pagemap_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(list_by(CHIMERA_TRACKING_SCAN, 0, PAGE, &list), CHIMERA_EIO);
    assert_int_equal(list_by(CHIMERA_TRACKING_READ, 0, PAGE, &list), CHIMERA_EIO);
    close(pagemap_fd);
    assert_int_equal(list_by(CHIMERA_TRACKING_SCAN, 0, PAGE, &list), CHIMERA_EIO);
    assert_int_equal(list_by(CHIMERA_TRACKING_READ, 0, PAGE, &list), CHIMERA_EIO);
    pagemap_fd = kept;
    chimera_page_list_done(&list);
}

static void a_list_needs_memory(void **state)
{
    uint64_t entries[2 * RUNS_FIRST + 2] = {0};
    struct chimera_page_list list = {0};
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    for (size_t i = 0; i < 2 * RUNS_FIRST + 2; i += 2)
        entries[i] = OWN;
    for (unsigned long n = 1; n <= 3; n++) { /* it grows twice */
        fail_allocation(n);
        int code = list_of_entries(entries, 2 * RUNS_FIRST + 2, 2 * RUNS_FIRST + 2, &list);
        fail_allocation(0);
        assert_int_equal(code, n <= 2 ? CHIMERA_ENOMEM : CHIMERA_OK);
        chimera_page_list_done(&list);
    }
    uint64_t start = (uint64_t)(uintptr_t)memory;
    make_memory();
    memory[0] = 1;
    fail_allocation(1);
    int code = list_by(CHIMERA_TRACKING_SCAN, start, start + PAGE, &list);
    fail_allocation(0);
    assert_int_equal(code, CHIMERA_ENOMEM);
}

/* Where the kernel has it, it works. */
static void what_the_kernel_has_is_used(void **state)
{
    struct page_region {
        uint64_t start, end, categories;
    } region;
    (void)state;
    chimera_tracking();
    make_memory();
    memory[PAGE] = 1;
    struct scan scan = {.size = sizeof(scan),
                        .start = (uint64_t)(uintptr_t)memory,
                        .end = (uint64_t)(uintptr_t)memory + 3 * PAGE,
                        .vec = (uint64_t)(uintptr_t)&region,
                        .vec_len = 1,
                        .category_mask = IS_PRESENT,
                        .return_mask = IS_PRESENT};
    bool has_scan = ioctl(pagemap_fd, PAGEMAP_SCAN, &scan) >= 0;
    assert_int_equal(works(CHIMERA_TRACKING_SCAN, memory), has_scan);
}

/* The first that works, from the one on that is asked for. */
static void the_best_way_is_taken(void **state)
{
    const char *asked = getenv("CHIMERA_PAGE_TRACKING");
    enum chimera_tracking way = CHIMERA_TRACKING_SCAN;
    (void)state;
    chimera_tracking();
    while (asked && strcmp(asked, chimera_tracking_name(way)) != 0)
        way++;
    make_memory();
    memory[PAGE] = 1;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    assert_int_equal(fd < 0, pagemap_fd < 0);
    close(fd);
    while (way != CHIMERA_TRACKING_NONE && (fd < 0 || !works(way, memory)))
        way++;
    assert_int_equal(chimera_tracking(), way);
}

static void first_meetings_are_counted(void **state)
{
    uint64_t before, after;
    (void)state;
    chimera_tracking();
    make_memory();
    if (!chimera_fault_count(&before))
        skip();
    *(volatile uint8_t *)memory = 1;
    chimera_fault_count(&after);
    assert_true(after > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_listed),
        cmocka_unit_test(a_way_that_does_not_work_is_not_taken),
        cmocka_unit_test(a_way_is_asked_for_by_its_name),
        cmocka_unit_test(each_kind_of_page_is_known),
        cmocka_unit_test(all_entries_are_read_or_none_will_do),
        cmocka_unit_test(who_does_not_know_pages_says_so),
        cmocka_unit_test(a_list_needs_memory),
        cmocka_unit_test(what_the_kernel_has_is_used),
        cmocka_unit_test(the_best_way_is_taken),
        cmocka_unit_test(first_meetings_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
