/* SPDX-License-Identifier: Apache-2.0 */
/* provider.h - what the calls about images share. */
#ifndef CHIMERA_PLUGINS_REGISTRY_PROVIDER_H
#define CHIMERA_PLUGINS_REGISTRY_PROVIDER_H

#include "compiler/fetch/signature/trust/trust_root.h"
#include "plugins/registry/session_pool.h"
#include "runtime/capability/provider_answer.h"
#include "runtime/source/image_reference.h"

#define KEEP_MS 60000 /* answers, as the reference does (guest-abis.md §5.2) */

struct registry_provider {
    struct chimera_sources sources; /* owned */
    struct session_pool pool;
    const char *trust_path; /* borrowed from the settings; NULL: the shipped root */
    pthread_mutex_t mutex;  /* guards what follows */
    bool has_trust;
    struct chimera_trust_root trust; /* owned; once read it does not change */
    uint64_t asked[CHIMERA_ASK_COUNT], failed[CHIMERA_ASK_COUNT];
};

struct image_call { /* one, about an image; borrowed */
    struct registry_provider *provider;
    struct json_object *fields;
    const struct chimera_image_reference *image;
    uint64_t deadline_ns;
    struct chimera_provider_answer *answer;
};

/* Fails the answer with "BEFORE: WHY", which WHY caused. */
void image_fail(const struct image_call *call, const char *before, const char *why);

/* image.c: each answers. */
void image_answer_digest(const struct image_call *call);
void image_answer_manifest(const struct image_call *call);
void image_answer_config(const struct image_call *call);

/* verify.c: the same. */
void verify_answer(const struct image_call *call, enum chimera_host_request_kind kind);

#endif
