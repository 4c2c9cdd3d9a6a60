/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a value that a Rego guest hands over. What is read is written as the same value; on
 * an account, too, as far as that goes. */
#include <stdlib.h>

#include "runtime/rego/value.h"
#include "tests/fuzz/account.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_account(const uint8_t *data, struct chimera_slice input,
                          struct json_object *value)
{
    struct chimera_account account;
    struct json_object *again = NULL;
    struct chimera_buffer text;
    fuzz_account(data, input.size, &account);
    int code = chimera_rego_parse_within(input, &account, &again, NULL);
    fuzz_account_check(&account, code);
    if (code < 0 && !account.failed)
        abort();
    if (code == CHIMERA_OK && chimera_rego_compare(value, again, NULL) != 0)
        abort();
    chimera_buffer_init_within(&text, TEXT_MAX, &account);
    chimera_rego_write(again, &text);
    fuzz_account_check(&account, text.failed);
    chimera_buffer_free(&text);
    json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_object *value = NULL, *again = NULL;
    struct chimera_buffer text;
    struct chimera_slice input = {size ? (const char *)data : "", size};
    if (chimera_rego_parse(input, &value, NULL) < 0)
        return 0;
    check_account(data, input, value);
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_rego_write(value, &text);
    if (!text.failed) {
        if (chimera_rego_parse(chimera_buffer_slice(&text), &again, NULL) < 0 ||
            chimera_rego_compare(value, again, NULL) != 0)
            abort();
        json_object_put(again);
    }
    chimera_buffer_free(&text);
    json_object_put(value);
    return 0;
}
