/* SPDX-License-Identifier: Apache-2.0 */
/* hub.c - `chimera scaffold artifacthub`: a policy's entry in Artifact Hub
 * (cli-and-distribution.md §1.10). */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/scaffold/artifacthub.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/files.h"

#define OUTPUT_MAX ((size_t)64 << 20)

static const char header[] =
    "# Kubewarden Artifacthub Package config\n"
    "#\n"
    "# Tells Artifact Hub, https://artifacthub.io, about the policy; there it is called\n"
    "# artifacthub-pkg.yml.\n"
    "#\n";

static const char *const metadata_names[] = {"metadata.yml", "metadata.yaml", NULL};
static const char *const question_names[] = {"questions-ui.yml", "questions-ui.yaml",
                                             "questions.yml", "questions.yaml", NULL};

/* What was told, or else the first of the names that there is; NULL: none. */
static const char *find_file(const char *told, const char *const *names)
{
    if (told)
        return told;
    while (*names && access(*names, F_OK) < 0)
        names++;
    return *names;
}

static int read_metadata(const struct chimera_cli_options *options,
                         struct chimera_metadata *ret_metadata, struct chimera_error *err)
{
    const char *path = find_file(chimera_cli_value(options, "metadata-path"), metadata_names);
    struct chimera_error why = {0};
    struct chimera_buffer text;
    if (!path)
        return chimera_fail(err, CHIMERA_EIO,
                            "path to metadata file not provided, plus 'metadata.yml' not found");
    chimera_buffer_init(&text, FILES_TEXT_MAX);
    int code = files_read(path, "Error opening metadata file", &text, err);
    if (code == 0) {
        code = chimera_metadata_parse_yaml(chimera_buffer_slice(&text), ret_metadata, &why);
        if (code < 0)
            chimera_fail(err, code, "Error unmarshalling metadata %.900s", why.text);
    }
    chimera_buffer_free(&text);
    return code;
}

static int read_questions(const struct chimera_cli_options *options, struct chimera_buffer *text,
                          struct chimera_error *err)
{
    const char *path = find_file(chimera_cli_value(options, "questions-path"), question_names);
    if (!path)
        return CHIMERA_OK;
    int code = files_read_text(path, "Error reading questions file", text, err);
    chimera_buffer_byte(text, '\0');
    return code == 0 && text->failed
               ? chimera_fail(err, text->failed, "Error reading questions file: %s",
                              chimera_code_text(text->failed))
               : code;
}

static int write_package(const struct chimera_cli_options *options, struct json_object *package,
                         struct chimera_error *err)
{
    const char *path = chimera_cli_value(options, "output");
    struct chimera_buffer out;
    if (!path)
        return scaffold_print(options, header, package) == EXIT_GOOD ? CHIMERA_OK : CHIMERA_EIO;
    chimera_buffer_init(&out, OUTPUT_MAX);
    chimera_buffer_text(&out, header);
    scaffold_write(options, package, false, &out);
    int code = out.failed
                   ? chimera_fail(err, out.failed, "%s", chimera_code_text(out.failed))
                   : chimera_file_write(path, chimera_buffer_slice(&out), CHIMERA_FILE_PLAIN, err);
    chimera_buffer_free(&out);
    return code;
}

static int make_package(const struct chimera_cli_options *options,
                        const struct chimera_metadata *metadata, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *package = NULL;
    char now[40];
    struct chimera_buffer questions;
    chimera_buffer_init(&questions, FILES_TEXT_MAX);
    struct tm parts;
    time_t seconds = time(NULL);
    gmtime_r(&seconds, &parts);
    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &parts);
    int code = read_questions(options, &questions, err);
    const struct artifacthub_input input = {
        .metadata = metadata, .created_at = now, .questions = questions.data};
    if (code == 0)
        code = artifacthub_package(&input, &package, err);
    if (code == 0)
        code = write_package(options, package, err);
    chimera_buffer_free(&questions);
    return code;
}

static int run_artifacthub(const struct chimera_cli_options *options)
{
    struct chimera_metadata metadata = {0};
    struct chimera_error err = {0};
    int code = read_metadata(options, &metadata, &err);
    if (chimera_cli_is_given(options, "version"))
        say_warning("The 'version' flag is deprecated and will be removed in a future release. The "
                    "value of the `io.kubewarden.policy.version` field in the policy metadata file "
                    "is used instead.");
    if (code == 0)
        code = make_package(options, &metadata, &err);
    chimera_metadata_done(&metadata);
    if (code < 0 && err.text[0])
        say_error("%s", err.text);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static const struct chimera_cli_option artifacthub_options[] = {
    {.name = "metadata-path",
     .letter = 'm',
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "YAML file with the metadata; metadata.yml or metadata.yaml here without it"},
    {.name = "questions-path",
     .letter = 'q',
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "YAML file with the questions of Rancher's user interface; questions-ui.yml, "
             "questions-ui.yaml, questions.yml or questions.yaml here without it, if one is there"},
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FILE",
     .help = "File to write; standard output without it"},
    {.name = "version",
     .letter = 'v',
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .help = "Means nothing any more: the version is the metadata's"},
    {0},
};

const struct chimera_cli_command command_scaffold_artifacthub = {
    .name = "artifacthub",
    .parent = &command_scaffold,
    .about = "Print a policy's package for Artifact Hub",
    .description = "Makes artifacthub-pkg.yml of the metadata of a policy.",
    .options = artifacthub_options,
    .run = run_artifacthub,
};
