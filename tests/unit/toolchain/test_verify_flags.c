/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that ask for signatures: in which order they become entries, and what is said of those
 * that do not fit together, in the reference's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "toolchain/command/verify_flags.h"

/* The command is no library. */
#include "toolchain/command/verify_flags.c"

static const struct chimera_cli_option table[] = {
    {.name = "verification-config-path", .kind = CHIMERA_CLI_VALUE},
    {.name = "verification-key", .letter = 'k', .kind = CHIMERA_CLI_REPEAT},
    {.name = "verification-annotation", .letter = 'a', .kind = CHIMERA_CLI_REPEAT},
    {.name = "cert-email", .kind = CHIMERA_CLI_VALUE},
    {.name = "cert-oidc-issuer", .kind = CHIMERA_CLI_VALUE},
    {.name = "github-owner", .kind = CHIMERA_CLI_VALUE},
    {.name = "github-repo", .kind = CHIMERA_CLI_VALUE},
    {0},
};
static const struct chimera_cli_command command = {.name = "verify", .options = table};

static char folder[] = "/tmp/chimera-flags-XXXXXX";

static void put(const char *name, const char *text)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    assert_int_equal(chimera_file_write_scratch(path, chimera_slice_of(text), NULL), CHIMERA_OK);
}

static void copy_key(const char *sample, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), TEST_DATA "/unit/compiler/fetch/signature/samples/%s", sample);
    assert_int_equal(chimera_file_copy(path, name, 0644, NULL), CHIMERA_OK);
}

static int setup(void **state)
{
    (void)state;
    char path[64];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("XDG_CONFIG_HOME", folder, 1), 0);
    assert_int_equal(chdir(folder), 0);
    copy_key("keys/p256.pub", "one.pub");
    copy_key("keys/ed25519.pub", "two.pub");
    copy_key("private/p256.pem", "private.pem");
    copy_key("more/rsa1024.pub", "weak.pub");
    put("empty.pub", "");
    put("both.pem", "-----BEGIN PUBLIC KEY-----\n"
                    "MCowBQYDK2VwAyEAbGpazEYXFMLE/QcvY4EM6mnuWMYpkRidbLHHbd8UER0=\n"
                    "-----END PUBLIC KEY-----\n-----BEGIN EC PRIVATE KEY-----\n");
    put("file.yml", "allOf: [{kind: githubAction, owner: of-the-file}]");
    snprintf(path, sizeof(path), "%s/kubewarden", folder);
    return mkdir(path, 0755);
}

