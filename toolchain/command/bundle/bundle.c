/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - `chimera bundle`: all that a server needs, in one place (runtime/plugin/bundle.h). */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/text/problems.h"
#include "toolchain/command/bundle/documents/provenance.h"
#include "toolchain/command/bundle/draft.h"
#include "toolchain/command/bundle/place.h"
#include "toolchain/command/bundle/target.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/interrupt.h"
#include "toolchain/command/shared_cache.h"

/* A scheme, and no blanks: who reads the provenance compares it as a whole. */
static int check_builder(const char *uri, struct chimera_error *err)
{
    const char *colon = strchr(uri, ':');
    if (colon && colon > uri && colon[1] && !strpbrk(uri, " \t\r\n"))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--builder-id \"%.100s\" is no URI, as https://runner.example/linux is one",
                        uri);
}

static int make_bundle(struct bundle_draft *draft, const struct bundle_target *target,
                       struct chimera_build_options *options, struct chimera_error *err)
{
    struct chimera_digest policies;
    int code = check_builder(draft->builder, err);
    if (code == CHIMERA_OK)
        code = bundle_moment(&draft->seconds, err);
    if (code == CHIMERA_OK)
        code = bundle_draft_read_policies(draft, err);
    if (code == CHIMERA_OK)
        code = bundle_target_check(target, err); /* before an hour of compiling */
    if (code == CHIMERA_OK)
        code = bundle_draft_fetch_modules(draft, err);
    if (code == CHIMERA_OK)
        code = bundle_draft_check_set(draft, options, err);
    if (code == CHIMERA_OK)
        code = bundle_draft_build_modules(draft, options, err);
    if (code == CHIMERA_OK)
        code = bundle_draft_write_policies(draft, &policies, err);
    if (code == CHIMERA_OK)
        code = bundle_draft_write_manifest(draft, &policies, err);
    if (code == CHIMERA_OK && draft->key)
        code = bundle_draft_sign(draft, err);
    return code < 0 ? code : bundle_target_put(target, draft->folder, draft->seconds, err);
}

static void say(void *context, const char *line)
{
    (void)context;
    say_error("%s", line);
}

static int bundle(const struct chimera_cli_options *options, const struct fetch_flags *flags,
                  const struct set_check *check, const struct bundle_target *target,
                  struct chimera_build_options *build)
{
    struct bundle_draft draft = {.path = options->arguments[0],
                                 .fetch = &flags->fetch,
                                 .key = chimera_cli_value(options, "sign-key"),
                                 .builder = chimera_cli_value(options, "builder-id"),
                                 .progress = build->progress,
                                 .has_no_trial = chimera_cli_is_given(options, "no-trial"),
                                 .has_no_check = chimera_cli_is_given(options, "no-check"),
                                 .is_quiet = option_quiet(options),
                                 .check = *check};
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    CHIMERA_FREE char *folder = bundle_make_folder(target->path, &err);
    if (!folder)
        return say_error("%s", err.text);
    draft.folder = folder;
    chimera_buffer_init(&draft.text, BUNDLE_POLICIES_MAX);
    interrupt_catch();
    int code = make_bundle(&draft, target, build, &err);
    bundle_draft_done(&draft);
    if (code < 0)
        chimera_folder_remove(folder, NULL);
    interrupt_release();
    if (code < 0)
        chimera_error_each(&err, say, NULL);
    chimera_buffer_free(&details);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int run_bundle(const struct chimera_cli_options *options)
{
    struct chimera_progress progress;
    struct fetch_flags flags;
    struct set_check check;
    struct bundle_target target;
    struct chimera_error err = {0};
    unsigned jobs = 0;
    if (!option_jobs(options, &jobs))
        return EXIT_USAGE;
    if (bundle_target_read(options, &target, &err) < 0)
        return chimera_cli_refuse(options->program, options->command, "%s", err.text);
    if (set_check_init(options, &check, &err) < 0 || fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    flags.fetch.shows_progress = false; /* lines of several would overwrite each other */
    progress_open(options, &progress);
    struct chimera_build_options build = {
        .cache_folder = chimera_cli_value(options, "cache-dir"),
        .jobs = jobs,
        .progress = &progress,
        .launcher = getenv(CHIMERA_LAUNCHER_VARIABLE),
        .shared = &flags.shared,
        .former = target.path, /* where it is no bundle there is nothing to share */
        .must_confine = chimera_cli_is_given(options, "require-confinement"),
    };
    int code = bundle(options, &flags, &check, &target, &build);
    fetch_flags_done(&flags);
    bundle_target_done(&target);
    return code;
}

static const struct chimera_cli_option bundle_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "DIR",
     .help =
         "The bundle: a folder; FILE.tar for an archive of it, or oci:DIR[:TAG] for a container "
         "image with it and the server. A bundle that is there already is replaced at once, "
         "and so is a tag, any other folder is not"},
    {.name = "base",
     .kind = CHIMERA_CLI_VALUE,
     .value = "oci:DIR[:TAG]",
     .help = "The image that a container image's policies are added to, in place of the server "
             "beside this program"},
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    {.name = "offline",
     .section = SECTION_REGISTRIES,
     .help = "Ask no registry: what is in the store, or nothing"},
    FETCH_FLAG_SIGN_KEY("the bundle"),
    {.name = "builder-id",
     .kind = CHIMERA_CLI_VALUE,
     .value = "URI",
     .initial = BUNDLE_BUILDER_LOCAL,
     .help = "Who builds, for the provenance: the URI of a pipeline's runner, for instance"},
    OPTION_CACHE_DIR,
    SHARED_CACHE_FLAGS,
    OPTION_JOBS,
    {.name = "no-check",
     .section = SECTION_BUILDS,
     .help = "Do not look whether the set is good (`chimera check`): a server takes sets that this "
             "refuses"},
    SET_CHECK_FLAGS,
    {.name = "no-trial",
     .section = SECTION_BUILDS,
     .help = "Do not try whether the policies can start here and take their settings; without it "
             "one that cannot is an error"},
    OPTION_QUIET,
    OPTION_REQUIRE_CONFINEMENT,
    {0},
};

static const struct chimera_cli_argument bundle_arguments[] = {
    {.name = "POLICIES", .is_required = true, .help = "The policies.yml of a server"},
    {0},
};

static const struct chimera_cli_command *const bundle_commands[] = {&command_bundle_verify, NULL};

const struct chimera_cli_command command_bundle = {
    .name = "bundle",
    .about = "Compile all policies of a policies.yml into a folder that a server starts from",
    .description =
        "Fetches each module that the file names into the store, verified when signatures are "
        "asked for, tells all that is wrong as `chimera check` does, builds each module in the "
        "full tier, and writes DIR/plugins, "
        "DIR/policies.yml with the digests of the modules in place of their references, and "
        "DIR/manifest.json, which locks all of it by digests. `chimera-server --bundle DIR` serves "
        "it, compiles nothing and needs no compiler. DIR/sbom.spdx.json says what is in it (SPDX "
        "2.3), "
        "DIR/provenance.intoto.json what made it and of what (in-toto, SLSA v1). With --sign-key a "
        "server that asks for "
        "signatures serves it, too: DIR/manifest.json.sigstore.json is what `cosign verify-blob "
        "--bundle` takes.\n"
        "The same file, the same modules, the same tools give the same bytes, with the time of "
        "$SOURCE_DATE_EPOCH or else of 1970. Nothing is left "
        "behind by a call that failed; DIR is whole from the moment it is there.",
    .options = bundle_options,
    .arguments = bundle_arguments,
    .commands = bundle_commands,
    .run = run_bundle,
};
