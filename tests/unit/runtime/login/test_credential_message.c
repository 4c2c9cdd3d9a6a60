/* SPDX-License-Identifier: Apache-2.0 */
/* A login that one process looks up for another, which may run nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/login/credential_message.h"
#include "runtime/login/credentials.h"

static char folder[] = "/tmp/test-credential-message-XXXXXX";

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), mode, NULL), 0);
}

static int set_up(void **state)
{
    char path[1024];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    write_file(
        "config.json",
        "{\"auths\": {\"plain.test\": {\"username\": \"u\", \"password\": \"p\\\"w\"}},"
        "\"credHelpers\": {\"helped.test\": \"test-told\", \"failing.test\": \"test-none\"}}",
        0600);
    write_file("docker-credential-test-told",
               "#!/bin/sh\nread -r server\necho \"{\\\"Username\\\": \\\"<token>\\\", "
               "\\\"Secret\\\": \\\"of $server\\\"}\"\n",
               0700);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

/* Asks and hears; the caller ends what was found. */
static int ask(const char *place, struct chimera_credential *found, char **warning)
{
    struct chimera_buffer message;
    struct chimera_error err = {0};
    chimera_buffer_init(&message, CHIMERA_CREDENTIAL_MESSAGE_MAX);
    int code = chimera_credential_tell(folder, chimera_slice_of(place), &message, &err);
    if (code == CHIMERA_OK)
        assert_int_equal(
            chimera_credential_hear(chimera_buffer_slice(&message), found, warning, &err), 0);
    chimera_buffer_free(&message);
    return code;
}

static void a_login_comes_through_whole(void **state)
{
    struct chimera_credential found = {0};
    char *warning = NULL;
    (void)state;
    assert_int_equal(ask("plain.test/a/b", &found, &warning), 0);
    assert_string_equal(found.username, "u");
    assert_string_equal(found.password, "p\"w");
    assert_null(found.identity_token);
    assert_non_null(strstr(found.origin, "auths of "));
    assert_null(warning);
    chimera_credential_done(&found);

    assert_int_equal(ask("helped.test/a", &found, &warning), 0);
    assert_string_equal(found.identity_token, "of helped.test");
    assert_null(found.username);
    chimera_credential_done(&found);

    assert_int_equal(ask("nobody.test/a", &found, &warning), 0);
    assert_true(chimera_credential_is_empty(&found));
    assert_null(warning);
}

static void what_is_odd_is_told(void **state)
{
    struct chimera_credential found = {0};
    char *warning = NULL;
    (void)state;
    assert_int_equal(ask("failing.test/a", &found, &warning), 0);
    assert_true(chimera_credential_is_empty(&found));
    assert_non_null(strstr(warning, "docker-credential-test-none: there is no such program"));
    free(warning);
}

static void what_is_no_place_is_refused(void **state)
{
    static const char *const places[] = {"", "a b", "a\nb", "a\x7f"};
    char large[2048] = "";
    struct chimera_credential found;
    char *warning;
    (void)state;
    memset(large, 'a', sizeof(large) - 1);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        assert_int_equal(ask(places[i], &found, &warning), CHIMERA_EREFUSED);
    assert_int_equal(ask(large, &found, &warning), CHIMERA_EREFUSED);
    struct chimera_buffer message;
    struct chimera_error err = {0};
    chimera_buffer_init(&message, 8);
    assert_int_equal(chimera_credential_tell(folder, CHIMERA_SLICE("a b"), &message, &err),
                     CHIMERA_EREFUSED);
    assert_string_equal(err.text, "the place of a login is none");
    assert_int_equal(chimera_credential_tell(folder, CHIMERA_SLICE("plain.test"), &message, &err),
                     CHIMERA_ELIMIT);
    assert_string_equal(err.text, "the login is too long to be told");
    chimera_buffer_free(&message);
}

static void what_is_no_message_is_refused(void **state)
{
    static const char *const messages[] = {"", "[]", "{", "\"a\""};
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        struct chimera_credential found;
        struct chimera_error err = {0};
        char *warning;
        assert_int_equal(
            chimera_credential_hear(chimera_slice_of(messages[i]), &found, &warning, &err),
            CHIMERA_EINVAL);
        assert_string_equal(err.text, "the login that was told is none");
    }
}

static void who_may_run_nothing_gets_to_know_that_a_helper_is_wanted(void **state)
{
    struct chimera_credential found;
    bool needs_helper = true;
    (void)state;
    assert_int_equal(
        chimera_credential_find_plain(folder, "plain.test/a", &found, &needs_helper, NULL), 0);
    assert_false(needs_helper);
    assert_string_equal(found.username, "u");
    chimera_credential_done(&found);
    assert_int_equal(
        chimera_credential_find_plain(folder, "helped.test/a", &found, &needs_helper, NULL), 0);
    assert_true(needs_helper);
    chimera_credential_done(&found);
    assert_int_equal(
        chimera_credential_find_plain(folder, "nobody.test/a", &found, &needs_helper, NULL), 0);
    assert_false(needs_helper);
    assert_true(chimera_credential_is_empty(&found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_comes_through_whole),
        cmocka_unit_test(what_is_odd_is_told),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(who_may_run_nothing_gets_to_know_that_a_helper_is_wanted),
    };
    return cmocka_run_group_tests(tests, set_up, take_down);
}
