/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/toolchain.h"

#define PARTS_MAX 16
#define SHOWN_MAX 40 /* bytes of a part that nobody knows */

enum kind {
    VERSION, /* "clang-19.1.7": the version is told */
    DIGEST,  /* "flags-0123…": only that it is another */
    WORD,    /* the part itself is told */
};

static const struct {
    const char *prefix, *name;
    enum kind kind;
} known[] = {
    {"chimera-", "Chimera", VERSION},
    {"abi-", "plugin ABI", VERSION},
    {"wabt-", "WABT", VERSION},
    {"clang-", "clang", VERSION},
    {"lld-", "lld", VERSION},
    {"tcc-", "tcc", VERSION},
    {"flags-", "flags of the compiler and linker", DIGEST},
    {"sources-", "sources that go into every plugin", DIGEST},
};
#define KNOWN (sizeof(known) / sizeof(*known))
#define RECIPE "recipe-" /* of flags and sources, before they had a digest each */

struct parts {
    struct chimera_slice known[KNOWN]; /* behind the prefix; data NULL: it has none */
    struct chimera_slice other[PARTS_MAX];
    size_t count;
    bool has_recipe;
};

static void take_part(struct chimera_slice part, struct parts *parts)
{
    parts->has_recipe = parts->has_recipe || chimera_slice_starts(part, RECIPE);
    for (size_t i = 0; i < KNOWN; i++) {
        if (!chimera_slice_starts(part, known[i].prefix))
            continue;
        parts->known[i] = chimera_slice_behind(part, strlen(known[i].prefix));
        return;
    }
    if (parts->count < PARTS_MAX)
        parts->other[parts->count++] = part;
}

static void take_parts(const char *identity, struct parts *ret_parts)
{
    *ret_parts = (struct parts){0};
    while (*identity) {
        size_t size = strcspn(identity, " ");
        if (size > 0)
            take_part((struct chimera_slice){identity, size}, ret_parts);
        identity += size + (identity[size] == ' ');
    }
}

static void begin_phrase(struct chimera_buffer *out, size_t start)
{
    if (out->size > start)
        chimera_buffer_text(out, ", ");
}

static void put_part(struct chimera_slice part, struct chimera_buffer *out)
{
    bool is_cut = part.size > SHOWN_MAX;
    chimera_buffer_append(out, (struct chimera_slice){part.data, is_cut ? SHOWN_MAX : part.size});
    if (is_cut)
        chimera_buffer_text(out, "…");
}

static void compare_known(size_t i, struct chimera_slice one, struct chimera_slice other,
                          struct chimera_buffer *out)
{
    if (known[i].kind == DIGEST) {
        chimera_buffer_print(out, "other %s", known[i].name);
        return;
    }
    if (!one.data) {
        chimera_buffer_print(out, "no %s instead of ", known[i].name);
        put_part(other, out);
        return;
    }
    chimera_buffer_print(out, "%s ", known[i].name);
    put_part(one, out);
    chimera_buffer_text(out, " instead of ");
    if (other.data)
        put_part(other, out);
    else
        chimera_buffer_text(out, "none");
}

static bool has_part(const struct parts *parts, struct chimera_slice part)
{
    for (size_t i = 0; i < parts->count; i++)
        if (chimera_slice_equal(parts->other[i], part))
            return true;
    return false;
}

/* "O1" and "x86-64", and what another Chimera may have. */
static void tell_others(const struct parts *parts, const struct parts *against, const char *word,
                        size_t start, struct chimera_buffer *out)
{
    for (size_t i = 0; i < parts->count; i++) {
        bool is_told = against->has_recipe != parts->has_recipe &&
                       chimera_slice_starts(parts->other[i], RECIPE);
        if (is_told || has_part(against, parts->other[i]))
            continue;
        begin_phrase(out, start);
        chimera_buffer_text(out, word);
        put_part(parts->other[i], out);
    }
}

bool chimera_toolchain_explain(const char *one, const char *other, struct chimera_buffer *out)
{
    struct parts a, b;
    size_t start = out->size;
    if (strcmp(one, other) == 0)
        return false;
    take_parts(one, &a);
    take_parts(other, &b);
    for (size_t i = 0; i < KNOWN; i++) {
        bool is_known = known[i].kind != DIGEST || a.has_recipe == b.has_recipe;
        if (!is_known || chimera_slice_equal(a.known[i], b.known[i]))
            continue;
        begin_phrase(out, start);
        compare_known(i, a.known[i], b.known[i], out);
    }
    if (a.has_recipe != b.has_recipe) {
        begin_phrase(out, start);
        chimera_buffer_text(out, "flags and sources by a digest of another kind");
    }
    tell_others(&a, &b, "with ", start, out);
    tell_others(&b, &a, "without ", start, out);
    if (out->size == start)
        chimera_buffer_text(out, "the same parts in another order");
    return true;
}
