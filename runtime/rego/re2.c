#include "runtime/rego/re2.h"

#include <stdlib.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define PATTERN_MAX ((size_t)64 << 10)
/* Steps of one match, its memory, and the time that all matches with one expression may take. */
#define MATCH_LIMIT 1000000
#define HEAP_LIMIT_KIB 16384
#define TIME_LIMIT_NS 500000000

struct chimera_re2 {
    pcre2_code *code; /* owned, as are the next two */
    pcre2_match_data *match;
    pcre2_match_context *context;
    int64_t started_ns; /* thread time of the first match; 0 before it */
    int group_count;    /* that the last match filled */
};

void chimera_re2_free(struct chimera_re2 *re2)
{
    if (!re2)
        return;
    pcre2_match_data_free(re2->match);
    pcre2_match_context_free(re2->context);
    pcre2_code_free(re2->code);
    free(re2);
}

static int compile(struct chimera_re2 *re2, struct chimera_slice pattern, struct chimera_error *err)
{
    int why;
    size_t at;
    unsigned char text[200];
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory for a regular expression");
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    re2->code = pcre2_compile((PCRE2_SPTR)(pattern.data ? pattern.data : ""), pattern.size,
                              PCRE2_UTF | PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C |
                                  PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX,
                              &why, &at, context);
    pcre2_compile_context_free(context);
    if (re2->code)
        return CHIMERA_OK;
    pcre2_get_error_message(why, text, sizeof(text));
    return chimera_fail(err, CHIMERA_EINVAL, "error parsing regexp: %s", (const char *)text);
}

static int build(struct chimera_re2 *re2, struct chimera_slice pattern, struct chimera_error *err)
{
    struct chimera_buffer translated;
    chimera_buffer_init(&translated, 8 * PATTERN_MAX);
    int code = chimera_re2_translate(pattern, &translated, err);
    if (code == CHIMERA_OK)
        code = compile(re2, chimera_buffer_slice(&translated), err);
    chimera_buffer_free(&translated);
    if (code < 0)
        return code;
    re2->match = pcre2_match_data_create_from_pattern(re2->code, NULL);
    re2->context = pcre2_match_context_create(NULL);
    if (!re2->match || !re2->context)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory for a regular expression");
    pcre2_set_match_limit(re2->context, MATCH_LIMIT);
    pcre2_set_heap_limit(re2->context, HEAP_LIMIT_KIB);
    return CHIMERA_OK;
}

int chimera_re2_new(struct chimera_slice pattern, struct chimera_re2 **ret_re2,
                    struct chimera_error *err)
{
    if (pattern.size > PATTERN_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the regular expression is too long");
    struct chimera_re2 *re2 = calloc(1, sizeof(*re2));
    if (!re2)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory for a regular expression");
    int code = build(re2, pattern, err);
    if (code < 0)
        chimera_re2_free(re2);
    else
        *ret_re2 = re2;
    return code;
}

static int64_t thread_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int chimera_re2_match(struct chimera_re2 *re2, struct chimera_slice text, size_t at,
                      struct chimera_error *err)
{
    int64_t now = thread_time_ns();
    if (re2->started_ns == 0)
        re2->started_ns = now;
    if (now - re2->started_ns > TIME_LIMIT_NS)
        return chimera_fail(err, CHIMERA_ELIMIT, "the regular expression takes too long");
    int count = pcre2_match(re2->code, (PCRE2_SPTR)(text.data ? text.data : ""), text.size, at,
                            PCRE2_NO_UTF_CHECK, re2->match, re2->context);
    if (count == PCRE2_ERROR_NOMATCH)
        return 0;
    if (count < 0)
        return chimera_fail(err, CHIMERA_ELIMIT, "the regular expression takes too long");
    re2->group_count = count;
    return 1;
}

size_t chimera_re2_group_count(const struct chimera_re2 *re2)
{
    uint32_t count = 0;
    pcre2_pattern_info(re2->code, PCRE2_INFO_CAPTURECOUNT, &count);
    return (size_t)count + 1;
}

bool chimera_re2_group(const struct chimera_re2 *re2, size_t group, size_t *ret_start,
                       size_t *ret_end)
{
    const size_t *bounds = pcre2_get_ovector_pointer(re2->match);
    if (group >= (size_t)re2->group_count || bounds[2 * group] == PCRE2_UNSET)
        return false;
    *ret_start = bounds[2 * group];
    *ret_end = bounds[2 * group + 1];
    return true;
}

int chimera_re2_group_named(const struct chimera_re2 *re2, struct chimera_slice name)
{
    unsigned char copy[64];
    if (name.size >= sizeof(copy))
        return -1;
    memcpy(copy, name.data, name.size);
    copy[name.size] = '\0';
    PCRE2_SPTR entry, last;
    int size = pcre2_substring_nametable_scan(re2->code, copy, &entry, &last);
    for (; size > 0 && entry <= last; entry += size) {
        size_t group = (size_t)entry[0] << 8 | entry[1], start, end;
        if (chimera_re2_group(re2, group, &start, &end))
            return (int)group;
    }
    return -1;
}
