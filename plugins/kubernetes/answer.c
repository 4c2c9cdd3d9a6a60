/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/answer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"

#define HEAD_MAX ((size_t)8 << 10)
#define PAGE ((size_t)4096)

static char *put(char *at, struct chimera_slice bytes)
{
    memcpy(at, bytes.data, bytes.size);
    return at + bytes.size;
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

static int fill(int memory, size_t size, struct chimera_slice head, const struct kube_store *store,
                struct chimera_error *err)
{
    if (ftruncate(memory, (off_t)size) != 0)
        return chimera_fail_errno(err, "cannot make room for a list");
    char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory, 0);
    if (map == MAP_FAILED)
        return chimera_fail_errno(err, "cannot map a list");
    char *to = put(map, head);
    for (size_t i = 0; i < store->count; i++) {
        if (i > 0)
            *to++ = ',';
        to = put(to, (struct chimera_slice){store->object[i]->bytes, store->object[i]->size});
    }
    put(to, CHIMERA_SLICE("]}"));
    munmap(map, size);
    /* No writer is left, and nobody can make one. */
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
                          : fill(memory, size, chimera_buffer_slice(&head), store, err);
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
