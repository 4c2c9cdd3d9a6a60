/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions against what Go makes of them: tests/regexp/cases.txt and sets.txt, made by
 * make-cases.go.
 *
 *   test_regexp [FILE]   plays another file of cases ("-": standard input) and counts
 *
 * A case is a line of fields with tabs between them: pattern, text, template, and what Go says: an
 * error behind a "!", or all matches as "0-3,1-2,-;5-6,…", all groups of each; then the text with
 * its matches replaced. Bytes that are no printable ASCII are \xHH.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/base/hex.h"
#include "runtime/regexp/regexp_internal.h"
#include "runtime/rego/builtin.h"

#define RESULT_MAX ((size_t)16 << 20)
#define FIELDS 5

static unsigned wrong_count;

/* Undoes \xHH in place. */
static struct chimera_slice unquote(char *field)
{
    size_t size = 0;
    for (const char *at = field; *at; size++) {
        if (at[0] == '\\' && at[1] == 'x') {
            field[size] = (char)(chimera_hex_value(at[2]) << 4 | chimera_hex_value(at[3]));
            at += 4;
        } else {
            field[size] = *at++;
        }
    }
    return (struct chimera_slice){field, size};
}

static void put_matches(struct chimera_regexp_search *search, size_t groups,
                        struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    int found;
    for (int i = 0; (found = chimera_regexp_next(search, &err)) == 1; i++) {
        chimera_buffer_text(out, i ? ";" : "");
        for (size_t group = 0; group < groups; group++) {
            size_t start, end;
            chimera_buffer_text(out, group ? "," : "");
            if (chimera_regexp_group(search, group, &start, &end))
                chimera_buffer_print(out, "%zu-%zu", start, end);
            else
                chimera_buffer_text(out, "-");
        }
    }
    if (found < 0)
        chimera_buffer_print(out, "stopped: %s", err.text);
}

/* All matches, or the error. `is_long`: by the automaton, with as small blocks as there are. */
static void search(struct chimera_slice pattern, struct chimera_slice text, bool is_long,
                   struct chimera_account *account, struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    struct chimera_regexp *regexp = NULL;
    struct chimera_regexp_search *search = NULL;
    if (chimera_regexp_new(pattern, account, &regexp, &err) < 0) {
        chimera_buffer_print(out, "!%s", err.text);
        return;
    }
    if (is_long)
        regexp->short_text = regexp->states_bytes = 0;
    int is_there = chimera_regexp_matches(regexp, text, &err);
    if (is_there < 0 || chimera_regexp_search_new(regexp, text, true, &search, &err) < 0) {
        chimera_buffer_print(out, "stopped: %s", err.text);
    } else {
        put_matches(search, chimera_regexp_group_count(regexp), out);
        if (is_there != (out->size > 0))
            chimera_buffer_print(out, "but is there a match: %d", is_there);
    }
    chimera_regexp_search_free(search);
    chimera_regexp_free(regexp);
}

static void replace(struct chimera_slice pattern, struct chimera_slice text,
                    struct chimera_slice template, struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    struct json_object *result = NULL;
    struct json_object *args[] = {json_object_new_string_len(text.data, (int)text.size),
                                  json_object_new_string_len(pattern.data, (int)pattern.size),
                                  json_object_new_string_len(template.data, (int)template.size)};
    const struct chimera_rego_call call = {.args = args, .err = &err};
    if (chimera_rego_builtin_find("regex.replace")->function(&call, &result) < 0)
        chimera_buffer_print(out, "!%s", err.text);
    else
        chimera_buffer_append(out, chimera_rego_string(result));
    json_object_put(result);
    for (size_t i = 0; i < 3; i++)
        json_object_put(args[i]);
}

static void check(const char *how, const char *line, struct chimera_buffer *got,
                  struct chimera_slice want)
{
    if (!chimera_slice_equal(chimera_buffer_slice(got), want) && wrong_count++ < 50)
        print_error("%s, %s\n  want %.*s\n  got  %.*s\n", line, how, (int)want.size, want.data,
                    (int)got->size, got->data ? got->data : "");
    chimera_buffer_reset(got);
}

