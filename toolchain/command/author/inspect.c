/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - `chimera inspect`: what a policy says about itself. */
#include <stdio.h>
#include <string.h>

#include "compiler/lower/read.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/inspect_plugin.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/policy_module.h"

#define PREFIX "io.kubewarden.policy."
#define OUTPUT_MAX ((size_t)64 << 20)
#define ROWS_MAX 32

/* Annotations that are shown as details, in this order; the rest follows under a title of its own.
 */
static const char *const shown_annotations[] = {
    PREFIX "title", PREFIX "description", PREFIX "author",
    PREFIX "url",   PREFIX "source",      PREFIX "license",
};

struct row {
    const char *name;  /* NULL: an empty row */
    const char *value; /* "" for a title; as the policy has it */
};

struct table {
    struct row row[ROWS_MAX];
    size_t count;
    struct json_object *annotations; /* that follow the rows; borrowed, may be NULL */
    struct chimera_buffer *out;
};

static void add_row(struct table *table, const char *name, const char *value)
{
    table->row[table->count++] = (struct row){name, value};
}

static bool is_shown(const char *key)
{
    for (size_t i = 0; i < sizeof(shown_annotations) / sizeof(shown_annotations[0]); i++)
        if (strcmp(key, shown_annotations[i]) == 0)
            return true;
    return strcmp(key, PREFIX "usage") == 0;
}

static void fill(struct chimera_buffer *out, size_t used, size_t width)
{
    for (; used < width; used++)
        chimera_buffer_byte(out, ' ');
}

/* Characters, not bytes: columns are counted by eye. */
static size_t width_of(struct chimera_slice text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.size; i++)
        width += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return width;
}

/* What is shown of a text of the policy's; its width. */
static size_t print_text(struct chimera_slice text, struct chimera_buffer *out)
{
    size_t start = out->size;
    chimera_printable_append(text, NULL, out);
    return out->failed ? 0 : width_of((struct chimera_slice){out->data + start, out->size - start});
}

static size_t shown_width(const char *text)
{
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, OUTPUT_MAX);
    size_t width = print_text(chimera_slice_of(text), &shown);
    chimera_buffer_free(&shown);
    return width;
}

/* A value of several lines continues in its column. */
static void print_row(struct table *table, const char *name, const char *value, size_t width)
{
    for (;;) {
        size_t line = strcspn(value, "\n");
        fill(table->out, print_text(chimera_slice_of(name), table->out), width + 1);
        print_text((struct chimera_slice){value, line}, table->out);
        chimera_buffer_text(table->out, " \n");
        if (value[line] == '\0' || value[line + 1] == '\0')
            return;
        value += line + 1;
        name = "";
    }
}

typedef void visitor(void *context, const char *key, const char *value);

static void each_other_annotation(const struct table *table, visitor *visit, void *context)
{
    if (!table->annotations)
        return;
    struct json_object_iterator at = json_object_iter_begin(table->annotations);
    struct json_object_iterator end = json_object_iter_end(table->annotations);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (!is_shown(json_object_iter_peek_name(&at)))
            visit(context, json_object_iter_peek_name(&at),
                  json_object_get_string(json_object_iter_peek_value(&at)));
}

static void widen(void *context, const char *key, const char *value)
{
    size_t *width = context;
    (void)value;
    if (shown_width(key) > *width)
        *width = shown_width(key);
}

struct printing {
    struct table *table;
    size_t width;
    bool has_title;
};

static void print_annotation(void *context, const char *key, const char *value)
{
    struct printing *printing = context;
    if (!printing->has_title) {
        print_row(printing->table, "", "", printing->width);
        print_row(printing->table, "Annotations", "", printing->width);
        printing->has_title = true;
    }
    print_row(printing->table, key, value, printing->width);
}

static void print_table(struct table *table)
{
    struct printing printing = {.table = table};
    for (size_t i = 0; i < table->count; i++)
        widen(&printing.width, table->row[i].name, NULL);
    each_other_annotation(table, widen, &printing.width);
    for (size_t i = 0; i < table->count; i++)
        print_row(table, table->row[i].name, table->row[i].value, printing.width);
    each_other_annotation(table, print_annotation, &printing);
}

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

/* What the build rewrites before it compiles; "" for nothing, and for what it would not read at
 * all. */
static void find_lowering(const struct policy_module *file, char ret_text[CHIMERA_LOWERING_SIZE])
{
    struct chimera_module *module = NULL;
    ret_text[0] = '\0';
    if (chimera_module_read(file->path, chimera_buffer_slice(&file->bytes), &module, NULL) == 0)
        chimera_module_lowering_text(module, ret_text);
    chimera_module_free(module);
}

