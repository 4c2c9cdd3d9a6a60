/* SPDX-License-Identifier: Apache-2.0 */
/* A Rego policy's data have the cluster's objects (guest-abis.md §4.4), parsed when they have
 * changed and not for each request; each evaluation meets the same state. */
#include "tests/unit/rego_guest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/capability/source.h"
#include "runtime/instance/types_internal.h"
#include "runtime/json/tree.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define HEAP_POINTER 8 /* where the module keeps it */

static struct rego_fixture fixture;

/* --- The cluster. --- */

static const char *pods; /* its answer; with "!" before it an error */
static uint64_t version;
static uint64_t expire; /* the account's deadline is then over */

static bool answer_it(struct chimera_capability_source *source,
                      const struct chimera_host_request *request,
                      struct chimera_host_answer *answer)
{
    (void)source;
    if (expire)
        answer->text->account->deadline_ns = expire;
    const char *text = request->kind == CHIMERA_ASK_PLURAL ? "\"pods\"" : pods;
    chimera_buffer_text(answer->text, text + (*text == '!'));
    answer->version = version;
    return *text != '!';
}

static struct chimera_capability_source source = {.ask = answer_it};

/* --- The module: an allocator that only goes up, and notes of what it is asked. --- */

static atomic_uint mallocs;
static bool traps_at_data, naps_at_data;
static atomic_int pushes, trap_pushes; /* of data; how many of those fail */
static char data[1 << 20];             /* as the last evaluation found them */
static uint64_t memory_size;
static const void *image;
static uint32_t grows_by;
static bool grew;

GUEST_CODE static uint32_t allocate(struct chimera_guest *guest, uint32_t size, uint32_t unused)
{
    uint32_t at, end;
    (void)unused;
    atomic_fetch_add(&mallocs, 1);
    memcpy(&at, rego_at(guest, HEAP_POINTER), sizeof(at));
    if (at == 0)
        at = REGO_HEAP;
    if (naps_at_data && at == REGO_HEAP) {
        const struct timespec nap = {.tv_nsec = 200000000};
        atomic_fetch_add(&pushes, 1);
        nanosleep(&nap, NULL);
    }
    if (at == REGO_HEAP && (traps_at_data || atomic_fetch_sub(&trap_pushes, 1) > 0))
        chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
    end = at + ((size + 8) & ~7u);
    while (end > guest->instance->memory.size)
        if (chimera_memory_grow(guest, 1) == UINT32_MAX)
            chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
    memcpy(rego_at(guest, HEAP_POINTER), &end, sizeof(end));
    return at;
}

/* Spoils what it finds, which nobody may find after it. */
GUEST_CODE static uint32_t look(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    uint32_t end;
    (void)first, (void)second;
    memcpy(&end, rego_at(guest, HEAP_POINTER), sizeof(end));
    uint32_t size = end - REGO_HEAP < sizeof(data) - 1 ? end - REGO_HEAP : sizeof(data) - 1;
    memcpy(data, rego_at(guest, REGO_HEAP), size);
    data[size] = '\0';
    memory_size = guest->instance->memory.size;
    if (grows_by) { /* what is there now is zero, and then is not */
        uint32_t at = chimera_memory_grow(guest, grows_by) * CHIMERA_PAGE_BYTES;
        grew = *rego_at(guest, at) == 0 && *rego_at(guest, at + CHIMERA_PAGE_BYTES) == 0;
        memset(rego_at(guest, at), 'y', (size_t)grows_by * CHIMERA_PAGE_BYTES);
    }
    image = guest->snapshot->image;
    memset(rego_at(guest, REGO_HEAP), 'x', end - REGO_HEAP);
    return 0;
}

static void open_lanes(unsigned lanes, uint32_t limit_ms)
{
    static const char *const resources[] = {"v1/Pod", NULL};
    const struct chimera_policy_options options = {.id = "p",
                                                   .settings = CHIMERA_SLICE("{\"a\":1}"),
                                                   .limit_ms = limit_ms,
                                                   .lanes = lanes,
                                                   .resources = resources,
                                                   .source = &source};
    rego_make(&fixture.module);
    fixture.module.plugin.memory_max_pages = 64;
    assert_int_equal(chimera_policy_open(&fixture.module.loaded, &options, &fixture.policy, NULL),
                     0);
    chimera_arena_init(&fixture.arena, 64 << 20);
    on_malloc = allocate;
    on_eval = look;
    pods = "{\"items\":[]}";
    version = expire = 0;
    mallocs = 0;
    traps_at_data = naps_at_data = false;
    atomic_store(&trap_pushes, 0);
    grows_by = 0;
}

