/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/verify/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/source/reference.h"
#include "toolchain/command/bundle/documents/provenance.h"
#include "toolchain/command/bundle/documents/sbom.h"

/* --- A list that must be there, all of it and no other --- */

struct claim {
    char *name; /* owned */
    char hex[CHIMERA_DIGEST_HEX];
    bool is_made;
};

struct claims {
    struct bundle_chain *chain;
    const char *file, *what; /* the document, and what is claimed there, for messages */
    struct claim *list;      /* owned; by name and digest */
    size_t count;
};

static int claims_begin(struct claims *claims, size_t most)
{
    claims->list = calloc(most + 1, sizeof(*claims->list));
    return claims->list ? CHIMERA_OK : CHIMERA_ENOMEM;
}

static int claims_want(struct claims *claims, const char *before, const char *name,
                       const char *behind, const struct chimera_digest *digest)
{
    struct claim *claim = &claims->list[claims->count];
    chimera_digest_hex(digest, claim->hex);
    if (asprintf(&claim->name, "%s%s%s", before, name, behind) < 0) {
        claim->name = NULL;
        return CHIMERA_ENOMEM;
    }
    claims->count++;
    return CHIMERA_OK;
}

static int compare_claims(const void *a, const void *b)
{
    const struct claim *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    return order ? order : strcmp(one->hex, other->hex);
}

/* One that is wanted twice is claimed once, as the documents do it. */
static void claims_sort(struct claims *claims)
{
    size_t kept = 0;
    if (claims->count > 0)
        qsort(claims->list, claims->count, sizeof(*claims->list), compare_claims);
    for (size_t i = 0; i < claims->count; i++) {
        if (kept > 0 && compare_claims(&claims->list[kept - 1], &claims->list[i]) == 0)
            free(claims->list[i].name);
        else
            claims->list[kept++] = claims->list[i];
    }
    claims->count = kept;
}

static void claims_take(struct claims *claims, const char *name, const char *hex)
{
    struct claim wanted = {.name = (char *)(uintptr_t)(name ? name : "")};
    struct claim *claim = NULL;
    snprintf(wanted.hex, sizeof(wanted.hex), "%s", hex ? hex : "");
    if (name && hex && strlen(hex) == sizeof(wanted.hex) - 1 && claims->count > 0)
        claim = bsearch(&wanted, claims->list, claims->count, sizeof(wanted), compare_claims);
    if (claim && !claim->is_made)
        claim->is_made = true;
    else
        bundle_chain_add(claims->chain, claims->file, "has a %s that the bundle has not: %.200s",
                         claims->what, wanted.name);
}

static void claims_end(struct claims *claims)
{
    for (size_t i = 0; i < claims->count; i++)
        if (!claims->list[i].is_made)
            bundle_chain_add(claims->chain, claims->file,
                             "lacks a %s, or has another digest for it: %.200s", claims->what,
                             claims->list[i].name);
}

static void claims_done(struct claims *claims)
{
    for (size_t i = 0; i < claims->count; i++)
        free(claims->list[i].name);
    free(claims->list);
}

/* --- JSON --- */

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static struct json_object *list_of(struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    return json_object_is_type(value, json_type_array) ? value : NULL;
}

static size_t length_of(struct json_object *list)
{
    return list ? json_object_array_length(list) : 0;
}

static void check_text(struct bundle_chain *chain, const char *file, struct json_object *object,
                       const char *key, const char *wanted)
{
    const char *text = text_of(object, key);
    if (!text || strcmp(text, wanted) != 0)
        bundle_chain_add(chain, file, "\"%s\" is not \"%s\"", key, wanted);
}

/* --- Provenance --- */

