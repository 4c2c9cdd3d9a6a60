/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner and the tree agree, and what the tree writes reads back as the same. */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "tests/fuzz/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_right)
{
    if (!is_right)
        abort();
}

/* The tree alone refuses keys with a NUL. */
static bool may_differ(const struct chimera_error *err)
{
    return strstr(err->text, "NUL") != NULL;
}

/* `code` and `tree` are what comes without. */
static void check_account(const uint8_t *data, struct chimera_slice text, int code,
                          struct json_object *tree)
{
    struct chimera_account account;
    struct json_object *again = NULL;
    struct chimera_buffer out;
    fuzz_account(data, text.size, &account);
    int bounded = chimera_json_check_within(text, false, &account, NULL);
    fuzz_account_check(&account, bounded);
    expect(account.failed || code < 0 || bounded == CHIMERA_OK);
    fuzz_account(data, text.size, &account);
    bounded = chimera_json_parse_within(text, &account, &again, NULL);
    fuzz_account_check(&account, bounded);
    expect(account.failed || bounded == code);
    expect(bounded < 0 || json_object_equal(tree, again));
    chimera_buffer_init_within(&out, (size_t)64 << 20, &account);
    chimera_json_write(again, &out);
    fuzz_account_check(&account, out.failed);
    if (!out.failed)
        chimera_json_diff(tree, again, &out);
    chimera_buffer_free(&out);
    json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {(const char *)data, size};
    struct chimera_error checked = {0}, parsed = {0};
    CHIMERA_JSON struct json_object *tree = NULL;
    CHIMERA_JSON struct json_object *again = NULL;
    int code = chimera_json_check(text, &checked);
    int read = chimera_json_parse(text, &tree, &parsed);
    check_account(data, text, read, tree);
    if (read < 0) {
        expect(may_differ(&parsed) || (code < 0 && strcmp(checked.text, parsed.text) == 0));
        return 0;
    }
    expect(code == CHIMERA_OK);

    struct chimera_buffer written, difference;
    chimera_buffer_init(&written, (size_t)64 << 20);
    chimera_buffer_init(&difference, (size_t)64 << 20);
    chimera_json_write(tree, &written);
    expect(written.failed == 0);
    expect(chimera_json_parse(chimera_buffer_slice(&written), &again, NULL) == CHIMERA_OK);
    expect(!chimera_json_diff(tree, again, &difference));
    chimera_buffer_free(&written);
    chimera_buffer_free(&difference);
    return 0;
}
