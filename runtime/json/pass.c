/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/pass.h"

#include <stdlib.h>

#include "runtime/base/hex.h"
#include "runtime/json/plain.h"
#include "runtime/text/utf8.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))

#define AT_ONCE 8 /* most bytes that are compared behind a string, and more */
#define STARTS(at, text) (memcmp(at, text, sizeof(text) - 1) == 0)
#define BLANKS_BEHIND 2 /* line ends that a text may have behind its last bracket */
#define DIGITS_MAX 300  /* of these a double holds any */

/* --- What the forms share --- */

static ALWAYS_INLINE bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/* Where the text ends for the pass; NULL: it is none for it. */
static const char *last_bracket(const char *at, const char *end)
{
    for (int i = 0; i <= BLANKS_BEHIND && end - at >= 2; i++) {
        char byte = *--end;
        if (byte == '}' || byte == ']')
            return end;
        if (!is_space(byte))
            return NULL;
    }
    return NULL;
}

static NEVER_INLINE const char *pass_space(const char *at)
{
    while (is_space(*at))
        at++;
    return at;
}

static bool is_scalar_escape(const char *at)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = chimera_hex_value(at[i]);
        if (digit < 0)
            return false;
        unit = unit << 4 | (unsigned)digit;
    }
    return unit < 0xD800 || unit > 0xDFFF;
}

/* Behind an escape, or a run of longer characters; NULL: no such thing, or half a surrogate pair.
 */
static NEVER_INLINE const char *pass_special(const char *at, const char *last, bool *ret_is_escaped)
{
    if (*at == '\\') {
        if (ret_is_escaped)
            *ret_is_escaped = true;
        if (at[1] == '"' || at[1] == '\\' || at[1] == 'n')
            return at + 2;
        if (at[1] == 'u')
            return is_scalar_escape(at + 2) ? at + 6 : NULL;
        return at[1] != '\0' && strchr("/bfrt", at[1]) ? at + 2 : NULL;
    }
    if ((unsigned char)*at < 0x20)
        return NULL;
    while (at < last && (unsigned char)*at >= 0x80) {
        size_t size = chimera_utf8_character((struct chimera_slice){at, (size_t)(last - at)});
        if (size == 0)
            return NULL;
        at += size;
    }
    return at;
}

/* The rest of a string near the end of the text. */
static NEVER_INLINE const char *pass_by_bytes(const char *at, const char *last,
                                              bool *ret_is_escaped)
{
    while (at && at < last) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"')
            return at + 1;
        if (byte < 0x20 || byte >= 0x80 || byte == '\\')
            at = pass_special(at, last, ret_is_escaped);
        else
            at++;
    }
    return NULL;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Those with an exponent, and huge ones, may be out of range. */
static NEVER_INLINE const char *pass_number(const char *at)
{
    const char *start = at;
    if (*at == '-')
        at++;
    if (!is_digit(*at) || (*at == '0' && is_digit(at[1])))
        return NULL;
    while (is_digit(*at))
        at++;
    if (at - start > DIGITS_MAX)
        return NULL;
    if (*at == '.') {
        if (!is_digit(*++at))
            return NULL;
        while (is_digit(*at))
            at++;
    }
    return (*at | 0x20) == 'e' ? NULL : at;
}

static NEVER_INLINE const char *pass_word(const char *at, const char *word)
{
    for (; *word; word++, at++)
        if (*at != *word)
            return NULL;
    return at;
}

static ALWAYS_INLINE const char *pass_scalar(const char *at)
{
    if (*at == 't')
        return pass_word(at, "true");
    if (*at == 'f')
        return pass_word(at, "false");
    return *at == 'n' ? pass_word(at, "null") : pass_number(at);
}

struct pass { /* so that it stays in registers, nobody outside of the pass sees it */
    const char *at;
    const char *last;  /* the closing bracket that ends the text */
    const char *until; /* up to here a block is there, and AT_ONCE more */
    const char *key;   /* of the member whose value comes */
    uint32_t key_size;
    bool is_key_escaped;
    bool is_written; /* the values are, from `value` on */
    uint64_t open;   /* below a 1, a bit for each level: 1 is an object */
    struct chimera_pass_value *value, *room_end;
    struct chimera_pass_value **around; /* those that are open, innermost last */
};

enum step { /* what comes at pass->at */
            STEP_VALUE,
            STEP_TEXT, /* the inside of a string */
            STEP_MEMBER,
            STEP_KEY,    /* the inside of its key */
            STEP_BEHIND, /* what follows a value */
            STEP_CLOSE,  /* the right bracket */
            STEP_END,
            STEP_REFUSE
};

/* Writes a value down; false: there is no room. */
static ALWAYS_INLINE bool add_value(struct pass *pass, const char *start, const char *end)
{
    struct chimera_pass_value *value = pass->value;
    if (!pass->is_written)
        return true;
    if (value == pass->room_end)
        return false;
    value->key = pass->key;
    value->key_size = pass->key_size;
    value->is_key_escaped = pass->is_key_escaped;
    value->start = start;
    value->size = (uint32_t)(end - start);
    value->next = ++pass->value;
    return true;
}

static ALWAYS_INLINE bool open_value(struct pass *pass)
{
    if (pass->open >> CHIMERA_PASS_DEPTH_MAX)
        return false;
    if (pass->is_written)
        *pass->around++ = pass->value;
    return add_value(pass, pass->at, pass->at);
}

