/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/documents/sbom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/json/tree.h"
#include "toolchain/command/bundle/documents/module_facts.h"

#define BUNDLE "SPDXRef-Bundle"
#define PURL_MAX ((size_t)64 * 1024)

struct package {              /* borrowed; NULL: not stated */
    const char *id, *id_rest; /* "SPDXRef-Module-" and a digest */
    const char *name, *version, *file_name, *license, *source, *url;
    const char *purpose; /* PrimaryPackagePurpose */
    const struct chimera_digest *digest;
    const struct chimera_bundle_plugin *modules; /* whose references it is had by */
};

static void put_member(const char *key, const char *value, struct chimera_buffer *out)
{
    if (!value)
        return;
    chimera_buffer_print(out, ",\n      \"%s\": ", key);
    chimera_json_write_string(chimera_slice_of(value), out);
}

static void put_digest(const struct chimera_digest *digest, struct chimera_buffer *out)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(digest, hex);
    chimera_buffer_print(out,
                         ",\n      \"checksums\": [{\"algorithm\": \"SHA256\", "
                         "\"checksumValue\": \"%s\"}]",
                         hex);
}

static void put_license(const char *license, struct chimera_buffer *out)
{
    bool is_known = license && bundle_license_is_known(license);
    put_member("licenseDeclared", is_known ? license : "NOASSERTION", out);
    if (license && !is_known)
        put_member("licenseComments", license, out);
    put_member("licenseConcluded", "NOASSERTION", out);
}

/* Where it can be fetched by anybody's tools: no registry, and no address with something in it that
 * may be a secret. */
static const char *location_of(const struct chimera_bundle_plugin *plugin)
{
    for (size_t i = 0; plugin && i < plugin->module_count; i++) {
        const char *reference = plugin->module[i].reference;
        bool is_web =
            strncmp(reference, "https://", 8) == 0 || strncmp(reference, "http://", 7) == 0;
        if (is_web && !strpbrk(reference, "?#@"))
            return reference;
    }
    return "NOASSERTION";
}

static void put_purls(const struct chimera_bundle_plugin *plugin, struct chimera_buffer *out)
{
    const char *before = ",\n      \"externalRefs\": [";
    bool is_any = false;
    for (size_t i = 0; plugin && i < plugin->module_count; i++) {
        struct chimera_buffer purl;
        chimera_buffer_init(&purl, PURL_MAX);
        bundle_purl_print(&plugin->module[i], &purl);
        if (purl.failed && !out->failed)
            out->failed = purl.failed;
        if (purl.size > 0) {
            chimera_buffer_print(out,
                                 "%s\n        {\"referenceCategory\": \"PACKAGE-MANAGER\", "
                                 "\"referenceType\": \"purl\", \"referenceLocator\": ",
                                 is_any ? "," : before);
            chimera_json_write_string(chimera_buffer_slice(&purl), out);
            chimera_buffer_byte(out, '}');
            is_any = true;
        }
        chimera_buffer_free(&purl);
    }
    chimera_buffer_text(out, is_any ? "\n      ]" : "");
}

static bool is_address(const char *text)
{
    return text && (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0) &&
           !strpbrk(text, " \t\r\n\"<>");
}

static void put_package(const struct package *package, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "\n    {\n      \"SPDXID\": \"%s%s\"", package->id,
                         package->id_rest ? package->id_rest : "");
    put_member("name", package->name, out);
    put_member("versionInfo", package->version, out);
    put_member("packageFileName", package->file_name, out);
    put_member("downloadLocation", location_of(package->modules), out);
    chimera_buffer_text(out, ",\n      \"filesAnalyzed\": false");
    if (package->digest)
        put_digest(package->digest, out);
    put_license(package->license, out);
    put_member("copyrightText", "NOASSERTION", out);
    put_member("homepage", is_address(package->url) ? package->url : NULL, out);
    put_member("sourceInfo", package->source, out);
    put_purls(package->modules, out);
    put_member("primaryPackagePurpose", package->purpose, out);
    chimera_buffer_text(out, "\n    }");
}

