/* SPDX-License-Identifier: Apache-2.0 */
/* A provider for tests of the broker: its answer is in what is asked (the host's name). */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>

#include "runtime/capability/provider.h"

#define PLACE 7

static const struct chimera_provider_host *host;
static _Atomic unsigned calls;

static int echo_open(const struct chimera_provider_host *given, void **ret_self,
                     struct chimera_error *err)
{
    host = given;
    *ret_self = NULL;
    return json_object_object_get_ex(given->settings, "refuse", NULL)
               ? chimera_fail(err, CHIMERA_EREFUSED, "this provider refuses")
               : CHIMERA_OK;
}

static void give_memory(struct chimera_provider_answer *answer, const char *text)
{
    int memory = memfd_create("answer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t size = strlen(text);
    if (write(memory, text, size) != (ssize_t)size)
        abort();
    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    answer->memory = memory;
    answer->memory_size = size;
    answer->version_place = PLACE;
    answer->version = atomic_load(&host->versions[PLACE]);
}

static void nap(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void echo_call(void *self, const struct chimera_host_request *request, uint64_t deadline_ns,
                      struct chimera_provider_answer *answer)
{
    const char *field = request->kind == CHIMERA_ASK_ADDRESSES ? "host" : "image";
    const char *word = json_object_get_string(json_object_object_get(request->fields, field));
    struct chimera_error err = {0};
    unsigned number = atomic_fetch_add(&calls, 1);
    (void)self, (void)deadline_ns;
    if (strcmp(word, "die") == 0)
        _exit(9);
    if (strncmp(word, "slow", 4) == 0)
        nap(300);
    if (strcmp(word, "bump") == 0)
        atomic_fetch_add(&host->versions[PLACE], 1);
    if (strcmp(word, "fail") == 0) {
        answer->is_error = true;
        chimera_buffer_text(&answer->text, "it failed");
    } else if (strcmp(word, "memory") == 0) {
        give_memory(answer, "from memory");
    } else if (strcmp(word, "parent") == 0) {
        answer->is_error =
            host->ask_parent(host, "echo", CHIMERA_SLICE("argument"), &answer->text, &err) < 0;
        if (answer->is_error)
            chimera_buffer_text(&answer->text, err.text);
    } else {
        chimera_buffer_print(&answer->text, "%s %u", word, number);
        answer->keep_ms = strcmp(word, "brief") == 0      ? 1
                          : strncmp(word, "keep", 4) == 0 ? 60000
                                                          : 0;
    }
}

static void echo_close(void *self)
{
    (void)self;
}

extern const struct chimera_provider chimera_provider;
__attribute__((visibility("default")))
const struct chimera_provider chimera_provider = {.abi = CHIMERA_PROVIDER_ABI,
                                                  .name = "echo",
                                                  .open = echo_open,
                                                  .call = echo_call,
                                                  .close = echo_close};
