/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - `chimera inspect`: what a policy says about itself. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compiler/lower/read.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/inspect_bundle.h"
#include "toolchain/command/author/inspect_plugin.h"
#include "toolchain/command/author/inspect_table.h"
#include "toolchain/command/author/markdown.h"
#include "toolchain/command/author/signatures.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/policy_module.h"

#define PREFIX "io.kubewarden.policy."
#define OUTPUT_MAX ((size_t)64 << 20)
#define WIDTH 80 /* of Markdown */
#define WIDTH_LEAST 20
#define WIDTH_MAX 120

/* Annotations that are shown as details, in this order; the rest follows under a title of its own.
 */
static const char *const shown_annotations[] = {
    PREFIX "title", PREFIX "description", PREFIX "author",
    PREFIX "url",   PREFIX "source",      PREFIX "license",
};

static struct json_object *member(const struct chimera_metadata *metadata, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(metadata->tree, key, &value);
    return value;
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void add_others(struct inspect_table *table, struct json_object *annotations)
{
    bool has_title = false;
    if (!annotations)
        return;
    json_object_object_foreach(annotations, key, value)
    {
        bool is_shown = strcmp(key, PREFIX "usage") == 0;
        for (size_t i = 0; i < sizeof(shown_annotations) / sizeof(shown_annotations[0]); i++)
            is_shown = is_shown || strcmp(key, shown_annotations[i]) == 0;
        if (is_shown)
            continue;
        if (!has_title) {
            inspect_table_add(table, "", "");
            inspect_table_add(table, "Annotations", "");
        }
        has_title = true;
        inspect_table_add(table, key, json_object_get_string(value));
    }
}

static void print_details(const struct chimera_metadata *metadata, const char *lowering,
                          struct chimera_buffer *out)
{
    static const char *const titles[] = {
        "title:", "description:", "author:", "url:", "source:", "license:"};
    struct inspect_table table = {0};
    inspect_table_add(&table, "Details", "");
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        const char *value = chimera_metadata_annotation(metadata, shown_annotations[i]);
        if (value)
            inspect_table_add(&table, titles[i], value);
    }
    bool is_aware = json_object_array_length(member(metadata, "contextAwareResources")) > 0;
    inspect_table_add(&table, "mutating:", truth(metadata->is_mutating));
    inspect_table_add(&table, "background audit support:", truth(metadata->has_background_audit));
    inspect_table_add(&table, "context aware:", truth(is_aware));
    inspect_table_add(&table,
                      "policy type:", json_object_get_string(member(metadata, "policyType")));
    inspect_table_add(&table,
                      "execution mode:", json_object_get_string(member(metadata, "executionMode")));
    if (metadata->mode == CHIMERA_MODE_WAPC)
        inspect_table_add(
            &table, "protocol version:", metadata->protocol == CHIMERA_PROTOCOL_V1 ? "1" : "0");
    const char *minimum = json_object_get_string(member(metadata, "minimumKubewardenVersion"));
    if (minimum)
        inspect_table_add(&table, "minimum kubewarden version:", minimum);
    if (lowering[0])
        inspect_table_add(&table, "lowered:", lowering);
    add_others(&table, member(metadata, "annotations"));
    inspect_table_print(&table, out);
    chimera_buffer_byte(out, '\n');
}

/* A block of YAML, its lines filled up to the longest as the reference's code blocks are. */
static void print_block(struct json_object *tree, struct chimera_buffer *out)
{
    struct chimera_buffer yaml;
    chimera_buffer_init(&yaml, OUTPUT_MAX);
    chimera_yaml_show(tree, &yaml);
    chimera_buffer_byte(&yaml, 0);
    size_t widest = 0;
    for (const char *at = yaml.data; at && *at; at += strcspn(at, "\n") + 1)
        widest = strcspn(at, "\n") > widest ? strcspn(at, "\n") : widest;
    for (const char *at = yaml.data; at && *at; at += strcspn(at, "\n") + 1) {
        chimera_buffer_append(out, (struct chimera_slice){at, strcspn(at, "\n")});
        inspect_fill(out, strcspn(at, "\n"), widest);
        chimera_buffer_byte(out, '\n');
    }
    chimera_buffer_byte(out, '\n');
    chimera_buffer_free(&yaml);
}

