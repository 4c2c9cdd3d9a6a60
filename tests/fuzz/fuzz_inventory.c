/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the lists that a cluster answers with, two of them with a NUL between: what is
 * refused is explained; what is taken becomes one JSON document of the size that was told. */
#include <stdlib.h>

#include "runtime/capability/inventory.h"
#include "runtime/json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct chimera_slice lists[2];
static size_t asked;

static bool answer_it(struct chimera_capability_source *source,
                      const struct chimera_host_request *request,
                      struct chimera_host_answer *answer)
{
    (void)source;
    if (request->kind == CHIMERA_ASK_PLURAL)
        chimera_buffer_text(answer->text, "\"things\"");
    else
        chimera_buffer_append(answer->text, lists[asked++ % 2]);
    return true;
}

static void check(enum chimera_inventory_form form)
{
    static const char *const resources[] = {"v1/A", "v1/B", NULL};
    static const char settings[] = "{\"kubernetes\":1,\"z\":2}";
    struct chimera_capability_source source = {.ask = answer_it};
    const struct chimera_grants grants = {.resources = resources, .source = &source};
    struct chimera_inventory *inventory = NULL;
    struct chimera_account account;
    struct chimera_arena arena;
    struct chimera_error err = {0};
    bool is_changed;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 64 << 20);
    chimera_arena_init(&arena, 64 << 20);
    asked = 0;
    if (chimera_inventory_new(&grants, form, &account, &inventory, NULL) < 0)
        abort();
    int code = chimera_inventory_ask(inventory, &is_changed, &err);
    if (code == CHIMERA_OK)
        code = chimera_inventory_read(inventory, &arena, &err);
    if (code < 0 && !err.text[0])
        abort();
    if (code == CHIMERA_OK) {
        size_t size = chimera_inventory_size(inventory, chimera_slice_of(settings));
        char *text = malloc(size);
        chimera_inventory_write(inventory, chimera_slice_of(settings), text);
        /* An object may be as deep as a text; the document is some levels deeper. */
        if (chimera_json_check((struct chimera_slice){text, size}, &err) < 0 &&
            !strstr(err.text, "recursion limit exceeded"))
            abort();
        free(text);
    }
    chimera_inventory_drop(inventory);
    if (account.bytes != 0)
        abort();
    chimera_inventory_free(inventory);
    chimera_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
    size_t first = cut ? (size_t)(cut - data) : size;
    lists[0] = (struct chimera_slice){size ? (const char *)data : "", first};
    lists[1] = cut ? (struct chimera_slice){(const char *)cut + 1, size - first - 1} : lists[0];
    check(CHIMERA_INVENTORY_OPA);
    check(CHIMERA_INVENTORY_GATEKEEPER);
    return 0;
}
