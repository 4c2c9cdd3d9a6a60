/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/registry/challenge.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <strings.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip(struct chimera_slice *text, size_t count)
{
    text->data += count;
    text->size -= count;
}

static void skip_any(struct chimera_slice *text, const char *chars)
{
    while (text->size > 0 && *text->data && strchr(chars, *text->data))
        skip(text, 1);
}

static struct chimera_slice take_token(struct chimera_slice *text)
{
    struct chimera_slice token = {text->data, 0};
    while (token.size < text->size && is_token_char(token.data[token.size]))
        token.size++;
    skip(text, token.size);
    return token;
}

/* A value is one piece of base64 in place of parameters: the `=` at its end are no parameter's. */
static bool skip_token68(struct chimera_slice *text)
{
    size_t size = 0;
    while (size < text->size && (is_token_char(text->data[size]) || text->data[size] == '/'))
        size++;
    if (size == 0)
        return false;
    while (size < text->size && text->data[size] == '=')
        size++;
    struct chimera_slice rest = {text->data + size, text->size - size};
    skip_any(&rest, " \t");
    if (rest.size > 0 && *rest.data != ',')
        return false;
    skip(text, size);
    return true;
}

/* One value while it is read; what does not fit, or is no printable ASCII, makes it bad. */
struct value {
    char *to; /* NULL: nobody asks for it */
    size_t size;
    bool is_bad;
};

static void add(struct value *value, char c)
{
    if (!value->to)
        return;
    if (c < ' ' || c > '~' || value->size + 1 >= CHIMERA_CHALLENGE_TEXT_MAX)
        value->is_bad = true;
    else
        value->to[value->size++] = c;
}

static void take_value(struct chimera_slice *text, struct value *value)
{
    if (text->size > 0 && *text->data == '"') {
        skip(text, 1);
        while (text->size > 0 && *text->data != '"') {
            if (*text->data == '\\' && text->size > 1)
                skip(text, 1);
            add(value, *text->data);
            skip(text, 1);
        }
        if (text->size == 0)
            value->is_bad = true; /* it has no end */
        else
            skip(text, 1);
        return;
    }
    /* Some servers leave out the quotes of URLs. */
    while (text->size > 0 && *text->data && !strchr(", \t", *text->data)) {
        add(value, *text->data);
        skip(text, 1);
    }
}

static char *member_of(struct chimera_challenge *challenge, struct chimera_slice name)
{
    static const char *const names[] = {"realm", "service", "scope"};
    char *members[] = {challenge->realm, challenge->service, challenge->scope};
    for (size_t i = 0; i < 3; i++)
        if (name.size == strlen(names[i]) && strncasecmp(name.data, names[i], name.size) == 0)
            return members[i];
    return NULL;
}

/* False: what comes is no parameter, but the next challenge, or nothing. */
static bool take_parameter(struct chimera_slice *text, struct chimera_challenge *challenge)
{
    struct chimera_slice ahead = *text;
    skip_any(&ahead, " \t,");
    struct chimera_slice name = take_token(&ahead);
    skip_any(&ahead, " \t");
    if (name.size == 0 || ahead.size == 0 || *ahead.data != '=')
        return false;
    skip(&ahead, 1);
    skip_any(&ahead, " \t");
    struct value value = {.to = member_of(challenge, name)};
    if (value.to && *value.to)
        value.is_bad = true; /* it is there twice */
    take_value(&ahead, &value);
    if (value.to)
        value.to[value.size] = '\0';
    challenge->is_bad |= value.is_bad;
    *text = ahead;
    return true;
}

bool chimera_challenge_next(struct chimera_slice *text, struct chimera_challenge *ret_challenge)
{
    struct chimera_challenge *challenge = ret_challenge;
    skip_any(text, " \t,");
    challenge->scheme = take_token(text);
    challenge->is_bad = false;
    *challenge->realm = *challenge->service = *challenge->scope = '\0';
    if (challenge->scheme.size == 0) {
        text->size = 0; /* whatever it is */
        return false;
    }
    skip_any(text, " \t");
    if (skip_token68(text))
        return true;
    while (take_parameter(text, challenge))
        ;
    return true;
}

