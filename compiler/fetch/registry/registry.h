/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - a client of OCI registries (cli-and-distribution.md §3; distribution-spec 1.1).
 *
 * One struct speaks to the repositories of one host, and for pulls first to its mirrors. It
 * authenticates when a registry asks, keeps tokens by scope, and checks every digest that it was
 * told. One thread; nothing is kept outside of the struct. Errors tell host, what was asked for and
 * what the registry said; never a credential, a token or a URL's query.
 */
#ifndef CHIMERA_COMPILER_FETCH_REGISTRY_REGISTRY_H
#define CHIMERA_COMPILER_FETCH_REGISTRY_REGISTRY_H

#include "compiler/fetch/registry/manifest.h"
#include "compiler/fetch/transfer/transfer.h"
#include "runtime/login/credential.h"
#include "runtime/source/image_reference.h"

struct chimera_registry;

struct chimera_registry_options { /* all borrowed for the registry's life */
    struct chimera_transport *transport;
    const char *host;                      /* host[:port] */
    const struct chimera_sources *sources; /* the transport's; mirrors are from it. NULL: none */
    const struct chimera_login *logins;    /* who is not among them is asked anonymously */
    size_t login_count;
    /* Told what a registry wants its users to know (`Warning: 299`), once each, and of mirrors that
     * were passed over. A registry's words: to be made printable. NULL: nobody asks. */
    void (*warn)(void *context, const char *text);
    void *context;
};
int chimera_registry_new(const struct chimera_registry_options *options,
                         struct chimera_registry **ret_registry, struct chimera_error *err);
void chimera_registry_free(struct chimera_registry *registry);

/* Asks the host, no mirror, for the root of its API. With the login, it must be accepted. */
struct chimera_registry_root {
    bool wants_login;             /* of who has none; what is public may be had without */
    bool is_plain, is_unverified; /* as of a transfer's answer */
};
int chimera_registry_ask_root(struct chimera_registry *registry, bool has_login,
                              struct chimera_registry_root *ret_root, struct chimera_error *err);

/* In all of these `image` names the repository, and the version where one is wanted. */

/* The digest of what the version is now: HEAD, or GET where that does not tell. */
int chimera_registry_resolve(struct chimera_registry *registry,
                             const struct chimera_image_reference *image,
                             char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

/* The caller ends *ret_manifest. CHIMERA_EINVAL: there is none (404), or it is none; the registry's
 * message is told. CHIMERA_EREFUSED: the registry refuses (401, 403), or sends another digest. */
int chimera_registry_get_manifest(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image,
                                  struct chimera_oci_manifest *ret_manifest,
                                  struct chimera_error *err);

/* Size and digest are checked as the bytes come; a sink that has taken bytes of a blob that is
 * wrong gets to know by the failure, or, where the next place is asked, by restart(). The `urls` of
 * a descriptor are never followed: they lead to hosts that the operator has not named. */
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
 * from, or NULL. The registry checks the digest; `body` must be what has it. */
int chimera_registry_put_blob(struct chimera_registry *registry,
                              const struct chimera_image_reference *image, const char *digest,
                              const struct chimera_transfer_body *body, const char *from,
                              struct chimera_error *err);

/* The blobs must be there. Behind it the digest is cross-checked with what the registry says. */
struct chimera_published {
    char digest[CHIMERA_OCI_DIGEST_MAX];
    bool knows_subject; /* the registry lists it as a referrer itself */
};
int chimera_registry_put_manifest(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image,
                                  const char *media_type, struct chimera_slice bytes,
                                  struct chimera_published *ret_published,
                                  struct chimera_error *err);

/* What names `digest` as its subject: by the API, all its pages, and by the fallback tag; each
 * digest once. Entries may be of any type (registries ignore filters), and are not known to be
 * there. A mirror that has none is no answer: the next place is asked. The caller frees with
 * chimera_referrers_done(). */
struct chimera_referrers {
    struct chimera_descriptor *entries; /* owned, as are the trees that they borrow from */
    size_t count;
    struct chimera_oci_manifest *pages; /* owned */
    size_t page_count;
};
int chimera_registry_list_referrers(struct chimera_registry *registry,
                                    const struct chimera_image_reference *image, const char *digest,
                                    struct chimera_referrers *ret_referrers,
                                    struct chimera_error *err);
void chimera_referrers_done(struct chimera_referrers *referrers);

/* Adds an entry to the index under the fallback tag of `digest`, for registries that do not list
 * referrers themselves. What others have added stays, what is there already is not added again. A
 * registry has no way to do this at once: it is read again behind it. */
int chimera_registry_add_referrer(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image, const char *digest,
                                  const struct chimera_descriptor *entry,
                                  struct chimera_error *err);

#endif
