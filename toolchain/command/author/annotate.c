/* SPDX-License-Identifier: Apache-2.0 */
/* annotate.c - `chimera annotate`: an author's metadata into a module. */
#include <string.h>

#include "compiler/lower/read.h"
#include "compiler/wasm/annotate.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/policy/metadata.h"
#include "toolchain/command/author/host_calls.h"
#include "toolchain/command/author/protocol.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/files.h"

#define MODULE_MAX ((size_t)512 << 20)
#define WARNING_MAX ((size_t)1 << 20)
#define ANNOTATION_VERSION "io.kubewarden.kwctl"
#define ANNOTATION_USAGE "io.kubewarden.policy.usage"
#define WRONG_MODE "Wrong value inside of policy's metadata for 'executionMode'. "

struct annotating {
    const struct chimera_cli_options *options;
    const char *path; /* of the module */
    struct chimera_buffer usage, wasm, section, out;
    struct chimera_module *module;
    struct chimera_metadata metadata;
    struct json_object *detected;
};

static int read_files(struct annotating *annotating, struct chimera_error *err)
{
    const char *usage = chimera_cli_value(annotating->options, "usage-path");
    struct chimera_error why = {0};
    int code = CHIMERA_OK;
    if (usage)
        code = files_read_text(usage, "Error reading usage file", &annotating->usage, err);
    if (code == 0)
        code = files_read(annotating->path, "Error reading wasm file", &annotating->wasm, err);
    if (code < 0)
        return code;
    code = chimera_module_read(annotating->path, chimera_buffer_slice(&annotating->wasm),
                               &annotating->module, &why);
    if (code < 0)
        return chimera_fail(err, code, "Error parsing wasm module: %.900s", why.text);
    annotating->detected = host_calls_detect(annotating->module);
    return annotating->detected ? CHIMERA_OK : chimera_fail_memory(err);
}

static int read_metadata(struct annotating *annotating, struct chimera_error *err)
{
    const char *path = chimera_cli_value(annotating->options, "metadata-path");
    struct chimera_buffer text;
    struct chimera_error why = {0};
    chimera_buffer_init(&text, FILES_TEXT_MAX);
    int code = files_read(path, "Error opening metadata file", &text, err);
    if (code == 0) {
        code =
            chimera_metadata_parse_yaml(chimera_buffer_slice(&text), &annotating->metadata, &why);
        if (code < 0)
            chimera_fail(err, code, "Error unmarshalling metadata %.900s", why.text);
    }
    chimera_buffer_free(&text);
    return code;
}

/* Which protocol the policy speaks, and that the execution mode can be right at all. */
static int find_protocol(const struct annotating *annotating, enum chimera_protocol *ret_protocol,
                         struct chimera_error *err)
{
    enum chimera_mode mode = annotating->metadata.mode;
    bool is_rego = chimera_module_exports_prefix(annotating->module, "opa_");
    struct chimera_error why = {0};
    *ret_protocol = CHIMERA_PROTOCOL_UNKNOWN;
    if ((mode == CHIMERA_MODE_OPA || mode == CHIMERA_MODE_GATEKEEPER) && !is_rego)
        return chimera_fail(err, CHIMERA_EINVAL,
                            WRONG_MODE "The policy has not been created using Rego");
    if (mode != CHIMERA_MODE_WAPC)
        return CHIMERA_OK;
    if (is_rego)
        return chimera_fail(err, CHIMERA_EINVAL,
                            WRONG_MODE "This policy has been created using Rego");
    int code = protocol_ask(annotating->path, ret_protocol, &why);
    if (code < 0)
        return chimera_fail(err, code, "Error while detecting Kubewarden protocol version: %.900s",
                            why.text);
    return code;
}

static int complete_metadata(struct annotating *annotating, struct chimera_error *err)
{
    struct chimera_metadata *metadata = &annotating->metadata;
    enum chimera_protocol protocol;
    struct chimera_error why = {0};
    int code = find_protocol(annotating, &protocol, err);
    if (code < 0)
        return code;
    code = chimera_metadata_set_protocol(metadata, protocol);
    if (code == 0)
        code = chimera_metadata_set_annotation(metadata, ANNOTATION_VERSION,
                                               CHIMERA_SLICE(CHIMERA_KUBEWARDEN_VERSION));
    if (code == 0 && chimera_cli_is_given(annotating->options, "usage-path"))
        code = chimera_metadata_set_annotation(metadata, ANNOTATION_USAGE,
                                               chimera_buffer_slice(&annotating->usage));
    if (code < 0)
        return chimera_fail_memory(err);
    code = chimera_metadata_check(metadata, &why);
    return code == 0 ? code : chimera_fail(err, code, "Metadata is invalid: %.900s", why.text);
}

