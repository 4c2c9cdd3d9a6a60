/* SPDX-License-Identifier: Apache-2.0 */
/* pass_loop.h - the pass itself, which pass.c includes once for each form.
 *
 * FORM(name) makes a name of the form's own, TARGET is an attribute of its functions. BLOCK is how
 * many bytes PLAIN_COUNT(at) looks at: how many of them are plain in a string, before the first
 * quote, backslash, control character or part of a longer character; BLOCK when all are.
 *
 * The text's last byte that counts is a closing bracket. Outside of strings nothing goes on behind
 * a byte but by what that byte is, and a bracket is only gone past where a value ends; so but for
 * there, and in strings, nobody has to ask whether there is another byte. White space is only
 * thought of where something else was expected.
 */
#ifdef FORM

/* Behind the closing quote of a string, from anywhere inside of it. */
TARGET static NEVER_INLINE const char *FORM(end_of_string)(const char *at, const char *last,
                                                           bool *ret_is_escaped)
{
    while (last - at >= BLOCK) {
        size_t count = PLAIN_COUNT(at);
        at += count;
        if (count == BLOCK)
            continue;
        if (*at == '"')
            return at + 1;
        at = pass_special(at, last, ret_is_escaped);
        if (!at)
            return NULL;
    }
    return pass_by_bytes(at, last, ret_is_escaped);
}

/* Behind the quote that opens a string. */
TARGET static ALWAYS_INLINE enum step FORM(text)(struct pass *pass)
{
    const char *start = pass->at - 1, *at = pass->at;
    size_t count = BLOCK;
    while (count == BLOCK && at <= pass->until) {
        count = PLAIN_COUNT(at);
        at += count;
        if (*at == '"')
            return behind_text(pass, start, at + 1);
    }
    pass->at = FORM(end_of_string)(at, pass->last, NULL);
    return pass->at && add_value(pass, start, pass->at) ? STEP_BEHIND : STEP_REFUSE;
}

/* Behind the quote that opens a key. */
TARGET static ALWAYS_INLINE enum step FORM(key)(struct pass *pass)
{
    const char *at = pass->at;
    size_t count = BLOCK;
    pass->key = at;
    pass->is_key_escaped = false;
    while (count == BLOCK && at <= pass->until) {
        count = PLAIN_COUNT(at);
        at += count;
        if (STARTS(at, "\":")) {
            pass->key_size = (uint32_t)(at - pass->key);
            pass->at = at + 2;
            return behind_colon(pass);
        }
    }
    bool is_escaped = false;
    at = FORM(end_of_string)(at, pass->last, &is_escaped);
    if (!at)
        return STEP_REFUSE;
    pass->key_size = (uint32_t)(at - 1 - pass->key);
    pass->is_key_escaped = is_escaped;
    if (pass->is_written && is_escaped && memmem(pass->key, pass->key_size, "\\u0000", 6))
        return STEP_REFUSE;
    if (*at != ':')
        at = pass_space(at);
    pass->at = at + 1;
    return *at == ':' ? STEP_VALUE : STEP_REFUSE;
}

TARGET static ALWAYS_INLINE const char *FORM(pass)(const char *at, const char *end, bool is_written,
                                                   struct chimera_pass_index *index)
{
    const char *last = last_bracket(at, end);
    if (!last)
        return NULL;
    struct chimera_pass_value *around[CHIMERA_PASS_DEPTH_MAX];
    struct pass pass = {.at = at, .key = at, .last = last, .open = 1, .is_written = is_written};
    pass.until = last - at > BLOCK + AT_ONCE ? last - BLOCK - AT_ONCE : at;
    if (is_written) {
        pass.around = around;
        pass.value = index->first;
        pass.room_end = index->room_end;
    }
    enum step step = STEP_VALUE;
    while (step != STEP_REFUSE) {
        switch (step) {
        case STEP_VALUE:
            step = pass_value(&pass);
            break;
        case STEP_TEXT:
            step = FORM(text)(&pass);
            break;
        case STEP_MEMBER:
            step = pass_member(&pass);
            break;
        case STEP_KEY:
            step = FORM(key)(&pass);
            break;
        case STEP_BEHIND:
            step = pass_behind(&pass);
            break;
        case STEP_CLOSE:
            step = pass_close(&pass);
            break;
        case STEP_END:
        case STEP_REFUSE:
            if (is_written)
                index->end = pass.value;
            return pass.at;
        }
    }
    return NULL;
}

TARGET static const char *FORM(find_end)(const char *at, const char *end)
{
    return FORM(pass)(at, end, false, NULL);
}

TARGET static const char *FORM(find_values)(const char *at, const char *end,
                                            struct chimera_pass_index *index)
{
    return FORM(pass)(at, end, true, index);
}

#endif