static void print_resources(const struct chimera_metadata *metadata, struct chimera_buffer *out)
{
    struct json_object *resources = member(metadata, "contextAwareResources");
    if (json_object_array_length(resources) == 0)
        return;
    chimera_buffer_text(out,
                        "Context Aware \nThe policy requires access to the following Kubernetes "
                        "resources at evaluation time:\n");
    print_block(resources, out);
    out->size--; /* the sentence follows its list at once */
    chimera_buffer_text(
        out, "To avoid abuses, review carefully what the policy requires access to.\n\n");
}

/* As wide as the terminal, but not wider than is good to read; 80 for who reads no terminal. */
static size_t width_of_output(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return WIDTH;
    return size.ws_col > WIDTH_MAX     ? WIDTH_MAX
           : size.ws_col < WIDTH_LEAST ? WIDTH_LEAST
                                       : size.ws_col;
}

static void print_pretty(const struct policy_module *file, struct chimera_buffer *out)
{
    const struct chimera_metadata *metadata = &file->metadata;
    char lowering[CHIMERA_LOWERING_SIZE];
    /* What the build rewrites before it compiles; "" for nothing, and for what it would not read at
     * all. */
    struct chimera_module *module = NULL;
    lowering[0] = '\0';
    if (chimera_module_read(file->path, chimera_buffer_slice(&file->bytes), &module, NULL) == 0)
        chimera_module_lowering_text(module, lowering);
    chimera_module_free(module);
    print_details(metadata, lowering, out);
    chimera_buffer_text(out, "Rules \n");
    print_block(member(metadata, "rules"), out);
    print_resources(metadata, out);
    const char *usage = chimera_metadata_annotation(metadata, PREFIX "usage");
    if (usage) {
        struct chimera_buffer shown;
        chimera_buffer_init(&shown, OUTPUT_MAX);
        chimera_buffer_text(&shown, "---\n");
        chimera_printable_append(chimera_slice_of(usage), "\n", &shown);
        chimera_buffer_text(&shown, "\n---\n");
        chimera_buffer_text(out, "Usage \n");
        markdown_write(chimera_buffer_slice(&shown), width_of_output(), out);
        if (shown.failed && !out->failed)
            out->failed = shown.failed;
        chimera_buffer_free(&shown);
    }
}

/* What goes wrong with the signatures is told where they would stand, and is no failure; but for an
 * option that means nothing here. */
static int print_signatures(const struct chimera_cli_options *options,
                            const struct policy_module *file, bool is_yaml,
                            struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *manifest = NULL;
    struct chimera_error err = {0};
    int code = signatures_fetch(options, file->uri, &manifest, &err);
    if (code == CHIMERA_EREFUSED)
        return say_error("%s", err.text);
    if (code < 0)
        signatures_write_failure(err.text, out);
    else
        signatures_write(manifest, is_yaml, out);
    return EXIT_GOOD;
}

/* `tree` as it is asked for; false: for people. */
static bool print_tree(const struct chimera_cli_options *options, struct json_object *tree,
                       struct chimera_buffer *out)
{
    const char *format = chimera_cli_value(options, "output");
    if (!format)
        return false;
    if (strcmp(format, "yaml") == 0) {
        chimera_yaml_show(tree, out);
        return true;
    }
    struct chimera_buffer text;
    chimera_buffer_init(&text, OUTPUT_MAX);
    chimera_json_write_ordered(tree, 2, &text);
    chimera_buffer_byte(&text, '\n');
    if (isatty(STDOUT_FILENO))
        chimera_printable_document(chimera_buffer_slice(&text), CHIMERA_PRINTABLE_JSON, out);
    else
        chimera_buffer_append(out, chimera_buffer_slice(&text));
    if (text.failed && !out->failed)
        out->failed = text.failed;
    chimera_buffer_free(&text);
    return true;
}

static int print(const struct chimera_cli_options *options, const struct policy_module *file)
{
    bool is_yaml = chimera_cli_is_given(options, "output"); /* or JSON */
    struct chimera_buffer out;
    int code = EXIT_GOOD;
    if (!file->metadata.is_annotated)
        return say_error(
            "No Kubewarden metadata found inside of '%s'.\nPolicies can be annotated with "
            "the `%s annotate` command.",
            file->uri, options->program);
    if (!is_yaml && file->metadata.protocol == CHIMERA_PROTOCOL_NONE)
        return say_error("Invalid policy: protocol_version not defined");
    if (is_yaml && strcmp(chimera_cli_value(options, "output"), "json") == 0 &&
        chimera_cli_is_given(options, "show-signatures"))
        return say_error("--show-signatures goes with the table and with --output yaml");
    chimera_buffer_init(&out, OUTPUT_MAX);
    if (!print_tree(options, file->metadata.tree, &out))
        print_pretty(file, &out);
    if (chimera_cli_is_given(options, "show-signatures"))
        code = print_signatures(options, file, is_yaml, &out);
    int failed = out.failed;
    if (!failed && code == EXIT_GOOD)
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    return failed ? say_error("%s", chimera_code_text(failed)) : code;
}

