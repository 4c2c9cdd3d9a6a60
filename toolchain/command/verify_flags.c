/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/verify_flags.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "compiler/fetch/signature/key.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"
#include "runtime/source/user_folders.h"

#define KEY_MAX ((size_t)64 << 10)
#define PRIVATE "PRIVATE KEY-----"
#define DEFAULT_FILE "verification-config.yml"

struct flags {                       /* borrowed, but for the tree */
    struct json_object *annotations; /* NULL: none */
    const char *email, *issuer, *owner, *repository, *file;
    bool has_key;
};

/* KEY=VALUE; one without `=` means nothing, as to the reference. */
static int add_annotation(struct flags *flags, const char *text, struct chimera_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return CHIMERA_OK;
    CHIMERA_FREE char *key = strndup(text, (size_t)(equals - text));
    struct json_object *value = json_object_new_string(equals + 1);
    if (!flags->annotations)
        flags->annotations = json_object_new_object();
    if (!key || !value || !flags->annotations ||
        json_object_object_add(flags->annotations, key, value) != 0) {
        json_object_put(value);
        return chimera_fail_memory(err);
    }
    return CHIMERA_OK;
}

static bool are_given(const struct flags *flags)
{
    return flags->has_key || flags->annotations || flags->email || flags->issuer || flags->owner ||
           flags->repository;
}

/* In the reference's order, and its words. */
static int check_flags(const struct flags *flags, struct chimera_error *err)
{
    if (flags->annotations && !flags->has_key && !flags->email && !flags->issuer && !flags->owner)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Intending to verify annotations, but no verification keys, OIDC "
                            "issuer or GitHub owner were passed");
    if (flags->repository && !flags->owner)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Intending to verify GitHub actions signature, but the repository "
                            "owner is missing.");
    if (!flags->email != !flags->issuer)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Intending to verify OIDC issuer, but no email or issuer were "
                            "provided. You must pass the email and OIDC issuer to be validated "
                            "together ");
    return CHIMERA_OK;
}

/* --- Entries --- */

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static int add_issuer(const struct flags *flags, struct chimera_verification *verification,
                      struct chimera_error *err)
{
    struct chimera_constraint one = {.kind = CHIMERA_GENERIC_ISSUER,
                                     .issuer = copy(flags->issuer),
                                     .subject = copy(flags->email),
                                     .annotations = json_object_get(flags->annotations)};
    if (one.issuer && one.subject)
        return chimera_verification_add(verification, &one, err);
    chimera_constraint_done(&one);
    return chimera_fail_memory(err);
}

static int add_action(const struct flags *flags, struct chimera_verification *verification,
                      struct chimera_error *err)
{
    struct chimera_constraint one = {.kind = CHIMERA_GITHUB_ACTION,
                                     .owner = copy(flags->owner),
                                     .repository = copy(flags->repository),
                                     .annotations = json_object_get(flags->annotations)};
    if (one.owner && !one.repository == !flags->repository)
        return chimera_verification_add(verification, &one, err);
    chimera_constraint_done(&one);
    return chimera_fail_memory(err);
}

/* What is no key is not kept: a refusal shows what was asked for, and a private key that was given
 * by mistake must not be in it. */
static int check_key(struct chimera_slice text, const char *path, struct chimera_error *err)
{
    EVP_PKEY *key = NULL;
    struct chimera_error why = {0};
    int code = chimera_key_read(text, &key, &why);
    EVP_PKEY_free(key);
    if (code == CHIMERA_OK && memchr(text.data, 0, text.size))
        code = chimera_fail(&why, CHIMERA_EINVAL, "it is not text");
    if (code == CHIMERA_OK && memmem(text.data, text.size, PRIVATE, strlen(PRIVATE)))
        code = chimera_fail(&why, CHIMERA_EINVAL, "it holds a private key, too");
    return code < 0 ? chimera_fail(err, code, "%s: %s", path, why.text) : CHIMERA_OK;
}

