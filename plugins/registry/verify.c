/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - whether an image is signed as a policy wants it (guest-abis.md §5.3). */
#include "compiler/fetch/signature/verify.h"
#include "compiler/fetch/artifact/found.h"
#include "plugins/registry/by_certificate.h"
#include "plugins/registry/provider.h"
#include "plugins/registry/wanted.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#define LAYERS_FAILED "failed to get image trusted layers"
#define MESSAGE_MAX ((size_t)1 << 20)
#define NOT_SATISFIED                                 \
    "Image verification failed: missing signatures\n" \
    "The following constraints were not satisfied:\n"

struct verification { /* borrowed, but for the buffer */
    const struct image_call *call;
    const struct wanted *wanted;
    const struct chimera_trust_root *root;
    struct chimera_buffer missing; /* what is wanted and not there, as the message has it */
};

/* --- Judging --- */

/* Each that is wanted by itself, so that the message has all that are missing, whole. */
static int judge_wanted(const struct chimera_evidence *evidence, size_t count, void *context,
                        struct chimera_error *err)
{
    struct verification *verification = context;
    const struct wanted *wanted = verification->wanted;
    for (size_t i = 0; i < wanted->count; i++) {
        struct chimera_constraint one = wanted->list[i]; /* borrowed */
        const struct chimera_verification alone = {.all_of = &one, .all_count = 1};
        struct chimera_buffer signers;
        if (chimera_clock_ns() >= verification->call->deadline_ns)
            return chimera_fail(err, CHIMERA_EDEADLINE, "no answer in time");
        chimera_buffer_init(&signers, MESSAGE_MAX);
        int code =
            chimera_signatures_judge(&alone, evidence, count, verification->root, &signers, err);
        chimera_buffer_free(&signers);
        if (code < 0 && code != CHIMERA_EREFUSED)
            return code;
        if (code == CHIMERA_OK)
            continue;
        if (verification->missing.size == 0)
            chimera_buffer_text(&verification->missing, NOT_SATISFIED);
        wanted_write(wanted, i, &verification->missing);
    }
    return verification->missing.size > 0 ? CHIMERA_EREFUSED : CHIMERA_OK;
}

static int judge(struct verification *verification, const struct chimera_found *found,
                 const char *name, struct chimera_error *err)
{
    struct registry_provider *provider = verification->call->provider;
    struct by_certificate by = {verification->call->fields, &provider->trust,
                                verification->call->deadline_ns};
    int code = CHIMERA_OK;
    pthread_mutex_lock(&provider->mutex);
    if (!provider->has_trust)
        code = chimera_trust_root_read(provider->trust_path, &provider->trust, err);
    provider->has_trust = provider->has_trust || code == CHIMERA_OK;
    pthread_mutex_unlock(&provider->mutex);
    if (code < 0)
        return code;
    verification->root = &provider->trust;
    return verification->wanted->is_certificate
               ? chimera_found_judge_by(found, name, by_certificate_judge, &by, err)
               : chimera_found_judge_by(found, name, judge_wanted, verification, err);
}

/* --- Asking --- */

/* The image's digest, and what lies beside it. */
static int gather(const struct image_call *call, const char *name, struct chimera_found *found,
                  struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    struct session *session = NULL;
    struct session_pool *pool = &call->provider->pool;
    struct chimera_error why = {0};
    int code = session_take(pool, call->image, call->deadline_ns, &session, &why);
    if (code == CHIMERA_OK) {
        code = chimera_registry_resolve(session->registry, call->image, digest, &why);
        if (code == CHIMERA_OK)
            code = chimera_found_gather(session->registry, call->image, digest, found, &why);
        session_give(pool, session, code == CHIMERA_OK);
    }
    return code < 0 ? chimera_fail(err, code, "Cannot fetch manifest of %s: %s", name, why.text)
                    : code;
}

/* Some messages have their cause in them. */
static void fail_verdict(const struct image_call *call, struct verification *verification,
                         const char *why)
{
    size_t size = strlen(LAYERS_FAILED ": ");
    chimera_buffer_byte(&verification->missing, 0);
    if (verification->missing.size > 1 && !verification->missing.failed)
        why = verification->missing.data;
    if (strncmp(why, LAYERS_FAILED ": ", size) == 0)
        chimera_provider_answer_fail(call->answer, CHIMERA_CAUSES(why, why + size));
    else
        chimera_provider_answer_fail(call->answer, CHIMERA_CAUSES(why));
}

void verify_answer(const struct image_call *call, enum chimera_host_request_kind kind)
{
    struct wanted wanted;
    struct chimera_found found = {0};
    struct chimera_error err = {0};
    struct chimera_buffer name;
    struct verification verification = {.call = call, .wanted = &wanted};
    chimera_buffer_init(&verification.missing, MESSAGE_MAX);
    chimera_buffer_init(&name, MESSAGE_MAX);
    chimera_image_reference_write(call->image, &name);
    chimera_buffer_byte(&name, 0);
    int code = wanted_read(kind, call->fields, &wanted, &err);
    bool has_failed_there = false;
    if (code == CHIMERA_OK) {
        code = name.failed ? chimera_fail_memory(&err) : gather(call, name.data, &found, &err);
        has_failed_there = code < 0;
    }
    if (code == CHIMERA_OK)
        code = judge(&verification, &found, name.data, &err);
    if (has_failed_there)
        image_fail(call, LAYERS_FAILED, err.text);
    else if (code < 0)
        fail_verdict(call, &verification, err.text);
    else {
        struct json_object *value = json_object_new_object();
        json_object_object_add(value, "is_trusted", json_object_new_boolean(true));
        json_object_object_add(value, "digest", json_object_new_string(found.digest));
        chimera_provider_answer_give(call->answer, value, KEEP_MS);
        json_object_put(value);
    }
    chimera_found_done(&found);
    wanted_done(&wanted);
    chimera_buffer_free(&name);
    chimera_buffer_free(&verification.missing);
}
