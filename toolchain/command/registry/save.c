/* SPDX-License-Identifier: Apache-2.0 */
/* save.c - `chimera save`: policies of the store into an archive, to carry them elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/cleanup.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/policy_argument.h"
#include "toolchain/command/registry/archive.h"

/* All are found before anything is written. The caller ends *ret_place. */
static int find(const char *argument, struct chimera_module_place *ret_place,
                struct chimera_error *err)
{
    struct chimera_shown_name shown;
    struct chimera_error why = {0};
    int code = policy_argument_find(argument, POLICY_WORDS_ALL, NULL, ret_place, &why);
    if (code == CHIMERA_OK && ret_place->is_local)
        code = chimera_fail(&why, CHIMERA_EINVAL,
                            "it is a file of yours; only policies of the store can be saved");
    return code < 0 ? chimera_fail(err, code, "cannot find policy %s: %s",
                                   chimera_reference_show(argument, &shown), why.text)
                    : CHIMERA_OK;
}

struct saved {
    struct chimera_module_place place;
    char *signatures; /* owned; NULL: none are wanted */
};

static int write_archive(const struct saved *policies, size_t count, const char *store,
                         const struct chimera_store_file *file, struct chimera_error *err)
{
    size_t root = strlen(store) + 1;
    struct archive_out *out = NULL;
    int code = archive_out_open(file->fd, file->path, &out, err);
    if (code < 0)
        return code;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = archive_out_add(out, policies[i].place.path + root, policies[i].place.path, err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        if (policies[i].signatures)
            code = archive_out_add(out, policies[i].signatures + root, policies[i].signatures, err);
    int closed = archive_out_close(out, code < 0 ? NULL : err);
    return code < 0 ? code : closed;
}

static int find_signatures(const struct chimera_cli_options *options, struct saved *policies,
                           struct chimera_error *err)
{
    struct fetch_flags flags;
    int code = fetch_flags_read(options, &flags, err);
    if (code < 0)
        return code;
    for (size_t i = 0; i < options->argument_count && code == CHIMERA_OK; i++) {
        const char *uri = policies[i].place.uri;
        struct chimera_error why = {0};
        code = chimera_fetch_keep_signatures(&flags.fetch, uri, &policies[i].signatures, &why);
        if (code < 0)
            chimera_fail(err, code, "cannot find signatures of %s: %s", uri, why.text);
    }
    fetch_flags_done(&flags);
    return code;
}

static int save(const struct chimera_cli_options *options, struct saved *policies,
                struct chimera_error *err)
{
    const char *output = chimera_cli_value(options, "output");
    struct chimera_store_file file;
    CHIMERA_FREE char *store = policy_store(err);
    int code = store ? CHIMERA_OK : CHIMERA_EINVAL;
    for (size_t i = 0; i < options->argument_count && code == CHIMERA_OK; i++)
        code = find(options->arguments[i], &policies[i].place, err);
    if (code == CHIMERA_OK && chimera_cli_is_given(options, "with-signatures"))
        code = find_signatures(options, policies, err);
    if (code == CHIMERA_OK)
        code = chimera_store_create(NULL, output, &file, err);
    if (code < 0)
        return code;
    code = write_archive(policies, options->argument_count, store, &file, err);
    if (code == CHIMERA_OK)
        return chimera_store_commit(&file, err);
    chimera_store_drop(&file);
    return code;
}

static int run_save(const struct chimera_cli_options *options)
{
    struct chimera_error err = {0};
    struct saved *policies = calloc(options->argument_count, sizeof(*policies));
    int code = policies ? save(options, policies, &err) : chimera_fail_memory(&err);
    for (size_t i = 0; policies && i < options->argument_count; i++) {
        chimera_module_place_done(&policies[i].place);
        free(policies[i].signatures);
    }
    free(policies);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

static const struct chimera_cli_option save_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FILE",
     .is_required = true,
     .help = "The archive to write: tar, compressed by gzip"},
    {.name = "with-signatures",
     .help = "Save the signatures of the policies, too: those that were kept when they were "
             "verified, or else what their registries have"},
    FETCH_FLAG_DOCKER_CONFIG,
    FETCH_FLAG_SOURCES,
    {0},
};

static const struct chimera_cli_argument save_arguments[] = {
    {.name = "policies",
     .is_required = true,
     .is_many = true,
     .help = "A policy of the store: its URI, or the beginning of the SHA-256 of its file"},
    {0},
};

const struct chimera_cli_command command_save = {
    .name = "save",
    .about = "Save policies of the store to an archive",
    .description =
        "For machines that have no way to a registry: `load`, ours or kwctl's, puts them "
        "into a store there, under the same names. With the signatures `verify --offline` works "
        "there; kwctl passes them over.",
    .options = save_options,
    .arguments = save_arguments,
    .run = run_save,
};
