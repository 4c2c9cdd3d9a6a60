/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the decision log is one line of JSON that a pipe takes whole, whatever a client and a
 * policy say; tests/e2e/server/test_decisions.py has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/confine/landlock.h"
#include "runtime/json/tree.h"
#include "server/decisions/decision.h"
#include "server/decisions/file.h"
#include "server/lockdown/lockdown.h"

#define S(text) CHIMERA_SLICE(text)

_Static_assert(DECISION_LINE_MAX <= PIPE_BUF, "a pipe takes it whole or not at all");

static struct chimera_arena arena;
static char line[DECISION_LINE_MAX];

static int set_up(void **state)
{
    (void)state;
    chimera_arena_init(&arena, (size_t)1 << 24);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    chimera_arena_free(&arena);
    return 0;
}

/* Owned by the caller. */
static struct json_object *write_line(const struct decision *decision, uint32_t omitted)
{
    struct json_object *tree = NULL;
    size_t size = decision_line(decision, omitted, line);
    assert_true(size > 2 && size <= DECISION_LINE_MAX);
    assert_int_equal(line[size - 1], '\n');
    for (size_t i = 0; i + 1 < size; i++)
        assert_true((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
    assert_int_equal(chimera_json_parse((struct chimera_slice){line, size - 1}, &tree, NULL), 0);
    return tree;
}

static const char *text_of(struct json_object *tree, const char *key)
{
    return json_object_get_string(json_object_object_get(tree, key));
}

/* `filler` over and over, in every place that there is. */
static void fill(const char *filler, char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] = filler[i % strlen(filler)];
}

static void it_is_whole_whatever_it_holds(void **state)
{
    static const char *const fillers[] = {"a", "\"", "\\", "\x01", "\xf3\xa0\x80\x81", "é", "\xff"};
    static char big[20000];
    struct chimera_request request;
    struct chimera_slice why;
    (void)state;
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        struct chimera_cause causes[20];
        fill(fillers[i], big, sizeof(big));
        struct chimera_slice text = {big, sizeof(big)};
        for (size_t j = 0; j < 20; j++)
            causes[j] = (struct chimera_cause){text, text, text, j < 19 ? &causes[j + 1] : NULL};
        struct chimera_response response = chimera_response_reject_code(text, text, 65535);
        response.status.causes = causes;
        chimera_arena_reset(&arena);
        assert_int_equal(
            chimera_request_parse_raw(S("{\"request\":{\"uid\":\"u\"}}"), &arena, &request, &why),
            CHIMERA_REQUEST_OK);
        request.uid = request.name_space = request.operation = text;
        const struct decision decision = {.request = &request,
                                          .response = &response,
                                          .policy_id = text,
                                          .mode = "protect",
                                          .origin = "validate",
                                          .trace_id = (const uint8_t *)big,
                                          .arena = &arena};
        struct json_object *tree = write_line(&decision, 0);
        assert_int_equal(json_object_object_length(json_object_object_get(tree, "kind")), 4);
        size_t told = json_object_array_length(json_object_object_get(tree, "causes"));
        assert_int_equal(
            told + json_object_get_uint64(json_object_object_get(tree, "causes_left_out")), 20);
        const char *message = text_of(tree, "message");
        assert_string_equal(message + strlen(message) - 3, "…");
        json_object_put(tree);
        json_object_put(write_line(&decision, UINT32_MAX >> (32 - DECISION_FIELD_COUNT)));
    }
}

static const char review[] =
    "{\"request\":{\"uid\":\"u-1\",\"kind\":{\"group\":\"apps\",\"version\":\"v1\",\"kind\":"
    "\"Deployment\"},\"resource\":{\"group\":\"\",\"version\":\"\",\"resource\":\"\"},"
    "\"subResource\":\"scale\",\"name\":\"web\",\"namespace\":\"shop\",\"operation\":\"UPDATE\","
    "\"userInfo\":{\"uid\":\"7\",\"groups\":[\"g\"],\"username\":\"a\\u006en\"}}}";

