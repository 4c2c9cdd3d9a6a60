/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/registry/session_pool.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/login/credential_message.h"
#include "runtime/login/credentials.h"

#define IDLE_MAX 32
#define TRIES_MAX 2 /* a policy has two seconds, and wants to say why it refuses */
#define LIFETIME_NS ((uint64_t)60000000000) /* then Docker's configuration is read again */

void session_pool_init(struct session_pool *pool, const struct chimera_provider_host *host,
                       const struct chimera_sources *sources)
{
    struct json_object *folder = json_object_object_get(host->settings, "docker_config");
    *pool = (struct session_pool){.host = host,
                                  .docker_config = json_object_is_type(folder, json_type_string)
                                                       ? json_object_get_string(folder)
                                                       : NULL,
                                  .sources = sources};
    pthread_mutex_init(&pool->mutex, NULL);
}

static void end_session(struct session *session)
{
    chimera_registry_free(session->registry);
    chimera_transport_free(session->transport);
    chimera_logins_done(&session->logins);
    free(session->repository);
    free(session);
}

static void end_sessions(struct session *session)
{
    while (session) {
        struct session *next = session->next;
        end_session(session);
        session = next;
    }
}

void session_pool_done(struct session_pool *pool)
{
    end_sessions(pool->idle);
    pthread_mutex_destroy(&pool->mutex);
}

/* --- Opening --- */

/* What Docker's configuration has in plain is read here; a helper is a program, which the parent
 * runs. */
static int find_login(const struct chimera_login_finder *finder, const char *place,
                      struct chimera_credential *ret_credential, char **ret_warning,
                      struct chimera_error *err)
{
    const struct chimera_provider_host *host = finder->context;
    bool needs_helper = false;
    struct chimera_buffer message;
    *ret_warning = NULL;
    int code = chimera_credential_find_plain(finder->docker_config, place, ret_credential,
                                             &needs_helper, err);
    if (code < 0 || !needs_helper || !host->ask_parent)
        return code;
    chimera_credential_done(ret_credential);
    chimera_buffer_init(&message, CHIMERA_CREDENTIAL_MESSAGE_MAX);
    CHIMERA_FREE char *warning = NULL; /* nobody is here to read it */
    code = host->ask_parent(host, "docker-credential", chimera_slice_of(place), &message, err);
    if (code == CHIMERA_OK)
        code =
            chimera_credential_hear(chimera_buffer_slice(&message), ret_credential, &warning, err);
    if (message.data)
        OPENSSL_cleanse(message.data, message.size);
    chimera_buffer_free(&message);
    return code;
}

static int open_session(const struct session_pool *pool,
                        const struct chimera_image_reference *image, struct session *session,
                        struct chimera_error *err)
{
    /* The finder's context is not const, but nothing changes it. */
    union {
        const struct chimera_provider_host *host;
        void *context;
    } host = {.host = pool->host};
    const struct chimera_login_finder finder = {
        .find = find_login, .docker_config = pool->docker_config, .context = host.context};
    const struct chimera_transport_options transport = {.sources = pool->sources,
                                                        .tries_max = TRIES_MAX};
    int code = chimera_transport_new(&transport, &session->transport, err);
    if (code == CHIMERA_OK)
        code = chimera_logins_find_by(&finder, image, pool->sources, &session->logins, err);
    if (code < 0)
        return code;
    const struct chimera_registry_options options = {.transport = session->transport,
                                                     .host = chimera_image_reference_host(image),
                                                     .sources = pool->sources,
                                                     .logins = session->logins.list,
                                                     .login_count = session->logins.count};
    return chimera_registry_new(&options, &session->registry, err);
}

/* --- Taking and giving --- */

/* An idle one of that repository, which is no longer in the list; those that are too old are put
 * into *ret_old. */
static struct session *find_idle(struct session_pool *pool, const char *repository,
                                 struct session **ret_old)
{
    uint64_t now_ns = chimera_clock_ns();
    struct session *found = NULL;
    for (struct session **at = &pool->idle; *at;) {
        struct session *session = *at;
        bool is_old = now_ns - session->opened_ns > LIFETIME_NS;
        if (!is_old && (found || strcmp(session->repository, repository) != 0)) {
            at = &session->next;
            continue;
        }
        *at = session->next;
        pool->idle_count--;
        session->next = is_old ? *ret_old : NULL;
        *(is_old ? ret_old : &found) = session;
    }
    return found;
}

int session_take(struct session_pool *pool, const struct chimera_image_reference *image,
                 uint64_t deadline_ns, struct session **ret_session, struct chimera_error *err)
{
    CHIMERA_FREE char *repository = NULL;
    struct session *old = NULL;
    if (asprintf(&repository, "%s/%s", image->registry, image->repository) < 0) {
        repository = NULL;
        return chimera_fail_memory(err);
    }
    pthread_mutex_lock(&pool->mutex);
    struct session *session = find_idle(pool, repository, &old);
    pthread_mutex_unlock(&pool->mutex);
    end_sessions(old);
    int code = CHIMERA_OK;
    if (!session) {
        session = calloc(1, sizeof(*session));
        if (!session)
            return chimera_fail_memory(err);
        session->opened_ns = chimera_clock_ns();
        session->repository = repository;
        repository = NULL; /* handed over */
        code = open_session(pool, image, session, err);
    }
    if (code < 0) {
        end_session(session);
        return code;
    }
    chimera_transport_set_deadline(session->transport, deadline_ns);
    *ret_session = session;
    return CHIMERA_OK;
}

void session_give(struct session_pool *pool, struct session *session, bool is_good)
{
    pthread_mutex_lock(&pool->mutex);
    bool is_kept = is_good && pool->idle_count < IDLE_MAX;
    if (is_kept) {
        session->next = pool->idle;
        pool->idle = session;
        pool->idle_count++;
    }
    pthread_mutex_unlock(&pool->mutex);
    if (!is_kept)
        end_session(session);
}
