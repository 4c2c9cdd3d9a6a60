/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins semver.*: strict versions, a "v" before them allowed (https://semver.org). */
#include "runtime/rego/arguments.h"

struct version {
    int64_t number[3];
    struct chimera_slice pre; /* .data NULL: none */
};

/* The text before the first `separator`, taken off together with it. False when there is none. */
static bool cut(struct chimera_slice *text, char separator, struct chimera_slice *ret_before)
{
    const char *at = text->size ? memchr(text->data, separator, text->size) : NULL;
    if (!at)
        return false;
    size_t size = (size_t)(at - text->data);
    *ret_before = (struct chimera_slice){text->data, size};
    *text = (struct chimera_slice){at + 1, text->size - size - 1};
    return true;
}

static bool is_number(struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return text.size > 0;
}

static bool read_number(struct chimera_slice text, int64_t *ret_number)
{
    int64_t number = 0;
    if (!is_number(text) || (text.size > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.data[i] - '0', &number))
            return false;
    }
    *ret_number = number;
    return true;
}

/* Identifiers with dots between them; numbers among them have no leading zeros if that matters.
 * False too when the account has failed, as with all below that have one. */
static bool are_identifiers(struct chimera_slice text, bool zeros_matter,
                            struct chimera_account *account)
{
    for (;;) {
        struct chimera_slice one = text;
        bool has_more = cut(&text, '.', &one);
        if (chimera_account_spend(account, 4 + one.size / 2) < 0)
            return false;
        for (size_t i = 0; i < one.size; i++) {
            char c = one.data[i];
            if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '-'))
                return false;
        }
        if (one.size == 0 || (zeros_matter && one.size > 1 && one.data[0] == '0' && is_number(one)))
            return false;
        if (!has_more)
            return true;
    }
}

static bool read_version(struct chimera_slice text, struct chimera_account *account,
                         struct version *ret_version)
{
    struct version version = {.pre = {NULL, 0}};
    struct chimera_slice before, part;
    if (chimera_slice_starts(text, "v"))
        text = (struct chimera_slice){text.data + 1, text.size - 1};
    if (cut(&text, '+', &before)) {
        if (!are_identifiers(text, false, account))
            return false;
        text = before;
    }
    if (cut(&text, '-', &before)) {
        if (!are_identifiers(text, true, account))
            return false;
        version.pre = text;
        text = before;
    }
    if (!cut(&text, '.', &part) || !read_number(part, &version.number[0]) ||
        !cut(&text, '.', &part) || !read_number(part, &version.number[1]) ||
        !read_number(text, &version.number[2]))
        return false;
    *ret_version = version;
    return true;
}

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Numbers by value and before words; without leading zeros the longer number is the larger. */
static int compare_identifiers(struct chimera_slice a, struct chimera_slice b)
{
    bool is_a = is_number(a), is_b = is_number(b);
    if (is_a != is_b)
        return is_a ? -1 : 1;
    if (is_a && a.size != b.size)
        return sign((int64_t)a.size, (int64_t)b.size);
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? sign(order, 0) : sign((int64_t)a.size, (int64_t)b.size);
}

static int compare_pre(struct chimera_slice a, struct chimera_slice b,
                       struct chimera_account *account)
{
    if (!a.data || !b.data) /* a release comes after what was before it */
        return (a.data ? 0 : 1) - (b.data ? 0 : 1);
    for (;;) {
        struct chimera_slice x = a, y = b;
        bool more_a = cut(&a, '.', &x), more_b = cut(&b, '.', &y);
        int order = compare_identifiers(x, y);
        if (chimera_account_spend(account, 4 + x.size / 2) < 0)
            return 0;
        if (order || !more_a || !more_b)
            return order ? order : (int)more_a - (int)more_b;
    }
}

static int compare(const struct version *a, const struct version *b,
                   struct chimera_account *account)
{
    for (size_t i = 0; i < 3; i++) {
        if (a->number[i] != b->number[i])
            return sign(a->number[i], b->number[i]);
    }
    return compare_pre(a->pre, b->pre, account);
}

int chimera_rego_semver_is_valid(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct version version;
    bool is_valid = json_object_is_type(call->args[0], json_type_string) &&
                    read_version(chimera_rego_string(call->args[0]), call->account, &version);
    int code = chimera_rego_spend(call, 0);
    return code < 0 ? code : chimera_rego_give_bool(call, is_valid, ret_result);
}

int chimera_rego_semver_compare(const struct chimera_rego_call *call,
                                struct json_object **ret_result)
{
    struct version version[2];
    struct chimera_slice text[2];
    int code = chimera_rego_want_two_strings(call, &text[0], &text[1]);
    if (code < 0)
        return code;
    for (unsigned i = 0; i < 2; i++) {
        bool is_read = read_version(text[i], call->account, &version[i]);
        code = chimera_rego_spend(call, 0);
        if (code < 0)
            return code;
        if (!is_read)
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand %u: string \"%.*s\" is not a valid SemVer", i + 1,
                                (int)(text[i].size < 100 ? text[i].size : 100), text[i].data);
    }
    int64_t order = compare(&version[0], &version[1], call->account);
    code = chimera_rego_spend(call, 0);
    return code < 0 ? code
                    : chimera_rego_give(call, chimera_node_int64(call->account, order), ret_result);
}