static unsigned lane; /* whose evaluation it is */

/* The guest's documents end where the heap's next begins, with zeros or another. */
static void finds(const char *want, unsigned documents)
{
    struct chimera_request request = c_guest_request("{\"n\":1}");
    unsigned before = mallocs;
    size_t size = strlen(want);
    chimera_arena_reset(&fixture.arena);
    assert_int_equal(chimera_policy_evaluate(fixture.policy, lane, &request, 0, &fixture.arena,
                                             &fixture.response),
                     CHIMERA_OK);
    if (!fixture.response.allowed)
        fail_msg("%.*s", (int)fixture.response.status.message.size,
                 fixture.response.status.message.data);
    if (strncmp(data, want, size) != 0 || (data[size] && data[size] != '{'))
        fail_msg("%.300s, not %.300s", data, want);
    assert_int_equal(mallocs - before, documents);
}

#define POD(name) "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\"}}"
#define LIST(pod) "{\"items\":[" pod "]}"
#define EMPTY "{\"a\":1,\"kubernetes\":{}}"
#define DATA(name) "{\"a\":1,\"kubernetes\":{\"pods\":{\"n\":{\"" name "\":" POD(name) "}}}}"

static void objects_are_parsed_when_they_have_changed(void **state)
{
    (void)state;
    open_lanes(1, 60000);
    finds(EMPTY, 2);
    finds(EMPTY, 1); /* the request alone */
    pods = LIST(POD("a"));
    finds(DATA("a"), 2); /* no version: the bytes are another's */
    finds(DATA("a"), 1);
    version = 7;
    finds(DATA("a"), 2);
    pods = LIST(POD("b"));
    finds(DATA("a"), 1); /* the version has the word */
    version = 8;
    finds(DATA("b"), 2);
    finds(DATA("b"), 1);
    rego_close(&fixture);
}

/* A list of many, and then few again. */
static void memory_is_what_the_objects_need(void **state)
{
    struct chimera_buffer many;
    (void)state;
    chimera_buffer_init(&many, 4 << 20);
    chimera_buffer_text(&many, "{\"items\":[");
    for (int i = 0; i < 10000; i++)
        chimera_buffer_print(&many, "%s{\"metadata\":{\"name\":\"p%d\",\"namespace\":\"n\"}}",
                             i ? "," : "", i);
    chimera_buffer_text(&many, "]}");
    chimera_buffer_byte(&many, 0);
    open_lanes(1, 60000);
    finds(EMPTY, 2);
    uint64_t small = memory_size;
    for (int i = 0; i < 3; i++) {
        pods = many.data;
        finds("{\"a\":1,\"kubernetes\":{\"pods\":{\"n\":{\"p0\":", 2);
        assert_true(memory_size > small);
        uint64_t large = memory_size;
        finds("{\"a\":1,\"kubernetes\":{\"pods\":{\"n\":{\"p0\":", 1);
        assert_int_equal(memory_size, large);
        pods = LIST(POD("a"));
        finds(DATA("a"), 2);
        assert_int_equal(memory_size, small);
    }
    rego_close(&fixture);
    chimera_buffer_free(&many);
}

/* One slot parses, the others take over what came of it. */
static void slots_share_what_one_has_parsed(void **state)
{
    (void)state;
    open_lanes(3, 60000);
    for (int round = 0; round < 3; round++) {
        const void *shared;
        static const char *const lists[] = {LIST(POD("a")), LIST(POD("bb")), LIST(POD("c"))};
        static const char *const want[] = {DATA("a"), DATA("bb"), DATA("c")};
        pods = lists[round];
        version = (uint64_t)round + 1;
        for (lane = 0; lane < 3; lane++) {
            finds(want[round], lane == 0 ? 2 : 1);
            if (lane == 0)
                shared = image;
            assert_ptr_equal(image, shared);
        }
        for (lane = 0; lane < 3; lane++)
            finds(want[round], 1);
    }
    /* Without a version each looks at the bytes, and parses them; the image is still one. */
    version = 0;
    for (lane = 0; lane < 3; lane++)
        finds(DATA("c"), 2);
    lane = 0;
    finds(DATA("c"), 1);
    rego_close(&fixture);
}

