/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin regex.globs_match: is there a text that both patterns match? Patterns have characters,
 * '.', sets in brackets, and '+' or '*' behind one of these.
 *
 * OPA's search does not try all ways; what it misses, we miss. It takes exponential time, ours
 * remembers what it has found about each pair of places.
 */
#include "runtime/rego/arguments.h"
#include "runtime/rego/quote.h"
#include "runtime/rego/region.h"

struct range {
    uint32_t first, last;
    struct range *next;
};

struct token {
    enum { CHARACTER, ANY, SET } kind;
    char flag; /* '+', '*', or 0 */
    uint32_t rune;
    struct range *ranges; /* of a set: in order, with gaps between them */
};

struct glob {
    struct token *tokens;
    size_t size;
};

/* --- Reading --- */

struct reader {
    const struct chimera_rego_call *call;
    struct chimera_region *region;
    struct chimera_slice whole, rest;
};

static int fail(const struct reader *reader, const char *what)
{
    int shown = reader->whole.size < 200 ? (int)reader->whole.size : 200;
    struct chimera_slice read = {reader->whole.data, reader->whole.size - reader->rest.size};
    return chimera_fail(reader->call->err, CHIMERA_EINVAL,
                        "input:%.*s, pos:%zu, %s: the input provided is invalid", shown,
                        reader->whole.data, chimera_rego_count_runes(read), what);
}

/* The next character, which is there; -1 for a backslash with nothing behind. */
static int64_t take(struct reader *reader, bool *ret_is_escaped)
{
    uint32_t rune = chimera_rego_take_rune(&reader->rest);
    *ret_is_escaped = rune == '\\';
    if (!*ret_is_escaped)
        return rune;
    return reader->rest.size ? (int64_t)chimera_rego_take_rune(&reader->rest) : -1;
}

static int add_range(struct reader *reader, struct range **list, uint32_t first, uint32_t last)
{
    struct range *range = chimera_region_take(reader->region, sizeof(*range));
    if (!range)
        return chimera_rego_no_memory(reader->call);
    while (*list && (*list)->last + 1 < first) {
        chimera_account_spend(reader->call->account, 1);
        list = &(*list)->next;
    }
    while (*list && (*list)->first <= last + 1) {
        first = (*list)->first < first ? (*list)->first : first;
        last = (*list)->last > last ? (*list)->last : last;
        *list = (*list)->next;
    }
    *range = (struct range){.first = first, .last = last, .next = *list};
    *list = range;
    return chimera_rego_spend(reader->call, 4);
}

/* Behind a bracket, to behind the one that ends it. */
static int read_set(struct reader *reader, struct token *token)
{
    uint32_t before = 0;
    bool has_before = false, is_escaped;
    int code = CHIMERA_OK;
    token->kind = SET;
    while (code == CHIMERA_OK && reader->rest.size > 0) {
        int64_t rune = take(reader, &is_escaped);
        if (rune < 0)
            return fail(reader, "input ends with a \\ (escape) character");
        if (!is_escaped && rune == ']')
            return CHIMERA_OK;
        if (is_escaped || rune != '-') {
            before = (uint32_t)rune;
            has_before = true;
            code = add_range(reader, &token->ranges, before, before);
            continue;
        }
        struct chimera_slice rest = reader->rest;
        if (!has_before)
            return fail(reader, "range character '-' must be preceded by a Unicode character");
        if (chimera_rego_count_runes(
                (struct chimera_slice){rest.data, rest.size < 8 ? rest.size : 8}) < 2)
            return fail(reader, "range character '-' must be followed by a Unicode character");
        rune = take(reader, &is_escaped);
        if (!is_escaped && (rune == ']' || rune == '-'))
            return fail(reader, "range character '-' cannot be followed by a special symbol");
        if (rune < before)
            return fail(reader, "range is out of order");
        has_before = false;
        code = add_range(reader, &token->ranges, before, (uint32_t)rune);
    }
    return code < 0 ? code : fail(reader, "found [ without matching ]");
}