static ALWAYS_INLINE void close_value(struct pass *pass)
{
    if (!pass->is_written)
        return;
    struct chimera_pass_value *value = *--pass->around;
    value->size = (uint32_t)(pass->at - value->start);
    value->next = pass->value;
}

static ALWAYS_INLINE enum step pass_object(struct pass *pass)
{
    if (!open_value(pass))
        return STEP_REFUSE;
    pass->open = pass->open << 1 | 1;
    pass->at++;
    if (*pass->at != '"' && *pass->at != '}')
        pass->at = pass_space(pass->at);
    return *pass->at == '}' ? STEP_CLOSE : STEP_MEMBER;
}

static ALWAYS_INLINE enum step pass_array(struct pass *pass)
{
    if (!open_value(pass))
        return STEP_REFUSE;
    pass->open <<= 1;
    pass->at = pass_space(pass->at + 1);
    return *pass->at == ']' ? STEP_CLOSE : STEP_VALUE;
}

static ALWAYS_INLINE enum step pass_value(struct pass *pass)
{
    const char *start = pass->at;
    if (*start == '"') {
        pass->at++;
        return STEP_TEXT;
    }
    if (*start == '{')
        return pass_object(pass);
    if (*start == '[')
        return pass_array(pass);
    if (is_space(*start)) {
        pass->at = pass_space(start);
        return STEP_VALUE;
    }
    pass->at = pass_scalar(start);
    return pass->at && add_value(pass, start, pass->at) ? STEP_BEHIND : STEP_REFUSE;
}

/* These are where AT_ONCE bytes more are there, and go on at once with what is so common: a string,
 * an object that is empty or begins with a member, and another member. */

static ALWAYS_INLINE enum step behind_colon(struct pass *pass)
{
    const char *at = pass->at;
    if (*at == '"') {
        pass->at++;
        return STEP_TEXT;
    }
    if (STARTS(at, "{\"")) {
        if (!open_value(pass))
            return STEP_REFUSE;
        pass->open = pass->open << 1 | 1;
        pass->at += 2;
        return STEP_KEY;
    }
    if (!STARTS(at, "{}"))
        return STEP_VALUE;
    pass->at += 2;
    if (!add_value(pass, at, at + 2))
        return STEP_REFUSE;
    if (!STARTS(at + 2, ",\""))
        return STEP_BEHIND;
    pass->at += 2;
    return STEP_KEY;
}

static ALWAYS_INLINE enum step behind_text(struct pass *pass, const char *start, const char *end)
{
    pass->at = end;
    if (!add_value(pass, start, end))
        return STEP_REFUSE;
    if (!STARTS(end, ",\"") || !(pass->open & 1))
        return STEP_BEHIND;
    pass->at += 2;
    return STEP_KEY;
}

static ALWAYS_INLINE enum step pass_behind(struct pass *pass)
{
    bool is_object = pass->open & 1;
    switch (*pass->at) {
    case ',':
        pass->at++;
        return is_object ? STEP_MEMBER : STEP_VALUE;
    case '}':
        return is_object ? STEP_CLOSE : STEP_REFUSE;
    case ']':
        return is_object ? STEP_REFUSE : STEP_CLOSE;
    default:
        if (!is_space(*pass->at))
            return STEP_REFUSE;
        pass->at = pass_space(pass->at);
        return STEP_BEHIND;
    }
}

static ALWAYS_INLINE enum step pass_close(struct pass *pass)
{
    pass->at++;
    pass->open >>= 1;
    close_value(pass);
    if (pass->open == 1)
        return STEP_END;
    return pass->at > pass->last ? STEP_REFUSE : STEP_BEHIND;
}

static ALWAYS_INLINE enum step pass_member(struct pass *pass)
{
    if (*pass->at != '"')
        pass->at = pass_space(pass->at);
    return *pass->at++ == '"' ? STEP_KEY : STEP_REFUSE;
}

/* --- The forms --- */

#define FORM(name) name##_portable
#define TARGET
#define BLOCK 8
#define PLAIN_COUNT plain_count_portable
#include "runtime/json/pass_loop.h"
#undef FORM
#undef TARGET
#undef BLOCK
#undef PLAIN_COUNT

#ifdef __x86_64__

#define FORM(name) name##_sse2
#define TARGET
#define BLOCK 16
#define PLAIN_COUNT plain_count_sse2
#include "runtime/json/pass_loop.h"
#undef FORM
#undef TARGET
#undef BLOCK
#undef PLAIN_COUNT

#define TARGET __attribute__((target("avx2")))

#define FORM(name) name##_avx2
#define BLOCK 32
#define PLAIN_COUNT plain_count_avx2
#include "runtime/json/pass_loop.h"

#endif

static const struct chimera_pass_form forms[] = {
    {"portable", find_end_portable, find_values_portable},
#ifdef __x86_64__
    {"sse2", find_end_sse2, find_values_sse2},
    {"avx2", find_end_avx2, find_values_avx2},
#endif
};

const struct chimera_pass_form *chimera_pass = &forms[0];

static unsigned count_forms(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2") ? 3 : 2;
#else
    return 1;
#endif
}

const struct chimera_pass_form *chimera_pass_form(unsigned number)
{
    return number < count_forms() ? &forms[number] : NULL;
}

void chimera_pass_force(const struct chimera_pass_form *form)
{
    chimera_pass = form;
}

__attribute__((constructor)) static void choose_form(void)
{
    const char *forced = getenv("CHIMERA_JSON_PASS");
    for (unsigned i = 0; i < count_forms(); i++)
        if (!forced || strcmp(forced, forms[i].name) == 0)
            chimera_pass = &forms[i];
}