static void *evaluate_lane(void *number)
{
    struct chimera_request request = c_guest_request("{\"n\":1}");
    struct chimera_response response = {0};
    struct chimera_arena own;
    chimera_arena_init(&own, 64 << 20);
    int code =
        chimera_policy_evaluate(fixture.policy, *(unsigned *)number, &request, 0, &own, &response);
    bool is_good = code == CHIMERA_OK && response.allowed;
    chimera_arena_free(&own);
    return is_good ? number : NULL;
}

/* Those who come while one parses wait for it. When it fails the next one tries. */
static void one_parses_for_all_who_wait(void **state)
{
    unsigned numbers[4] = {0, 1, 2, 3};
    pthread_t threads[4];
    void *answer;
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        open_lanes(4, 60000);
        on_eval = NULL;
        version = 1;
        naps_at_data = true;
        atomic_store(&pushes, 0);
        atomic_store(&trap_pushes, fails);
        unsigned good = 0;
        for (int i = 0; i < 4; i++)
            assert_int_equal(chimera_policy_warm(fixture.policy, numbers[i], NULL), CHIMERA_OK);
        for (int i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, evaluate_lane, &numbers[i]), 0);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(pthread_join(threads[i], &answer), 0);
            good += answer != NULL;
        }
        naps_at_data = false;
        assert_int_equal(good, 4 - fails);
        assert_int_equal(atomic_load(&pushes), 1 + fails);
        rego_close(&fixture);
    }
}

static void what_is_grown_behind_the_shared_is_taken_away(void **state)
{
    (void)state;
    open_lanes(2, 60000);
    pods = LIST(POD("a"));
    version = 1;
    grows_by = 3;
    for (int round = 0; round < 4; round++) {
        for (lane = 0; lane < 2; lane++) {
            finds(DATA("a"), round == 0 && lane == 0 ? 2 : 1);
            assert_true(grew);
            assert_int_equal(memory_size, REGO_MEMORY);
        }
    }
    /* An instance that is made later finds it, too. */
    chimera_policy_cool(fixture.policy);
    for (lane = 0; lane < 2; lane++)
        finds(DATA("a"), lane == 0 ? 2 : 1);
    lane = 0;
    rego_close(&fixture);
}

static void an_error_is_the_answer_and_the_data_stay(void **state)
{
    static const struct {
        const char *pods, *why;
    } cases[] = {
        {"!Callback evaluation failure: no cluster",
         "cannot perform a request via callback channel: no cluster"},
        {"{}", "cannot convert callback response into a list of kubernetes objects: missing field "
               "`items` at line 1 column 2"},
        {LIST("{}"), "DynamicObject does not have a name"},
    };
    (void)state;
    open_lanes(1, 60000);
    pods = LIST(POD("a"));
    finds(DATA("a"), 2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        pods = cases[i].pods;
        rego_evaluate(&fixture);
        c_guest_assert_slice(fixture.response.status.message, cases[i].why);
        assert_int_equal(fixture.response.status.code, 500);
        pods = LIST(POD("a"));
        finds(DATA("a"), 1);
    }
    rego_close(&fixture);
}

static void a_guest_that_cannot_take_them_is_thrown_away(void **state)
{
    struct chimera_run_report report;
    (void)state;
    open_lanes(1, 60000);
    traps_at_data = true;
    for (int i = 0; i < 2; i++) {
        rego_expect_failure(&fixture, "push_json: cannot invoke opa_malloc function: unreachable");
        chimera_policy_last_run(fixture.policy, 0, &report);
        assert_int_equal(report.resets, 0);
    }
    traps_at_data = false;
    finds(EMPTY, 2);
    chimera_policy_last_run(fixture.policy, 0, &report);
    assert_int_equal(report.resets, 1);
    rego_close(&fixture);
}

static void waiting_for_them_is_time_of_the_request(void **state)
{
    (void)state;
    open_lanes(1, 60000);
    expire = 1;
    rego_expect_failure(&fixture, CHIMERA_DEADLINE_TEXT);
    expire = 0;
    finds(EMPTY, 2);
    rego_close(&fixture);
    open_lanes(1, 0); /* none at all */
    finds(EMPTY, 2);
    rego_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_parsed_when_they_have_changed),
        cmocka_unit_test(memory_is_what_the_objects_need),
        cmocka_unit_test(slots_share_what_one_has_parsed),
        cmocka_unit_test(one_parses_for_all_who_wait),
        cmocka_unit_test(what_is_grown_behind_the_shared_is_taken_away),
        cmocka_unit_test(an_error_is_the_answer_and_the_data_stay),
        cmocka_unit_test(a_guest_that_cannot_take_them_is_thrown_away),
        cmocka_unit_test(waiting_for_them_is_time_of_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
