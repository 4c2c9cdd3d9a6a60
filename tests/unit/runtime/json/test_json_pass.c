/* SPDX-License-Identifier: Apache-2.0 */
/* The quick pass says of a text what the scanner says, in each form: of all corpora, and of the
 * same with a byte here and there changed, added or cut away. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/base/file.h"
#include "tests/fuzz/pass_check.h"

static const char *const folders[] = {
    "requests",
    "fuzz/corpus/json",
    "fuzz/corpus/request",
    "fuzz/corpus/response",
    "fuzz/corpus/diff",
    "fuzz/corpus/settings",
    "fuzz/corpus/pass",
    "reference/inputs",
    "fuzz/corpus/policies",
    "fuzz/corpus/rego_value",
};

#define FILE_MAX (1 << 20)
#define CHANGES 200 /* of a file, each with up to 3 bytes */

static uint64_t state = 1;

static size_t below(size_t bound)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return bound ? (size_t)(state >> 33) % bound : 0;
}

static void check_exactly(struct chimera_slice text)
{
    char *copy = malloc(text.size ? text.size : 1);
    assert_non_null(copy);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    pass_check((struct chimera_slice){copy, text.size});
    free(copy);
}

static void change(char *text, size_t *size)
{
    static const char bytes[] =
        "\"\"\\{}[],: \n\t01-.eEtfnu\x01\x1F\x7F\x80\xC3\xA9\xE2\xED\xF0/#!";
    size_t at = below(*size), left = *size - at;
    char byte = bytes[below(sizeof(bytes))];
    switch (below(3)) {
    case 0:
        text[at] = byte;
        break;
    case 1:
        memmove(text + at + 1, text + at, left);
        text[at] = byte;
        ++*size;
        break;
    default:
        memmove(text + at, text + at + 1, left - 1);
        --*size;
    }
}

static void check_changed(struct chimera_slice text)
{
    char *copy = malloc(text.size + 4);
    assert_non_null(copy);
    for (int i = 0; i < CHANGES && text.size > 4; i++) {
        size_t size = text.size;
        memcpy(copy, text.data, size);
        for (size_t changes = 1 + below(3); changes > 0; changes--)
            change(copy, &size);
        check_exactly((struct chimera_slice){copy, size});
    }
    free(copy);
}

static void check_file(const char *path)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, FILE_MAX);
    if (chimera_file_read(path, &bytes, NULL) == CHIMERA_OK) {
        check_exactly(chimera_buffer_slice(&bytes));
        if (bytes.size < FILE_MAX / 16)
            check_changed(chimera_buffer_slice(&bytes));
    }
    chimera_buffer_free(&bytes);
}

static void forms_agree_with_the_scanner(void **unused)
{
    char path[1024];
    unsigned count = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), TEST_DATA "/%s", folders[i]);
        DIR *folder = opendir(path);
        assert_non_null(folder);
        for (struct dirent *entry; (entry = readdir(folder)); count++) {
            snprintf(path, sizeof(path), TEST_DATA "/%s/%s", folders[i], entry->d_name);
            if (entry->d_type == DT_REG)
                check_file(path);
        }
        closedir(folder);
    }
    assert_true(count > 50);
}

static void forms_take_what_is_common(void **unused)
{
    static const char *const texts[] = {
        "{}",
        "[]\n",
        "{\"a\":{},\"b\":[],\"c\":[{},[]]}",
        " { \"a\" : [ 1 , -2.5 , true , null ] , \"b\" : \"\\\"\\u003c\xC3\xA9\" } \n" + 1,
        "{\"fifteen bytes..\":\"sixteen bytes...\",\"seventeen bytes.\":\"and a long text, longer "
        "than any block that is looked at at once, with a # and a ! in it\"}",
    };
    const struct chimera_pass_form *form;
    (void)unused;
    for (unsigned i = 0; (form = chimera_pass_form(i)); i++)
        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
            const char *end = texts[k] + strlen(texts[k]);
            const char *found = form->find_end(texts[k], end);
            assert_non_null(found);
            assert_true(found[-1] == '}' || found[-1] == ']');
        }
}

static void forms_leave_the_rare_to_the_scanner(void **unused)
{
    char deep[2 * (CHIMERA_PASS_DEPTH_MAX + 1)];
    const struct chimera_pass_form *form;
    (void)unused;
    memset(deep, '[', sizeof(deep) / 2);
    memset(deep + sizeof(deep) / 2, ']', sizeof(deep) / 2);
    for (unsigned i = 0; (form = chimera_pass_form(i)); i++) {
        assert_null(form->find_end(deep, deep + sizeof(deep)));
        assert_non_null(form->find_end(deep + 1, deep + sizeof(deep)));
    }
}

/* So deep that what the pass takes would be one level too many: 64 arrays around 63 objects, and an
 * empty one in the innermost. */
static void what_is_around_counts(void **unused)
{
    char text[1024] = "", *end = text;
    const struct chimera_pass_form *form;
    (void)unused;
    memset(text, '[', 64);
    end += 64;
    for (int i = 0; i < 63; i++)
        end = stpcpy(end, "{\"a\":");
    end = stpcpy(end, "{}");
    memset(end, '}', 63);
    memset(end + 63, ']', 64);
    for (unsigned i = 0; (form = chimera_pass_form(i)); i++) {
        struct chimera_scan scan;
        struct chimera_slice value;
        chimera_pass_force(form);
        chimera_scan_init(&scan, chimera_slice_of(text));
        while (scan.depth < 64)
            assert_true(chimera_scan_peek(&scan) == '[' && chimera_scan_open(&scan));
        assert_false(chimera_scan_skip(&scan, &value));
    }
}

/* ctest runs this with the variable, too. */
static void variable_forces_a_form(void **unused)
{
    const struct chimera_pass_form *form = NULL;
    const char *forced = getenv("CHIMERA_JSON_PASS");
    (void)unused;
    for (unsigned i = 0; chimera_pass_form(i) && (!form || !forced || strcmp(form->name, forced));
         i++)
        form = chimera_pass_form(i);
    assert_ptr_equal(chimera_pass, form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variable_forces_a_form),
        cmocka_unit_test(forms_take_what_is_common),
        cmocka_unit_test(forms_leave_the_rare_to_the_scanner),
        cmocka_unit_test(what_is_around_counts),
        cmocka_unit_test(forms_agree_with_the_scanner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