static void warn_of(struct json_object *some, struct json_object *others, const char *what)
{
    struct chimera_buffer set;
    chimera_buffer_init(&set, WARNING_MAX);
    if (host_calls_difference(some, others, &set) && !set.failed)
        say_warning("host capabilities %s capabilities=%.*s", what, (int)set.size, set.data);
    chimera_buffer_free(&set);
}

static int write_module(struct annotating *annotating, struct chimera_error *err)
{
    chimera_metadata_write(&annotating->metadata, &annotating->section);
    if (annotating->section.failed)
        return chimera_fail(err, annotating->section.failed, "the metadata: %s",
                            chimera_code_text(annotating->section.failed));
    int code = chimera_module_annotate(
        annotating->path, chimera_buffer_slice(&annotating->wasm), CHIMERA_METADATA_SECTION,
        chimera_buffer_slice(&annotating->section), &annotating->out, err);
    if (code == 0)
        code = chimera_file_write(chimera_cli_value(annotating->options, "output-path"),
                                  chimera_buffer_slice(&annotating->out), CHIMERA_FILE_PLAIN, err);
    return code;
}

static int run_annotate(const struct chimera_cli_options *options)
{
    struct annotating annotating = {.options = options, .path = options->arguments[0]};
    struct chimera_error err = {0};
    chimera_buffer_init(&annotating.usage, FILES_TEXT_MAX);
    chimera_buffer_init(&annotating.wasm, MODULE_MAX);
    chimera_buffer_init(&annotating.section, MODULE_MAX);
    chimera_buffer_init(&annotating.out, 2 * MODULE_MAX);
    int code = read_files(&annotating, &err);
    if (code == 0)
        code = read_metadata(&annotating, &err);
    if (code == 0)
        code = complete_metadata(&annotating, &err);
    if (code == 0) {
        struct json_object *declared = NULL;
        json_object_object_get_ex(annotating.metadata.tree, "hostCapabilities", &declared);
        warn_of(annotating.detected, declared, "used by the policy but not declared in metadata");
        warn_of(declared, annotating.detected,
                "declared in metadata but not detected in the policy");
        code = write_module(&annotating, &err);
    }
    json_object_put(annotating.detected);
    chimera_metadata_done(&annotating.metadata);
    chimera_module_free(annotating.module);
    chimera_buffer_free(&annotating.out);
    chimera_buffer_free(&annotating.section);
    chimera_buffer_free(&annotating.wasm);
    chimera_buffer_free(&annotating.usage);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

static const struct chimera_cli_option annotate_options[] = {
    {.name = "metadata-path",
     .letter = 'm',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "PATH",
     .help = "YAML file with the metadata"},
    {.name = "output-path",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "PATH",
     .help = "File to write the annotated module to; it may be the module itself"},
    {.name = "usage-path",
     .letter = 'u',
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "Markdown file that says how the policy is used; becomes an annotation"},
    {0},
};

static const struct chimera_cli_argument annotate_arguments[] = {
    {.name = "wasm-path", .is_required = true, .help = "The WebAssembly module"},
    {0},
};

const struct chimera_cli_command command_annotate = {
    .name = "annotate",
    .about = "Add Kubewarden metadata to a WebAssembly module",
    .description =
        "Checks the metadata and writes the module with them, as its custom section "
        "io.kubewarden.metadata; metadata that it had are replaced, all else stays as it is.\n"
        "A waPC policy is built and asked which version of the protocol it speaks. A module that "
        "imports call of kubewarden:javy/host, as JavaScript's toolchain makes it, imports it from "
        "host afterwards.\n"
        "There is a warning when the texts in the module look as if it used other host "
        "capabilities than the metadata's hostCapabilities says.",
    .options = annotate_options,
    .arguments = annotate_arguments,
    .run = run_annotate,
};