/* Who is asked says no. The pair is static: a decision borrows it. */
static struct decision reject_review(void)
{
    static struct chimera_request request;
    static struct chimera_response response;
    struct chimera_slice why;
    assert_int_equal(chimera_request_parse_review(S(review), &arena, &request, &why),
                     CHIMERA_REQUEST_OK);
    response = chimera_response_reject(request.uid, S("no"));
    return (struct decision){.request = &request,
                             .response = &response,
                             .policy_id = S("p"),
                             .mode = "monitor",
                             .origin = "audit",
                             .arena = &arena};
}

static void it_says_who_asked_for_what(void **state)
{
    const uint8_t trace[DECISION_TRACE_ID] = {0x4b, 0xf9, [15] = 0x36};
    struct decision decision = reject_review();
    (void)state;
    decision.trace_id = trace;
    json_object_put(write_line(&decision, 0));
    /* Behind the time, which is another one each time. */
    static const char rest[] =
        ",\"policy_id\":\"p\",\"mode\":\"monitor\",\"origin\":\"audit\",\"enforced\":false,"
        "\"uid\":\"u-1\",\"operation\":\"UPDATE\",\"kind\":{\"group\":\"apps\",\"version\":\"v1\","
        "\"kind\":\"Deployment\",\"subresource\":\"scale\"},\"namespace\":\"shop\",\"name\":"
        "\"web\",\"user\":\"ann\",\"code\":null,\"message\":\"no\",\"causes\":[],"
        "\"trace_id\":\"4bf90000000000000000000000000036\"}\n";
    assert_memory_equal(line + strlen("{\"time\":\"2026-11-30T02:38:43.047Z\""), rest,
                        strlen(rest));
}

static void what_is_left_out_is_named(void **state)
{
    const struct decision decision = reject_review();
    (void)state;
    for (unsigned i = 0; i < DECISION_FIELD_COUNT; i++) {
        struct json_object *tree = write_line(&decision, UINT32_C(1) << i), *value;
        struct json_object *omitted = json_object_object_get(tree, "omitted");
        assert_int_equal(json_object_array_length(omitted), 1);
        assert_string_equal(json_object_get_string(json_object_array_get_idx(omitted, 0)),
                            decision_field_names[i]);
        assert_false(json_object_object_get_ex(tree, decision_field_names[i], &value));
        json_object_put(tree);
    }
    struct json_object *tree = write_line(&decision, 0);
    assert_null(json_object_object_get(tree, "omitted"));
    json_object_put(tree);
}

/* --- The file --- */

static struct decision_file open_file(const char *path, uint64_t max_bytes)
{
    struct decision_file file = {.path = path, .max_bytes = max_bytes, .fd = -1};
    assert_int_equal(decision_file_open(&file, NULL), CHIMERA_OK);
    return file;
}

static off_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) < 0 ? -1 : status.st_size;
}

static void another_file_is_begun_before_it_is_too_large(void **state)
{
    char path[] = "/tmp/chimera-decisions-XXXXXX", old[64];
    bool is_new;
    (void)state;
    close(mkstemp(path));
    snprintf(old, sizeof(old), "%s.1", path);
    struct decision_file file = open_file(path, 10);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(decision_file_prepare(&file, 4, &is_new, NULL), CHIMERA_OK);
        assert_int_equal(is_new, i == 2);
        assert_int_equal(decision_file_write(&file, "abc\n", 4, NULL), 4);
    }
    assert_int_equal(size_of(path), 4);
    assert_int_equal(size_of(old), 8);
    /* Whoever cuts it in place makes room. */
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(decision_file_prepare(&file, 10, &is_new, NULL), CHIMERA_OK);
    assert_false(is_new);
    assert_false(decision_file_is_gone(&file));
    unlink(path);
    assert_true(decision_file_is_gone(&file));
    decision_file_close(&file);
    unlink(old);
}

