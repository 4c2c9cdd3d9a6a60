/* SPDX-License-Identifier: Apache-2.0 */
/* The formats that the library knows. */
#include "runtime/rego/builtins/schema/schema_internal.h"
#include "runtime/rego/builtins/time/time_layout.h"
#include "runtime/rego/builtins/uri/reference.h"

/* No time is longer. */
#define TIME_MAX_BYTES 200
#define HOSTNAME_MAX_BYTES 255
#define LABEL_MAX_BYTES 63

struct test {
    struct chimera_schema *schema;
    struct chimera_slice text;
    const char *format;
};

typedef int test_function(const struct test *test); /* 1, 0 or a code */

static int by_layouts(const struct test *test, const char *const layouts[])
{
    struct chimera_layout_time time;
    bool is_time = false;
    for (size_t i = 0; layouts[i] && !is_time && test->text.size < TIME_MAX_BYTES; i++)
        is_time = chimera_layout_parse(chimera_slice_of(layouts[i]), test->text, &time, NULL) ==
                  CHIMERA_OK;
    return is_time;
}

#define CLOCK "15:04:05"
#define CLOCK_AND_ZONE "15:04:05Z07:00"
#define DAY "2006-01-02"

static int is_date(const struct test *test)
{
    return by_layouts(test, (const char *const[]){DAY, NULL});
}

static int is_time(const struct test *test)
{
    return by_layouts(test, (const char *const[]){CLOCK_AND_ZONE, CLOCK, NULL});
}

static int is_date_time(const struct test *test)
{
    return by_layouts(
        test, (const char *const[]){CLOCK, CLOCK_AND_ZONE, DAY, DAY "T" CLOCK_AND_ZONE, NULL});
}

static bool is_letter_or_digit(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

static int is_hostname(const struct test *test)
{
    struct chimera_slice text = test->text;
    size_t start = 0;
    if (text.size > HOSTNAME_MAX_BYTES)
        return 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && text.data[i] != '.') {
            if (!is_letter_or_digit(text.data[i]) && text.data[i] != '-')
                return 0;
            continue;
        }
        if (i == start || i - start > LABEL_MAX_BYTES || text.data[start] == '-' ||
            text.data[i - 1] == '-')
            return 0;
        start = i + 1;
    }
    return 1;
}

static int is_email(const struct test *test)
{
    return chimera_mail_is_address(test->text);
}

/* An IPv4 address within an IPv6 one makes it either. */
static int is_address(const struct test *test)
{
    bool has_zone;
    char mark = test->format[3] == '4' ? '.' : ':';
    return chimera_uri_address(test->text, &has_zone) && !has_zone &&
           memchr(test->text.data, mark, test->text.size);
}

static int is_uri(const struct test *test)
{
    struct chimera_region region;
    struct chimera_uri uri;
    struct chimera_error ignored = {0};
    bool is_template = strcmp(test->format, "uri-template") == 0, is_good;
    chimera_region_init(&region, test->schema->call->account);
    int code = chimera_uri_parse(test->text, &region, &uri, &ignored);
    is_good =
        code == CHIMERA_OK && !(test->text.size && memchr(test->text.data, '\\', test->text.size));
    if (is_good && strstr(test->format, "reference") == NULL && !is_template)
        is_good = uri.scheme.size > 0;
    for (struct chimera_slice path = uri.path; is_good && is_template && path.size > 0;) {
        const char *open = memchr(path.data, '{', path.size); /* each needs one that closes it */
        size_t before = open ? (size_t)(open - path.data) : path.size;
        path = chimera_slice_behind(path, before);
        const char *close = path.size ? memchr(path.data, '}', path.size) : NULL;
        is_good = !open || close;
        path = chimera_slice_behind(path, close ? (size_t)(close - path.data) + 1 : path.size);
    }
    chimera_region_free(&region);
    return code < 0 && code != CHIMERA_EINVAL ? chimera_schema_no_memory(test->schema) : is_good;
}

static int is_uuid(const struct test *test)
{
    bool is_good = test->text.size == 36;
    for (size_t i = 0; is_good && i < 36; i++) {
        char c = test->text.data[i];
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        is_good = is_dash ? c == '-' : c && strchr("0123456789abcdefABCDEF", c);
    }
    return is_good;
}

static int is_regex(const struct test *test)
{
    struct chimera_regexp *regexp = NULL;
    struct chimera_error ignored = {0};
    int code = chimera_regexp_new(test->text, test->schema->call->account, &regexp, &ignored);
    chimera_regexp_free(regexp);
    return code < 0 && code != CHIMERA_EINVAL ? chimera_schema_no_memory(test->schema)
                                              : code == CHIMERA_OK;
}

static int is_json_pointer(const struct test *test)
{
    struct chimera_slice text = test->text;
    if (text.size && text.data[0] != '/')
        return 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '~' &&
            (i + 1 == text.size || (text.data[i + 1] != '0' && text.data[i + 1] != '1')))
            return 0;
    }
    return 1;
}

/* How many levels up, and a pointer from there or '#'. */
static int is_relative_pointer(const struct test *test)
{
    struct test rest = *test;
    size_t digits = 0;
    while (digits < rest.text.size && rest.text.data[digits] >= '0' &&
           rest.text.data[digits] <= '9')
        digits++;
    if (digits == 0 || (digits > 1 && rest.text.data[0] == '0'))
        return 0;
    rest.text = chimera_slice_behind(rest.text, digits);
    return chimera_slice_is(rest.text, "#") || is_json_pointer(&rest);
}

static const struct {
    const char *format;
    test_function *function;
} formats[] = {
    {"date", is_date},
    {"time", is_time},
    {"date-time", is_date_time},
    {"hostname", is_hostname},
    {"email", is_email},
    {"idn-email", is_email},
    {"ipv4", is_address},
    {"ipv6", is_address},
    {"uri", is_uri},
    {"uri-reference", is_uri},
    {"iri", is_uri},
    {"iri-reference", is_uri},
    {"uri-template", is_uri},
    {"uuid", is_uuid},
    {"regex", is_regex},
    {"json-pointer", is_json_pointer},
    {"relative-json-pointer", is_relative_pointer},
};

int chimera_schema_has_format(struct chimera_schema *schema, struct chimera_slice format,
                              struct chimera_slice text)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        const struct test test = {.schema = schema, .text = text, .format = formats[i].format};
        if (!chimera_slice_is(format, formats[i].format))
            continue;
        int code = chimera_rego_spend(schema->call, 16 + text.size);
        return code < 0 ? code : formats[i].function(&test);
    }
    return 1;
}
