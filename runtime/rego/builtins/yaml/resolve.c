/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/yaml/resolve.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/rego/builtins/time/time_layout.h"

/* Longer texts are no numbers: go-yaml would read a float of them. */
#define NUMBER_MAX 400

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- Words --- */

static bool find_word(struct chimera_slice text, struct chimera_go_yaml_scalar *ret_scalar)
{
    static const struct {
        const char *text;
        struct chimera_go_yaml_scalar scalar;
    } words[] = {
        {"true", {CHIMERA_GO_YAML_BOOLEAN, {.boolean = true}}},
        {"True", {CHIMERA_GO_YAML_BOOLEAN, {.boolean = true}}},
        {"TRUE", {CHIMERA_GO_YAML_BOOLEAN, {.boolean = true}}},
        {"false", {CHIMERA_GO_YAML_BOOLEAN, {.boolean = false}}},
        {"False", {CHIMERA_GO_YAML_BOOLEAN, {.boolean = false}}},
        {"FALSE", {CHIMERA_GO_YAML_BOOLEAN, {.boolean = false}}},
        {"", {CHIMERA_GO_YAML_NULL, {.integer = 0}}},
        {"~", {CHIMERA_GO_YAML_NULL, {.integer = 0}}},
        {"null", {CHIMERA_GO_YAML_NULL, {.integer = 0}}},
        {"Null", {CHIMERA_GO_YAML_NULL, {.integer = 0}}},
        {"NULL", {CHIMERA_GO_YAML_NULL, {.integer = 0}}},
        {".nan", {CHIMERA_GO_YAML_FLOAT, {.number = NAN}}},
        {".NaN", {CHIMERA_GO_YAML_FLOAT, {.number = NAN}}},
        {".NAN", {CHIMERA_GO_YAML_FLOAT, {.number = NAN}}},
        {".inf", {CHIMERA_GO_YAML_FLOAT, {.number = INFINITY}}},
        {".Inf", {CHIMERA_GO_YAML_FLOAT, {.number = INFINITY}}},
        {".INF", {CHIMERA_GO_YAML_FLOAT, {.number = INFINITY}}},
        {"+.inf", {CHIMERA_GO_YAML_FLOAT, {.number = INFINITY}}},
        {"+.Inf", {CHIMERA_GO_YAML_FLOAT, {.number = INFINITY}}},
        {"+.INF", {CHIMERA_GO_YAML_FLOAT, {.number = INFINITY}}},
        {"-.inf", {CHIMERA_GO_YAML_FLOAT, {.number = -INFINITY}}},
        {"-.Inf", {CHIMERA_GO_YAML_FLOAT, {.number = -INFINITY}}},
        {"-.INF", {CHIMERA_GO_YAML_FLOAT, {.number = -INFINITY}}},
        {"<<", {CHIMERA_GO_YAML_MERGE, {.integer = 0}}},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!chimera_slice_is(text, words[i].text))
            continue;
        *ret_scalar = words[i].scalar;
        return true;
    }
    return false;
}

/* --- Integers --- */

static int digit_value(char c)
{
    return is_digit(c)                              ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : 16;
}

static bool read_natural(const char *text, int base, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        int digit = digit_value(*text);
        if (digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

/* With a sign or without; base 0 stands for what a prefix says, and a zero in front for octal. */
static bool read_integer(const char *text, int base, struct chimera_go_yaml_scalar *ret_scalar)
{
    bool has_sign = *text == '-' || *text == '+', is_negative = *text == '-';
    uint64_t value;
    text += has_sign;
    if (base == 0) {
        char letter = text[0] == '0' && text[1] && text[2] ? (char)(text[1] | 0x20) : '\0';
        base = letter == 'x' ? 16 : letter == 'b' ? 2 : letter == 'o' ? 8 : 10;
        text += base == 10 ? 0 : 2;
        if (base == 10 && text[0] == '0' && text[1])
            base = 8;
    }
    if (!read_natural(text, base, &value))
        return false;
    if (value <= (is_negative ? (uint64_t)1 << 63 : (uint64_t)INT64_MAX)) {
        ret_scalar->kind = CHIMERA_GO_YAML_INTEGER;
        ret_scalar->as.integer = (int64_t)(is_negative ? 0 - value : value);
        return true;
    }
    ret_scalar->kind = CHIMERA_GO_YAML_UNSIGNED;
    ret_scalar->as.natural = value;
    return !has_sign;
}

/* --- Floats --- */

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t whole = strspn(text, "0123456789"), part = 0;
    text += whole;
    if (*text == '.') {
        part = strspn(++text, "0123456789");
        text += part;
    }
    if (whole + part == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        if (!is_digit(*text))
            return false;
        text += strspn(text, "0123456789");
    }
    return *text == '\0';
}

static bool read_float(const char *text, struct chimera_go_yaml_scalar *ret_scalar)
{
    if (!is_float(text))
        return false;
    ret_scalar->kind = CHIMERA_GO_YAML_FLOAT;
    ret_scalar->as.number = strtod(text, NULL);
    return isfinite(ret_scalar->as.number);
}

/* --- Instants --- */

static bool is_timestamp(struct chimera_slice text)
{
    static const char *const layouts[] = {"2006-1-2T15:4:5.999999999Z07:00",
                                          "2006-1-2t15:4:5.999999999Z07:00",
                                          "2006-1-2 15:4:5.999999999", "2006-1-2"};
    if (text.size < 5 || text.size > NUMBER_MAX || text.data[4] != '-')
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (!is_digit(text.data[i]))
            return false;
    }
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        struct chimera_layout_time time;
        struct chimera_error unused;
        if (chimera_layout_parse(chimera_slice_of(layouts[i]), text, &time, &unused) == 0)
            return true;
    }
    return false;
}

/* --- All of them --- */

struct chimera_go_yaml_scalar chimera_go_yaml_resolve(struct chimera_slice text)
{
    struct chimera_go_yaml_scalar scalar = {.kind = CHIMERA_GO_YAML_TEXT};
    const struct chimera_go_yaml_scalar plain = scalar;
    char copy[NUMBER_MAX + 1];
    size_t size = 0;
    if (find_word(text, &scalar))
        return scalar;
    char first = text.data[0];
    bool is_number = is_digit(first) || first == '-' || first == '+';
    if ((!is_number && first != '.') || text.size > NUMBER_MAX ||
        memchr(text.data, '\0', text.size))
        return plain;
    if (is_timestamp(text))
        return (struct chimera_go_yaml_scalar){.kind = CHIMERA_GO_YAML_TIMESTAMP};
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '_' || first == '.')
            copy[size++] = text.data[i];
    }
    copy[size] = '\0';
    if (is_number && read_integer(copy, 0, &scalar))
        return scalar;
    if (read_float(copy, &scalar))
        return scalar;
    /* A sign may also stand behind the prefix. */
    int base = strncmp(copy, "0b", 2) == 0 ? 2 : strncmp(copy, "0o", 2) == 0 ? 8 : 0;
    return base && read_integer(copy + 2, base, &scalar) ? scalar : plain;
}
