/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/opa/canonical.h"

#include <stdlib.h>

#include "runtime/json/scan.h"

#define LINE_SEPARATOR "\xe2\x80\xa8" /* U+2028; U+2029 has one more in its last byte */

struct member {
    char *name; /* decoded; owned */
    size_t name_size;
    struct chimera_slice value;
};

static int by_name(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    size_t size = x->name_size < y->name_size ? x->name_size : y->name_size;
    int order = memcmp(x->name, y->name, size);
    return order ? order : (x->name_size > y->name_size) - (x->name_size < y->name_size);
}

static void put_string(struct chimera_slice text, struct chimera_buffer *out)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    chimera_buffer_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        const char *at = text.data + i;
        const char *found = memchr(plain, *at, sizeof(plain) - 1);
        bool is_line = text.size - i >= 3 && memcmp(at, LINE_SEPARATOR, 2) == 0 &&
                       (at[2] & ~1) == LINE_SEPARATOR[2];
        if (found)
            chimera_buffer_print(out, "\\%c", letters[found - plain]);
        else if ((unsigned char)*at < ' ')
            chimera_buffer_print(out, "\\u%04x", (unsigned char)*at);
        else if (is_line)
            chimera_buffer_print(out, "\\u202%d", 8 + (at[2] & 1));
        else
            chimera_buffer_byte(out, (uint8_t)*at);
        i += is_line ? 2 : 0;
    }
    chimera_buffer_byte(out, '"');
}

/* The text was checked, so that only memory can be missing: the buffer has the failure then. */
static void put_value(struct chimera_slice text, struct chimera_buffer *out,
                      struct chimera_error *err);

static size_t read_members(struct chimera_scan *scan, struct member **ret_member)
{
    struct chimera_scan_text key;
    size_t count = 0, room = 0;
    chimera_scan_open(scan);
    while (chimera_scan_next_key(scan, count == 0, &key) == 1) {
        if (count == room) {
            room = room ? 2 * room : 8;
            struct member *grown = reallocarray(*ret_member, room, sizeof(*grown));
            if (!grown)
                return count;
            *ret_member = grown;
        }
        struct member *member = &(*ret_member)[count];
        member->name = malloc(key.raw.size + 1);
        if (!member->name)
            return count;
        member->name_size = chimera_scan_decode(key.raw, member->name, key.raw.size);
        count++;
        chimera_scan_colon(scan);
        chimera_scan_skip(scan, &member->value);
    }
    chimera_scan_close(scan);
    return count;
}

static void put_object(struct chimera_scan *scan, struct chimera_buffer *out,
                       struct chimera_error *err)
{
    struct member *member = NULL;
    size_t count = read_members(scan, &member);
    if (scan->depth > 0)
        out->failed = CHIMERA_ENOMEM; /* it did not come to the end */
    if (count > 0)
        qsort(member, count, sizeof(*member), by_name);
    for (size_t i = 0; i < count && !out->failed; i++) {
        if (i > 0 && by_name(&member[i - 1], &member[i]) == 0)
            out->failed = chimera_fail(err, CHIMERA_EINVAL, "\"%.*s\" is there twice",
                                       member[i].name_size < 100 ? (int)member[i].name_size : 100,
                                       member[i].name);
        chimera_buffer_byte(out, i == 0 ? '{' : ',');
        put_string((struct chimera_slice){member[i].name, member[i].name_size}, out);
        chimera_buffer_byte(out, ':');
        put_value(member[i].value, out, err);
    }
    chimera_buffer_text(out, count == 0 ? "{}" : "}");
    for (size_t i = 0; i < count; i++)
        free(member[i].name);
    free(member);
}

/* As deep as the scanner allows, which has checked it. */
static void put_value(struct chimera_slice text, struct chimera_buffer *out,
                      struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_slice value = {0};
    struct chimera_scan_text string;
    size_t count = 0;
    chimera_scan_init(&scan, text);
    switch (chimera_scan_peek(&scan)) {
    case '{':
        put_object(&scan, out, err);
        return;
    case '[':
        chimera_scan_open(&scan);
        for (; !out->failed && chimera_scan_next_element(&scan, count == 0) == 1; count++) {
            chimera_scan_skip(&scan, &value);
            chimera_buffer_byte(out, count == 0 ? '[' : ',');
            put_value(value, out, err);
        }
        chimera_buffer_text(out, count == 0 ? "[]" : "]");
        return;
    case '"': {
        chimera_scan_string(&scan, &string);
        char *decoded = malloc(string.raw.size + 1);
        if (decoded)
            put_string((struct chimera_slice){decoded, chimera_scan_decode(string.raw, decoded,
                                                                           string.raw.size)},
                       out);
        else
            out->failed = CHIMERA_ENOMEM;
        free(decoded);
        return;
    }
    default:
        chimera_buffer_append(out, chimera_slice_trim(text));
    }
}

int opa_canonical_json(struct chimera_slice text, struct chimera_buffer *out,
                       struct chimera_error *err)
{
    int code = chimera_json_check(text, err);
    if (code < 0)
        return code;
    put_value(text, out, err);
    if (out->failed == CHIMERA_EINVAL)
        return CHIMERA_EINVAL;
    return out->failed ? chimera_fail(err, out->failed, "%s", chimera_code_text(out->failed))
                       : CHIMERA_OK;
}
