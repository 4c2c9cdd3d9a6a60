/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of tools, and what is remembered of them. The tools are scripts that count their calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/tool/version.h"
#include "runtime/base/file.h"

static char folder[] = "/tmp/chimera-test-XXXXXX";
static char tool[64], memo[64];

/* Each process tells another version: its number is the last part. */
static void write_tool(const char *says)
{
    char text[256];
    snprintf(text, sizeof(text), "#!/bin/sh\necho \"%s\"\n", says);
    assert_int_equal(chimera_file_write(tool, chimera_slice_of(text), 0755, NULL), 0);
}

static void take_version(char version[CHIMERA_TOOL_VERSION_MAX], const char *where)
{
    struct chimera_error err = {0};
    struct tool_probe probes[2] = {{tool, "-v", "toy version ", ""}, {NULL, "-v", "", ""}};
    if (tool_versions(probes, 2, where, &err) < 0)
        fail_msg("%s", err.text);
    memcpy(version, probes[0].version, CHIMERA_TOOL_VERSION_MAX);
}

/* Whether the tool was asked, rather than remembered; `last` is what it said before, and says now.
 */
static bool is_asked(char last[CHIMERA_TOOL_VERSION_MAX], const char *beginning)
{
    char version[CHIMERA_TOOL_VERSION_MAX];
    take_version(version, folder);
    assert_memory_equal(version, beginning, strlen(beginning));
    bool is_other = strcmp(version, last) != 0;
    memcpy(last, version, sizeof(version));
    return is_other;
}

static void a_tool_is_asked_once_until_its_file_changes(void **state)
{
    (void)state;
    char last[CHIMERA_TOOL_VERSION_MAX] = "";
    write_tool("toy version 1.2.$$ (x)");
    assert_true(is_asked(last, "1.2."));
    assert_false(is_asked(last, "1.2."));
    write_tool("toy version 1.3.$$ (x)");
    assert_true(is_asked(last, "1.3."));
    assert_false(is_asked(last, "1.3."));
}

static void a_tool_that_tells_nothing_has_no_version(void **state)
{
    (void)state;
    char version[CHIMERA_TOOL_VERSION_MAX];
    write_tool("toy 7");
    take_version(version, folder);
    assert_string_equal(version, "");
    write_tool("toy version 7");
    take_version(version, folder);
    assert_string_equal(version, "");
}

static void a_memo_that_is_broken_or_not_ours_alone_is_not_believed(void **state)
{
    (void)state;
    static const char *const broken[] = {"",
                                         "\n",
                                         "chimera tools 1",
                                         "chimera tools 1\n9.9.9 x\n",
                                         "chimera tools 2\n9.9.9",
                                         "chimera tools 2\n9.9.9 1 2 3\n\n"};
    char last[CHIMERA_TOOL_VERSION_MAX] = "";
    struct chimera_buffer good;
    struct stat status;
    write_tool("toy version 5.6.$$");
    assert_true(is_asked(last, "5.6."));
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(chimera_file_write(memo, chimera_slice_of(broken[i]), 0600, NULL), 0);
        assert_true(is_asked(last, "5.6."));
        assert_false(is_asked(last, "5.6."));
    }
    chimera_buffer_init(&good, 4096);
    assert_int_equal(chimera_file_read(memo, &good, NULL), 0);
    memcpy(strstr(good.data, "5.6."), "6.6.", 4);
    assert_int_equal(chimera_file_write(memo, chimera_buffer_slice(&good), 0600, NULL), 0);
    assert_true(is_asked(last, "5.6.")); /* a changed byte */
    assert_false(is_asked(last, "5.6."));
    assert_int_equal(chmod(memo, 0622), 0);
    assert_true(is_asked(last, "5.6."));
    assert_int_equal(stat(memo, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    chimera_buffer_free(&good);
}

static void without_a_folder_nothing_is_kept(void **state)
{
    (void)state;
    char version[CHIMERA_TOOL_VERSION_MAX];
    write_tool("toy version 2.0");
    unlink(memo);
    take_version(version, NULL);
    assert_string_equal(version, "2.0");
    assert_int_equal(access(memo, F_OK), -1);
}

static int open_all(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(tool, sizeof(tool), "%s/toy", folder);
    snprintf(memo, sizeof(memo), "%s/tools", folder);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tool_is_asked_once_until_its_file_changes),
        cmocka_unit_test(a_tool_that_tells_nothing_has_no_version),
        cmocka_unit_test(a_memo_that_is_broken_or_not_ours_alone_is_not_believed),
        cmocka_unit_test(without_a_folder_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
