/* SPDX-License-Identifier: Apache-2.0 */
/* Images of memory, and what slots share of their start: page by page. The files' own parts are
 * looked at, too, so they come in whole. */
/* before cmocka.h, which has a fail() of its own */
#include "runtime/instance/image.c"
#undef PAGE
#include "runtime/instance/start.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/failing_allocation.h"

#define PAGE CHIMERA_PROCESSOR_PAGE
#define PAGES 130 /* more than two words of bits */

#define MEMORY(data, size) (&(struct chimera_image_memory){data, size, NULL})

static uint8_t *memory;

static void make_memory(void)
{
    if (memory)
        munmap(memory, PAGES * PAGE);
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
}

static struct chimera_image *image_now(uint64_t pages)
{
    struct chimera_image *image = NULL;
    struct chimera_error err = {0};
    assert_int_equal(chimera_image_of_memory(MEMORY(memory, pages * PAGE), &image, &err),
                     CHIMERA_OK);
    return image;
}

/* --- Images --- */

static void a_page_is_zero_to_its_last_byte(void **state)
{
    static const size_t places[] = {0, 1, PAGE / 2, PAGE - 2, PAGE - 1};
    (void)state;
    make_memory();
    assert_true(is_zero(memory));
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        make_memory();
        memory[places[i]] = 1;
        assert_false(is_zero(memory));
        assert_true(is_zero(memory + PAGE)); /* the next page is not looked at */
        struct chimera_image *image = image_now(2);
        assert_int_equal(image->size, PAGE);
        assert_true(chimera_image_equals(image, MEMORY(memory, 2 * PAGE)));
        memory[places[i]] = 2;
        assert_false(chimera_image_equals(image, MEMORY(memory, 2 * PAGE)));
        chimera_image_release(image);
    }
    make_memory();
    memset(memory, 7, PAGE); /* all the same, but no zeros */
    assert_false(is_zero(memory));
}

static void an_image_ends_with_its_last_page_of_data(void **state)
{
    (void)state;
    make_memory();
    struct chimera_image *image = image_now(PAGES);
    assert_int_equal(image->size, 0);
    assert_int_equal(image->fd, -1);
    assert_true(chimera_image_equals(image, MEMORY(memory, PAGES * PAGE)));
    assert_true(chimera_image_equals(image, MEMORY(memory, 0)));
    memory[129 * PAGE] = 1;
    assert_false(chimera_image_equals(image, MEMORY(memory, PAGES * PAGE)));
    chimera_image_release(image);
    memory[0] = memory[63 * PAGE] = memory[64 * PAGE] = 1;
    image = image_now(PAGES);
    assert_int_equal(image->size, PAGES * PAGE);
    for (uint64_t page = 0; page < PAGES + 2; page++)
        assert_int_equal(is_data(image, page * PAGE),
                         page == 0 || page == 63 || page == 64 || page == 129);
    assert_false(chimera_image_equals(image, MEMORY(memory, (PAGES - 1) * PAGE))); /* too short */
    for (uint64_t page = 0; page < PAGES; page++) {
        memory[page * PAGE + 5] ^= 1;
        assert_false(chimera_image_equals(image, MEMORY(memory, PAGES * PAGE)));
        memory[page * PAGE + 5] ^= 1;
    }
    assert_true(chimera_image_equals(image, MEMORY(memory, PAGES * PAGE)));
    assert_int_equal(pwrite(image->fd, "x", 1, 0), -1); /* sealed */
    assert_int_equal(ftruncate(image->fd, 0), -1);
    chimera_image_release(image);
}

static void an_image_is_copied_page_by_page(void **state)
{
    (void)state;
    make_memory();
    memory[2 * PAGE] = 22;
    memory[5 * PAGE + 1] = 55;
    struct chimera_image *image = image_now(8);
    uint8_t *copy = malloc(9 * PAGE);
    memset(copy, 9, 9 * PAGE);
    chimera_image_copy(image, copy, 2 * PAGE, 8 * PAGE);
    assert_int_equal(copy[2 * PAGE - 1], 9);
    assert_int_equal(copy[8 * PAGE], 9);
    assert_memory_equal(copy + 2 * PAGE, memory + 2 * PAGE, 6 * PAGE);
    chimera_image_copy(image, copy, 0, 0);
    assert_int_equal(copy[0], 9);
    free(copy);
    chimera_image_release(image);
}

