/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - `chimera bundle verify`: is a bundle what it says, and can it be made again? */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "toolchain/command/bundle/verify/check.h"
#include "toolchain/command/bundle/verify/rebuild.h"
#include "toolchain/command/bundle/verify/signature.h"
#include "toolchain/command/bundle/verify/unpacked.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/interrupt.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)

struct verdict {
    const char *path;
    const struct fetch_flags *flags;
    const struct bundle_rebuild *rebuild; /* NULL: it is not made again */
    struct bundle_unpacked unpacked;      /* of an image */
    struct bundle_chain chain;
    bool is_signed, is_rebuilt; /* a signature is there; it was built, and was the same */
    char *signers;              /* owned; NULL: not judged, or not believed */
};

/* --- Judging --- */

/* Whoever may write a folder may change it after it was looked at. */
static int check_owners(const struct verdict *verdict, const struct bundle_files *files,
                        struct chimera_error *err)
{
    if (files->is_archive || verdict->unpacked.folder ||
        !bundle_files_find(files, CHIMERA_BUNDLE_MANIFEST))
        return CHIMERA_OK;
    return chimera_bundle_check_owners(verdict->path, err);
}

static int judge_signature(struct verdict *verdict, struct chimera_error *err)
{
    const struct chimera_verification *wanted = verdict->flags->fetch.verification;
    verdict->is_signed = bundle_signature_is_there(verdict->chain.files);
    if (!wanted || (wanted->is_implicit && !verdict->is_signed))
        return CHIMERA_OK;
    return bundle_signature_judge(&verdict->chain, &verdict->flags->fetch, &verdict->signers, err);
}

static int judge(struct verdict *verdict, const struct bundle_files *files,
                 struct chimera_error *err)
{
    int code = check_owners(verdict, files, err);
    if (code == CHIMERA_OK)
        code = bundle_check(files, &verdict->chain, err);
    if (code == CHIMERA_OK)
        code = judge_signature(verdict, err);
    if (code < 0 || !verdict->rebuild || chimera_problems_any(&verdict->chain.problems))
        return code;
    code = bundle_rebuild_check(verdict->rebuild, &verdict->chain, err);
    verdict->is_rebuilt = code == CHIMERA_OK && !chimera_problems_any(&verdict->chain.problems);
    return code;
}

/* --- Telling --- */

static void put_text(struct json_object *tree, const char *key, const char *text)
{
    json_object_object_add(tree, key, json_object_new_string(text));
}

static void write_digest(const struct chimera_digest *digest, char ret_text[CHIMERA_DIGEST_HEX + 8])
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(digest, hex);
    snprintf(ret_text, CHIMERA_DIGEST_HEX + 8, "sha256:%s", hex);
}

static bool is_first_toolchain(const struct bundle_chain *chain, size_t at)
{
    const char *toolchain = chain->manifest[at].toolchain;
    for (size_t i = 0; toolchain && i < at; i++)
        if (chain->manifest[i].toolchain && strcmp(chain->manifest[i].toolchain, toolchain) == 0)
            return false;
    return toolchain != NULL;
}

static const char *word_of_signature(const struct verdict *verdict)
{
    return verdict->signers ? "verified" : verdict->is_signed ? "not verified" : "none";
}

static void put_problems(const struct chimera_problems *problems, const char *failure,
                         struct json_object *tree)
{
    struct json_object *list = json_object_new_array();
    json_object_object_add(tree, "problems", list);
    for (size_t i = 0; i < problems->count; i++) {
        struct json_object *row = json_object_new_object();
        put_text(row, "file", problems->list[i].where);
        put_text(row, "problem", problems->list[i].text);
        json_object_array_add(list, row);
    }
    if (failure) {
        struct json_object *row = json_object_new_object();
        put_text(row, "problem", failure);
        json_object_array_add(list, row);
    }
}

