/* SPDX-License-Identifier: Apache-2.0 */
/* A template for strings.render_template, with variables of every type. With an account it gives
 * the same or nothing; endless templates are ended by an account of their own. */
#include "runtime/base/clock.h"
#include "runtime/rego/builtin.h"
#include "runtime/rego/unmarshal.h"
#include "tests/fuzz/account.h"

#define BYTES_MAX ((uint64_t)32 << 20)
/* Looks at the clock: of what a template may do without end there is only so much. */
#define WORK_NS 300000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int render(struct json_object *const *args, struct chimera_account *account,
                  struct chimera_buffer *ret_text)
{
    struct json_object *result = NULL;
    struct chimera_error err = {0};
    const struct chimera_rego_call call = {.args = args, .account = account, .err = &err};
    int code = chimera_rego_builtin_find("strings.render_template")->function(&call, &result);
    if (code < 0 && (result || !err.text[0]))
        abort();
    chimera_buffer_init(ret_text, (size_t)64 << 20);
    if (code == CHIMERA_OK)
        chimera_rego_write(result, ret_text);
    json_object_put(result);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char variables[] =
        "{\"a\":{\"b\":[1,\"x\",null,{\"c\":true}],\"d\":{}},\"s\":\"text\",\"n\":12.50,"
        "\"t\":true,\"z\":null,\"e\":[],\"l\":[\"q\",\"r\",\"s\"]}";
    struct chimera_account account, wide;
    struct chimera_buffer text, bounded_text;
    struct json_object *args[2] = {json_object_new_string_len((const char *)data, (int)size), NULL};
    if (chimera_rego_unmarshal(CHIMERA_SLICE(variables), NULL, &args[1], NULL) < 0)
        abort();
    chimera_account_open(&wide, chimera_clock_ns() + WORK_NS, BYTES_MAX);
    fuzz_account(data, size, &account);
    int code = render(args, &wide, &text);
    int bounded = render(args, &account, &bounded_text);
    fuzz_account_check(&account, bounded);
    if (bounded != code && !account.failed && !wide.failed)
        abort();
    if (code == CHIMERA_OK && bounded == CHIMERA_OK &&
        !chimera_slice_equal(chimera_buffer_slice(&text), chimera_buffer_slice(&bounded_text)))
        abort();
    chimera_buffer_free(&text);
    chimera_buffer_free(&bounded_text);
    json_object_put(args[0]);
    json_object_put(args[1]);
    return 0;
}