bool chimera_challenge_is(const struct chimera_challenge *challenge, const char *scheme)
{
    return challenge->scheme.size == strlen(scheme) &&
           strncasecmp(challenge->scheme.data, scheme, challenge->scheme.size) == 0;
}

/* --- The token --- */

/* Of the claims of a JWT, base64url without padding: `exp`, or 0. The token is not verified:
 * whoever takes it does that. */
static uint64_t expiry_in(struct chimera_slice claims)
{
    size_t padded = (claims.size + 3) / 4 * 4;
    CHIMERA_FREE char *base64 = malloc(padded + 1);
    CHIMERA_FREE uint8_t *text = malloc(padded + 1);
    if (!base64 || !text)
        return 0;
    for (size_t i = 0; i < padded; i++) {
        char c = i < claims.size ? claims.data[i] : 'A'; /* padding bytes are cut below */
        base64[i] = (char)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    int size = EVP_DecodeBlock(text, (const uint8_t *)base64, (int)padded);
    CHIMERA_JSON struct json_object *tree = NULL;
    size_t real = claims.size * 3 / 4;
    if (size < 0 || real > (size_t)size ||
        chimera_json_parse((struct chimera_slice){(const char *)text, real}, &tree, NULL) < 0)
        return 0;
    struct json_object *expiry =
        json_object_is_type(tree, json_type_object) ? json_object_object_get(tree, "exp") : NULL;
    bool is_time = json_object_is_type(expiry, json_type_int) || /* some write fractions */
                   json_object_is_type(expiry, json_type_double);
    int64_t seconds = is_time ? json_object_get_int64(expiry) : 0;
    return seconds > 0 ? (uint64_t)seconds : 0;
}

static unsigned lifetime_of(struct json_object *tree, const char *token, uint64_t now_s)
{
    struct json_object *told = json_object_object_get(tree, "expires_in");
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    uint64_t lifetime = CHIMERA_TOKEN_LIFETIME_S, expiry = 0;
    if (second)
        expiry = expiry_in((struct chimera_slice){first + 1, (size_t)(second - first - 1)});
    if (json_object_is_type(told, json_type_int) && json_object_get_int64(told) > 0)
        lifetime = (uint64_t)json_object_get_int64(told);
    else if (expiry > 0)
        lifetime = expiry > now_s ? expiry - now_s : 0;
    return (unsigned)(lifetime < CHIMERA_TOKEN_LIFETIME_MAX_S ? lifetime
                                                              : CHIMERA_TOKEN_LIFETIME_MAX_S);
}

/* As it may stand in a header. */
static bool is_token(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return false;
    const char *text = json_object_get_string(value);
    size_t size = (size_t)json_object_get_string_len(value);
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return size > 0;
}

int chimera_token_read(struct chimera_slice answer, uint64_t now_s, char **ret_token,
                       unsigned *ret_lifetime_s, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    if (answer.size > CHIMERA_TOKEN_ANSWER_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the answer is too large");
    /* Why it is no JSON is not told: the words could hold a part of the token. */
    if (chimera_json_parse(answer, &tree, NULL) < 0)
        return chimera_fail(err, CHIMERA_EIO, "the answer is not JSON");
    bool is_object = json_object_is_type(tree, json_type_object);
    struct json_object *token = is_object ? json_object_object_get(tree, "token") : NULL;
    if (!is_token(token))
        token = is_object ? json_object_object_get(tree, "access_token") : NULL;
    if (!is_token(token))
        return chimera_fail(err, CHIMERA_EIO, "the answer has no token");
    *ret_token = strdup(json_object_get_string(token));
    if (!*ret_token)
        return chimera_fail_memory(err);
    *ret_lifetime_s = lifetime_of(tree, *ret_token, now_s);
    return CHIMERA_OK;
}