static void say(void *context, const char *line)
{
    (void)context;
    say_error("%s", line);
}

/* What was built: a plugin, or a bundle of them. */
static int print_built(const struct chimera_cli_options *options)
{
    const char *path = options->arguments[0];
    bool is_bundle = inspect_is_bundle(path);
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer out, details;
    struct chimera_error err = {.details = &details};
    if (chimera_cli_is_given(options, "show-signatures"))
        return say_error("--show-signatures is for policies of registries, and %s was built here",
                         path);
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    chimera_buffer_init(&out, OUTPUT_MAX);
    int code = is_bundle                    ? inspect_bundle_read(path, &tree, &err)
               : inspect_is_in_bundle(path) ? inspect_bundle_read_one(path, &tree, &err)
                                            : inspect_plugin_read(path, NULL, &tree, &err);
    if (code < 0)
        chimera_error_each(&err, say, NULL);
    else if (!print_tree(options, tree, &out) && is_bundle)
        inspect_bundle_write(tree, &out);
    else if (!chimera_cli_is_given(options, "output"))
        inspect_plugin_write(tree, &out);
    if (code == CHIMERA_OK && out.failed)
        code = say_error("%s", chimera_code_text(out.failed));
    else if (code == CHIMERA_OK)
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    chimera_buffer_free(&details);
    return code == CHIMERA_OK ? EXIT_GOOD : EXIT_FAILED;
}

static int run_inspect(const struct chimera_cli_options *options)
{
    struct policy_module file;
    struct chimera_error err = {0};
    if (policy_is_plugin(options->arguments[0]) || inspect_is_bundle(options->arguments[0]) ||
        inspect_is_in_bundle(options->arguments[0]))
        return print_built(options);
    if (fetch_flags_require_signed(options, &err) < 0 ||
        policy_module_open(options->arguments[0], NULL, &file, &err) < 0)
        return say_error(
            "%s%s", err.code == CHIMERA_EGUEST ? "Error parsing policy metadata: " : "", err.text);
    int code = print(options, &file);
    policy_module_done(&file);
    return code;
}

static const char *const formats[] = {"yaml", "json", NULL};

static const struct chimera_cli_option inspect_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FORMAT",
     .choices = formats,
     .help = "Output format; a table for people without it"},
    {.name = "show-signatures",
     .help = "Show the Sigstore signatures too, as its registry has them"},
    FETCH_FLAG_SOURCES,
    FETCH_FLAG_DOCKER_CONFIG,
    FETCH_FLAGS_OF_OPA,
    {0},
};

static const struct chimera_cli_argument inspect_arguments[] = {
    {.name = "uri_or_sha_prefix",
     .is_required = true,
     .help =
         "The policy: a path or URI of a WebAssembly module, the beginning of the SHA-256 of one "
         "in the store, or the path of a built plugin or of a bundle, or BUNDLE#ID for one policy "
         "of "
         "it"},
    {0},
};

const struct chimera_cli_command command_inspect = {
    .name = "inspect",
    .about = "Show the metadata of a policy",
    .description =
        "Shows what the custom section io.kubewarden.metadata of a WebAssembly module "
        "says: title and "
        "other annotations, execution mode, whether the policy mutates, the Kubernetes "
        "resources it is "
        "for, and those it wants to read.\n"
        "With --output yaml the whole document is printed with its defaults, as `annotate` "
        "takes it; with --output json it is the same as JSON.\n"
        "Of a built plugin (.so) it shows what it was made from, and where its requests "
        "begin: after its start, at its first read of input, or at its start, and why; "
        "for that the start is run. Of a bundle it shows the policies that a server would serve "
        "from it, with the digests of their modules and plugins.",
    .options = inspect_options,
    .arguments = inspect_arguments,
    .run = run_inspect,
};
