/* SPDX-License-Identifier: Apache-2.0 */
/* regexp.c - what a call of a builtin regex.* costs, in nanoseconds of processor time.
 *
 *   bench-regexp [TEXT]   only the lines whose name has the text
 *
 * The best of nine rounds. It uses nothing but the builtins, so it can be built on an older tree to
 * compare.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/rego/builtin.h"

#define ROUNDS 9
#define ROUND_NS 15000000

#define NAME "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
#define IMAGE                                                       \
    "^(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._-][a-z0-9]+)*" \
    "(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*(?::[\\w.-]{1,127})?(?:@sha256:[a-f0-9]{64})?$"

struct line {
    const char *name, *builtin, *pattern, *part; /* the text is `part`, `count` times, and `end` */
    int count;
    const char *end, *template;
};

static const struct line lines[] = {
    {"name", "regex.match", NAME, "my-deployment-7", 1, "", NULL},
    {"name of 60 bytes", "regex.match", NAME, "my-deployment-7", 4, "", NULL},
    {"name that is none", "regex.match", NAME, "My_deployment", 1, "", NULL},
    {"name's validity", "regex.is_valid", NAME, "", 1, "", NULL},
    {"image", "regex.match", IMAGE, "registry.example:5000/team/app/server:v1.2.3", 1, "", NULL},
    {"prefix", "regex.match", "^registry\\.example/.+$", "registry.example/team/app:v1", 1, "",
     NULL},
    {"alternatives", "regex.match", "^(nginx|redis|postgres|mysql|busybox|alpine)(:|@|$)",
     "postgres:14", 1, "", NULL},
    {"literal", "regex.match", "latest", "registry.example/team/app:latest", 1, "", NULL},
    {"case", "regex.match", "(?i)secret|password|token", "my-database-credentials", 1, "", NULL},
    {"mail", "regex.match", "^[\\w.+-]+@[\\w-]+\\.[\\w.-]+$", "someone.else@mail.example", 1, "",
     NULL},
    {"100 spaces", "regex.match", "\\s+$", " ", 100, "x", NULL},
    {"1,000 spaces", "regex.match", "\\s+$", " ", 1000, "x", NULL},
    {"10,000 spaces", "regex.match", "\\s+$", " ", 10000, "x", NULL},
    {"1,000,000 spaces", "regex.match", "\\s+$", " ", 1000000, "x", NULL},
    {"literal, 1 MB", "regex.match", "needle", "abcdefghij", 100000, "", NULL},
    {"class, 1 MB", "regex.match", "[0-9]+x", "abcdefghij", 100000, "", NULL},
    {"split", "regex.split", ",\\s*", "ab, ", 20, "c", NULL},
    {"split, 100 KB", "regex.split", ",\\s*", "ab, ", 25000, "c", NULL},
    {"find_n", "regex.find_n", "[a-z]+", "abc 12 ", 20, "", NULL},
    {"find_n, 100 KB", "regex.find_n", "[a-z]+", "abc 12 ", 15000, "", NULL},
    {"find_n of letters, 100 KB", "regex.find_n", "\\pL+", "\u00e9\u03b1 ", 20000, "", NULL},
    {"replace", "regex.replace", "([a-z]+)=([0-9]+)", "abc=12 ", 20, "", "$2=$1"},
    {"replace, 100 KB", "regex.replace", "([a-z]+)=([0-9]+)", "abc=12 ", 15000, "", "$2=$1"},
    {"replace a(?:.*z)?, 20 KB", "regex.replace", "a(?:.*z)?", "a", 20000, "", "x"},
    {"template", "regex.template_match", "urn:foo:{.*}", "urn:foo:bar:baz", 1, "", "{"},
};

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static struct json_object *text_of(const struct line *line)
{
    size_t size = strlen(line->part), whole = size * (size_t)line->count;
    char *text = malloc(whole + strlen(line->end) + 1);
    if (!text)
        abort();
    for (int i = 0; i < line->count; i++)
        memcpy(text + size * (size_t)i, line->part, size);
    memcpy(text + whole, line->end, strlen(line->end) + 1);
    struct json_object *value = json_object_new_string(text);
    free(text);
    return value;
}

/* In the order in which the builtin has them. */
static void fill(const struct line *line, struct json_object **args)
{
    bool is_replace = !strcmp(line->builtin, "regex.replace");
    args[is_replace ? 1 : 0] = json_object_new_string(line->pattern);
    args[is_replace ? 0 : 1] = text_of(line);
    args[2] = line->template ? json_object_new_string(line->template) : json_object_new_int(-1);
    args[3] = json_object_new_string("}");
}

/* Calls for as long as a round; the time of one. */
static double round_ns(const struct chimera_rego_builtin *builtin,
                       const struct chimera_rego_call *call, int *ret_code)
{
    double started = now_ns(), passed;
    long count = 0;
    do {
        struct json_object *result = NULL;
        *ret_code = builtin->function(call, &result);
        json_object_put(result);
        count++;
    } while ((passed = now_ns() - started) < ROUND_NS);
    return passed / (double)count;
}

static void measure(const struct line *line)
{
    struct chimera_error err = {0};
    struct json_object *args[CHIMERA_REGO_ARGS_MAX] = {NULL};
    const struct chimera_rego_call call = {.args = args, .err = &err};
    double best = 1e18;
    int code = 0;
    fill(line, args);
    for (int i = 0; i < ROUNDS; i++) {
        double took = round_ns(chimera_rego_builtin_find(line->builtin), &call, &code);
        best = took < best ? took : best;
    }
    printf("%-26s\t%12.0f\t%s\n", line->name, best, code < 0 ? err.text : "");
    fflush(stdout);
    for (size_t i = 0; i < CHIMERA_REGO_ARGS_MAX; i++)
        json_object_put(args[i]);
}

int main(int count, char **arguments)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (count < 2 || strstr(lines[i].name, arguments[1]))
            measure(&lines[i]);
    }
    return 0;
}
