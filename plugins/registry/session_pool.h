/* SPDX-License-Identifier: Apache-2.0 */
/* session_pool.h - connections to registries, with the logins and tokens that go with them, one for
 * each call that is under way; what is idle is kept a while for the next one.
 *
 * Any thread takes and gives; one that is taken belongs to one thread.
 */
#ifndef CHIMERA_PLUGINS_REGISTRY_SESSION_POOL_H
#define CHIMERA_PLUGINS_REGISTRY_SESSION_POOL_H

#include <pthread.h>

#include "compiler/fetch/registry/registry.h"
#include "runtime/capability/provider.h"
#include "runtime/login/logins.h"

struct session { /* of one repository: logins may be for it alone */
    struct session *next;
    char *repository; /* owned: host[:port]/repository */
    uint64_t opened_ns;
    struct chimera_logins logins;
    struct chimera_transport *transport;
    struct chimera_registry *registry;
};

struct session_pool {
    const struct chimera_provider_host *host; /* borrowed, as is all but the sessions */
    const char *docker_config;                /* NULL: the default */
    const struct chimera_sources *sources;
    pthread_mutex_t mutex; /* guards what follows */
    struct session *idle;  /* the last given first */
    size_t idle_count;
};

void session_pool_init(struct session_pool *pool, const struct chimera_provider_host *host,
                       const struct chimera_sources *sources);
void session_pool_done(struct session_pool *pool);

/* For the image's repository; nothing goes on past the deadline. The caller gives it back. */
int session_take(struct session_pool *pool, const struct chimera_image_reference *image,
                 uint64_t deadline_ns, struct session **ret_session, struct chimera_error *err);
/* One that failed is not used again: login or connection may be what is wrong. */
void session_give(struct session_pool *pool, struct session *session, bool is_good);

#endif
