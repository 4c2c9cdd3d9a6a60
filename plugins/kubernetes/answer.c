/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"

#define HEAD_MAX ((size_t)8 << 10)
#define PAGE ((size_t)4096)
#define ROOM ((size_t)64 << 10) /* stays in the processor's cache */

/* Bytes on their way into the file, by whole pages: writing takes half of what a mapping does,
 * which has its pages zeroed and found one by one. */
struct filling {
    int memory;
    size_t used;
    char *room; /* ROOM bytes */
    bool has_failed;
};

static void pour(struct filling *filling, size_t size)
{
    for (size_t done = 0; done < size && !filling->has_failed;) {
        ssize_t count = write(filling->memory, filling->room + done, size - done);
        filling->has_failed = count < 0 && errno != EINTR;
        done += count > 0 ? (size_t)count : 0;
    }
    filling->used -= size;
    memmove(filling->room, filling->room + size, filling->used);
}

static void put(struct filling *filling, struct chimera_slice bytes)
{
    while (bytes.size > 0) {
        size_t free = ROOM - filling->used, now = bytes.size < free ? bytes.size : free;
        memcpy(filling->room + filling->used, bytes.data, now);
        filling->used += now;
        bytes = chimera_slice_behind(bytes, now);
        if (filling->used == ROOM)
            pour(filling, ROOM);
    }
}

static void write_head(const struct kube_resource *resource, struct chimera_buffer *out)
{
    char kind[KUBE_NAME_MAX + 4];
    int size = snprintf(kind, sizeof(kind), "%sList", resource->kind);
    chimera_buffer_text(out, "{\"apiVersion\":");
    chimera_json_write_string(chimera_slice_of(resource->api_version), out);
    chimera_buffer_text(out, ",\"kind\":");
    chimera_json_write_string((struct chimera_slice){kind, (size_t)size}, out);
    chimera_buffer_text(out, ",\"metadata\":{},\"items\":[");
}

static int fill(int memory, struct chimera_slice head, const struct kube_store *store,
                struct chimera_error *err)
{
    CHIMERA_FREE char *room = malloc(ROOM);
    struct filling filling = {.memory = memory, .room = room};
    if (!room)
        return chimera_fail_memory(err);
    put(&filling, head);
    for (size_t i = 0; i < store->count; i++) {
        if (i > 0)
            put(&filling, CHIMERA_SLICE(","));
        put(&filling, (struct chimera_slice){store->object[i]->bytes, store->object[i]->size});
    }
    put(&filling, CHIMERA_SLICE("]}"));
    pour(&filling, filling.used);
    if (filling.has_failed)
        return chimera_fail_errno(err, "cannot write a list");
    /* Nobody can write any more. */
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return chimera_fail_errno(err, "cannot seal a list");
    return CHIMERA_OK;
}

int kube_answer_make(struct kube_answer *answer, const struct kube_store *store,
                     const struct kube_resource *resource, struct chimera_error *err)
{
    struct chimera_buffer head;
    kube_answer_drop(answer, store->budget);
    chimera_buffer_init(&head, HEAD_MAX);
    write_head(resource, &head);
    size_t commas = store->count ? store->count - 1 : 0;
    size_t size = head.size + store->json_bytes + commas + 2;
    uint64_t used = (size + PAGE - 1) / PAGE * PAGE;
    int code = head.failed ? chimera_fail_memory(err) : kube_budget_take(store->budget, used, err);
    if (code == CHIMERA_OK) {
        CHIMERA_CLOSE int memory = memfd_create("kubernetes-list", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        code = memory < 0 ? chimera_fail_errno(err, "cannot make memory for a list")
                          : fill(memory, chimera_buffer_slice(&head), store, err);
        if (code == CHIMERA_OK) {
            *answer = (struct kube_answer){.memory = memory, .size = size, .used = used};
            memory = -1; /* the answer's now */
        } else {
            kube_budget_give_back(store->budget, used);
        }
    }
    chimera_buffer_free(&head);
    return code;
}

void kube_answer_drop(struct kube_answer *answer, struct kube_budget *budget)
{
    if (answer->memory >= 0)
        close(answer->memory);
    kube_budget_give_back(budget, answer->used);
    *answer = (struct kube_answer){.memory = -1};
}
