/* SPDX-License-Identifier: Apache-2.0 */
/* provider_driver.h - loads a provider as the broker does, and asks it one thing after another.
 *
 * For tests: each function ends the program when something is not as it must be. PROVIDERS is the
 * folder of the built providers. The last answer is in driver->answer, its text, a memory file's
 * too, in driver->text.
 */
#ifndef CHIMERA_TESTS_PROVIDER_DRIVER_H
#define CHIMERA_TESTS_PROVIDER_DRIVER_H

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/capability/provider.h"
#include "runtime/json/tree.h"

#define PROVIDER_TEXT_MAX ((size_t)16 << 20)
#define PROVIDER_SECONDS 300 /* that an answer may take, where a test does not say */

struct provider_driver {
    void *handle, *self;
    const struct chimera_provider *provider;
    struct chimera_provider_host host;
    struct chimera_provider_answer answer;
    char *text; /* owned: of the last answer, with a NUL behind it */
    _Atomic uint64_t versions[CHIMERA_VERSION_COUNT];
};

__attribute__((format(printf, 1, 2), noreturn)) static inline void
provider_driver_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

static inline struct json_object *provider_driver_read(const char *text)
{
    struct json_object *tree = NULL;
    struct chimera_error err = {0};
    if (chimera_json_parse(chimera_slice_of(text), &tree, &err) < 0)
        provider_driver_fail("%s: %s", text, err.text);
    return tree;
}

/* `settings` is a JSON text. 0, or what open() of the provider fails with, which is in *err. */
static inline int provider_driver_try(struct provider_driver *driver, const char *path,
                                      const char *settings, struct chimera_error *err)
{
    driver->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!driver->handle)
        provider_driver_fail("%s", dlerror());
    driver->provider = dlsym(driver->handle, CHIMERA_PROVIDER_SYMBOL);
    if (!driver->provider || driver->provider->abi != CHIMERA_PROVIDER_ABI)
        provider_driver_fail("%s: no provider of this ABI", path);
    driver->host.settings = provider_driver_read(settings);
    driver->host.versions = driver->versions;
    return driver->provider->open(&driver->host, &driver->self, err);
}

#ifdef PROVIDERS
/* The provider of that name, with what host.ask_parent the caller has set. */
static inline void provider_driver_open(struct provider_driver *driver, const char *name,
                                        const char *settings)
{
    char path[4096];
    struct chimera_error err = {0};
    snprintf(path, sizeof(path), PROVIDERS "/chimera-provider-%s.so", name);
    if (provider_driver_try(driver, path, settings, &err) < 0)
        provider_driver_fail("%s", err.text);
}
#endif

static inline void provider_driver_forget(struct provider_driver *driver)
{
    free(driver->text);
    driver->text = NULL;
    chimera_buffer_free(&driver->answer.text);
    if (driver->answer.memory > 0)
        close(driver->answer.memory);
    driver->answer = (struct chimera_provider_answer){.memory = -1};
}

/* Asks for what `fields`, a JSON text, say; true: it was answered. */
static inline bool provider_driver_ask(struct provider_driver *driver,
                                       enum chimera_host_request_kind kind, const char *fields,
                                       uint64_t deadline_ns)
{
    struct chimera_host_request request = {.kind = kind, .fields = provider_driver_read(fields)};
    provider_driver_forget(driver);
    chimera_buffer_init(&driver->answer.text, PROVIDER_TEXT_MAX);
    driver->provider->call(driver->self, &request, deadline_ns, &driver->answer);
    json_object_put(request.fields);
    struct chimera_slice text = chimera_buffer_slice(&driver->answer.text);
    void *mapped = NULL;
    if (driver->answer.memory >= 0) {
        mapped =
            mmap(NULL, driver->answer.memory_size, PROT_READ, MAP_SHARED, driver->answer.memory, 0);
        if (mapped == MAP_FAILED)
            provider_driver_fail("the answer's memory cannot be mapped");
        text = (struct chimera_slice){mapped, driver->answer.memory_size};
    }
    driver->text = calloc(1, text.size + 1);
    if (!driver->text)
        provider_driver_fail("no memory");
    if (text.size > 0)
        memcpy(driver->text, text.data, text.size);
    if (mapped)
        munmap(mapped, driver->answer.memory_size);
    return !driver->answer.is_error;
}

static inline uint64_t provider_driver_later(unsigned seconds)
{
    return chimera_clock_ns() + seconds * (uint64_t)1000000000;
}

static inline void provider_driver_close(struct provider_driver *driver)
{
    provider_driver_forget(driver);
    driver->provider->close(driver->self);
    json_object_put(driver->host.settings);
    dlclose(driver->handle);
    free(driver);
}

#endif