/* Takes the line apart. */
static void play_line(char *line, struct chimera_buffer *got)
{
    struct chimera_account account;
    char *shown = strdup(line);
    struct chimera_slice field[FIELDS] = {{0}};
    char *rest = line;
    for (size_t i = 0; i < FIELDS && rest; i++)
        field[i] = unquote(strsep(&rest, "\t"));
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    search(field[0], field[1], false, &account, got);
    check("short", shown, got, field[3]);
    search(field[0], field[1], true, &account, got);
    check("long", shown, got, field[3]);
    if (field[3].size == 0 || field[3].data[0] != '!') {
        replace(field[0], field[1], field[2], got);
        check("replaced", shown, got, field[4]);
    }
    if (account.bytes != 0 && wrong_count++ < 50)
        print_error("%s: %llu bytes are not given back\n", shown,
                    (unsigned long long)account.bytes);
    free(shown);
}

static unsigned play(FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    unsigned count = 0;
    struct chimera_buffer got;
    chimera_buffer_init(&got, RESULT_MAX);
    for (ssize_t size; (size = getline(&line, &room, file)) > 0; count++) {
        if (line[size - 1] == '\n')
            line[size - 1] = '\0';
        play_line(line, &got);
    }
    chimera_buffer_free(&got);
    free(line);
    return count;
}

static void expressions_match_as_in_go(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/regexp/cases.txt", "r");
    assert_non_null(file);
    assert_true(play(file) > 1000);
    fclose(file);
    assert_int_equal(wrong_count, 0);
}

/* --- What is in a class. --- */

static uint64_t mix(uint64_t hash, uint32_t value)
{
    return (hash ^ value) * 1099511628211u;
}

#define HASH_FIRST 14695981039346656037u

/* "pattern", how many ranges, and a hash of their bounds. */
static void check_set(const char *pattern, const char *count, const char *hash)
{
    char got[64];
    struct chimera_error err = {0};
    struct chimera_regexp *regexp = NULL;
    if (chimera_regexp_new(chimera_slice_of(pattern), NULL, &regexp, &err) < 0)
        fail_msg("%s: %s", pattern, err.text);
    assert_int_equal(regexp->set_count, 1);
    const struct chimera_regexp_set *set = &regexp->sets[0].set;
    uint64_t mixed = HASH_FIRST;
    for (uint32_t i = 0; i < set->count; i++)
        mixed = mix(mix(mixed, set->ranges[i].lo), set->ranges[i].hi);
    snprintf(got, sizeof(got), "%u %016llx", set->count, (unsigned long long)mixed);
    chimera_regexp_free(regexp);
    if (strncmp(got, count, strlen(count)) || strcmp(got + strlen(count) + 1, hash))
        fail_msg("%s: want %s %s, got %s", pattern, count, hash, got);
}

static void check_folds(const char *hash)
{
    char got[32];
    uint64_t mixed = HASH_FIRST;
    for (uint32_t rune = 0; rune <= CHIMERA_REGEXP_RUNE_MAX; rune++)
        mixed = mix(mixed, chimera_regexp_fold(rune));
    snprintf(got, sizeof(got), "%016llx", (unsigned long long)mixed);
    assert_string_equal(got, hash);
}

static void classes_have_the_characters_of_go(void **state)
{
    (void)state;
    char line[256];
    unsigned count = 0;
    FILE *file = fopen(TEST_DATA "/regexp/sets.txt", "r");
    assert_non_null(file);
    for (; fgets(line, sizeof(line), file); count++) {
        char *rest = line, *pattern = strsep(&rest, "\t"), *ranges = strsep(&rest, "\t");
        char *hash = strsep(&rest, "\n");
        if (!strcmp(pattern, "folds"))
            check_folds(hash);
        else
            check_set(pattern, ranges, hash);
    }
    fclose(file);
    assert_true(count > 800);
}

/* Unicode's own names have underscores. Go 1.25 and 1.26 do not find those of more than one word.
 */
