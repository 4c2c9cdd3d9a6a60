/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones from memory are those of the files (RFC 8536 says what is in them). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "runtime/base/file.h"
#include "runtime/rego/builtins/time/civil.h"
#include "runtime/rego/builtins/time/zone_store.h"
#include "server/lockdown/lockdown.h"

static const char *const names[] = {"Europe/Berlin",  "America/Argentina/Ushuaia",
                                    "Asia/Kathmandu", "UTC",
                                    "Etc/GMT+5",      "Pacific/Apia"};
enum { NAMES = sizeof(names) / sizeof(names[0]) };
static const int64_t instants[] = {-3000000000, 0, 1700000000, 1720000000, 4000000000};
enum { INSTANTS = sizeof(instants) / sizeof(instants[0]) };

static void look_up(int32_t ret_offsets[NAMES][INSTANTS])
{
    for (size_t i = 0; i < NAMES; i++) {
        struct chimera_zone *zone = NULL;
        struct chimera_error err = {0};
        const char *letters;
        if (chimera_zone_open(chimera_slice_of(names[i]), NULL, &zone, &err) < 0)
            fail_msg("%s: %s", names[i], err.text);
        for (size_t j = 0; j < INSTANTS; j++)
            ret_offsets[i][j] = chimera_zone_offset(zone, instants[j], &letters);
        chimera_zone_free(zone);
    }
}

static void nothing_is_kept_unless_a_policy_may_ask(void **state)
{
    (void)state;
    chimera_zones_note("count");
    chimera_zones_note("time.now_ns");
    assert_int_equal(chimera_zones_keep(NULL), 0);
    assert_false(chimera_zones_are_kept());
}

static void kept_zones_are_the_files(void **state)
{
    static int32_t before[NAMES][INSTANTS], after[NAMES][INSTANTS];
    struct chimera_slice bytes;
    (void)state;
    look_up(before);
    assert_int_equal(before[0][2], 3600); /* Berlin in November 2023, and in July 2024 */
    assert_int_equal(before[0][3], 7200);
    chimera_zones_note("time.clock");
    assert_int_equal(chimera_zones_keep(NULL), 0);
    assert_true(chimera_zones_are_kept());
    look_up(after);
    assert_memory_equal(before, after, sizeof(before));
    for (size_t i = 0; i < NAMES; i++) {
        char path[100];
        struct chimera_buffer file;
        snprintf(path, sizeof(path), CHIMERA_ZONE_FOLDER "/%s", names[i]);
        chimera_buffer_init(&file, 1 << 20);
        assert_int_equal(chimera_file_read(path, &file, NULL), 0);
        assert_true(chimera_zones_find(chimera_slice_of(names[i]), &bytes));
        assert_int_equal(bytes.size, file.size);
        assert_memory_equal(bytes.data, file.data, file.size);
        chimera_buffer_free(&file);
    }
    assert_false(chimera_zones_find(CHIMERA_SLICE("Europe"), &bytes));
    assert_false(chimera_zones_find(CHIMERA_SLICE("Europe/Berlin2"), &bytes));
    assert_false(chimera_zones_find(CHIMERA_SLICE("zone.tab"), &bytes));
}

static void zones_are_there_behind_the_lockdown(void **state)
{
    int status = 0;
    (void)state;
    if (!lockdown_is_possible())
        skip();
    pid_t pid = fork();
    if (pid == 0) {
        struct lockdown lockdown;
        struct chimera_zone *zone = NULL;
        if (lockdown_begin(&lockdown, true, NULL) < 0 || lockdown_finish(&lockdown, NULL) < 0)
            _exit(1);
        _exit(chimera_zone_open(CHIMERA_SLICE("Asia/Tokyo"), NULL, &zone, NULL) < 0 ? 2 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_kept_unless_a_policy_may_ask),
        cmocka_unit_test(kept_zones_are_the_files),
        cmocka_unit_test(zones_are_there_behind_the_lockdown),
    };
    if (access(CHIMERA_ZONE_FOLDER "/Europe/Berlin", R_OK) != 0) {
        puts("no tzdata: skipped");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
