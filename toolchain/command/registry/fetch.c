/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - `chimera fetch`: what chimera-server has fetched and verified before it builds; an
 * object a line, for programs. */
#include "compiler/fetch/signed_file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/fetch_many.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)

static void put_member(struct json_object *line, const char *key, const char *text)
{
    if (text && *text)
        json_object_object_add(line, key, json_object_new_string(text));
}

static void print_line(struct json_object *line)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, LINE_MAX_BYTES);
    chimera_json_write(line, &text);
    chimera_buffer_byte(&text, '\n');
    if (!text.failed)
        say_json(chimera_buffer_slice(&text));
    fflush(stdout);
    chimera_buffer_free(&text);
}

/* `code` is how it ended; "unsigned" tells who is not signed as it must be from who cannot be had.
 */
static int tell(const char *policy, int code, const struct chimera_fetched *fetched,
                const struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *line = json_object_new_object();
    put_member(line, "policy", policy);
    if (code < 0) {
        put_member(line, "error", err->text);
        json_object_object_add(line, "unsigned",
                               json_object_new_boolean(code == CHIMERA_EUNSIGNED));
    } else {
        put_member(line, "path", fetched->path);
        put_member(line, "digest", fetched->manifest_digest);
        put_member(line, "signers", fetched->signers);
        put_member(line, "module", fetched->module_digest);
        put_member(line, "plugin", fetched->plugin);
        put_member(line, "note", fetched->plugin_note);
        put_member(line, "trust", fetched->trust_note);
    }
    print_line(line);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int report(void *context, size_t index, int code, const struct chimera_fetched *fetched,
                  const struct chimera_error *err)
{
    const struct chimera_cli_options *options = context;
    return tell(options->arguments[index], code, fetched, err);
}

/* Its manifest.json has the digests of all that is in it. */
static int judge_bundle(const struct fetch_flags *flags, const char *folder)
{
    struct chimera_fetched fetched = {0};
    struct chimera_error err = {0};
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    int code = path ? CHIMERA_OK : chimera_fail_memory(&err);
    if (code == CHIMERA_OK && !flags->fetch.verification)
        code = chimera_fail(&err, CHIMERA_EINVAL, "nobody says which signatures are wanted");
    if (code == CHIMERA_OK)
        code = chimera_signed_file_verify(&flags->fetch, path, &fetched, &err);
    fetched.path = path; /* borrowed, for what is told */
    int status = tell(folder, code, &fetched, &err);
    fetched.path = NULL;
    chimera_fetched_done(&fetched);
    return status;
}

static int run_fetch(const struct chimera_cli_options *options)
{
    struct fetch_flags flags;
    struct chimera_error err = {0};
    const char *bundle = chimera_cli_value(options, "bundle");
    if (!bundle == (options->argument_count == 0))
        return chimera_cli_refuse(options->program, options->command,
                                  "either '--bundle <DIR>' or policies must be provided");
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    flags.fetch.shows_progress = false;
    int code = bundle ? judge_bundle(&flags, bundle)
                      : fetch_many(&flags.fetch, options->arguments, options->argument_count,
                                   report, (void *)(uintptr_t)options);
    fetch_flags_done(&flags);
    return code;
}

static const struct chimera_cli_option fetch_options[] = {
    FETCH_FLAGS,
    FETCH_FLAG_BUILDER,
    {.name = "bundle",
     .kind = CHIMERA_CLI_VALUE,
     .value = "DIR",
     .help = "Fetch nothing: judge the signature of this bundle, DIR/manifest.json.sigstore.json"},
    {.name = "offline", .help = "Ask no registry: what is in the store, or nothing"},
    {0},
};

static const struct chimera_cli_argument fetch_arguments[] = {
    {.name = "uri",
     .is_many = true,
     .help = "registry://HOST/NAME:TAG, https://..., file://..., or an image without a scheme"},
    {0},
};

const struct chimera_cli_command command_fetch = {
    .name = "fetch",
    .about = "Fetch and verify policies, for programs",
    .description = "As pull, but prints an object a line: policy and path, perhaps digest, "
                   "signers, module, plugin, note and trust; or policy, error and unsigned.",
    .is_hidden = true,
    .options = fetch_options,
    .arguments = fetch_arguments,
    .run = run_fetch,
};
