/* SPDX-License-Identifier: Apache-2.0 */
/* Where our templates end and OPA's would go on; the rest is what OPA answers
 * (calls/template.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "runtime/rego/builtin.h"
#include "runtime/rego/unmarshal.h"

static int render(const char *text, struct chimera_slice variables, struct chimera_error *err,
                  char **ret_text)
{
    struct json_object *args[] = {json_object_new_string(text), NULL}, *result = NULL;
    const struct chimera_rego_call call = {.args = args, .err = err};
    if (chimera_rego_unmarshal(variables, NULL, &args[1], NULL) < 0)
        fail_msg("%.*s", (int)variables.size, variables.data);
    int code = chimera_rego_builtin_find("strings.render_template")->function(&call, &result);
    *ret_text = code == CHIMERA_OK ? strdup(json_object_get_string(result)) : NULL;
    json_object_put(result);
    json_object_put(args[0]);
    json_object_put(args[1]);
    return code;
}

static void expect_failure(const char *text, int wanted, const char *told)
{
    struct chimera_error err = {0};
    char *got;
    int code = render(text, CHIMERA_SLICE("{\"l\":[1,2]}"), &err, &got);
    if (code != wanted || !strstr(err.text, told))
        fail_msg("%s: %d %s", text, code, err.text);
    free(got);
}

/* `head` so many times, `middle`, and so many times `tail`. */
static char *nested(const char *head, const char *middle, const char *tail, int times)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, 1 << 20);
    for (int i = 0; i < times; i++)
        chimera_buffer_text(&text, head);
    chimera_buffer_text(&text, middle);
    for (int i = 0; i < times; i++)
        chimera_buffer_text(&text, tail);
    chimera_buffer_byte(&text, '\0');
    return text.data; /* the caller frees it */
}

static void expect_depth(const char *head, const char *middle, const char *tail)
{
    char *text = nested(head, middle, tail, 100), *got;
    struct chimera_error err = {0};
    if (render(text, CHIMERA_SLICE("{}"), &err, &got) < 0)
        fail_msg("%s: %s", head, err.text);
    assert_string_equal(got, "1");
    free(got);
    free(text);
    text = nested(head, middle, tail, 200);
    expect_failure(text, CHIMERA_ELIMIT, "the template is nested too deeply");
    free(text);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    expect_depth("{{if true}}", "1", "{{end}}");
    expect_depth("{{range 1}}", "1", "{{end}}");
    char *text = nested("(", "1", ")", 100);
    struct chimera_buffer action;
    char *got;
    struct chimera_error err = {0};
    chimera_buffer_init(&action, 10000);
    chimera_buffer_print(&action, "{{%s}}", text);
    chimera_buffer_byte(&action, '\0');
    assert_int_equal(render(action.data, CHIMERA_SLICE("{}"), &err, &got), CHIMERA_OK);
    assert_string_equal(got, "1");
    free(got);
    free(text);
    chimera_buffer_free(&action);
    expect_failure("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", CHIMERA_ELIMIT,
                   "exceeded maximum template depth");
}

/* A chain of "else if" is no depth. */
static void chains_are_not_bounded(void **state)
{
    (void)state;
    char *chain = nested("{{else if false}}", "{{else}}1", "", 1000), *got;
    struct chimera_buffer text;
    struct chimera_error err = {0};
    chimera_buffer_init(&text, 100000);
    chimera_buffer_print(&text, "{{if false}}%s{{end}}", chain);
    chimera_buffer_byte(&text, '\0');
    assert_int_equal(render(text.data, CHIMERA_SLICE("{}"), &err, &got), CHIMERA_OK);
    assert_string_equal(got, "1");
    free(got);
    free(chain);
    chimera_buffer_free(&text);
}

static void results_are_bounded(void **state)
{
    (void)state;
    expect_failure("{{range 20}}{{printf \"%1000000d\" 1}}{{end}}", CHIMERA_ELIMIT,
                   "the result is too large");
    expect_failure("{{$x := printf \"%1000000d\" 1}}{{$y := print $x $x $x $x $x $x $x $x $x}}"
                   "{{html $y $y}}",
                   CHIMERA_ELIMIT, "the result is too large");
}

/* The words are Go's, in part: OPA would not show them. */
static void faults_have_their_line(void **state)
{
    (void)state;
    expect_failure("a\n{{.x", CHIMERA_EINVAL, "template: template:2: unclosed action");
    expect_failure("{{nofunc}}", CHIMERA_EINVAL, "template:1: \"nofunc\": function not defined");
    expect_failure("{{1i}}", CHIMERA_EINVAL, "illegal number syntax");
    expect_failure("{{1+2i}}", CHIMERA_EINVAL, "complex numbers are not supported");
    expect_failure("{{.l.x}}", CHIMERA_EINVAL,
                   "template: template: can't evaluate field x in type []interface {}");
    expect_failure("{{index .l 5}}", CHIMERA_EINVAL,
                   "template: error calling index: index out of range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(chains_are_not_bounded),
        cmocka_unit_test(results_are_bounded),
        cmocka_unit_test(faults_have_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
