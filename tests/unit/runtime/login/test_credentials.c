/* SPDX-License-Identifier: Apache-2.0 */
/* Logins of Docker's config.json and of its helpers, which are shell scripts here. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/base/file.h"
#include "runtime/login/credential_helper.h"
#include "runtime/login/credentials.h"

#define USER_PASS "dXNlcjpwYXNz" /* user:pass */

static char folder[] = "/tmp/test-credentials-XXXXXX";

/* A helper that takes note of what it is asked, and does `body` then. */
static void make_helper(const char *name, const char *body)
{
    char path[128], text[1024];
    struct chimera_error err = {0};
    snprintf(path, sizeof(path), "%s/docker-credential-%s", folder, name);
    snprintf(text, sizeof(text), "#!/bin/sh\nread -r server\necho \"$1 $server\" >>%s/asked\n%s\n",
             folder, body);
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0700, &err), 0);
}

static const char *asked(void)
{
    static char text[512];
    struct chimera_buffer buffer;
    char path[128];
    snprintf(path, sizeof(path), "%s/asked", folder);
    chimera_buffer_init(&buffer, sizeof(text) - 1);
    if (access(path, F_OK) == 0)
        chimera_file_read(path, &buffer, NULL);
    memcpy(text, buffer.size ? buffer.data : "", buffer.size);
    text[buffer.size] = '\0';
    chimera_buffer_free(&buffer);
    unlink(path);
    return text;
}