static int read_key(const char *path, char **ret_key, struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_error why = {0};
    if (access(path, R_OK) != 0)
        return chimera_fail(err, CHIMERA_EIO, "could not read file %s: %s (os error %d)", path,
                            strerror(errno), errno);
    chimera_buffer_init(&text, KEY_MAX);
    int code = chimera_file_read(path, &text, &why);
    if (code < 0)
        code = chimera_fail(err, code, "could not read file %s: %s", path, why.text);
    else
        code = check_key(chimera_buffer_slice(&text), path, err);
    if (code == CHIMERA_OK && !(*ret_key = strndup(text.data, text.size)))
        code = chimera_fail_memory(err);
    chimera_buffer_free(&text);
    return code;
}

static int add_keys(const struct chimera_cli_options *options, const char *name,
                    struct json_object *annotations, struct chimera_verification *verification,
                    struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < options->given_count && code == CHIMERA_OK; i++) {
        struct chimera_constraint one = {.kind = CHIMERA_PUBLIC_KEY};
        if (strcmp(options->given[i].option->name, name) != 0)
            continue;
        code = read_key(options->given[i].value, &one.key, err);
        one.annotations = json_object_get(annotations);
        if (code == CHIMERA_OK)
            code = chimera_verification_add(verification, &one, err);
        else
            chimera_constraint_done(&one);
    }
    return code;
}

int verify_flags_read_keys(const struct chimera_cli_options *options, const char *name,
                           struct chimera_verification *ret_verification, struct chimera_error *err)
{
    struct chimera_verification verification = {0};
    int code = add_keys(options, name, NULL, &verification, err);
    if (code < 0)
        chimera_verification_done(&verification);
    else
        *ret_verification = verification;
    return code;
}

/* --- Whichever it is --- */

static int read_default(struct chimera_verification *verification, bool *ret_is_asked,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_user_path(chimera_user_config_folder(), DEFAULT_FILE);
    if (!path || access(path, F_OK) != 0)
        return CHIMERA_OK;
    chimera_log_with(CHIMERA_LOG_INFO, "chimera::verify",
                     CHIMERA_SLICE("Default verification config present, using it"),
                     CHIMERA_TEXT("path", chimera_slice_of(path)));
    int code = chimera_verification_read(path, verification, err);
    verification->is_implicit = *ret_is_asked = code == CHIMERA_OK;
    return code;
}

static int read_any(const struct chimera_cli_options *options, const struct flags *flags,
                    struct chimera_verification *verification, bool *ret_is_asked,
                    struct chimera_error *err)
{
    if (!are_given(flags) && !flags->file)
        return read_default(verification, ret_is_asked, err);
    *ret_is_asked = true;
    if (!are_given(flags))
        return chimera_verification_read(flags->file, verification, err);
    int code = check_flags(flags, err);
    if (code == CHIMERA_OK) {
        code = flags->email ? add_issuer(flags, verification, err) : CHIMERA_OK;
        if (code == CHIMERA_OK && flags->owner)
            code = add_action(flags, verification, err);
        if (code == CHIMERA_OK)
            code = add_keys(options, "verification-key", flags->annotations, verification, err);
    }
    if (code == CHIMERA_OK && flags->file)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "verification-config-path cannot be used in conjunction with other "
                            "verification flags");
    return code;
}

int verify_flags_read(const struct chimera_cli_options *options,
                      struct chimera_verification *ret_verification, bool *ret_is_asked,
                      struct chimera_error *err)
{
    struct chimera_verification verification = {0};
    bool is_asked = false;
    struct flags flags = {
        .email = chimera_cli_value(options, "cert-email"),
        .issuer = chimera_cli_value(options, "cert-oidc-issuer"),
        .owner = chimera_cli_value(options, "github-owner"),
        .repository = chimera_cli_value(options, "github-repo"),
        .file = chimera_cli_value(options, "verification-config-path"),
        .has_key = chimera_cli_is_given(options, "verification-key"),
    };
    int code = CHIMERA_OK;
    for (size_t i = 0; i < options->given_count && code == CHIMERA_OK; i++)
        if (strcmp(options->given[i].option->name, "verification-annotation") == 0)
            code = add_annotation(&flags, options->given[i].value, err);
    if (code == CHIMERA_OK)
        code = read_any(options, &flags, &verification, &is_asked, err);
    json_object_put(flags.annotations);
    if (code < 0) {
        chimera_verification_done(&verification);
        return code;
    }
    *ret_verification = verification;
    *ret_is_asked = is_asked;
    return CHIMERA_OK;
}
