/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/exec_options.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/text/quantity.h"

#define STRINGS_MAX ((size_t)4 << 20) /* of all arguments, and of all variables */
#define BETWEEN "::"                  /* a folder here, and what the program calls it */

static void put_string(struct chimera_buffer *strings, const char *text, uint32_t *count)
{
    chimera_buffer_text(strings, text);
    chimera_buffer_byte(strings, '\0');
    (*count)++;
}

static int put_variable(const char *text, struct exec_options *ret_options,
                        struct chimera_error *err)
{
    const char *own = strchr(text, '=') ? NULL : getenv(text);
    if (*text == '\0' || *text == '=')
        return chimera_fail(err, CHIMERA_EINVAL, "--env takes NAME=VALUE or NAME, not '%.200s'",
                            text);
    if (!strchr(text, '=') && !own)
        return CHIMERA_OK; /* not set here, and so not there */
    chimera_buffer_text(&ret_options->environment, text);
    if (own)
        chimera_buffer_byte(&ret_options->environment, '=');
    put_string(&ret_options->environment, own ? own : "", &ret_options->variable_count);
    return CHIMERA_OK;
}

static int put_folder(const char *text, bool is_read_only, struct exec_options *ret_options,
                      struct chimera_error *err)
{
    const char *between = strstr(text, BETWEEN);
    size_t size = between ? (size_t)(between - text) : strlen(text);
    const char *guest = between ? between + strlen(BETWEEN) : text;
    if (size == 0 || *guest == '\0')
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--%s takes HOST or HOST" BETWEEN "GUEST, not '%.200s'",
                            is_read_only ? "read-only-dir" : "dir", text);
    char *host = strndup(text, size);
    if (!host)
        return chimera_fail_memory(err);
    ret_options->folders[ret_options->folder_count++] =
        (struct chimera_wasi_folder){host, guest, is_read_only};
    return CHIMERA_OK;
}

static int choose_limits(const struct chimera_cli_options *options,
                         struct exec_options *ret_options, struct chimera_error *err)
{
    const char *files = chimera_cli_value(options, "open-files");
    const char *size = chimera_cli_value(options, "file-size");
    ret_options->files = files ? chimera_cli_number(files, CHIMERA_WASI_FILES_MOST) : EXEC_FILES;
    if (ret_options->files < CHIMERA_WASI_FILES)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--open-files takes a number from %d to %u, not '%.100s'",
                            CHIMERA_WASI_FILES, CHIMERA_WASI_FILES_MOST, files);
    if (size && (!chimera_quantity_parse(chimera_slice_of(size), &ret_options->file_bytes) ||
                 ret_options->file_bytes == 0))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--file-size takes a size such as 10Mi, not '%.100s'", size);
    return CHIMERA_OK;
}

int exec_options_read(const struct chimera_cli_options *options, struct exec_options *ret_options,
                      struct chimera_error *err)
{
    *ret_options = (struct exec_options){0};
    chimera_buffer_init(&ret_options->arguments, STRINGS_MAX);
    chimera_buffer_init(&ret_options->environment, STRINGS_MAX);
    ret_options->folders = calloc(options->given_count + 1, sizeof(*ret_options->folders));
    if (!ret_options->folders)
        return chimera_fail_memory(err);
    int code = choose_limits(options, ret_options, err);
    for (size_t i = 0; i < options->given_count && code == CHIMERA_OK; i++) {
        const struct chimera_cli_given *given = &options->given[i];
        bool is_read_only = strcmp(given->option->name, "read-only-dir") == 0;
        if (strcmp(given->option->name, "env") == 0)
            code = put_variable(given->value, ret_options, err);
        else if (is_read_only || strcmp(given->option->name, "dir") == 0)
            code = put_folder(given->value, is_read_only, ret_options, err);
    }
    for (size_t i = 0; i < options->argument_count; i++) {
        const char *word = options->arguments[i];
        const char *slash = i == 0 ? strrchr(word, '/') : NULL; /* a program's own name */
        put_string(&ret_options->arguments, slash ? slash + 1 : word, &ret_options->argument_count);
    }
    if (code == CHIMERA_OK && (ret_options->arguments.failed || ret_options->environment.failed))
        code = chimera_fail(err, CHIMERA_ELIMIT,
                            "the program's arguments or variables are larger than %zu bytes",
                            STRINGS_MAX);
    return code;
}

void exec_options_done(struct exec_options *options)
{
    for (size_t i = 0; i < options->folder_count; i++)
        free((char *)(uintptr_t)options->folders[i].host);
    free(options->folders);
    chimera_buffer_free(&options->arguments);
    chimera_buffer_free(&options->environment);
}
