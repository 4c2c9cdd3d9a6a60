/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as YAML. What is read can be written, and reads back as the same; on an account, too,
 * as far as that goes. */
#include <stdlib.h>

#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"
#include "tests/fuzz/account.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* `tree` and `code` are what comes without. */
static void check_account(const uint8_t *data, struct chimera_slice input, int code,
                          struct json_object *tree)
{
    struct chimera_account account;
    const struct chimera_yaml_options options = {.account = &account};
    struct json_object *again = NULL;
    struct chimera_buffer text;
    fuzz_account(data, input.size, &account);
    int bounded = chimera_yaml_parse(input, &options, &again, NULL);
    fuzz_account_check(&account, bounded);
    if (bounded != code && !account.failed)
        abort();
    if (bounded == CHIMERA_OK && !json_object_equal(tree, again))
        abort();
    chimera_buffer_init_within(&text, TEXT_MAX, &account);
    chimera_yaml_write(again, &text);
    fuzz_account_check(&account, text.failed);
    chimera_buffer_free(&text);
    json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct chimera_yaml_options options = {0};
    struct json_object *tree = NULL, *again = NULL;
    struct chimera_buffer text;
    struct chimera_slice input = {size ? (const char *)data : "", size};
    int code = chimera_yaml_parse(input, &options, &tree, NULL);
    check_account(data, input, code, tree);
    if (code < 0)
        return 0;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_yaml_write(tree, &text);
    if (!text.failed) {
        if (chimera_yaml_parse(chimera_buffer_slice(&text), &options, &again, NULL) < 0 ||
            !json_object_equal(tree, again))
            abort();
        json_object_put(again);
    }
    chimera_buffer_free(&text);
    json_object_put(tree);
    return 0;
}