/* "user password", "<token> TOKEN" or ""; `warning` is a part of what is told, NULL: nothing is. */
static void expect(const char *text, const char *place, const char *login, const char *origin,
                   const char *warning)
{
    struct chimera_credential found;
    struct chimera_error err = {0};
    char *told = NULL, got[256] = "";
    int code = chimera_credential_find_in(chimera_slice_of(text), "/c/config.json", place, &found,
                                          &told, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(code, 0);
    if (found.identity_token)
        snprintf(got, sizeof(got), "<token> %s", found.identity_token);
    else if (found.username)
        snprintf(got, sizeof(got), "%s %s", found.username, found.password);
    assert_string_equal(got, login);
    if (origin)
        assert_string_equal(found.origin, origin);
    else
        assert_null(found.origin);
    if (warning && (!told || !strstr(told, warning)))
        fail_msg("told %s, not %s", told ? told : "nothing", warning);
    if (!warning && told)
        fail_msg("told %s", told);
    free(told);
    chimera_credential_done(&found);
    assert_null(found.password);
}

#define AUTHS "auths of /c/config.json"

static void expect_auths(const char *text, const char *place, const char *login)
{
    expect(text, place, login, login[0] ? AUTHS : NULL, NULL);
}

static void auths_have_logins_in_several_forms(void **state)
{
    (void)state;
    expect_auths("{\"auths\":{\"a.example\":{\"auth\":\"" USER_PASS "\"}}}", "a.example",
                 "user pass");
    expect_auths("{\"auths\":{\"a:1\":{\"auth\":\"dXNlcjpwYTpzcw==\"}}}", "a:1", "user pa:ss");
    expect_auths("{\"auths\":{\"a:1\":{\"auth\":\"dXNlcjpwYTpzcw\"}}}", "a:1", "user pa:ss");
    expect_auths("{\"auths\":{\"a\":{\"auth\":\"dTrDqQ==\"}}}", "a", "u \xc3\xa9");
    expect_auths("{\"auths\":{\"a\":{\"auth\":\"YTpiAAA=\"}}}", "a", "a b");
    expect_auths("{\"auths\":{\"a\":{\"username\":\"n\",\"password\":\"s\"}}}", "a", "n s");
    expect_auths("{\"auths\":{\"a\":{\"auth\":\"\",\"username\":\"n\",\"password\":\"s\"}}}", "a",
                 "n s");
    expect_auths("{\"auths\":{\"a\":{\"auth\":\"" USER_PASS "\",\"identitytoken\":\"t\"}}}", "a",
                 "<token> t");
    expect_auths("{\"auths\":{\"a\":{\"auth\":\"" USER_PASS "\",\"identitytoken\":\"\"}}}", "a",
                 "user pass");
}

static void where_there_is_nothing_no_login_is_made(void **state)
{
    static const char *const TEXTS[] = {
        "{}",
        "{\"auths\":null,\"credHelpers\":null,\"credsStore\":null}",
        "{\"auths\":{\"a\":{}}}",
        "{\"auths\":{\"a\":null}}",
        "{\"auths\":{\"a\":{\"auth\":\"Og==\"}}}", /* : */
        "{\"auths\":{\"a\":{\"auth\":\"\",\"identitytoken\":\"\"}}}",
        "{\"auths\":{\"a\":{\"username\":\"n\"}}}",
        "{\"auths\":{\"b\":{\"auth\":\"" USER_PASS "\"}},\"credsStore\":\"\"}",
        "{\"auths\":{\"a:5000\":{\"auth\":\"" USER_PASS "\"}}}",
        "{\"auths\":{\"xa\":{\"auth\":\"" USER_PASS "\"},\"a.b\":{\"auth\":\"" USER_PASS "\"}}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        expect(TEXTS[i], "a", "", NULL, NULL);
}

static void what_cannot_be_decoded_is_told_and_not_used(void **state)
{
    static const char *const LOGINS[] = {"dXNlcg==", /* user */
                                         "dTpwAHg=", /* u:p, NUL, x */
                                         "*", "dXNlcjpwYXN", "dXNl\\ncjpwYXNz"};
    (void)state;
    for (size_t i = 0; i < sizeof(LOGINS) / sizeof(LOGINS[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "{\"auths\":{\"a\":{\"auth\":\"%s\"}}}", LOGINS[i]);
        expect(text, "a", "", NULL, "a: auth is not the base64");
    }
}

static void keys_are_compared_as_docker_does(void **state)
{
    static const char EXACT_LAST[] = "{\"auths\":{\"https://a/v2/\":{\"auth\":\"b3RoZXI6eA==\"},"
                                     "\"a\":{\"auth\":\"" USER_PASS "\"}}}";
    static const char EXACT_EMPTY[] =
        "{\"auths\":{\"a\":{},\"http://a\":{\"auth\":\"b3RoZXI6eA==\"}}}";
    static const char *const DOCKER[] = {"https://index.docker.io/v1/", "docker.io",
                                         "index.docker.io", "registry-1.docker.io",
                                         "index.docker.io/v1/"};
    (void)state;
    expect_auths(EXACT_LAST, "a", "user pass");
    expect_auths(EXACT_EMPTY, "a", "other x");
    for (size_t i = 0; i < sizeof(DOCKER) / sizeof(DOCKER[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "{\"auths\":{\"%s\":{\"auth\":\"" USER_PASS "\"}}}",
                 DOCKER[i]);
        expect_auths(text, "index.docker.io", "user pass");
        expect_auths(text, "index.docker.io/library/x", "user pass");
        expect_auths(text, "docker.example", "");
    }
}

static void a_key_with_a_path_is_for_what_lies_below_it(void **state)
{
    static const char TEXT[] = "{\"auths\":{\"a/team/b\":{\"auth\":\"dGVhbTp4\"},"
                               "\"a/team\":{\"auth\":\"b3RoZXI6eA==\"},"
                               "\"a\":{\"auth\":\"" USER_PASS "\"}}}";
    (void)state;
    expect_auths(TEXT, "a", "user pass");
    expect_auths(TEXT, "a/x", "user pass");
    expect_auths(TEXT, "a/teams", "user pass");
    expect_auths(TEXT, "a/team", "other x");
    expect_auths(TEXT, "a/team/c", "other x");
    expect_auths(TEXT, "a/team/b/c", "team x");
    expect_auths("{\"auths\":{\"a/team\":{\"auth\":\"dGVhbTp4\"}}}", "a", "");
    /* behind a scheme it is an endpoint, and means the host */
    expect_auths("{\"auths\":{\"https://a/team\":{\"auth\":\"dGVhbTp4\"}}}", "a", "team x");
}

static void helpers_are_asked_in_docker_s_way(void **state)
{
    (void)state;
    make_helper("one", "echo '{\"ServerURL\":\"s\",\"Username\":\"h\",\"Secret\":\"p\"}'");
    make_helper("token", "echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'");
    expect("{\"credHelpers\":{\"a:1\":\"one\"}}", "a:1/x/y", "h p",
           "credHelpers: docker-credential-one", NULL);
    assert_string_equal(asked(), "get a:1\n");
    expect("{\"credsStore\":\"token\"}", "a", "<token> t", "credsStore: docker-credential-token",
           NULL);
    assert_string_equal(asked(), "get a\n");
    expect("{\"credHelpers\":{\"docker.io\":\"one\"}}", "index.docker.io", "h p",
           "credHelpers: docker-credential-one", NULL);
    assert_string_equal(asked(), "get https://index.docker.io/v1/\n");
    expect("{\"credHelpers\":{\"a:2\":\"one\",\"https://a\":\"one\",\"a:1\":\"\"}}", "a:1", "",
           NULL, NULL);
    assert_string_equal(asked(), "");
}

static void one_after_the_other_is_asked(void **state)
{
    static const char ALL[] = "{\"credHelpers\":{\"a\":\"%s\"},\"auths\":{\"a\":{%s}},"
                              "\"credsStore\":\"%s\"}";
    char text[256];
    (void)state;
    make_helper("has", "echo '{\"Username\":\"h\",\"Secret\":\"p\"}'");
    make_helper("not", "echo 'credentials not found in native keychain'; exit 1");
    make_helper("empty", "echo '{\"Username\":\"\",\"Secret\":\"\"}'");
    snprintf(text, sizeof(text), ALL, "has", "\"auth\":\"" USER_PASS "\"", "not");
    expect(text, "a", "h p", "credHelpers: docker-credential-has", NULL);
    snprintf(text, sizeof(text), ALL, "not", "\"auth\":\"" USER_PASS "\"", "has");
    expect(text, "a", "user pass", AUTHS, NULL); /* a store does not hide what is there */
    snprintf(text, sizeof(text), ALL, "not", "", "has");
    expect(text, "a", "h p", "credsStore: docker-credential-has", NULL);
    snprintf(text, sizeof(text), ALL, "empty", "", "not");
    expect(text, "a", "", NULL, NULL);
}

static void a_helper_that_fails_is_told_and_passed_over(void **state)
{
    static const struct {
        const char *body, *why;
    } CASES[] = {
        {"echo 'the keyring is locked'; exit 1",
         "docker-credential-bad: fails: the keyring is locked"},
        {"exit 0", "no JSON"},
        {"echo '{\"Username\":\"u\"}'", "no Username and Secret"},
        {"echo '[1]'", "no Username and Secret"},
        {"echo '{\"Username\":\"u\",\"Secret\":7}'", "no Username and Secret"},
        {"kill -9 $$", "docker-credential-bad: fails, and says no reason"},
        {"yes s3cr3t", "too much"},
        {"echo '{\"Username\":\"u\",\"Secret\":\"s3cr3t'; exit 1",
         "docker-credential-bad: fails, and says no reason"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        make_helper("bad", CASES[i].body);
        expect("{\"credHelpers\":{\"a\":\"bad\"},\"auths\":{\"a\":{\"auth\":\"" USER_PASS "\"}}}",
               "a", "user pass", AUTHS, CASES[i].why);
    }
    expect("{\"credHelpers\":{\"a\":\"nowhere\"}}", "a", "", NULL, "there is no such program");
}

/* What is wrong with an answer is told, not the answer: it may be a password. */
static void no_byte_of_an_answer_is_told(void **state)
{
    struct chimera_credential found;
    struct chimera_error err = {0};
    (void)state;
    make_helper("odd", "echo '{\"Username\":\"u\",\"Secret\":\"s3cr3t\"'");
    assert_int_equal(chimera_credential_helper_ask("odd", "a", &found, &err), CHIMERA_ETOOL);
    assert_null(strstr(err.text, "s3cr3t"));
}

static void a_helper_s_name_leads_into_no_other_folder(void **state)
{
    static const char *const NAMES[] = {"../x", "/bin/sh", "x/y"};
    char text[128], path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s/docker-credential-x", folder);
    assert_int_equal(chimera_folder_make(path, 0700, NULL), 0);
    snprintf(path, sizeof(path), "%s/docker-credential-x/y", folder);
    assert_int_equal(chimera_file_write(path, CHIMERA_SLICE("#!/bin/sh\necho x\n"), 0700, NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "{\"credsStore\":\"%s\"}", NAMES[i]);
        expect(text, "a", "", NULL, "without a slash");
    }
}

/* A keyring that a helper starts lives on, and has the helper's end of the pipe. */
static void what_a_helper_leaves_running_does_not_hold_us(void **state)
{
    char path[128];
    struct chimera_buffer number;
    (void)state;
    make_helper(
        "daemon",
        "sleep 300 & echo $! >\"${0%/*}\"/pid; echo '{\"Username\":\"h\",\"Secret\":\"p\"}'");
    expect("{\"credsStore\":\"daemon\"}", "a", "h p", "credsStore: docker-credential-daemon", NULL);
    snprintf(path, sizeof(path), "%s/pid", folder);
    chimera_buffer_init(&number, 32);
    assert_int_equal(chimera_file_read(path, &number, NULL), 0);
    chimera_buffer_byte(&number, '\0');
    int process = (int)strtol(number.data, NULL, 10);
    assert_int_equal(kill(process, SIGKILL), 0); /* it was there still */
    chimera_buffer_free(&number);
}

static void a_helper_that_does_not_read_does_not_end_us(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s/docker-credential-deaf", folder);
    assert_int_equal(
        chimera_file_write(
            path,
            CHIMERA_SLICE("#!/bin/sh\nexec <&-\necho '{\"Username\":\"h\",\"Secret\":\"p\"}'\n"),
            0700, NULL),
        0);
    expect("{\"credsStore\":\"deaf\"}", "a", "h p", "credsStore: docker-credential-deaf", NULL);
}

static void a_text_that_is_no_config_is_refused(void **state)
{
    static const char *const TEXTS[] = {"",
                                        "x",
                                        "[]",
                                        "{\"auths\":[]}",
                                        "{\"credHelpers\":\"x\"}",
                                        "{\"credsStore\":{}}",
                                        "{\"auths\":{}} x"};
    (void)state;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct chimera_credential found;
        struct chimera_error err = {0};
        char *told = NULL;
        assert_int_equal(chimera_credential_find_in(chimera_slice_of(TEXTS[i]), "/c/config.json",
                                                    "a", &found, &told, &err),
                         CHIMERA_EINVAL);
        assert_non_null(strstr(err.text, "/c/config.json: "));
    }
}

static void expect_found(const char *named, const char *login, const char *warning)
{
    struct chimera_credential found;
    struct chimera_error err = {0};
    char *told = NULL;
    assert_int_equal(chimera_credential_find(named, "a", &found, &told, &err), 0);
    assert_string_equal(found.username ? found.username : "", login);
    assert_true(warning ? told && strstr(told, warning) : !told);
    free(told);
    chimera_credential_done(&found);
}

static void the_folder_is_the_named_one_or_docker_s(void **state)
{
    char path[128], home[128];
    (void)state;
    snprintf(home, sizeof(home), "%s/home", folder);
    snprintf(path, sizeof(path), "%s/home/.docker", folder);
    assert_int_equal(chimera_folder_make(path, 0700, NULL), 0);
    setenv("HOME", home, 1);
    unsetenv("DOCKER_CONFIG");
    expect_found(NULL, "", NULL); /* nobody named it */
    snprintf(path, sizeof(path), "%s/home/.docker/config.json", folder);
    assert_int_equal(
        chimera_file_write(path, CHIMERA_SLICE("{\"auths\":{\"a\":{\"auth\":\"" USER_PASS "\"}}}"),
                           0600, NULL),
        0);
    expect_found(NULL, "user", NULL);
    setenv("DOCKER_CONFIG", "", 1);
    expect_found(NULL, "user", NULL);
    setenv("DOCKER_CONFIG", folder, 1);
    expect_found(NULL, "", "/config.json: is not there");
    snprintf(path, sizeof(path), "%s/home/.docker", folder);
    expect_found(path, "user", NULL);
    unsetenv("DOCKER_CONFIG");
    unsetenv("HOME");
    expect_found(NULL, "", NULL);
    expect_found("/nowhere", "", "/nowhere/config.json: is not there");
}

static int begin(void **state)
{
    char path[256];
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
    return setenv("PATH", path, 1);
}

static int end(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auths_have_logins_in_several_forms),
        cmocka_unit_test(where_there_is_nothing_no_login_is_made),
        cmocka_unit_test(what_cannot_be_decoded_is_told_and_not_used),
        cmocka_unit_test(keys_are_compared_as_docker_does),
        cmocka_unit_test(a_key_with_a_path_is_for_what_lies_below_it),
        cmocka_unit_test(helpers_are_asked_in_docker_s_way),
        cmocka_unit_test(one_after_the_other_is_asked),
        cmocka_unit_test(a_helper_that_fails_is_told_and_passed_over),
        cmocka_unit_test(no_byte_of_an_answer_is_told),
        cmocka_unit_test(a_helper_s_name_leads_into_no_other_folder),
        cmocka_unit_test(what_a_helper_leaves_running_does_not_hold_us),
        cmocka_unit_test(a_helper_that_does_not_read_does_not_end_us),
        cmocka_unit_test(a_text_that_is_no_config_is_refused),
        cmocka_unit_test(the_folder_is_the_named_one_or_docker_s),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
