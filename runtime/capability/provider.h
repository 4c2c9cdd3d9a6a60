/* SPDX-License-Identifier: Apache-2.0 */
/* provider.h - the table between the broker, the process that answers host calls, and a provider:
 * a shared object with what a kind of host calls needs (libraries, sockets, a cluster's objects).
 *
 * The broker loads one when the first call for it comes, and calls it from many threads. Sizes are
 * bounded by who asks; what a policy put into its request is hostile, and so is what a server
 * answers.
 */
#ifndef CHIMERA_CAPABILITY_PROVIDER_H
#define CHIMERA_CAPABILITY_PROVIDER_H

#include <stdatomic.h>

#include "runtime/capability/request.h"

#define CHIMERA_PROVIDER_ABI 1
#define CHIMERA_PROVIDER_SYMBOL "chimera_provider"

/* An answer holds as long as the number at its place is what it was when the answer was made; it
 * only grows. In memory that clients map. Place 0 is the parent's: other than 0 once the broker is
 * gone, and nobody tells of changes any more. */
#define CHIMERA_VERSION_COUNT 4096
#define CHIMERA_VERSION_OF_END 0

struct chimera_provider_host { /* the broker's side; outlives the provider */
    /* All settings as one JSON object; each provider takes what is its own:
     *   "sources": path of sources.yml, or null; "docker_config": folder, or null;
     *   "sigstore_trust_config": path, or null; "kubernetes": what kubeconfig.h makes, or null;
     *   "limits": {"kubernetes_bytes": n} */
    struct json_object *settings;
    _Atomic uint64_t *versions; /* CHIMERA_VERSION_COUNT; written by providers */
    /* Has the parent, which may start programs, run one of those that the settings name:
     * what "kubernetes-exec" or "docker-credential", with an argument. Its answer is appended.
     * Any thread. */
    int (*ask_parent)(const struct chimera_provider_host *host, const char *what,
                      struct chimera_slice argument, struct chimera_buffer *answer,
                      struct chimera_error *err);
};

struct chimera_provider_answer {
    /* The answer, or the error as the guest reads it behind "Callback evaluation failure: ". */
    struct chimera_buffer text;
    bool is_error;
    /* In place of a text: a sealed memory file that clients map, for what is large or asked often.
     * -1: none. Handed over. */
    int memory;
    size_t memory_size;
    /* How long clients may answer from it without asking: as long as the place of `versions` has
     * this number (place 0: there is none), or so many milliseconds (0: not at all). */
    uint32_t version_place;
    uint64_t version;
    uint32_t keep_ms;
};

struct chimera_provider {
    uint32_t abi;
    const char *name;
    /* A provider that cannot start says why; each call for it gets that text then. */
    int (*open)(const struct chimera_provider_host *host, void **ret_self,
                struct chimera_error *err);
    /* Any thread, many at once. Returns by `deadline_ns` (CLOCK_MONOTONIC), with an error if need
     * be. `text` is empty and bounded, `memory` -1, all else zero. */
    void (*call)(void *self, const struct chimera_host_request *request, uint64_t deadline_ns,
                 struct chimera_provider_answer *answer);
    /* Metrics in Prometheus' text form, appended; may be NULL. */
    void (*count)(void *self, struct chimera_buffer *out);
    void (*close)(void *self);
};

#endif