static void tell_json(const struct verdict *verdict, const char *failure)
{
    CHIMERA_JSON struct json_object *tree = json_object_new_object();
    const struct bundle_chain *chain = &verdict->chain;
    char digest[CHIMERA_DIGEST_HEX + 8];
    struct chimera_buffer line;
    put_text(tree, "bundle", verdict->path);
    if (verdict->unpacked.digest[0])
        put_text(tree, "image", verdict->unpacked.digest);
    json_object_object_add(
        tree, "good", json_object_new_boolean(!failure && !chimera_problems_any(&chain->problems)));
    if (chain->manifest) {
        struct json_object *toolchains = json_object_new_array();
        write_digest(&chain->bundle.self, digest);
        put_text(tree, "manifest", digest);
        json_object_object_add(tree, "policies",
                               json_object_new_int64((int64_t)chain->policy_count));
        json_object_object_add(tree, "plugins",
                               json_object_new_int64((int64_t)chain->bundle.count));
        json_object_object_add(tree, "bytes", json_object_new_int64((int64_t)chain->bytes));
        json_object_object_add(tree, "toolchains", toolchains);
        for (size_t i = 0; i < chain->bundle.count; i++)
            if (is_first_toolchain(chain, i))
                json_object_array_add(toolchains,
                                      json_object_new_string(chain->manifest[i].toolchain));
        put_text(tree, "signature", word_of_signature(verdict));
    }
    if (verdict->signers)
        put_text(tree, "signers", verdict->signers);
    if (verdict->rebuild)
        json_object_object_add(tree, "rebuilt", json_object_new_boolean(verdict->is_rebuilt));
    put_problems(&chain->problems, failure, tree);
    chimera_buffer_init(&line, LINE_MAX_BYTES);
    chimera_json_write_ordered(tree, 0, &line);
    chimera_buffer_byte(&line, '\n');
    if (!line.failed)
        say_json(chimera_buffer_slice(&line));
    chimera_buffer_free(&line);
}

static void say(void *context, const char *line)
{
    (void)context;
    say_error("%s", line);
}

static void tell_problems(const struct verdict *verdict, const struct chimera_error *failure)
{
    const struct chimera_problems *problems = &verdict->chain.problems;
    for (size_t i = 0; i < problems->count; i++)
        say_error("%s: %s", problems->list[i].where, problems->list[i].text);
    if (problems->left_out)
        say_error("and %zu more", problems->left_out);
    if (failure->code < 0)
        chimera_error_each(failure, say, NULL);
}

static void tell_good(const struct verdict *verdict)
{
    const struct bundle_chain *chain = &verdict->chain;
    char digest[CHIMERA_DIGEST_HEX + 8];
    write_digest(&chain->bundle.self, digest);
    chimera_printable_say(stdout, NULL, "bundle:    %s", verdict->path);
    if (verdict->unpacked.folder)
        printf("image:     %s\n", verdict->unpacked.digest);
    printf("manifest:  %s\npolicies:  %zu\nplugins:   %zu\nbytes:     %" PRIu64 "\n", digest,
           chain->policy_count, chain->bundle.count, chain->bytes);
    for (size_t i = 0; i < chain->bundle.count; i++)
        if (is_first_toolchain(chain, i))
            chimera_printable_say(stdout, NULL, "toolchain: %s", chain->manifest[i].toolchain);
    chimera_printable_say(stdout, NULL, "signature: %s%s%s", word_of_signature(verdict),
                          verdict->signers ? ", " : "", verdict->signers ? verdict->signers : "");
    if (verdict->is_rebuilt)
        puts("rebuilt:   the same, bit for bit");
}

static int tell(const struct verdict *verdict, bool is_json, const struct chimera_error *failure)
{
    bool is_good = failure->code == 0 && !chimera_problems_any(&verdict->chain.problems);
    if (is_json)
        tell_json(verdict, failure->code < 0 ? failure->text : NULL);
    else if (is_good)
        tell_good(verdict);
    if (!is_good)
        tell_problems(verdict, failure);
    return is_good ? EXIT_GOOD : EXIT_FAILED;
}