static void print_details(const struct chimera_metadata *metadata, const char *lowering,
                          struct chimera_buffer *out)
{
    static const char *const titles[] = {
        "title:", "description:", "author:", "url:", "source:", "license:"};
    struct table table = {.out = out, .annotations = member(metadata, "annotations")};
    add_row(&table, "Details", "");
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        const char *value = chimera_metadata_annotation(metadata, shown_annotations[i]);
        if (value)
            add_row(&table, titles[i], value);
    }
    bool is_aware = json_object_array_length(member(metadata, "contextAwareResources")) > 0;
    add_row(&table, "mutating:", truth(metadata->is_mutating));
    add_row(&table, "background audit support:", truth(metadata->has_background_audit));
    add_row(&table, "context aware:", truth(is_aware));
    add_row(&table, "policy type:", json_object_get_string(member(metadata, "policyType")));
    add_row(&table, "execution mode:", json_object_get_string(member(metadata, "executionMode")));
    if (metadata->mode == CHIMERA_MODE_WAPC)
        add_row(&table,
                "protocol version:", metadata->protocol == CHIMERA_PROTOCOL_V1 ? "1" : "Unknown");
    const char *minimum = json_object_get_string(member(metadata, "minimumKubewardenVersion"));
    if (minimum)
        add_row(&table, "minimum kubewarden version:", minimum);
    if (lowering[0])
        add_row(&table, "lowered:", lowering);
    print_table(&table);
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
        fill(out, strcspn(at, "\n"), widest);
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

static void print_pretty(const struct policy_module *file, struct chimera_buffer *out)
{
    const struct chimera_metadata *metadata = &file->metadata;
    char lowering[CHIMERA_LOWERING_SIZE];
    find_lowering(file, lowering);
    print_details(metadata, lowering, out);
    chimera_buffer_text(out, "Rules \n");
    print_block(member(metadata, "rules"), out);
    print_resources(metadata, out);
    const char *usage = chimera_metadata_annotation(metadata, PREFIX "usage");
    if (!usage)
        return;
    chimera_buffer_text(out, "Usage \n");
    chimera_printable_append(chimera_slice_of(usage), "\n", out);
    chimera_buffer_byte(out, '\n');
}

static int print(const struct policy_module *file, bool is_yaml)
{
    struct chimera_buffer out;
    if (!file->metadata.is_annotated)
        return say_error(
            "No Kubewarden metadata found inside of '%s'.\nPolicies can be annotated with "
            "the `kwctl annotate` command.",
            file->uri);
    if (!is_yaml && file->metadata.protocol == CHIMERA_PROTOCOL_NONE)
        return say_error("Invalid policy: protocol_version not defined");
    chimera_buffer_init(&out, OUTPUT_MAX);
    if (is_yaml)
        chimera_yaml_show(file->metadata.tree, &out);
    else
        print_pretty(file, &out);
    int failed = out.failed;
    if (!failed)
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    return failed ? say_error("%s", chimera_code_text(failed)) : EXIT_GOOD;
}

static int run_inspect(const struct chimera_cli_options *options)
{
    static const char *const refused[] = {"show-signatures", "sources-path",
                                          "docker-config-json-path"};
    struct policy_module file;
    struct chimera_error err = {0};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (chimera_cli_is_given(options, refused[i]))
            return say_error("--%s is not supported by this version of chimera yet", refused[i]);
    if (inspect_is_plugin(options->arguments[0]))
        return inspect_plugin(options->arguments[0]);
    if (policy_module_open(options->arguments[0], POLICY_LOCAL, &file, &err) < 0)
        return say_error(
            "%s%s", err.code == CHIMERA_EGUEST ? "Error parsing policy metadata: " : "", err.text);
    int code = print(&file, chimera_cli_is_given(options, "output"));
    policy_module_done(&file);
    return code;
}

static const char *const formats[] = {"yaml", NULL};

static const struct chimera_cli_option inspect_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FORMAT",
     .choices = formats,
     .help = "Output format; a table for people without it"},
    {.name = "show-signatures", .help = "Show the Sigstore signatures too (not supported yet)"},
    OPTION_SOURCES_PATH,
    OPTION_DOCKER_CONFIG,
    {0},
};

static const struct chimera_cli_argument inspect_arguments[] = {
    {.name = "uri_or_sha_prefix",
     .is_required = true,
     .help =
         "The policy: a path or URI of a WebAssembly module, the beginning of the SHA-256 of one "
         "in the store, or the path of a built plugin"},
    {0},
};

const struct chimera_cli_command command_inspect = {
    .name = "inspect",
    .about = "Show the metadata of a policy",
    .description = "Shows what the custom section io.kubewarden.metadata of a WebAssembly module "
                   "says: title and "
                   "other annotations, execution mode, whether the policy mutates, the Kubernetes "
                   "resources it is "
                   "for, and those it wants to read.\n"
                   "With --output yaml the whole document is printed with its defaults, as `kwctl "
                   "annotate` takes it.\n"
                   "Of a built plugin (.so) it shows what it was made from, and where its requests "
                   "begin: after its start, at its first read of input, or at its start, and why; "
                   "for that the start is run.",
    .options = inspect_options,
    .arguments = inspect_arguments,
    .run = run_inspect,
};
