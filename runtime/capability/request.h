/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - what a policy asks its host, in one normal form: what is asked, and its fields.
 *
 * A guest's payload may be written in several ways (guest-abis.md §5.2); whoever answers, records
 * or replays sees this form alone. Its names and the order of its fields are those of the
 * reference's `CallbackRequestType`, which recorded sessions have: what is optional and was not
 * said is null.
 */
#ifndef CHIMERA_CAPABILITY_REQUEST_H
#define CHIMERA_CAPABILITY_REQUEST_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* X(kind, tag, fields...): the fields in their order. */
#define CHIMERA_HOST_REQUEST_MAP(X)                                                               \
    X(CHIMERA_ASK_MANIFEST_DIGEST, "OciManifestDigest", "image")                                  \
    X(CHIMERA_ASK_MANIFEST, "OciManifest", "image")                                               \
    X(CHIMERA_ASK_MANIFEST_CONFIG, "OciManifestAndConfig", "image")                               \
    X(CHIMERA_ASK_VERIFY_KEYS, "SigstorePubKeyVerify", "image", "pub_keys", "annotations")        \
    X(CHIMERA_ASK_VERIFY_KEYLESS, "SigstoreKeylessVerify", "image", "keyless", "annotations")     \
    X(CHIMERA_ASK_VERIFY_PREFIX, "SigstoreKeylessPrefixVerify", "image", "keyless_prefix",        \
      "annotations")                                                                              \
    X(CHIMERA_ASK_VERIFY_GITHUB, "SigstoreGithubActionsVerify", "image", "owner", "repo",         \
      "annotations")                                                                              \
    X(CHIMERA_ASK_VERIFY_CERTIFICATE, "SigstoreCertificateVerify", "image", "certificate",        \
      "certificate_chain", "require_rekor_bundle", "annotations")                                 \
    X(CHIMERA_ASK_ADDRESSES, "DNSLookupHost", "host")                                             \
    X(CHIMERA_ASK_LIST_NAMESPACE, "KubernetesListResourceNamespace", "api_version", "kind",       \
      "namespace", "label_selector", "field_selector", "field_masks")                             \
    X(CHIMERA_ASK_LIST_ALL, "KubernetesListResourceAll", "api_version", "kind", "label_selector", \
      "field_selector", "field_masks")                                                            \
    X(CHIMERA_ASK_GET, "KubernetesGetResource", "api_version", "kind", "name", "namespace",       \
      "disable_cache", "field_masks")                                                             \
    X(CHIMERA_ASK_PLURAL, "KubernetesGetResourcePluralName", "api_version", "kind")               \
    X(CHIMERA_ASK_CAN_I, "KubernetesCanI", "request", "disable_cache")                            \
    X(CHIMERA_ASK_CERTIFICATE, "CryptoIsCertificateTrusted", "request")                           \
    /* Of Rego alone, and of ours: http.send. */                                                  \
    X(CHIMERA_ASK_HTTP, "RegoHttpSend", "request", "hosts")

enum chimera_host_request_kind {
#define X(kind, ...) kind,
    CHIMERA_HOST_REQUEST_MAP(X)
#undef X
        CHIMERA_ASK_COUNT
};

#define CHIMERA_HOST_REQUEST_FIELDS_MAX 6

struct chimera_host_request {
    enum chimera_host_request_kind kind;
    struct json_object *fields; /* an object, complete and in order; owned */
};

/* As recorded sessions name it. */
const char *chimera_host_request_tag(enum chimera_host_request_kind kind);
/* The names of its fields, NULL behind the last. */
const char *const *chimera_host_request_fields(enum chimera_host_request_kind kind);

/* The request of a guest's payload for the capability of this path (tree.h). Refuses in serde's
 * words. What is made is taken from the account, which may be NULL. */
int chimera_host_request_read(const char *path, struct chimera_slice payload,
                              struct chimera_account *account,
                              struct chimera_host_request *ret_request, struct chimera_error *err);

void chimera_host_request_end(struct chimera_host_request *request);

#endif