static void scripts_are_found_by_all_their_words(void **state)
{
    (void)state;
    struct chimera_buffer got;
    chimera_buffer_init(&got, RESULT_MAX);
    static const char *const patterns[] = {"\\p{Old_Italic}", "\\p{old italic}", "\\p{OldItalic}"};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        search(chimera_slice_of(patterns[i]), chimera_slice_of("a\U00010300"), false, NULL, &got);
        check("short", patterns[i], &got, chimera_slice_of("1-5"));
    }
    chimera_buffer_free(&got);
    assert_int_equal(wrong_count, 0);
}

/* --- Time and memory. --- */

static struct chimera_slice repeat(const char *part, size_t count)
{
    size_t size = strlen(part);
    char *text = malloc(size * count + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + size * i, part, size);
    return (struct chimera_slice){text, size * count};
}

static void free_text(struct chimera_slice text)
{
    free((char *)(uintptr_t)text.data);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* How many matches there are within a minute; a refusal. Squares of these texts take hours. */
static int count_matches(const char *pattern, struct chimera_slice text)
{
    struct chimera_error err = {0};
    struct chimera_account account;
    struct chimera_regexp *regexp = NULL;
    struct chimera_regexp_search *search = NULL;
    int count = 0, found;
    chimera_account_open(&account, now_ns() + 60000000000, (uint64_t)256 << 20);
    assert_int_equal(chimera_regexp_new(chimera_slice_of(pattern), &account, &regexp, &err), 0);
    found = chimera_regexp_search_new(regexp, text, true, &search, &err);
    while (found >= 0 && (found = chimera_regexp_next(search, &err)) == 1)
        count++;
    chimera_regexp_search_free(search);
    if (found == 0)
        found = chimera_regexp_matches(regexp, text, &err);
    chimera_regexp_free(regexp);
    assert_int_equal(account.bytes, 0);
    if (found < 0)
        print_error("%s: %s\n", pattern, err.text);
    return found < 0 ? found : count;
}

static void all_matches_take_a_time_that_grows_with_the_text(void **state)
{
    (void)state;
    struct chimera_slice spaces = repeat(" ", 1000000), letters = repeat("a", 1000000),
                         words = repeat("ab\u00e9 ", 200000);
    ((char *)(uintptr_t)spaces.data)[spaces.size - 1] = 'x';
    assert_int_equal(count_matches("\\s+$", spaces), 0);
    assert_int_equal(count_matches("(\\s+)+\\b$", spaces), 0);
    assert_int_equal(count_matches("a(?:.*z)?", letters), 1000000);
    assert_int_equal(count_matches("(a*)*b|a", letters), 1000000);
    assert_int_equal(count_matches("(.*)(.*)(.*)(.*)x|\\z", letters), 1);
    assert_int_equal(count_matches("(?:a?){30}a{30}\\z", letters), 1);
    assert_int_equal(count_matches("[ab]+\u00e9", words), 200000);
    free_text(spaces);
    free_text(letters);
    free_text(words);
}

/* Many places have states of their own: more than are kept at a time. */
static void states_are_forgotten_and_made_again(void **state)
{
    (void)state;
    struct chimera_slice text = repeat("ab", 100000);
    uint32_t random = 1;
    int want = 0;
    for (size_t i = 0; i < text.size; i++) {
        random = random * 1664525 + 1013904223;
        ((char *)(uintptr_t)text.data)[i] = random >> 24 & 1 ? 'a' : 'b';
    }
    for (size_t i = 0; i + 40 < text.size; i++)
        want += text.data[i] == 'a' && text.data[i + 40] == 'b' ? (int)(i += 40, 1) : 0;
    assert_int_equal(count_matches("a[ab]{39}b", text), want);
    free_text(text);
}

static const char *const hungry[] = {
    "(?:(?:[ab]c?){30}){30}(?:x|[^y]y){90}",
    "(?i)[\\pL-\\x{10FFFF}]{900}",
    "((((a){0,9}b){0,9}c){0,9}|\\pL+)*$",
};

/* However early the time is up, the answer is that, and nothing stays. */
static void work_stops_when_the_time_is_up(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_slice text = repeat("abcabab", 20000);
    for (size_t i = 0; i < sizeof(hungry) / sizeof(hungry[0]); i++) {
        struct chimera_account account;
        struct chimera_regexp *regexp = NULL;
        struct chimera_regexp_search *search = NULL;
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
        int code = chimera_regexp_new(chimera_slice_of(hungry[i]), &account, &regexp, &err);
        if (code == CHIMERA_OK)
            code = chimera_regexp_search_new(regexp, text, true, &search, &err);
        while (code >= 0 && (code = chimera_regexp_next(search, &err)) == 1)
            continue;
        assert_int_equal(code, CHIMERA_EDEADLINE);
        chimera_regexp_search_free(search);
        chimera_regexp_free(regexp);
        assert_int_equal(account.bytes, 0);
    }
    free_text(text);
}

/* Refused at each place where memory is taken; nothing stays, and with enough of it there is an
 * answer. */
static void memory_is_taken_from_the_account(void **state)
{
    (void)state;
    struct chimera_slice text = repeat("abcabab", 2000);
    for (size_t i = 0; i < sizeof(hungry) / sizeof(hungry[0]); i++) {
        int code = CHIMERA_ELIMIT;
        for (uint64_t limit = 0; code == CHIMERA_ELIMIT; limit = limit + limit / 8 + 1000) {
            struct chimera_error err = {0};
            struct chimera_account account;
            struct chimera_regexp *regexp = NULL;
            struct chimera_regexp_search *search = NULL;
            chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, limit);
            code = chimera_regexp_new(chimera_slice_of(hungry[i]), &account, &regexp, &err);
            if (code == CHIMERA_OK)
                code = chimera_regexp_search_new(regexp, text, true, &search, &err);
            while (code >= 0 && (code = chimera_regexp_next(search, &err)) == 1)
                continue;
            if (code == CHIMERA_OK)
                code = chimera_regexp_matches(regexp, text, &err);
            assert_true(code >= 0 || (code == CHIMERA_ELIMIT && err.text[0]));
            assert_true(account.bytes_peak <= limit);
            chimera_regexp_search_free(search);
            chimera_regexp_free(regexp);
            assert_int_equal(account.bytes, 0);
            assert_true(limit < (uint64_t)256 << 20);
        }
    }
    free_text(text);
}

