/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/verify/rewrite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/json/tree.h"
#include "toolchain/command/bundle/documents/provenance.h"
#include "toolchain/command/bundle/documents/sbom.h"

static const char *text_at(struct json_object *tree, const char *const *keys)
{
    while (*keys)
        tree = chimera_json_member(tree, *keys++);
    return json_object_is_type(tree, json_type_string) ? json_object_get_string(tree) : NULL;
}

/* What only the documents know: the time, who built, and the digest of policies.yml as given. */
static bool read_rest(struct bundle_chain *chain, struct chimera_digest *source,
                      struct bundle_contents *contents)
{
    static const char *const created[] = {"creationInfo", "created", NULL};
    static const char *const builder[] = {"predicate", "runDetails", "builder", "id", NULL};
    static const char *const given[] = {
        "predicate", "buildDefinition", "externalParameters", "policies", "digest", "sha256", NULL};
    struct tm parts = {0};
    const char *moment = text_at(chain->sbom, created);
    const char *hex = text_at(chain->provenance, given);
    const char *end = moment ? strptime(moment, "%Y-%m-%dT%H:%M:%SZ", &parts) : NULL;
    contents->builder = text_at(chain->provenance, builder);
    if (!end || *end)
        bundle_chain_add(chain, CHIMERA_BUNDLE_SBOM, "says no time that can be read");
    if (!contents->builder || !hex || !chimera_digest_parse(chimera_slice_of(hex), source))
        bundle_chain_add(chain, CHIMERA_BUNDLE_PROVENANCE,
                         "does not say who built, or of which " CHIMERA_BUNDLE_POLICIES);
    contents->seconds = (int64_t)timegm(&parts);
    return !chimera_problems_any(&chain->problems);
}

static int compare(struct bundle_chain *chain, const char *name, int printed,
                   struct chimera_buffer *text, const struct chimera_digest *wanted)
{
    struct chimera_digest digest;
    int code = printed;
    if (code == CHIMERA_OK)
        code = chimera_digest_of(chimera_buffer_slice(text), &digest);
    if (code == CHIMERA_OK && memcmp(&digest, wanted, sizeof(digest)) != 0)
        bundle_chain_add(chain, name, "has other bytes than the same `chimera` writes");
    chimera_buffer_free(text);
    return code;
}

int bundle_rewrite_check(struct bundle_chain *chain, struct chimera_error *err)
{
    struct chimera_digest source;
    struct bundle_contents contents = {
        .bundle = &chain->bundle, .manifest = chain->manifest, .source = &source};
    struct chimera_buffer text;
    if (!read_rest(chain, &source, &contents))
        return CHIMERA_OK;
    chimera_buffer_init(&text, CHIMERA_BUNDLE_DOCUMENT_MAX);
    int code = compare(chain, CHIMERA_BUNDLE_SBOM, bundle_sbom_print(&contents, &text, err), &text,
                       &chain->bundle.sbom);
    if (code == CHIMERA_OK)
        code = compare(chain, CHIMERA_BUNDLE_PROVENANCE,
                       bundle_provenance_print(&contents, &text, err), &text,
                       &chain->bundle.provenance);
    if (code < 0)
        return code;
    chimera_bundle_print(&chain->bundle, &text);
    code = compare(chain, CHIMERA_BUNDLE_MANIFEST, text.failed, &text, &chain->bundle.self);
    return code < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}