static int want_subjects(const struct chimera_bundle *bundle, struct claims *claims)
{
    int code = claims_begin(claims, bundle->count * CHIMERA_BUNDLE_PARTS + 2);
    for (size_t i = 0; i < bundle->count; i++)
        for (size_t k = 0; k < CHIMERA_BUNDLE_PARTS && code == CHIMERA_OK; k++) {
            char name[CHIMERA_BUNDLE_STEM_MAX + 16];
            snprintf(name, sizeof(name), "%s.%s", bundle->plugin[i].stem,
                     chimera_bundle_suffixes[k]);
            if (bundle->plugin[i].file[k].is_there)
                code = claims_want(claims, CHIMERA_BUNDLE_PLUGINS "/", name, "",
                                   &bundle->plugin[i].file[k].digest);
        }
    if (code == CHIMERA_OK)
        code = claims_want(claims, "", CHIMERA_BUNDLE_POLICIES, "", &bundle->policies);
    if (code == CHIMERA_OK)
        code = claims_want(claims, "", CHIMERA_BUNDLE_SBOM, "", &bundle->sbom);
    return code;
}

static int want_modules(const struct chimera_bundle *bundle, struct claims *claims)
{
    size_t count = 0;
    for (size_t i = 0; i < bundle->count; i++)
        count += bundle->plugin[i].module_count;
    int code = claims_begin(claims, count);
    for (size_t i = 0; i < bundle->count; i++)
        for (size_t k = 0; k < bundle->plugin[i].module_count && code == CHIMERA_OK; k++) {
            struct chimera_shown_name shown;
            code = claims_want(
                claims, "", chimera_reference_show(bundle->plugin[i].module[k].reference, &shown),
                "", &bundle->plugin[i].wasm);
        }
    return code;
}