static void an_image_of_a_file_knows_its_holes(void **state)
{
    struct chimera_image *image;
    int fd = memfd_create("image", MFD_CLOEXEC);
    (void)state;
    assert_int_equal(ftruncate(fd, (off_t)(100 * PAGE)), 0);
    assert_int_equal(pwrite(fd, "a", 1, (off_t)(3 * PAGE + 7)), 1);
    assert_int_equal(pwrite(fd, "b", 1, (off_t)(69 * PAGE + 8)), 1);
    assert_int_equal(chimera_image_of_file(fd, 69 * PAGE + 9, &image, NULL), CHIMERA_OK);
    struct chimera_image *whole;
    assert_int_equal(chimera_image_of_file(fd, 100 * PAGE, &whole, NULL), CHIMERA_OK);
    for (uint64_t page = 0; page < 100; page++)
        assert_int_equal(is_data(whole, page * PAGE), page == 3 || page == 69);
    chimera_image_release(whole);
    assert_true(fcntl(fd, F_GETFD) >= 0); /* borrowed */
    assert_int_equal(image->size, 70 * PAGE);
    for (uint64_t page = 0; page < 70; page++)
        assert_int_equal(is_data(image, page * PAGE), page == 3 || page == 69);
    make_memory();
    memory[3 * PAGE + 7] = 'a';
    memory[69 * PAGE + 8] = 'b';
    assert_true(chimera_image_equals(image, MEMORY(memory, 70 * PAGE)));
    chimera_image_release(image);
    close(fd);
    assert_int_equal(chimera_image_of_file(-1, 5, &image, NULL), CHIMERA_OK);
    assert_int_equal(image->size, 0);
    chimera_image_release(image);
    struct chimera_error err = {0};
    assert_int_equal(chimera_image_of_file(9999, PAGE, &image, &err), CHIMERA_ENOMEM);
    assert_string_equal(err.text, "cannot keep a policy's memory: Bad file descriptor");
}

/* Only the image's own part of it, however much the file has. */
static void an_image_may_be_less_than_its_file(void **state)
{
    static uint8_t bytes[1 << 20];
    struct chimera_image *image;
    int fd = memfd_create("image", MFD_CLOEXEC);
    (void)state;
    memset(bytes, 1, sizeof(bytes));
    for (off_t at = 0; at < 8 << 20; at += 1 << 20)
        assert_int_equal(pwrite(fd, bytes, sizeof(bytes), at), sizeof(bytes));
    assert_int_equal(chimera_image_of_file(fd, 3 * PAGE, &image, NULL), CHIMERA_OK);
    close(fd);
    assert_int_equal(image->data_pages[0], 7);
    assert_true(chimera_image_equals(image, MEMORY(bytes, 3 * PAGE)));
    assert_false(chimera_image_equals(image, MEMORY(bytes, 4 * PAGE)));
    chimera_image_release(image);
}

/* Pages that are none are taken for zeros without a look: these have bytes, which shows that. */
static void candidates_alone_are_looked_at(void **state)
{
    (void)state;
    make_memory();
    for (uint64_t page = 1; page <= 70; page++)
        memory[page * PAGE] = 1;
    memory[2 * PAGE] = 0;
    uint64_t bits[3] = {0x6, 0x20}; /* of pages 1, 2 and 69; 2 has only zeros */
    const struct chimera_image_memory now = {memory, PAGES * PAGE, bits};
    struct chimera_image *image;
    assert_int_equal(chimera_image_of_memory(&now, &image, NULL), CHIMERA_OK);
    assert_int_equal(image->size, 70 * PAGE);
    for (uint64_t page = 0; page < 70; page++)
        assert_int_equal(is_data(image, page * PAGE), page == 1 || page == 69);
    assert_true(chimera_image_equals(image, &now));
    assert_false(chimera_image_equals(image, MEMORY(memory, PAGES * PAGE)));
    uint64_t marked[3] = {1};
    chimera_image_mark_data(image, 69 * PAGE, marked);
    assert_true(marked[0] == 3 && marked[1] == 0);
    chimera_image_mark_data(image, PAGES * PAGE, marked);
    assert_true(marked[0] == 3 && marked[1] == 0x20 && marked[2] == 0);
    chimera_image_release(image);
}