static void programs_have_the_size_that_go_allows(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_buffer pattern;
    struct chimera_slice classes = repeat("[ab]", 3500); /* times 1000 is more than 128 MiB / 40 */
    struct chimera_regexp *regexp = NULL;
    chimera_buffer_init(&pattern, RESULT_MAX);
    chimera_buffer_text(&pattern, "(?:");
    chimera_buffer_append(&pattern, classes);
    chimera_buffer_text(&pattern, "){1000}");
    assert_int_equal(chimera_regexp_new(chimera_buffer_slice(&pattern), NULL, &regexp, &err),
                     CHIMERA_EINVAL);
    assert_int_equal(strncmp(err.text, "error parsing regexp: expression too large: `(?:[ab]", 52),
                     0);
    chimera_buffer_free(&pattern);
    free_text(classes);
}

static int play_file(const char *path)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
    if (!file) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    unsigned count = play(file);
    printf("%u cases, %u wrong\n", count, wrong_count);
    fclose(file);
    return wrong_count != 0;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_match_as_in_go),
        cmocka_unit_test(classes_have_the_characters_of_go),
        cmocka_unit_test(scripts_are_found_by_all_their_words),
        cmocka_unit_test(all_matches_take_a_time_that_grows_with_the_text),
        cmocka_unit_test(states_are_forgotten_and_made_again),
        cmocka_unit_test(work_stops_when_the_time_is_up),
        cmocka_unit_test(memory_is_taken_from_the_account),
        cmocka_unit_test(programs_have_the_size_that_go_allows),
    };
    return count > 1 ? play_file(arguments[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