static int read_token(struct reader *reader, struct token *token)
{
    bool is_escaped;
    int64_t rune = take(reader, &is_escaped);
    int code = chimera_rego_spend(reader->call, 4);
    if (rune < 0)
        return fail(reader, "input ends with a \\ (escape) character");
    if (!is_escaped && rune == ']')
        return fail(reader, "set-close ']' with no preceding '['");
    if (!is_escaped && (rune == '+' || rune == '*'))
        return fail(reader, rune == '+' ? "flag '+' must be preceded by a non-flag"
                                        : "flag '*' must be preceded by a non-flag");
    if (!is_escaped && rune == '[')
        code = read_set(reader, token);
    else if (!is_escaped && rune == '.')
        token->kind = ANY;
    else
        token->rune = (uint32_t)rune;
    if (code == CHIMERA_OK &&
        (chimera_slice_starts(reader->rest, "+") || chimera_slice_starts(reader->rest, "*"))) {
        token->flag = reader->rest.data[0];
        reader->rest = chimera_slice_behind(reader->rest, 1);
    }
    return code;
}

static bool are_equal(const struct token *a, const struct token *b)
{
    const struct range *of_a = a->ranges, *of_b = b->ranges;
    if (a->kind != b->kind || a->rune != b->rune)
        return false;
    while (of_a && of_b && of_a->first == of_b->first && of_a->last == of_b->last) {
        of_a = of_a->next;
        of_b = of_b->next;
    }
    return !of_a && !of_b;
}

/* Repetitions of the same that follow each other are one. */
static int read_glob(struct reader *reader, struct glob *ret_glob)
{
    struct token *tokens =
        chimera_region_take(reader->region, (reader->whole.size + 1) * sizeof(*tokens));
    int code = tokens ? CHIMERA_OK : chimera_rego_no_memory(reader->call);
    size_t size = 0;
    reader->rest = reader->whole;
    while (code == CHIMERA_OK && reader->rest.size > 0) {
        struct token token = {0}, *last = size ? &tokens[size - 1] : NULL;
        code = read_token(reader, &token);
        if (last && last->flag && token.flag && are_equal(last, &token))
            last->flag = last->flag == '+' ? '+' : token.flag;
        else
            tokens[size++] = token;
    }
    *ret_glob = (struct glob){.tokens = tokens, .size = size};
    return code;
}

/* --- Comparing --- */

static bool meet(const struct token *a, const struct token *b, struct chimera_account *account)
{
    const struct range one = {.first = a->rune, .last = a->rune};
    const struct range other = {.first = b->rune, .last = b->rune};
    const struct range *of_a = a->kind == SET ? a->ranges : &one;
    const struct range *of_b = b->kind == SET ? b->ranges : &other;
    if (a->kind == ANY || b->kind == ANY)
        return true;
    while (of_a && of_b && (of_a->last < of_b->first || of_b->last < of_a->first)) {
        chimera_account_spend(account, 1);
        if (of_a->last < of_b->first)
            of_a = of_a->next;
        else
            of_b = of_b->next;
    }
    return of_a && of_b;
}

/* Both lose what they have in common at both ends, up to a repetition, but for one token. False:
 * they differ there. */
static bool trim(struct glob *a, struct glob *b, struct chimera_account *account)
{
    size_t start = 0, end = 0, least = a->size < b->size ? a->size : b->size;
    while (start < least && !a->tokens[start].flag && !b->tokens[start].flag) {
        if (!meet(&a->tokens[start], &b->tokens[start], account))
            return false;
        start++;
    }
    start -= start > 0;
    for (; end + start < least; end++) {
        const struct token *of_a = &a->tokens[a->size - 1 - end];
        const struct token *of_b = &b->tokens[b->size - 1 - end];
        if (of_a->flag || of_b->flag)
            break;
        if (!meet(of_a, of_b, account))
            return false;
    }
    end -= end > 0;
    *a = (struct glob){a->tokens + start, a->size - start - end};
    *b = (struct glob){b->tokens + start, b->size - start - end};
    return true;
}

/* What is known of a place in `a` and one in `b`, to their ends. */
struct known {
    bool meet[2]; /* do the rests meet, with `a` or `b` asked first for a repetition? */
    bool star[2]; /* do they when the first token of `a` or `b` is taken as one with a star? */
};

struct pair { /* both from a place on, in the order in which they are asked */
    const struct glob *glob[2];
    size_t at[2];
};