static void the_last_one_ends_an_image(void **state)
{
    (void)state;
    make_memory();
    memory[0] = 1;
    struct chimera_image *image = image_now(1);
    int fd = image->fd;
    assert_ptr_equal(chimera_image_hold(image), image);
    chimera_image_release(image);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    chimera_image_release(image);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    chimera_image_release(NULL);
}

static void every_allocation_may_fail(void **state)
{
    struct chimera_error err = {0};
    struct chimera_image *image = NULL;
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    make_memory();
    memory[0] = 1;
    for (unsigned long n = 1; n <= 2; n++) {
        fail_allocation(n);
        assert_int_equal(chimera_image_of_memory(MEMORY(memory, PAGE), &image, &err),
                         CHIMERA_ENOMEM);
        fail_allocation(n);
        assert_int_equal(chimera_image_of_file(-1, 0, &image, &err), CHIMERA_ENOMEM);
        fail_allocation(0);
        assert_string_equal(err.text, "cannot keep a policy's memory: Cannot allocate memory");
        assert_null(image);
    }
}

/* --- The start --- */

static void note(struct chimera_start_cursor *cursor, uint8_t question, const char *text)
{
    chimera_start_note(cursor, question, text, strlen(text));
}

static bool plays(struct chimera_start_cursor *cursor, uint8_t question, const char *text)
{
    char bytes[32] = "";
    return chimera_start_play(cursor, question, bytes, strlen(text)) &&
           memcmp(bytes, text, strlen(text)) == 0;
}

static void record(struct chimera_start *start)
{
    struct chimera_start_cursor cursor;
    chimera_start_init(start);
    chimera_start_begin(start, &cursor);
    assert_true(cursor.records);
    assert_false(plays(&cursor, 1, "one")); /* it records */
    note(&cursor, 1, "one");
    note(&cursor, 2, "");
    note(&cursor, 1, "three");
    struct chimera_start_cursor meanwhile;
    chimera_start_begin(start, &meanwhile); /* is live: the record is not whole */
    assert_null(meanwhile.start);
    assert_false(meanwhile.records);
    note(&meanwhile, 3, "not recorded");
    chimera_start_end(&meanwhile);
    assert_int_equal(start->state, CHIMERA_START_RECORDING);
    chimera_start_end(&cursor);
    assert_null(cursor.start);
    assert_int_equal(start->state, CHIMERA_START_RECORDED);
}

static void what_was_recorded_is_played_in_its_order(void **state)
{
    struct chimera_start start;
    struct chimera_start_cursor cursor;
    (void)state;
    record(&start);
    for (int i = 0; i < 2; i++) {
        chimera_start_begin(&start, &cursor);
        assert_false(cursor.records);
        note(&cursor, 9, "a later slot notes nothing");
        assert_true(plays(&cursor, 1, "one"));
        assert_true(plays(&cursor, 2, ""));
        assert_true(plays(&cursor, 1, "three"));
        assert_false(plays(&cursor, 1, "four")); /* beyond the record: live */
        assert_null(cursor.start);
        chimera_start_end(&cursor);
        chimera_start_begin(&start, &cursor);
        for (int k = 0; k < 3; k++)
            assert_true(plays(&cursor, k == 1 ? 2 : 1, k == 0 ? "one" : k == 1 ? "" : "three"));
        assert_false(plays(&cursor, 0, ""));
        chimera_start_end(&cursor);
        assert_int_equal(start.record.size, 3 * sizeof(struct entry) + 8);
    }
    chimera_start_forget(&start);
    assert_int_equal(start.record.size, 0);
    chimera_start_begin(&start, &cursor); /* the next one is the first again */
    assert_true(cursor.records);
    note(&cursor, 1, "other words");
    chimera_start_end(&cursor);
    chimera_start_begin(&start, &cursor);
    assert_true(plays(&cursor, 1, "other words"));
    chimera_start_end(&cursor);
    chimera_start_done(&start);
    chimera_start_begin(NULL, &cursor);
    assert_null(cursor.start);
    assert_false(chimera_start_play(&cursor, 1, NULL, 0)); /* not even nothing */
    note(&cursor, 1, "x");
    assert_false(plays(&cursor, 1, "x"));
    chimera_start_end(&cursor);
}

