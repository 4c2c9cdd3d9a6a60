/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins as the reference has them (burrego 0.3.4, guest-abis.md §4.5), where they are not OPA's:
 * for policies that were written against it, behind an option. */
#include <string.h>

#include "runtime/rego/arguments.h"
#include "runtime/rego/builtin.h"

/* All pieces as one string. */
static int split_joined(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct json_object *pieces = NULL;
    struct chimera_buffer out;
    int code = chimera_rego_regex_split(call, &pieces);
    if (code < 0)
        return code;
    chimera_rego_buffer(call, &out);
    for (size_t i = 0; i < json_object_array_length(pieces) && !out.failed; i++)
        chimera_buffer_append(&out, chimera_rego_string(json_object_array_get_idx(pieces, i)));
    json_object_put(pieces);
    return chimera_rego_give_text(call, &out, ret_result);
}

/* Bytes below 16 are one digit. */
static int hex_unpadded(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice bytes;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &bytes, &out);
    if (code < 0)
        return code;
    for (size_t i = 0; i < bytes.size && !out.failed; i++)
        chimera_buffer_print(&out, "%x", (unsigned)(uint8_t)bytes.data[i]);
    return chimera_rego_give_text(call, &out, ret_result);
}

/* What a URL's query may not hold as it is: `& = + /` stay, a space is %20, and tabs and ends of
 * lines are left out. */
static int query_as_it_is(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &text, &out);
    if (code < 0)
        return code;
    for (size_t i = 0; i < text.size && !out.failed; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (byte == '\t' || byte == '\n' || byte == '\r')
            continue;
        if (byte <= ' ' || byte >= 0x7f || strchr("\"#<>'", byte))
            chimera_buffer_print(&out, "%%%02X", byte);
        else
            chimera_buffer_byte(&out, byte);
    }
    return chimera_rego_give_text(call, &out, ret_result);
}

static const struct chimera_rego_builtin upstream[] = {
    {"regex.split", 2, split_joined, true},
    {"hex.encode", 1, hex_unpadded, true},
    {"urlquery.encode", 1, query_as_it_is, true},
    {"parse_rfc3339_ns", 1, chimera_rego_parse_rfc3339_ns, true}, /* it lacks "time." */
    {"date", 1, chimera_rego_date, true},
};

const struct chimera_rego_builtin *chimera_rego_builtin_of_upstream(const char *name)
{
    for (size_t i = 0; i < sizeof(upstream) / sizeof(upstream[0]); i++)
        if (strcmp(upstream[i].name, name) == 0)
            return &upstream[i];
    return chimera_rego_builtin_find(name);
}