/* --- The command --- */

static int verify(struct verdict *verdict, bool is_json)
{
    struct bundle_files files = {.fd = -1};
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    interrupt_catch();
    int code = bundle_unpacked_open(verdict->path, &verdict->unpacked, &files, &err);
    if (code == CHIMERA_OK)
        code = judge(verdict, &files, &err);
    err.code = code;
    code = tell(verdict, is_json, &err);
    bundle_chain_done(&verdict->chain);
    bundle_files_done(&files);
    bundle_unpacked_done(&verdict->unpacked);
    free(verdict->signers);
    chimera_buffer_free(&details);
    interrupt_release();
    return code;
}

static int run_verify(const struct chimera_cli_options *options)
{
    struct chimera_progress progress;
    struct fetch_flags flags;
    struct chimera_error err = {0};
    unsigned jobs = 0;
    if (!option_jobs(options, &jobs))
        return EXIT_USAGE;
    const char *given = chimera_cli_value(options, "relative-to");
    CHIMERA_FREE char *folder = realpath(given ? given : ".", NULL);
    if (!folder)
        return say_error("cannot open the folder %s", given ? given : ".");
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    progress_open(options, &progress);
    flags.fetch.shows_progress = false;
    struct chimera_fetch_options fetch = flags.fetch; /* digests say which modules are wanted */
    fetch.verification = NULL;
    const struct chimera_build_options build = {
        .jobs = jobs,
        .progress = &progress,
        .must_confine = chimera_cli_is_given(options, "require-confinement")};
    const struct bundle_rebuild rebuild = {.fetch = &fetch, .build = &build, .folder = folder};
    struct verdict verdict = {.path = options->arguments[0],
                              .flags = &flags,
                              .rebuild =
                                  chimera_cli_is_given(options, "rebuild") ? &rebuild : NULL};
    int code = verify(&verdict, chimera_cli_is_given(options, "json"));
    fetch_flags_done(&flags);
    return code;
}

static const struct chimera_cli_option verify_options[] = {
    {.name = "rebuild",
     .section = SECTION_BUILDS,
     .help = "Build it again too, from where its modules came from and with an empty cache, and "
             "compare bit for bit; where another toolchain made it, say what differs"},
    {.name = "relative-to",
     .section = SECTION_BUILDS,
     .kind = CHIMERA_CLI_VALUE,
     .value = "DIR",
     .help = "With --rebuild: the folder of the policies.yml that the bundle was made from, which "
             "its relative modules are beside; without it the current one"},
    {.name = "json",
     .section = SECTION_OUTPUT,
     .help = "Tell all of it as one object of JSON, on standard output"},
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    {.name = "offline",
     .section = SECTION_REGISTRIES,
     .help = "Ask no registry: what is in the store, or nothing"},
    OPTION_JOBS,
    OPTION_QUIET,
    OPTION_REQUIRE_CONFINEMENT,
    {0},
};

static const struct chimera_cli_argument verify_arguments[] = {
    {.name = "BUNDLE",
     .is_required = true,
     .help = "A folder, an archive or an image (oci:DIR[:TAG]), as `bundle -o` makes it"},
    {0},
};

const struct chimera_cli_command command_bundle_verify = {
    .name = "verify",
    .parent = &command_bundle,
    .about = "Check a bundle: that it is what its manifest says, all of it and no more",
    .description =
        "Checks, without any network: that every file is there, that no other is, and the digest "
        "of each; what the manifest of each plugin says of it, and the audit that every plugin "
        "passes; that each policy has its plugin; and that SBOM and provenance name what is there. "
        "With --verification-key or the other options for signatures, the signature of "
        "manifest.json is judged, too.\n"
        "All that is wrong is told, and the exit code is 1 then. Other names beside manifest.json, "
        "which a server warns of, are errors here.",
    .options = verify_options,
    .arguments = verify_arguments,
    .run = run_verify,
};
