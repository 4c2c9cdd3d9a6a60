/* SPDX-License-Identifier: Apache-2.0 */
/* providers.h - which provider answers what, loaded when it is asked for the first time. Any
 * thread, but for opening and closing.
 */
#ifndef CHIMERA_BROKER_PROVIDERS_H
#define CHIMERA_BROKER_PROVIDERS_H

#include <pthread.h>

#include "runtime/capability/provider.h"

#define CHIMERA_PROVIDER_KINDS 5

struct chimera_loaded_provider {
    pthread_mutex_t mutex;                   /* of loading */
    const struct chimera_provider *provider; /* NULL: not loaded */
    void *self;
    char *why; /* it cannot be; owned */
};

struct chimera_providers {
    const struct chimera_provider_host *host;
    const char *const *folders;
    struct chimera_loaded_provider loaded[CHIMERA_PROVIDER_KINDS];
};

void chimera_providers_open(struct chimera_providers *providers,
                            const struct chimera_provider_host *host, const char *const *folders);
void chimera_providers_close(struct chimera_providers *providers);

/* As a provider's call(). */
void chimera_providers_call(struct chimera_providers *providers,
                            const struct chimera_host_request *request, uint64_t deadline_ns,
                            struct chimera_provider_answer *answer);

/* Metrics of those that are loaded. */
void chimera_providers_count(struct chimera_providers *providers, struct chimera_buffer *out);

#endif