static void put_relation(const char *one, const char *kind, const char *other,
                         const char *other_rest, struct chimera_buffer *out)
{
    chimera_buffer_print(out,
                         ",\n    {\"spdxElementId\": \"%s\", \"relationshipType\": \"%s\", "
                         "\"relatedSpdxElement\": \"%s%s\"}",
                         one, kind, other, other_rest);
}

/* --- Modules and plugins --- */

/* A module may have become two plugins, and is one package. */
static bool is_first_of_module(const struct chimera_bundle *bundle, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (memcmp(&bundle->plugin[i].wasm, &bundle->plugin[at].wasm,
                   sizeof(struct chimera_digest)) == 0)
            return false;
    return true;
}

static void put_module(const struct bundle_contents *contents, size_t at,
                       struct chimera_buffer *out)
{
    const struct chimera_bundle_plugin *plugin = &contents->bundle->plugin[at];
    struct bundle_module_facts facts;
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(&plugin->wasm, hex);
    bundle_module_facts_read(&contents->manifest[at], &facts);
    const struct package package = {.id = BUNDLE_SBOM_MODULE,
                                    .id_rest = hex,
                                    .name = facts.title ? facts.title : "module",
                                    .version = facts.version,
                                    .license = facts.license,
                                    .source = facts.source,
                                    .url = facts.url,
                                    .purpose = "APPLICATION",
                                    .digest = &plugin->wasm,
                                    .modules = plugin};
    chimera_buffer_byte(out, ',');
    put_package(&package, out);
    bundle_module_facts_done(&facts);
}

static void put_plugin(const struct chimera_bundle_plugin *plugin, struct chimera_buffer *out)
{
    char name[CHIMERA_BUNDLE_STEM_MAX + 32];
    snprintf(name, sizeof(name), CHIMERA_BUNDLE_PLUGINS "/%s.so", plugin->stem);
    const struct package package = {.id = BUNDLE_SBOM_PLUGIN,
                                    .id_rest = plugin->stem,
                                    .name = name,
                                    .file_name = name,
                                    .purpose = "LIBRARY",
                                    .digest = &plugin->file[CHIMERA_BUNDLE_PART_SO].digest};
    chimera_buffer_byte(out, ',');
    put_package(&package, out);
}

static void put_plugin_relations(const struct chimera_bundle_plugin *plugin,
                                 struct chimera_buffer *out)
{
    char id[sizeof(BUNDLE_SBOM_PLUGIN) + CHIMERA_BUNDLE_STEM_MAX], hex[CHIMERA_DIGEST_HEX];
    snprintf(id, sizeof(id), BUNDLE_SBOM_PLUGIN "%s", plugin->stem);
    chimera_digest_hex(&plugin->wasm, hex);
    put_relation(BUNDLE, "CONTAINS", id, "", out);
    put_relation(id, "GENERATED_FROM", BUNDLE_SBOM_MODULE, hex, out);
}

/* --- Tools --- */

