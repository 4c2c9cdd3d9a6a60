/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - `chimera fetch`: what chimera-server has fetched and verified before it builds; an
 * object a line, for programs. */
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/signed_file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/fetch_many.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)
#define SECONDS_MAX 600 /* a start or a reload waits for it */
#define LINES_MAX ((size_t)4 << 10)
#define INPUT_MAX ((size_t)64 << 20)

static void put_member(struct json_object *line, const char *key, const char *text)
{
    if (text && *text)
        json_object_object_add(line, key, json_object_new_string(text));
}

/* Whoever reads a line has a limit for it, and a registry may have very many signatures. */
static void put_lines(struct json_object *line, const char *key, const char *text)
{
    size_t size = text ? strlen(text) : 0;
    if (size > LINES_MAX) {
        const char *feed = memrchr(text, '\n', LINES_MAX);
        size = feed ? (size_t)(feed - text) : 0;
    }
    if (size > 0)
        json_object_object_add(line, key, json_object_new_string_len(text, (int)size));
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
        put_lines(line, "signers", fetched->signers);
        put_member(line, "module", fetched->module_digest);
        put_member(line, "plugin", fetched->plugin);
        put_lines(line, "note", fetched->plugin_note);
        put_lines(line, "trust", fetched->trust_note);
    }
    print_line(line);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int report(void *context, size_t index, int code, const struct chimera_fetched *fetched,
                  const struct chimera_error *err)
{
    const char *const *uris = context;
    return tell(uris[index], code, fetched, err);
}

static int fetch_all(const struct fetch_flags *flags, const char *const *uris, size_t count)
{
    return fetch_many(&flags->fetch, uris, count, report, (void *)(uintptr_t)uris);
}

/* Each URI ends in NUL, which no other character of one can be taken for. */
static int fetch_from_input(const struct fetch_flags *flags)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    size_t count = 0;
    chimera_buffer_init(&text, INPUT_MAX);
    int code = chimera_file_read("-", &text, &err);
    for (size_t i = 0; i < text.size; i++)
        count += !text.data[i];
    CHIMERA_FREE const char **uris = (const char **)calloc(count + 1, sizeof(*uris));
    if (code == CHIMERA_OK && !uris)
        code = chimera_fail_memory(&err);
    const char *at = text.data;
    for (size_t i = 0; code == CHIMERA_OK && i < count; at += strlen(at) + 1)
        uris[i++] = at;
    int status = code < 0 ? say_error("%s", err.text) : fetch_all(flags, uris, count);
    chimera_buffer_free(&text);
    return status;
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
    bool is_from_input = chimera_cli_is_given(options, "from-input");
    if ((bundle != NULL) + is_from_input + (options->argument_count > 0) != 1)
        return chimera_cli_refuse(
            options->program, options->command,
            "one of '--bundle <DIR>', '--from-input' and policies must be provided");
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    flags.fetch.shows_progress = false;
    flags.fetch.must_confine = chimera_cli_is_given(options, "require-confinement");
    flags.fetch.seconds_max = SECONDS_MAX;
    int code = bundle          ? judge_bundle(&flags, bundle)
               : is_from_input ? fetch_from_input(&flags)
                               : fetch_all(&flags, options->arguments, options->argument_count);
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
    {.name = "from-input",
     .help = "Read the policies from standard input, each ended by a NUL character: they are not "
             "seen in the list of processes then"},
    {.name = "require-confinement",
     .help = "Fetch nothing where the kernel cannot confine the process that does it"},
    {.name = "offline",
     .section = SECTION_REGISTRIES,
     .help = "Ask no registry: what is in the store, or nothing"},
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
