/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/documents/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/json/tree.h"
#include "runtime/source/reference.h"

static void put_digest(const struct chimera_digest *digest, struct chimera_buffer *out)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(digest, hex);
    chimera_buffer_print(out, "\"digest\": {\"sha256\": \"%s\"}", hex);
}

static void put_text(const char *text, struct chimera_buffer *out)
{
    chimera_json_write_string(chimera_slice_of(text), out);
}

/* --- What was made --- */

static void put_subject(const char *name, const struct chimera_digest *digest,
                        struct chimera_buffer *out)
{
    chimera_buffer_print(out, "    {\"name\": \"%s\", ", name);
    put_digest(digest, out);
    chimera_buffer_byte(out, '}');
}

static void put_plugin(const struct chimera_bundle_plugin *plugin, struct chimera_buffer *out)
{
    for (size_t i = 0; i < CHIMERA_BUNDLE_PARTS; i++) {
        if (!plugin->file[i].is_there)
            continue;
        chimera_buffer_print(out, "    {\"name\": \"" CHIMERA_BUNDLE_PLUGINS "/%s.%s\", ",
                             plugin->stem, chimera_bundle_suffixes[i]);
        put_digest(&plugin->file[i].digest, out);
        chimera_buffer_text(out, "},\n");
    }
}

static void put_subjects(const struct chimera_bundle *bundle, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "  \"subject\": [\n");
    for (size_t i = 0; i < bundle->count; i++)
        put_plugin(&bundle->plugin[i], out);
    put_subject(CHIMERA_BUNDLE_POLICIES, &bundle->policies, out);
    chimera_buffer_text(out, ",\n");
    put_subject(CHIMERA_BUNDLE_SBOM, &bundle->sbom, out);
    chimera_buffer_text(out, "\n  ],\n");
}

/* --- Of what --- */

/* What has a scheme is a URI; a name relative to policies.yml is none. */
static void put_dependency(const struct chimera_bundle_plugin *plugin,
                           const struct chimera_bundle_module *module, struct chimera_buffer *out)
{
    struct chimera_shown_name shown;
    bool is_uri = strstr(module->reference, "://") && module->reference[0] != '.' &&
                  strncmp(module->reference, "file://.", strlen("file://.")) != 0;
    chimera_buffer_print(out, ",\n        {\"%s\": ", is_uri ? "uri" : "name");
    put_text(chimera_reference_show(module->reference, &shown), out);
    chimera_buffer_text(out, ", ");
    put_digest(&plugin->wasm, out);
    if (module->image)
        chimera_buffer_print(out, ", \"annotations\": {\"image\": \"%s\"}", module->image);
    chimera_buffer_byte(out, '}');
}

static void put_toolchains(const struct bundle_contents *contents, struct chimera_buffer *out)
{
    size_t count = 0;
    chimera_buffer_text(out, "      \"internalParameters\": {\"toolchains\": [");
    for (size_t i = 0; i < contents->bundle->count; i++) {
        size_t first = 0;
        while (strcmp(contents->manifest[first].toolchain, contents->manifest[i].toolchain) != 0)
            first++;
        if (first < i)
            continue;
        chimera_buffer_text(out, count++ > 0 ? ", " : "");
        put_text(contents->manifest[i].toolchain, out);
    }
    chimera_buffer_text(out, "]},\n");
}

static void put_definition(const struct bundle_contents *contents, struct chimera_buffer *out)
{
    const struct chimera_bundle *bundle = contents->bundle;
    chimera_buffer_text(out, "    \"buildDefinition\": {\n"
                             "      \"buildType\": \"" BUNDLE_BUILD_TYPE "\",\n"
                             "      \"externalParameters\": {\"policies\": {"
                             "\"name\": \"" CHIMERA_BUNDLE_POLICIES "\", ");
    put_digest(contents->source, out);
    chimera_buffer_text(out, "}},\n");
    put_toolchains(contents, out);
    chimera_buffer_text(out, "      \"resolvedDependencies\": [\n"
                             "        {\"name\": \"" CHIMERA_BUNDLE_POLICIES "\", ");
    put_digest(contents->source, out);
    chimera_buffer_byte(out, '}');
    for (size_t i = 0; i < bundle->count; i++)
        for (size_t k = 0; k < bundle->plugin[i].module_count; k++)
            put_dependency(&bundle->plugin[i], &bundle->plugin[i].module[k], out);
    chimera_buffer_text(out, "\n      ]\n    },\n");
}

/* --- By whom --- */

static void put_run(const struct bundle_contents *contents, const struct bundle_tool *tools,
                    size_t tool_count, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "    \"runDetails\": {\n      \"builder\": {\n        \"id\": ");
    put_text(contents->builder, out);
    chimera_buffer_text(out, ",\n        \"version\": {\"chimera\": \"" CHIMERA_VERSION "\"},\n"
                             "        \"builderDependencies\": [");
    for (size_t i = 0; i < tool_count; i++) {
        char purl[160];
        snprintf(purl, sizeof(purl), "pkg:generic/%s@%s", tools[i].name, tools[i].version);
        chimera_buffer_print(out, "%s\n          {\"uri\": ", i > 0 ? "," : "");
        put_text(purl, out);
        chimera_buffer_byte(out, '}');
    }
    chimera_buffer_text(out, tool_count ? "\n        ]\n      }\n    }\n" : "]\n      }\n    }\n");
}

int bundle_provenance_print(const struct bundle_contents *contents, struct chimera_buffer *out,
                            struct chimera_error *err)
{
    struct bundle_tool *tools = NULL;
    size_t tool_count = 0;
    int code = bundle_tools_of(contents, &tools, &tool_count, err);
    if (code < 0)
        return code;
    chimera_buffer_text(out, "{\n  \"_type\": \"" BUNDLE_STATEMENT_TYPE "\",\n");
    put_subjects(contents->bundle, out);
    chimera_buffer_text(out, "  \"predicateType\": \"" BUNDLE_PREDICATE_TYPE "\",\n"
                             "  \"predicate\": {\n");
    put_definition(contents, out);
    put_run(contents, tools, tool_count, out);
    chimera_buffer_text(out, "  }\n}\n");
    free(tools);
    return out->failed
               ? chimera_fail(err, out->failed, "cannot write " CHIMERA_BUNDLE_PROVENANCE ": %s",
                              chimera_code_text(out->failed))
               : CHIMERA_OK;
}
