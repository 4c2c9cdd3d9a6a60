/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolchain/command/commands.h"

/* --- Policies --- */

/* Without the folders that it is in. */
static const char *last_part(const char *argument)
{
    const char *slash = strrchr(argument, '/');
    return slash && slash[1] ? slash + 1 : argument;
}

static int add_subject(struct bench_set *set, const char *name, struct bench_subject **ret_subject,
                       struct chimera_error *err)
{
    struct bench_subject *more =
        reallocarray(set->subjects, set->subject_count + 1, sizeof(*set->subjects));
    char *copy = strdup(name);
    if (more)
        set->subjects = more;
    if (!more || !copy) {
        free(copy);
        return chimera_fail_memory(err);
    }
    *ret_subject = &more[set->subject_count++];
    **ret_subject = (struct bench_subject){.name = copy};
    return CHIMERA_OK;
}

/* The same name may be given twice, and the same id be in two files: then where it is from says
 * which is which. */
static bool is_taken(const struct bench_set *set, const char *name)
{
    for (size_t i = 0; i < set->subject_count; i++)
        if (strcmp(set->subjects[i].name, name) == 0)
            return true;
    return false;
}

static int add_definition(struct bench_set *set, const char *argument,
                          const struct definitions *definitions, size_t index,
                          struct chimera_error *err)
{
    const struct definition *definition = &definitions->list[index];
    const char *name = definitions->are_set ? definition->id : last_part(argument);
    char longer[600];
    struct bench_subject *subject = NULL;
    snprintf(longer, sizeof(longer), "%.300s%s%.290s", argument, definitions->are_set ? "#" : "",
             definitions->are_set ? definition->id : "");
    int code = add_subject(set, is_taken(set, name) ? longer : name, &subject, err);
    if (code < 0)
        return code;
    subject->definition = definition;
    subject->is_of_set = definitions->are_set;
    return CHIMERA_OK;
}

static int add_failure(struct bench_set *set, const char *argument, const char *why,
                       struct chimera_error *err)
{
    struct bench_subject *subject = NULL;
    int code = add_subject(set, last_part(argument), &subject, err);
    if (code == CHIMERA_OK && !(subject->failure = strdup(why)))
        code = chimera_fail_memory(err);
    return code;
}

/* As if it were the only one. */
static int add_argument(struct bench_set *set, size_t index, struct chimera_error *err)
{
    struct chimera_cli_options one = *set->options;
    struct definitions *definitions = &set->definitions[index];
    struct chimera_error why = {0};
    one.arguments = &set->options->arguments[index];
    one.argument_count = 1;
    int code = definitions_take(&one, definitions, &why);
    if (code == CHIMERA_ENOMEM)
        return chimera_fail_memory(err);
    if (code < 0)
        return add_failure(set, one.arguments[0], why.text, err);
    for (size_t i = 0; i < definitions->count && code == CHIMERA_OK; i++)
        code = add_definition(set, one.arguments[0], definitions, i, err);
    return code;
}

/* --- Requests --- */

static int make(const struct request_file *file, enum request_reading reading,
                struct requests *ret_requests, char **ret_failure, struct chimera_error *err)
{
    struct request_file copy = *file; /* the requests borrow its name, which is the same */
    const struct request_files one = {.list = &copy, .count = 1};
    struct chimera_error why = {0};
    int code = requests_make(&one, reading, ret_requests, &why);
    if (code == CHIMERA_OK)
        return code;
    *ret_failure = strdup(why.text);
    return *ret_failure ? CHIMERA_OK : chimera_fail_memory(err);
}

static int make_all(struct bench_set *set, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    set->files = calloc(set->read.count + 1, sizeof(*set->files));
    if (!set->files)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < set->read.count && code == CHIMERA_OK; i++) {
        struct bench_request_file *file = &set->files[set->file_count++];
        file->file = set->read.list[i];
        code = make(&file->file, REQUESTS_REVIEWS, &file->reviews, &file->reviews_failure, err);
        if (code == CHIMERA_OK)
            code = make(&file->file, REQUESTS_RAW, &file->raw, &file->raw_failure, err);
    }
    return code;
}

/* Of what could not be read whole nothing is left. */
static void drop_files(struct request_files *files, size_t kept)
{
    while (files->count > kept) {
        struct request_file *last = &files->list[--files->count];
        chimera_buffer_free(&last->text);
        free(last->name);
    }
}

static int read_all(struct bench_set *set, struct chimera_error *err)
{
    for (size_t i = 0; i < set->options->given_count; i++) {
        const struct chimera_cli_given *given = &set->options->given[i];
        struct chimera_error why = {0};
        if (strcmp(given->option->name, "request-path") != 0)
            continue;
        size_t before = set->read.count;
        int code = request_files_read(given->value, &set->read, &why);
        if (code == CHIMERA_ENOMEM)
            return chimera_fail_memory(err);
        if (code < 0) {
            say_error("%s", why.text);
            drop_files(&set->read, before);
            set->unread++;
        }
    }
    return make_all(set, err);
}

/* In one line for all files: so they are read once more. */
void bench_set_tell(struct bench_set *set)
{
    struct requests all = {0};
    if (!set->has_told && requests_make(&set->read, REQUESTS_REVIEWS, &all, NULL) == CHIMERA_OK)
        requests_tell(&all);
    requests_done(&all);
    set->has_told = true;
}

const struct requests *bench_set_requests(const struct bench_request_file *file, bool is_raw,
                                          const char **ret_failure)
{
    *ret_failure = is_raw ? file->raw_failure : file->reviews_failure;
    return *ret_failure ? NULL : is_raw ? &file->raw : &file->reviews;
}

/* --- Both --- */

int bench_set_open(const struct chimera_cli_options *options, struct bench_set *ret_set,
                   struct chimera_error *err)
{
    *ret_set = (struct bench_set){
        .options = options,
        .definitions = calloc(options->argument_count + 1, sizeof(struct definitions))};
    if (!ret_set->definitions)
        return chimera_fail_memory(err);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < options->argument_count && code == CHIMERA_OK; i++)
        code = add_argument(ret_set, i, err);
    return code == CHIMERA_OK ? read_all(ret_set, err) : code;
}

void bench_set_done(struct bench_set *set)
{
    for (size_t i = 0; set->definitions && i < set->options->argument_count; i++)
        definitions_done(&set->definitions[i]);
    free(set->definitions);
    for (size_t i = 0; i < set->subject_count; i++) {
        free(set->subjects[i].name);
        free(set->subjects[i].failure);
    }
    free(set->subjects);
    for (size_t i = 0; i < set->file_count; i++) {
        requests_done(&set->files[i].reviews);
        requests_done(&set->files[i].raw);
        free(set->files[i].reviews_failure);
        free(set->files[i].raw_failure);
    }
    free(set->files);
    request_files_done(&set->read);
    *set = (struct bench_set){0};
}