static void an_answer_of_no_bytes_may_be_the_last(void **state)
{
    struct chimera_start start;
    struct chimera_start_cursor cursor;
    (void)state;
    chimera_start_init(&start);
    chimera_start_begin(&start, &cursor);
    note(&cursor, 2, "");
    chimera_start_end(&cursor);
    chimera_start_begin(&start, &cursor);
    assert_true(plays(&cursor, 2, ""));
    assert_false(plays(&cursor, 2, ""));
    chimera_start_end(&cursor);
    chimera_start_done(&start);
}

/* What lies behind the record is no part of it, whatever it looks like. */
static void a_record_has_an_end(void **state)
{
    struct chimera_start start;
    struct chimera_start_cursor cursor;
    (void)state;
    chimera_start_init(&start);
    chimera_start_begin(&start, &cursor);
    note(&cursor, 1, "one");
    size_t size = start.record.size;
    note(&cursor, 1, "two");
    start.record.size = size;
    chimera_start_end(&cursor);
    chimera_start_begin(&start, &cursor);
    assert_true(plays(&cursor, 1, "one"));
    assert_false(plays(&cursor, 1, "two"));
    chimera_start_end(&cursor);
    chimera_start_done(&start);
}

/* Another question, or one of another size, ends the playing for good. */
static void who_asks_something_else_is_live_from_then_on(void **state)
{
    static const struct {
        uint8_t question;
        const char *text;
    } others[] = {{2, "one"}, {1, "on"}, {1, "ones"}, {1, ""}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct chimera_start start;
        struct chimera_start_cursor cursor;
        char bytes[8] = "kept";
        record(&start);
        chimera_start_begin(&start, &cursor);
        assert_false(
            chimera_start_play(&cursor, others[i].question, bytes, strlen(others[i].text)));
        assert_string_equal(bytes, "kept");
        assert_false(plays(&cursor, 1, "one"));
        chimera_start_end(&cursor);
        chimera_start_done(&start);
    }
}

static void a_record_that_is_too_long_is_not_played(void **state)
{
    static char large[RECORD_MAX];
    struct chimera_start start;
    struct chimera_start_cursor cursor;
    (void)state;
    chimera_start_init(&start);
    chimera_start_begin(&start, &cursor);
    note(&cursor, 1, "one");
    chimera_start_note(&cursor, 1, large, sizeof(large));
    chimera_start_end(&cursor);
    chimera_start_begin(&start, &cursor);
    assert_false(plays(&cursor, 1, "one"));
    chimera_start_end(&cursor);
    chimera_start_done(&start);
}

static void slots_that_are_the_same_share_an_image(void **state)
{
    struct chimera_start start;
    struct chimera_image *first, *same, *other, *alone;
    (void)state;
    chimera_start_init(&start);
    make_memory();
    memory[PAGE] = 1;
    assert_int_equal(chimera_start_image(&start, false, MEMORY(memory, 4 * PAGE), &first, NULL),
                     CHIMERA_OK);
    assert_int_equal(chimera_start_image(&start, false, MEMORY(memory, 4 * PAGE), &same, NULL),
                     CHIMERA_OK);
    assert_int_equal(chimera_start_image(NULL, false, MEMORY(memory, 4 * PAGE), &alone, NULL),
                     CHIMERA_OK);
    memory[PAGE] = 2;
    assert_int_equal(chimera_start_image(&start, false, MEMORY(memory, 4 * PAGE), &other, NULL),
                     CHIMERA_OK);
    assert_ptr_equal(same, first);
    assert_ptr_not_equal(other, first);
    assert_ptr_not_equal(alone, first);
    assert_ptr_equal(start.image, first); /* stays the first one's */
    assert_int_equal(first->references, 3);
    assert_int_equal(other->references, 1);
    chimera_image_release(first);
    chimera_image_release(same);
    chimera_image_release(other);
    chimera_image_release(alone);
    chimera_start_done(&start);
}