/* Four corners of the table: here, one on in `a`, in `b`, in both. */
struct corner {
    struct known *here;
    const struct known *next[2], *both;
};

static bool is_at_end(const struct pair *pair, int side)
{
    return pair->at[side] == pair->glob[side]->size;
}

static bool meet_at(const struct pair *pair, size_t more_of_a, size_t more_of_b,
                    struct chimera_account *account)
{
    return meet(&pair->glob[0]->tokens[pair->at[0] + more_of_a],
                &pair->glob[1]->tokens[pair->at[1] + more_of_b], account);
}

/* `side` repeats its first token, as often as it likes. */
static bool find_star(const struct pair *pair, const struct corner *corner, int side,
                      struct chimera_account *account)
{
    bool has_more = pair->at[side] + 1 < pair->glob[side]->size;
    if (is_at_end(pair, side))
        return false;
    if (is_at_end(pair, !side))
        return !has_more;
    if (has_more && meet_at(pair, side == 0, side == 1, account) && corner->next[side]->meet[side])
        return true;
    return meet_at(pair, 0, 0, account) && corner->next[!side]->star[side];
}

static bool find_meeting(const struct pair *pair, const struct corner *corner, int first,
                         struct chimera_account *account)
{
    if (is_at_end(pair, 0) || is_at_end(pair, 1))
        return is_at_end(pair, 0) && is_at_end(pair, 1);
    char flag[2] = {pair->glob[0]->tokens[pair->at[0]].flag,
                    pair->glob[1]->tokens[pair->at[1]].flag};
    if (!flag[0] && !flag[1])
        return meet_at(pair, 0, 0, account) && corner->both->meet[first];
    int side = flag[first] ? first : !first;
    if (flag[side] == '*')
        return corner->here->star[side];
    return meet_at(pair, 0, 0, account) &&
           (corner->next[!side]->star[side] || (flag[!side] && corner->next[side]->meet[side]));
}

/* From the ends on, a row of places in `b` for each in `a`. */
static int search(const struct reader *reader, const struct glob *a, const struct glob *b,
                  bool *ret_meet)
{
    struct chimera_account *account = reader->call->account;
    struct known *rows[2], unknown = {0};
    for (int i = 0; i < 2; i++) {
        rows[i] = chimera_region_take(reader->region, (b->size + 1) * sizeof(*rows[i]));
        if (!rows[i])
            return chimera_rego_no_memory(reader->call);
    }
    for (size_t i = a->size + 1; i-- > 0;) {
        struct known *row = rows[i % 2], *below = rows[(i + 1) % 2];
        for (size_t k = b->size + 1; k-- > 0;) {
            const struct pair pair = {.glob = {a, b}, .at = {i, k}};
            bool is_last = k == b->size;
            const struct corner corner = {.here = &row[k],
                                          .next = {&below[k], is_last ? &unknown : &row[k + 1]},
                                          .both = is_last ? &unknown : &below[k + 1]};
            for (int side = 0; side < 2; side++)
                row[k].star[side] = find_star(&pair, &corner, side, account);
            for (int side = 0; side < 2; side++)
                row[k].meet[side] = find_meeting(&pair, &corner, side, account);
            int code = chimera_rego_spend(reader->call, 8);
            if (code < 0)
                return code;
        }
    }
    *ret_meet = rows[0][0].meet[0];
    return CHIMERA_OK;
}

int chimera_rego_globs_match(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_region region;
    struct reader reader = {.call = call, .region = &region};
    struct glob globs[2];
    struct chimera_slice texts[2];
    bool is_found = false;
    int code = chimera_rego_want_two_strings(call, &texts[0], &texts[1]);
    chimera_region_init(&region, call->account);
    for (int i = 0; i < 2 && code == CHIMERA_OK; i++) {
        reader.whole = texts[i];
        code = read_glob(&reader, &globs[i]);
    }
    if (code == CHIMERA_OK && trim(&globs[0], &globs[1], call->account))
        code = search(&reader, &globs[0], &globs[1], &is_found);
    if (code == CHIMERA_OK)
        code = chimera_rego_spend(call, 0);
    chimera_region_free(&region);
    return code < 0 ? code : chimera_rego_give_bool(call, is_found, ret_result);
}
