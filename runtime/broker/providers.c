/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/providers.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/log/log.h"

#define TARGET "chimera::broker"

enum { CRYPTO, HTTP, KUBERNETES, NET, REGISTRY };
static const char *const names[CHIMERA_PROVIDER_KINDS] = {
    [CRYPTO] = "crypto", [HTTP] = "http",         [KUBERNETES] = "kubernetes",
    [NET] = "net",       [REGISTRY] = "registry",
};

static const int provider_of[CHIMERA_ASK_COUNT] = {
    [CHIMERA_ASK_MANIFEST_DIGEST] = REGISTRY,
    [CHIMERA_ASK_MANIFEST] = REGISTRY,
    [CHIMERA_ASK_MANIFEST_CONFIG] = REGISTRY,
    [CHIMERA_ASK_VERIFY_KEYS] = REGISTRY,
    [CHIMERA_ASK_VERIFY_KEYLESS] = REGISTRY,
    [CHIMERA_ASK_VERIFY_PREFIX] = REGISTRY,
    [CHIMERA_ASK_VERIFY_GITHUB] = REGISTRY,
    [CHIMERA_ASK_VERIFY_CERTIFICATE] = REGISTRY,
    [CHIMERA_ASK_ADDRESSES] = NET,
    [CHIMERA_ASK_LIST_NAMESPACE] = KUBERNETES,
    [CHIMERA_ASK_LIST_ALL] = KUBERNETES,
    [CHIMERA_ASK_GET] = KUBERNETES,
    [CHIMERA_ASK_PLURAL] = KUBERNETES,
    [CHIMERA_ASK_CAN_I] = KUBERNETES,
    [CHIMERA_ASK_CERTIFICATE] = CRYPTO,
    [CHIMERA_ASK_HTTP] = HTTP,
};

void chimera_providers_open(struct chimera_providers *providers,
                            const struct chimera_provider_host *host, const char *const *folders)
{
    *providers = (struct chimera_providers){.host = host, .folders = folders};
    for (size_t i = 0; i < CHIMERA_PROVIDER_KINDS; i++)
        pthread_mutex_init(&providers->loaded[i].mutex, NULL);
}

void chimera_providers_close(struct chimera_providers *providers)
{
    for (size_t i = 0; i < CHIMERA_PROVIDER_KINDS; i++) {
        struct chimera_loaded_provider *loaded = &providers->loaded[i];
        if (loaded->provider)
            loaded->provider->close(loaded->self);
        free(loaded->why);
        pthread_mutex_destroy(&loaded->mutex);
    }
}

/* Stays loaded: its threads may be anywhere. */
static int load(struct chimera_providers *providers, const char *name,
                struct chimera_loaded_provider *loaded, struct chimera_error *err)
{
    char path[PATH_MAX] = "";
    for (size_t i = 0; providers->folders[i]; i++) {
        int size =
            snprintf(path, sizeof(path), "%s/chimera-provider-%s.so", providers->folders[i], name);
        if (size > 0 && (size_t)size < sizeof(path) && access(path, R_OK) == 0)
            break;
        path[0] = '\0';
    }
    if (!path[0])
        return chimera_fail(err, CHIMERA_EIO,
                            "the provider %s is not installed: there is no chimera-provider-%s.so",
                            name, name);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const struct chimera_provider *provider =
        handle ? dlsym(handle, CHIMERA_PROVIDER_SYMBOL) : NULL;
    if (!provider)
        return chimera_fail(err, CHIMERA_EIO, "the provider %s cannot be loaded: %s", name,
                            dlerror());
    if (provider->abi != CHIMERA_PROVIDER_ABI)
        return chimera_fail(err, CHIMERA_EIO, "the provider %s is of another version", name);
    int code = provider->open(providers->host, &loaded->self, err);
    if (code == CHIMERA_OK)
        loaded->provider = provider;
    return code;
}

/* NULL: why not is in loaded->why. One that could not be opened is not tried again. */
static const struct chimera_provider *find(struct chimera_providers *providers, int number)
{
    struct chimera_loaded_provider *loaded = &providers->loaded[number];
    struct chimera_error err = {0};
    pthread_mutex_lock(&loaded->mutex);
    if (!loaded->provider && !loaded->why && load(providers, names[number], loaded, &err) < 0) {
        loaded->why = strdup(err.text);
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("a provider of host calls cannot be used"),
                         CHIMERA_TEXT("provider", chimera_slice_of(names[number])),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
    }
    const struct chimera_provider *provider = loaded->provider;
    pthread_mutex_unlock(&loaded->mutex);
    return provider;
}

void chimera_providers_call(struct chimera_providers *providers,
                            const struct chimera_host_request *request, uint64_t deadline_ns,
                            struct chimera_provider_answer *answer)
{
    int number = provider_of[request->kind];
    const struct chimera_provider *provider = find(providers, number);
    if (provider) {
        provider->call(providers->loaded[number].self, request, deadline_ns, answer);
        return;
    }
    const char *why = providers->loaded[number].why;
    answer->is_error = true;
    chimera_buffer_text(&answer->text, why ? why : "no memory for a provider");
}

void chimera_providers_count(struct chimera_providers *providers, struct chimera_buffer *out)
{
    for (size_t i = 0; i < CHIMERA_PROVIDER_KINDS; i++) {
        struct chimera_loaded_provider *loaded = &providers->loaded[i];
        pthread_mutex_lock(&loaded->mutex);
        if (loaded->provider && loaded->provider->count)
            loaded->provider->count(loaded->self, out);
        pthread_mutex_unlock(&loaded->mutex);
    }
}