/* A bit for each of the first pages that are there. */
static unsigned resident_pages(void)
{
    unsigned char pages[8];
    unsigned bits = 0;
    assert_int_equal(mincore(memory, 8 * PAGE, pages), 0);
    for (unsigned i = 0; i < 8; i++)
        bits |= (pages[i] & 1u) << i;
    return bits;
}

static void the_pages_of_requests_are_kept_as_offsets(void **state)
{
    struct chimera_start start;
    struct chimera_page_run runs[WARM_RUNS_MAX + 1];
    struct chimera_page_list written = {.runs = runs, .count = 2, .pages = 3};
    (void)state;
    chimera_start_init(&start);
    make_memory();
    uint64_t base = (uint64_t)(uintptr_t)memory;
    for (size_t i = 0; i < WARM_RUNS_MAX + 1; i++)
        runs[i] = (struct chimera_page_run){.start = base + 2 * i * PAGE,
                                            .end = base + (2 * i + 1 + (i == 1)) * PAGE};
    chimera_start_keep_warm(&start, &written, base);
    assert_int_equal(start.warm.count, 2);
    assert_int_equal(start.warm.pages, 3);
    assert_int_equal(start.warm.runs[1].start, 2 * PAGE);
    assert_int_equal(start.warm.runs[1].end, 4 * PAGE);
    if (madvise(memory + 100 * PAGE, PAGE, MADV_POPULATE_WRITE) == 0) { /* a kernel has it */
        assert_int_equal(resident_pages(), 0);
        chimera_start_warm(&start, memory, 3 * PAGE);
        assert_int_equal(resident_pages(), 1); /* not beyond its end */
        chimera_start_warm(&start, memory, 4 * PAGE);
        assert_int_equal(resident_pages(), 1 | 4 | 8);
    }
    chimera_start_warm(&start, memory, PAGES * PAGE); /* nothing of it shows in the memory */
    assert_true(is_zero(memory) && is_zero(memory + 2 * PAGE));
    chimera_start_warm(&start, memory, PAGE); /* a smaller memory is left alone beyond its end */
    static const size_t too_many[][2] = {{0, 0}, {WARM_RUNS_MAX + 1, 3}, {2, WARM_PAGES_MAX + 1}};
    for (size_t i = 0; i < 3; i++) {
        written.count = too_many[i][0];
        written.pages = too_many[i][1];
        chimera_start_keep_warm(&start, &written, base);
        assert_int_equal(start.warm.count, 2); /* the old ones stay */
    }
    written.count = WARM_RUNS_MAX;
    written.pages = WARM_PAGES_MAX;
    chimera_start_keep_warm(&start, &written, base);
    assert_int_equal(start.warm.count, WARM_RUNS_MAX);
    chimera_start_done(&start);
    assert_null(start.warm.runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_zero_to_its_last_byte),
        cmocka_unit_test(an_image_ends_with_its_last_page_of_data),
        cmocka_unit_test(an_image_is_copied_page_by_page),
        cmocka_unit_test(an_image_of_a_file_knows_its_holes),
        cmocka_unit_test(an_image_may_be_less_than_its_file),
        cmocka_unit_test(candidates_alone_are_looked_at),
        cmocka_unit_test(the_last_one_ends_an_image),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(what_was_recorded_is_played_in_its_order),
        cmocka_unit_test(an_answer_of_no_bytes_may_be_the_last),
        cmocka_unit_test(a_record_has_an_end),
        cmocka_unit_test(who_asks_something_else_is_live_from_then_on),
        cmocka_unit_test(a_record_that_is_too_long_is_not_played),
        cmocka_unit_test(slots_that_are_the_same_share_an_image),
        cmocka_unit_test(the_pages_of_requests_are_kept_as_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