static int teardown(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

static struct chimera_error err;

/* The words end with NULL. */
static int read_words(struct chimera_verification *ret_verification, bool *ret_is_asked,
                      const char *const *words)
{
    struct chimera_cli_options options = {.program = "chimera", .command = &command};
    enum chimera_cli_action action;
    char *argv[20];
    int argc = 0;
    for (; words[argc]; argc++)
        argv[argc] = strdup(words[argc]);
    assert_int_equal(chimera_cli_parse(&options, argc, argv, &action), CHIMERA_OK);
    err = (struct chimera_error){0};
    int code = verify_flags_read(&options, ret_verification, ret_is_asked, &err);
    chimera_cli_done(&options);
    while (argc > 0)
        free(argv[--argc]);
    return code;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_refused(const char *text, const char *const *words)
{
    struct chimera_verification verification = {.all_count = 77};
    bool is_asked = false;
    assert_true(read_words(&verification, &is_asked, words) < 0);
    assert_string_equal(err.text, text);
    assert_int_equal(verification.all_count, 77);
    assert_false(is_asked);
}

static void nothing_is_asked_for_by_nothing(void **state)
{
    struct chimera_verification verification;
    bool is_asked = true;
    (void)state;
    assert_int_equal(read_words(&verification, &is_asked, WORDS(NULL)), CHIMERA_OK);
    assert_false(is_asked);
    /* As for the reference: no `=`, no annotation. */
    is_asked = true;
    assert_int_equal(read_words(&verification, &is_asked, WORDS("-a", "env")), CHIMERA_OK);
    assert_false(is_asked);
    assert_int_equal(verification.all_count, 0);
}

#define KEY_ONE                                                            \
    "  -----BEGIN PUBLIC KEY-----\n"                                       \
    "  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExSefOdY2Z7p2cZJtW6UGf/NRBgc/\n" \
    "  wnLx/OMELM51awck1iyi/pXqdXRXpdmWob60B5sZDUBMjACNfp/eEIeKwA==\n"     \
    "  -----END PUBLIC KEY-----\n"
#define KEY_TWO                                                        \
    "  -----BEGIN PUBLIC KEY-----\n"                                   \
    "  MCowBQYDK2VwAyEAbGpazEYXFMLE/QcvY4EM6mnuWMYpkRidbLHHbd8UER0=\n" \
    "  -----END PUBLIC KEY-----\n"

static void flags_become_entries_in_the_references_order(void **state)
{
    struct chimera_verification verification;
    struct chimera_buffer shown;
    bool is_asked = false;
    (void)state;
    assert_int_equal(read_words(&verification, &is_asked,
                                WORDS("-k", "two.pub", "--github-owner", "o", "-a", "z=1=2",
                                      "--cert-email", "m@x", "-k", "one.pub", "--cert-oidc-issuer",
                                      "https://i", "-a", "none", "-a", "a=", "--github-repo", "r")),
                     CHIMERA_OK);
    assert_true(is_asked);
    assert_int_equal(verification.all_count, 4);
    assert_false(verification.has_any_of);
    assert_false(verification.is_implicit);
    chimera_buffer_init(&shown, 4096);
    for (size_t i = 0; i < 4; i++)
        chimera_constraint_write(&verification.all_of[i], &shown);
    chimera_buffer_byte(&shown, 0);
#define ANNOTATIONS "annotations:\n  a: ''\n  z: 1=2\n"
    assert_string_equal(shown.data,
                        "kind: genericIssuer\nissuer: https://i\nsubject: !equal m@x\n" ANNOTATIONS
                        "kind: githubAction\nowner: o\nrepo: r\n" ANNOTATIONS
                        "kind: pubKey\nowner: null\nkey: |\n" KEY_TWO ANNOTATIONS
                        "kind: pubKey\nowner: null\nkey: |\n" KEY_ONE ANNOTATIONS);
    chimera_buffer_free(&shown);
    chimera_verification_done(&verification);
}

static void an_owner_is_enough(void **state)
{
    struct chimera_verification verification;
    bool is_asked = false;
    (void)state;
    assert_int_equal(read_words(&verification, &is_asked, WORDS("--github-owner", "o")),
                     CHIMERA_OK);
    assert_int_equal(verification.all_count, 1);
    assert_null(verification.all_of[0].repository);
    assert_null(verification.all_of[0].annotations);
    chimera_verification_done(&verification);
}

static void what_does_not_fit_together_is_refused(void **state)
{
    (void)state;
    expect_refused("Intending to verify annotations, but no verification keys, OIDC issuer or "
                   "GitHub owner were passed",
                   WORDS("-a", "env=prod"));
    expect_refused("Intending to verify annotations, but no verification keys, OIDC issuer or "
                   "GitHub owner were passed",
                   WORDS("-a", "env=prod", "--github-repo", "r"));
    expect_refused("Intending to verify GitHub actions signature, but the repository owner is "
                   "missing.",
                   WORDS("--github-repo", "r", "-k", "one.pub"));
#define ISSUER                                                                                  \
    "Intending to verify OIDC issuer, but no email or issuer were provided. You must pass the " \
    "email and OIDC issuer to be validated together "
    expect_refused(ISSUER, WORDS("--cert-email", "m@x"));
    expect_refused(ISSUER, WORDS("--cert-oidc-issuer", "https://i", "-k", "one.pub"));
    expect_refused(ISSUER, WORDS("--cert-email", "m@x", "--verification-config-path", "file.yml"));
    expect_refused("verification-config-path cannot be used in conjunction with other "
                   "verification flags",
                   WORDS("-k", "one.pub", "--verification-config-path", "file.yml"));
    expect_refused("could not read file no.pub: No such file or directory (os error 2)",
                   WORDS("-k", "one.pub", "-k", "no.pub"));
    expect_refused("empty.pub: not a public key: it is empty", WORDS("-k", "empty.pub"));
    expect_refused("weak.pub: an RSA key of 1024 bits: it must have 2048 to 16384",
                   WORDS("-k", "weak.pub"));
    /* The reference's message has the key in it. */
    expect_refused("private.pem: expected -----BEGIN PUBLIC KEY-----, found -----BEGIN PRIVATE "
                   "KEY-----",
                   WORDS("-k", "private.pem"));
    expect_refused("both.pem: it holds a private key, too", WORDS("-k", "both.pem"));
}

static void a_file_is_read(void **state)
{
    struct chimera_verification verification;
    bool is_asked = false;
    (void)state;
    assert_int_equal(read_words(&verification, &is_asked,
                                WORDS("-a", "x", "--verification-config-path", "file.yml")),
                     CHIMERA_OK);
    assert_true(is_asked);
    assert_false(verification.is_implicit);
    assert_string_equal(verification.all_of[0].owner, "of-the-file");
    chimera_verification_done(&verification);
    expect_refused("failed to read verification file: no.yml: No such file or directory (os "
                   "error 2)",
                   WORDS("--verification-config-path", "no.yml"));
}

static void the_default_file_turns_it_on_and_flags_win_over_it(void **state)
{
    struct chimera_verification verification;
    bool is_asked = false;
    (void)state;
    put("kubewarden/verification-config.yml", "allOf: [{kind: githubAction, owner: default}]");
    assert_int_equal(read_words(&verification, &is_asked, WORDS(NULL)), CHIMERA_OK);
    assert_true(is_asked);
    assert_true(verification.is_implicit);
    assert_string_equal(verification.all_of[0].owner, "default");
    chimera_verification_done(&verification);
    assert_int_equal(read_words(&verification, &is_asked, WORDS("--github-owner", "o")),
                     CHIMERA_OK);
    assert_string_equal(verification.all_of[0].owner, "o");
    chimera_verification_done(&verification);
    put("kubewarden/verification-config.yml", "{}");
    struct chimera_verification untouched = {.all_count = 77};
    assert_true(read_words(&untouched, &is_asked, WORDS(NULL)) < 0);
    assert_int_equal(untouched.all_count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_for_by_nothing),
        cmocka_unit_test(flags_become_entries_in_the_references_order),
        cmocka_unit_test(an_owner_is_enough),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(the_default_file_turns_it_on_and_flags_win_over_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