static void a_failure_leaves_the_file_before(void **state)
{
    char path[] = "/tmp/chimera-decisions-XXXXXX";
    struct chimera_error err = {0};
    (void)state;
    close(mkstemp(path));
    struct decision_file file = open_file(path, 0);
    int fd = file.fd;
    file.path = "/nonexistent/log";
    assert_int_equal(decision_file_open(&file, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot open /nonexistent/log: No such file or directory");
    assert_int_equal(file.fd, fd);
    decision_file_close(&file);
    unlink(path);
    struct decision_file full = open_file("/dev/full", 0);
    assert_int_equal(decision_file_write(&full, "abc\n", 4, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot write to /dev/full: No space left on device");
    decision_file_close(&full);
}

/* --- The process --- */

/* In the child: what is left to it behind its lock-down. */
static bool is_kept_to(const char *folder)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/log", folder);
    if (lockdown_decisions(true, path, NULL) < 0)
        return false;
    struct decision_file file = {.path = path, .max_bytes = 4, .fd = -1};
    bool is_new, is_good = decision_file_open(&file, NULL) == CHIMERA_OK &&
                           decision_file_write(&file, "abc\n", 4, NULL) == 4 &&
                           decision_file_prepare(&file, 4, &is_new, NULL) == CHIMERA_OK && is_new;
    return is_good && open("/tmp/elsewhere", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES &&
           open("/etc/passwd", O_RDONLY) < 0;
}

static char other[] = "/tmp/chimera-decisions-XXXXXX";

/* Like that, where the log is a link into another folder. */
static bool is_link_followed(const char *folder)
{
    char path[128], log[128], old[160];
    struct stat status;
    struct decision_file file = {.path = path, .max_bytes = 4, .fd = -1};
    bool is_new;
    snprintf(path, sizeof(path), "%s/log", folder);
    snprintf(log, sizeof(log), "%s/far", other);
    snprintf(old, sizeof(old), "%s.1", log);
    bool is_good = symlink(log, path) == 0 && decision_file_open(&file, NULL) == CHIMERA_OK &&
                   lockdown_decisions(true, path, NULL) == CHIMERA_OK &&
                   decision_file_write(&file, "abc\n", 4, NULL) == 4 &&
                   decision_file_prepare(&file, 4, &is_new, NULL) == CHIMERA_OK && is_new &&
                   lstat(path, &status) == 0 && S_ISLNK(status.st_mode) && size_of(log) == 0 &&
                   size_of(old) == 4;
    unlink(log);
    unlink(old);
    return is_good;
}

static bool has_no_descriptors(const char *folder)
{
    struct chimera_error err = {0};
    const struct rlimit none = {0, 0};
    (void)folder;
    setrlimit(RLIMIT_NOFILE, &none);
    lockdown_decisions(true, "-", &err);
    return strcmp(err.text, "cannot restrict the decision log's process by Landlock: "
                            "Too many open files") == 0;
}

static void assert_in_child(bool (*is_true)(const char *folder))
{
    char folder[] = "/tmp/chimera-decisions-XXXXXX", path[64];
    int status = 0;
    if (!lockdown_is_possible() || chimera_landlock_version() < 1)
        skip();
    assert_non_null(mkdtemp(folder));
    pid_t pid = fork();
    if (pid == 0)
        _exit(is_true(folder) ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    snprintf(path, sizeof(path), "%s/log", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/log.1", folder);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void it_may_touch_its_folder_and_nothing_else(void **state)
{
    (void)state;
    assert_in_child(is_kept_to);
}

static void a_link_stays_where_another_file_is_begun(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(other));
    assert_in_child(is_link_followed);
    assert_int_equal(rmdir(other), 0);
}

static void what_others_have_open_is_not_renamed(void **state)
{
    char path[] = "/tmp/chimera-decisions-XXXXXX", name[32];
    int fd = mkstemp(path);
    bool is_new;
    (void)state;
    snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    struct decision_file file = open_file(name, 4);
    assert_int_equal(decision_file_write(&file, "abc\n", 4, NULL), 4);
    assert_int_equal(decision_file_prepare(&file, 4, &is_new, NULL), CHIMERA_OK);
    assert_false(is_new);
    assert_int_equal(size_of(path), 4);
    decision_file_close(&file);
    close(fd);
    unlink(path);
}

static void a_lockdown_that_fails_is_no_start(void **state)
{
    (void)state;
    assert_in_child(has_no_descriptors);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(it_is_whole_whatever_it_holds),
        TEST(it_says_who_asked_for_what),
        TEST(what_is_left_out_is_named),
        TEST(another_file_is_begun_before_it_is_too_large),
        TEST(a_failure_leaves_the_file_before),
        TEST(it_may_touch_its_folder_and_nothing_else),
        TEST(a_lockdown_that_fails_is_no_start),
        TEST(a_link_stays_where_another_file_is_begun),
        TEST(what_others_have_open_is_not_renamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
