/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - a client of OCI registries (cli-and-distribution.md §3; distribution-spec 1.1).
 *
 * One struct speaks to the repositories of one host with one login. It authenticates when a
 * registry asks, keeps tokens by scope, and checks every digest that it was told. One thread.
 */
#ifndef CHIMERA_COMPILER_FETCH_REGISTRY_H
#define CHIMERA_COMPILER_FETCH_REGISTRY_H

#include "compiler/fetch/credentials.h"
#include "compiler/fetch/manifest.h"
#include "compiler/fetch/transfer.h"
#include "runtime/source/image_reference.h"

struct chimera_registry;

/* Both are borrowed for the registry's life. `credential` NULL: anonymous. `host` is host[:port].
 */
int chimera_registry_new(struct chimera_transport *transport, const char *host,
                         const struct chimera_credential *credential,
                         struct chimera_registry **ret_registry, struct chimera_error *err);
void chimera_registry_free(struct chimera_registry *registry);

/* In all of these `image` names the repository, and the version where one is wanted. */

/* The digest of what the version is now: HEAD, or GET where that does not tell. */
int chimera_registry_resolve(struct chimera_registry *registry,
                             const struct chimera_image_reference *image,
                             char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

/* The caller ends *ret_manifest. CHIMERA_EINVAL: there is none (404); the registry's message is
 * told. */
int chimera_registry_get_manifest(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image,
                                  struct chimera_manifest *ret_manifest, struct chimera_error *err);

/* Size and digest are checked as the bytes come; a sink that has taken bytes of a blob that is
 * wrong gets to know by the failure. */
int chimera_registry_get_blob(struct chimera_registry *registry,
                              const struct chimera_image_reference *image,
                              const struct chimera_descriptor *blob,
                              const struct chimera_transfer_sink *sink, struct chimera_error *err);
/* The same of a small one, into memory; one of more than `limit` bytes is refused unread. */
int chimera_registry_read_blob(struct chimera_registry *registry,
                               const struct chimera_image_reference *image,
                               const struct chimera_descriptor *blob, size_t limit,
                               struct chimera_buffer *out, struct chimera_error *err);

/* Nothing is sent when the registry has it. `from` is a repository of the same registry to mount it
 * from, or NULL. */
int chimera_registry_put_blob(struct chimera_registry *registry,
                              const struct chimera_image_reference *image, const char *digest,
                              const struct chimera_transfer_body *body, const char *from,
                              struct chimera_error *err);

/* The blobs must be there. Behind it the digest is cross-checked with what the registry says.
 * *ret_knows_subject: the registry lists it as a referrer itself. */
int chimera_registry_put_manifest(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image,
                                  const char *media_type, struct chimera_slice bytes,
                                  char ret_digest[CHIMERA_OCI_DIGEST_MAX], bool *ret_knows_subject,
                                  struct chimera_error *err);

/* What names `digest` as its subject: by the API, all its pages, and by the fallback tag. Entries
 * may be of any type (registries ignore filters), and are not known to be there. The caller frees
 * with chimera_referrers_done(). */
struct chimera_referrers {
    struct chimera_descriptor *entries; /* owned, as are the trees that they borrow from */
    size_t count;
    struct chimera_manifest *pages; /* owned */
    size_t page_count;
};
int chimera_registry_list_referrers(struct chimera_registry *registry,
                                    const struct chimera_image_reference *image, const char *digest,
                                    struct chimera_referrers *ret_referrers,
                                    struct chimera_error *err);
void chimera_referrers_done(struct chimera_referrers *referrers);

/* Adds an entry to the index under the fallback tag of `digest`, for registries that do not list
 * referrers themselves. */
int chimera_registry_add_referrer(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image, const char *digest,
                                  const struct chimera_descriptor *entry,
                                  struct chimera_error *err);

#endif