/* Descriptors with a name, or with a URI in its place, and a digest. */
static void take_descriptors(struct claims *claims, struct json_object *list)
{
    claims_sort(claims);
    for (size_t i = 0; i < length_of(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        const char *uri = text_of(row, "uri"), *name = uri ? uri : text_of(row, "name");
        const char *hex = text_of(chimera_json_member(row, "digest"), "sha256");
        claims_take(claims, name, hex);
    }
    claims_end(claims);
}

/* policies.yml as it was given is the first; nobody has its bytes here. */
static struct json_object *modules_of(struct bundle_chain *chain, struct json_object *definition)
{
    struct json_object *list = list_of(definition, "resolvedDependencies");
    struct json_object *first = list ? json_object_array_get_idx(list, 0) : NULL;
    const char *name = text_of(first, "name");
    struct json_object *modules = json_object_new_array();
    if (!name || strcmp(name, CHIMERA_BUNDLE_POLICIES) != 0)
        bundle_chain_add(chain, CHIMERA_BUNDLE_PROVENANCE,
                         "does not name " CHIMERA_BUNDLE_POLICIES " as what it was made of");
    for (size_t i = 1; i < length_of(list); i++)
        json_object_array_add(modules, json_object_get(json_object_array_get_idx(list, i)));
    return modules;
}

static bool has_text(struct json_object *list, const char *wanted)
{
    for (size_t i = 0; i < length_of(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        if (json_object_is_type(row, json_type_string) &&
            strcmp(json_object_get_string(row), wanted) == 0)
            return true;
    }
    return false;
}

static void check_toolchains(struct bundle_chain *chain, struct json_object *definition)
{
    struct json_object *list =
        list_of(chimera_json_member(definition, "internalParameters"), "toolchains");
    for (size_t i = 0; i < chain->bundle.count; i++) {
        const char *toolchain = chain->manifest[i].toolchain;
        if (!toolchain || has_text(list, toolchain))
            continue;
        bundle_chain_add(chain, CHIMERA_BUNDLE_PROVENANCE,
                         "does not name the toolchain of %s.so: %.200s",
                         chain->bundle.plugin[i].stem, toolchain);
        return;
    }
}

int bundle_claims_check_provenance(struct bundle_chain *chain, struct chimera_error *err)
{
    struct claims subjects = {.chain = chain, .file = CHIMERA_BUNDLE_PROVENANCE, .what = "subject"};
    struct claims modules = {
        .chain = chain, .file = CHIMERA_BUNDLE_PROVENANCE, .what = "dependency"};
    struct json_object *predicate = chimera_json_member(chain->provenance, "predicate");
    struct json_object *definition = chimera_json_member(predicate, "buildDefinition");
    int code = want_subjects(&chain->bundle, &subjects);
    if (code == CHIMERA_OK)
        code = want_modules(&chain->bundle, &modules);
    if (code == CHIMERA_OK) {
        CHIMERA_JSON struct json_object *list = modules_of(chain, definition);
        check_text(chain, CHIMERA_BUNDLE_PROVENANCE, chain->provenance, "_type",
                   BUNDLE_STATEMENT_TYPE);
        check_text(chain, CHIMERA_BUNDLE_PROVENANCE, chain->provenance, "predicateType",
                   BUNDLE_PREDICATE_TYPE);
        check_text(chain, CHIMERA_BUNDLE_PROVENANCE, definition, "buildType", BUNDLE_BUILD_TYPE);
        take_descriptors(&subjects, list_of(chain->provenance, "subject"));
        take_descriptors(&modules, list);
        check_toolchains(chain, definition);
    }
    claims_done(&subjects);
    claims_done(&modules);
    return code < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}

/* --- SBOM --- */

static int want_packages(const struct chimera_bundle *bundle, struct claims *claims)
{
    int code = claims_begin(claims, 2 * bundle->count + 1);
    if (code == CHIMERA_OK)
        code = claims_want(claims, "", BUNDLE_SBOM_POLICIES, "", &bundle->policies);
    for (size_t i = 0; i < bundle->count && code == CHIMERA_OK; i++) {
        const struct chimera_bundle_plugin *plugin = &bundle->plugin[i];
        char hex[CHIMERA_DIGEST_HEX];
        chimera_digest_hex(&plugin->wasm, hex);
        code = claims_want(claims, BUNDLE_SBOM_MODULE, hex, "", &plugin->wasm);
        if (code == CHIMERA_OK)
            code = claims_want(claims, BUNDLE_SBOM_PLUGIN, plugin->stem, "",
                               &plugin->file[CHIMERA_BUNDLE_PART_SO].digest);
    }
    return code;
}

static const char *checksum_of(struct json_object *package)
{
    struct json_object *list = list_of(package, "checksums");
    for (size_t i = 0; i < length_of(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        const char *algorithm = text_of(row, "algorithm");
        if (algorithm && strcmp(algorithm, "SHA256") == 0)
            return text_of(row, "checksumValue");
    }
    return NULL;
}

/* Packages of other kinds, as the tools, are not in the bundle. */
static bool is_of_bundle(const char *id)
{
    return id && (strcmp(id, BUNDLE_SBOM_POLICIES) == 0 ||
                  strncmp(id, BUNDLE_SBOM_MODULE, strlen(BUNDLE_SBOM_MODULE)) == 0 ||
                  strncmp(id, BUNDLE_SBOM_PLUGIN, strlen(BUNDLE_SBOM_PLUGIN)) == 0);
}

int bundle_claims_check_sbom(struct bundle_chain *chain, struct chimera_error *err)
{
    struct claims packages = {.chain = chain, .file = CHIMERA_BUNDLE_SBOM, .what = "package"};
    struct json_object *list = list_of(chain->sbom, "packages");
    int code = want_packages(&chain->bundle, &packages);
    if (code == CHIMERA_OK) {
        check_text(chain, CHIMERA_BUNDLE_SBOM, chain->sbom, "spdxVersion", "SPDX-2.3");
        claims_sort(&packages);
        for (size_t i = 0; i < length_of(list); i++) {
            struct json_object *package = json_object_array_get_idx(list, i);
            const char *id = text_of(package, "SPDXID");
            if (is_of_bundle(id))
                claims_take(&packages, id, checksum_of(package));
        }
        claims_end(&packages);
    }
    claims_done(&packages);
    return code < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}
