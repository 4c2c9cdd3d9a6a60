/* SPDX-License-Identifier: Apache-2.0 */
/* What `inspect` prints besides metadata: Markdown, as kwctl 1.36 printed the same texts at 80
 * columns but where the cases say other, and signatures (cli-and-distribution.md §1.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/error.h"
#include "runtime/json/tree.h"
#include "toolchain/command/author/markdown.h"
#include "toolchain/command/author/signatures.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void markdown_is_shown_without_its_marks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"\n\n", "\n\n"},
        {"# Title", "Title\n"},
        {"#hash", "#hash\n"},
        {"para *it* **b** `c*d`", "para it b c*d\n"},
        {"~~s~~ ~x \\* \\x a*b", "s ~x * \\x ab\n"},
        {"*", "*\n"},
        {"**", "\n"},
        {"x*", "x*\n"},
        {"***bi***", "bi\n"},
        {"`un\nclosed", "un\nclosed\n"},
        {"* item\n * sub\n   * deep\n- dash\n1. one",
         "• item\n • sub\n   • deep\n- dash\n1. one\n"},
        {"> quote\n>\n>x", "▐ quote\n▐ \n>x\n"},
        {"    code *x*\n\tco", "code *x*\nco      \n"},
        {"```yaml\na: b\n\n  longer: line\n```\nx\n```\nopen",
         "a: b          \n              \n  longer: line\nx\nopen\n"},
        {"|a|b|\n|-|:-:|\n|1|22222|\n|x|\nend",
         "│ a │  b  │\n├───┼─────┤\n│1  │22222│\n│x  │     │\nend\n"},
        {"|a|\n|--:|\n| `x|y` |\n|---|", "│ a │\n├───┤\n│x|y│\n└───┘\n"},
        {"|-|\n|\\||", "┌───┐\n│|  │\n"},
        {"|", "│\n"},
        {"aaaa bbbb cccc dddd eeee", "aaaa bbbb cccc dddd \neeee\n"},
        {"* aaaa bbbb cccc dddd eeee", "• aaaa bbbb cccc \n  dddd eeee\n"},
        {"> aaaa bbbb cccc dddd eeee", "▐ aaaa bbbb cccc \n▐ dddd eeee\n"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaa b", "aaaaaaaaaaaaaaaaaaaa\naaaaa b\n"},
        {"éééééééééééééééééééé", "éééééééééééééééééééé\n"},
        /* kwctl wraps code, too, so that it cannot be copied any more. */
        {"    aaaa bbbb cccc dddd eeee", "aaaa bbbb cccc dddd eeee\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, 1 << 16);
        markdown_write(chimera_slice_of(cases[i].text), 20, &out);
        chimera_buffer_byte(&out, '\0');
        assert_string_equal(out.data, cases[i].want);
        chimera_buffer_free(&out);
    }
}

static void a_rule_is_as_wide_as_there_is_room(void **state)
{
    (void)state;
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1 << 16);
    markdown_write(CHIMERA_SLICE("---\n--\n"), 20, &out);
    assert_int_equal(out.size, 20 * strlen("―") + strlen("\n--\n"));
    chimera_buffer_free(&out);
}

#define MANIFEST                                                                                \
    "{\"schemaVersion\":2,\"layers\":[{\"mediaType\":\"application/x\",\"size\":12,\"digest\":" \
    "\"sha256:ab\",\"annotations\":{\"dev.example/signature\":\"MEU=\"}},{\"mediaType\":\"b\"," \
    "\"size\":3,\"digest\":\"sha256:cd\"}]}"

static void assert_signatures(const char *manifest, bool is_yaml, const char *want)
{
    CHIMERA_JSON struct json_object *tree = manifest ? json_tokener_parse(manifest) : NULL;
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1 << 16);
    signatures_write(tree, is_yaml, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void signatures_are_a_table_for_each(void **state)
{
    (void)state;
    assert_signatures(MANIFEST, false,
                      "\nSigstore signatures\n\n"
                      "Digest:               sha256:ab \n"
                      "Media type:           application/x \n"
                      "Size:                 12 \n"
                      "Annotations            \n"
                      "dev.example/signature MEU= \n\n"
                      "Digest:      sha256:cd \n"
                      "Media type:  b \n"
                      "Size:        3 \n\n");
    assert_signatures(MANIFEST, true,
                      "signatures:\n  schemaVersion: 2\n  layers:\n  - mediaType: application/x\n"
                      "    size: 12\n    digest: sha256:ab\n    annotations:\n"
                      "      dev.example/signature: MEU=\n  - mediaType: b\n    size: 3\n"
                      "    digest: sha256:cd\n");
    assert_signatures(NULL, false, "\nNo sigstore signatures found\n");
    assert_signatures("{\"layers\":5}", false, "\nSigstore signatures\n\n");
    assert_signatures("[]", false, "\nSigstore signatures\n\n");
}

static void who_cannot_ask_says_so(void **state)
{
    (void)state;
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1 << 12);
    signatures_write_failure("it \x1b[2K hangs", &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data,
                        "\nCannot determine if the policy has been signed. There was an error "
                        "while attempting to fetch its signatures from the remote registry: it "
                        "\\u{1b}[2K hangs \n");
    chimera_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_is_shown_without_its_marks),
        cmocka_unit_test(a_rule_is_as_wide_as_there_is_room),
        cmocka_unit_test(signatures_are_a_table_for_each),
        cmocka_unit_test(who_cannot_ask_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