/* SPDX's identifiers have letters, digits, . and - only. */
static void name_tool(const struct bundle_tool *tool, char *ret_id, size_t room)
{
    snprintf(ret_id, room, "SPDXRef-Tool-%s-%s", tool->name, tool->version);
    for (char *at = ret_id; *at; at++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-", *at))
            *at = '-';
}

static void put_tool(const struct bundle_tool *tool, struct chimera_buffer *out)
{
    char id[128];
    name_tool(tool, id, sizeof(id));
    const struct package package = {
        .id = id, .name = tool->name, .version = tool->version, .purpose = "APPLICATION"};
    chimera_buffer_byte(out, ',');
    put_package(&package, out);
}

/* --- The document --- */

static void put_body(const struct bundle_contents *contents, const struct bundle_tool *tools,
                     size_t tool_count, struct chimera_buffer *out)
{
    const struct chimera_bundle *bundle = contents->bundle;
    const struct package root = {.id = BUNDLE, .name = "bundle", .purpose = "ARCHIVE"};
    const struct package policies = {.id = BUNDLE_SBOM_POLICIES,
                                     .name = CHIMERA_BUNDLE_POLICIES,
                                     .file_name = CHIMERA_BUNDLE_POLICIES,
                                     .purpose = "FILE",
                                     .digest = &bundle->policies};
    char id[128];
    put_package(&root, out);
    chimera_buffer_byte(out, ',');
    put_package(&policies, out);
    for (size_t i = 0; i < bundle->count; i++)
        if (is_first_of_module(bundle, i))
            put_module(contents, i, out);
    for (size_t i = 0; i < bundle->count; i++)
        put_plugin(&bundle->plugin[i], out);
    for (size_t i = 0; i < tool_count; i++)
        put_tool(&tools[i], out);
    chimera_buffer_text(out, "\n  ],\n  \"relationships\": [\n    {\"spdxElementId\": "
                             "\"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", "
                             "\"relatedSpdxElement\": \"" BUNDLE "\"}");
    put_relation(BUNDLE, "CONTAINS", BUNDLE_SBOM_POLICIES, "", out);
    for (size_t i = 0; i < bundle->count; i++)
        put_plugin_relations(&bundle->plugin[i], out);
    for (size_t i = 0; i < tool_count; i++) {
        name_tool(&tools[i], id, sizeof(id));
        put_relation(id, "BUILD_TOOL_OF", BUNDLE, "", out);
    }
    chimera_buffer_text(out, "\n  ]\n}\n");
}

/* The namespace must be another for another document, so it is the digest of all the rest. */
static void put_head(const struct bundle_contents *contents, const struct chimera_digest *rest,
                     struct chimera_buffer *out)
{
    char hex[CHIMERA_DIGEST_HEX], created[BUNDLE_MOMENT_TEXT];
    chimera_digest_hex(rest, hex);
    bundle_moment_write(contents->seconds, created);
    chimera_buffer_print(out,
                         "{\n  \"spdxVersion\": \"SPDX-2.3\",\n"
                         "  \"dataLicense\": \"CC0-1.0\",\n"
                         "  \"SPDXID\": \"SPDXRef-DOCUMENT\",\n"
                         "  \"name\": \"chimera-bundle\",\n"
                         "  \"documentNamespace\": \"urn:chimera:bundle:sbom:%s\",\n"
                         "  \"creationInfo\": {\"created\": \"%s\", \"creators\": "
                         "[\"Tool: chimera-" CHIMERA_VERSION "\"]},\n"
                         "  \"packages\": [",
                         hex, created);
}

int bundle_sbom_print(const struct bundle_contents *contents, struct chimera_buffer *out,
                      struct chimera_error *err)
{
    static const struct chimera_digest none;
    struct bundle_tool *tools = NULL;
    size_t tool_count = 0;
    struct chimera_digest digest;
    struct chimera_buffer body;
    int code = bundle_tools_of(contents, &tools, &tool_count, err);
    if (code < 0)
        return code;
    chimera_buffer_init(&body, CHIMERA_BUNDLE_DOCUMENT_MAX);
    put_head(contents, &none, &body); /* the time counts, too */
    size_t head = body.size;
    put_body(contents, tools, tool_count, &body);
    free(tools);
    code = body.failed ? body.failed : chimera_digest_of(chimera_buffer_slice(&body), &digest);
    if (code == CHIMERA_OK) {
        put_head(contents, &digest, out);
        chimera_buffer_append(out, chimera_slice_behind(chimera_buffer_slice(&body), head));
        code = out->failed;
    }
    chimera_buffer_free(&body);
    return code < 0 ? chimera_fail(err, code, "cannot write " CHIMERA_BUNDLE_SBOM ": %s",
                                   chimera_code_text(code))
                    : CHIMERA_OK;
}
