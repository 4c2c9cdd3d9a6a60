/* SPDX-License-Identifier: Apache-2.0 */
/* registry_internal.h - what the files of a registry share: registry.c (places, calls and what to
 * say of their failures), registry_auth.c (logins and tokens), registry_manifest.c,
 * registry_blob.c, registry_push.c (what is sent, and when), registry_upload.c (how) and
 * registry_referrers.c.
 */
#ifndef CHIMERA_COMPILER_FETCH_REGISTRY_REGISTRY_INTERNAL_H
#define CHIMERA_COMPILER_FETCH_REGISTRY_REGISTRY_INTERNAL_H

#include "compiler/fetch/registry/registry.h"

#define CHIMERA_TOKENS_MAX 64
#define CHIMERA_WARNINGS_MAX 16
#define CHIMERA_URL_MAX ((size_t)16 << 10)

struct chimera_place {                           /* the host, or a mirror */
    char *host;                                  /* owned; host[:port] that requests go to */
    char *prefix;                                /* owned; of repositories: "", or "folder/" */
    const struct chimera_credential *credential; /* NULL: anonymous */
    char *basic;   /* owned, wiped; "Basic …"; NULL until the place has asked for it */
    bool is_plain; /* its last answer came without TLS */
};

struct chimera_kept_token {
    char *key;             /* owned: place and scope */
    char *authorization;   /* owned, wiped; "Bearer …" */
    int64_t good_until_ms; /* of chimera_clock_ms() */
};

struct chimera_registry {
    struct chimera_registry_options options;
    struct chimera_place *places; /* owned; mirrors in their order, then the host */
    size_t place_count;
    struct chimera_kept_token tokens[CHIMERA_TOKENS_MAX];
    size_t token_count;
    char *warnings[CHIMERA_WARNINGS_MAX]; /* owned; told already */
    size_t warning_count;
};

/* One request to one place. Texts are borrowed. */
struct chimera_call {
    struct chimera_place *place;
    const char *method, *url;
    const char
        *scope;       /* what is asked for: of a token, and its key; NULL: another host, no login */
    const char *what; /* for messages: "the manifest a/b:1" */
    const char *const *headers;
    struct chimera_transfer_body body;
    uint64_t part_start, part_whole; /* as of a transfer */
    const struct chimera_transfer_sink *sink;
    uint64_t limit;
    bool is_idempotent;
};

/* --- registry.c --- */

static inline struct chimera_place *chimera_registry_home(const struct chimera_registry *registry)
{
    return &registry->places[registry->place_count - 1];
}

/* With the login that the place wants; of any status but for a 401 that a login may change. The
 * caller ends the answer. */
int chimera_registry_call(struct chimera_registry *registry, const struct chimera_call *call,
                          struct chimera_transfer_answer *ret_answer, struct chimera_error *err);

/* "HOST: WHAT: status 404: MANIFEST_UNKNOWN: …". CHIMERA_EINVAL for 404, CHIMERA_EREFUSED for 401
 * and 403, CHIMERA_ELIMIT for 413, else CHIMERA_EIO. */
int chimera_registry_fail(const struct chimera_call *call,
                          const struct chimera_transfer_answer *answer, struct chimera_error *err);

/* What the body of such an answer says, for a person: "", or ": …". */
void chimera_registry_explain(const struct chimera_transfer_answer *answer,
                              struct chimera_buffer *out);

/* https://HOST/v2/REPOSITORY and what `format` makes. Owned by the caller; NULL: no memory. */
char *chimera_registry_url(const struct chimera_place *place,
                           const struct chimera_image_reference *image, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "repository:NAME:ACTIONS" of the place; the same. */
char *chimera_registry_scope(const struct chimera_place *place, const char *repository,
                             const char *actions);
char *chimera_registry_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Appends what may stand in a query, and percent-encodes the rest. */
void chimera_registry_encode(const char *text, struct chimera_buffer *out);

/* Where a header leads, against the answer's own URL; owned by the caller. *ret_is_home: to the
 * place itself, so that its login may go there. */
int chimera_registry_resolve_url(const struct chimera_call *call,
                                 const struct chimera_transfer_answer *answer,
                                 struct chimera_slice target, char **ret_url, bool *ret_is_home,
                                 struct chimera_error *err);

/* Asks each place in turn: `ask` returns CHIMERA_OK when it has what is wanted. It sets
 * *ret_is_last when its failure is no fault of the place. */
typedef int chimera_registry_asker(struct chimera_registry *registry, struct chimera_place *place,
                                   void *context, bool *ret_is_last, struct chimera_error *err);
int chimera_registry_ask(struct chimera_registry *registry, chimera_registry_asker *ask,
                         void *context, struct chimera_error *err);

void chimera_registry_warn(struct chimera_registry *registry, const char *text);

/* --- registry_auth.c --- */

/* The value of the header that a call begins with; borrowed. NULL: none. */
const char *chimera_registry_authorization(struct chimera_registry *registry,
                                           const struct chimera_call *call);

/* Some servers show in an error what they were sent. What is in the text of the place's login, and
 * of all tokens, becomes stars. */
void chimera_registry_hide_secrets(const struct chimera_registry *registry,
                                   const struct chimera_place *place, char *text, size_t size);

/* After a 401: gets what the place wants. Fails when there is no way, and tells why. */
int chimera_registry_authenticate(struct chimera_registry *registry,
                                  const struct chimera_call *call,
                                  const struct chimera_transfer_answer *answer,
                                  struct chimera_error *err);
void chimera_registry_wipe(char *secret); /* and frees it; NULL is allowed */

/* --- registry_manifest.c --- */

struct chimera_wanted_manifest {
    const struct chimera_image_reference *image;
    const char *version; /* a tag or digest */
};
/* Of one place. *ret_is_missing: the failure is that there is none; it may be NULL. */
int chimera_registry_get_manifest_at(struct chimera_registry *registry, struct chimera_place *place,
                                     const struct chimera_wanted_manifest *wanted,
                                     struct chimera_oci_manifest *ret_manifest,
                                     bool *ret_is_missing, struct chimera_error *err);

/* --- registry_push.c and registry_upload.c --- */

/* Sends a blob that is not there. */
int chimera_registry_upload(struct chimera_registry *registry,
                            const struct chimera_image_reference *image, const char *digest,
                            const struct chimera_transfer_body *body, const char *from,
                            struct chimera_error *err);
/* *ret_is_there: the registry says so. */
int chimera_registry_has_blob(struct chimera_registry *registry,
                              const struct chimera_image_reference *image, const char *digest,
                              bool *ret_is_there, struct chimera_error *err);

#endif
