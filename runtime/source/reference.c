/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/percent.h"
#include "runtime/base/slice.h"

#define NAME_MAX_BYTES 4096
#define MARK "://" /* behind a scheme */
#define FILE_SCHEME "file" MARK
#define LOCATION_MAX ((size_t)4 * NAME_MAX_BYTES) /* three for each byte, and the folder */

/* --- Reading a name --- */

/* What is before the first "://"; no data where there is none. */
static struct chimera_slice scheme_of(struct chimera_slice name, enum chimera_dialect dialect)
{
    static const struct chimera_slice none = {NULL, 0};
    const char *mark = name.size ? memmem(name.data, name.size, MARK, strlen(MARK)) : NULL;
    struct chimera_slice scheme = {name.data, mark ? (size_t)(mark - name.data) : 0};
    if (!mark || dialect == CHIMERA_DIALECT_SERVER)
        return mark ? scheme : none;
    for (size_t i = 0; i < scheme.size; i++) { /* `^\w+://` */
        char c = scheme.data[i];
        if ((c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z') && c != '_')
            return none;
    }
    return scheme.size > 0 ? scheme : none;
}

static int keep_path(struct chimera_slice path, char **ret_path, struct chimera_error *err)
{
    *ret_path = strndup(path.data, path.size);
    return *ret_path ? CHIMERA_OK : chimera_fail_memory(err);
}

/* In place; false where the rules end it. */
static bool decode(char *path, unsigned rules)
{
    size_t size = 0;
    if (!chimera_percent_decode(chimera_slice_of(path), rules | CHIMERA_PERCENT_NO_NUL, path,
                                &size))
        return false;
    path[size] = '\0';
    return true;
}

/* What is behind "file:": an absolute path, with "//" and this machine's name before it or not. An
 * escape that is none stays as it is, and so does "%00". */
static int read_server_file(struct chimera_slice rest, const char *text, char **ret_path,
                            struct chimera_error *err)
{
    static const char HOST[] = "localhost";
    if (chimera_slice_starts(rest, "//")) {
        rest = chimera_slice_behind(rest, strlen("//"));
        if (chimera_slice_starts(rest, HOST))
            rest = chimera_slice_behind(rest, strlen(HOST));
    }
    if (rest.size == 0 || rest.data[0] != '/')
        return chimera_fail(err, CHIMERA_EINVAL,
                            "cannot retrieve path from uri: %s; file:///DIR/NAME is wanted, or "
                            "file://./NAME from the folder of policies.yml",
                            text);
    int code = keep_path(rest, ret_path, err);
    if (code == CHIMERA_OK)
        decode(*ret_path, CHIMERA_PERCENT_LENIENT);
    return code;
}

static bool is_web(struct chimera_slice scheme)
{
    return chimera_slice_is(scheme, "http") || chimera_slice_is(scheme, "https");
}

/* Both programs know the same schemes. */
static int read_uri(struct chimera_slice scheme, struct chimera_slice rest,
                    struct chimera_reference *ret_reference, struct chimera_error *err)
{
    if (!is_web(scheme) && !chimera_slice_is(scheme, "registry"))
        return chimera_fail(err, CHIMERA_EINVAL, "unknown scheme: %.*s", (int)scheme.size,
                            scheme.data);
    const char *slash = memchr(rest.data, '/', rest.size);
    *ret_reference = (struct chimera_reference){.scheme = scheme, .host = rest};
    if (slash) {
        ret_reference->host.size = (size_t)(slash - rest.data);
        ret_reference->name = chimera_slice_behind(rest, ret_reference->host.size + 1);
        /* A query or a fragment is no part of the name in the store. */
        for (size_t i = 0; i < ret_reference->name.size && is_web(scheme); i++)
            if (ret_reference->name.data[i] == '?' || ret_reference->name.data[i] == '#')
                ret_reference->name.size = i;
    }
    return CHIMERA_OK;
}

static int read_for_server(const char *text, struct chimera_reference *ret_reference,
                           struct chimera_error *err)
{
    struct chimera_slice name = chimera_slice_trim(chimera_slice_of(text));
    struct chimera_shown_name shown;
    if (name.size > NAME_MAX_BYTES)
        return chimera_fail(err, CHIMERA_EINVAL, "the name is longer than %d bytes",
                            NAME_MAX_BYTES);
    if (chimera_slice_starts(name, "file:"))
        return read_server_file(chimera_slice_behind(name, strlen("file:")), text,
                                &ret_reference->path, err);
    if (chimera_slice_starts(name, "~/"))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "cannot parse %s: ~ is nobody's folder here; write the path out as "
                            "file:///DIR/NAME, or as ./NAME from the folder of policies.yml",
                            chimera_reference_show(text, &shown));
    struct chimera_slice scheme = scheme_of(name, CHIMERA_DIALECT_SERVER);
    /* More likely a file's than Docker's. */
    if (!scheme.data && (name.size == 0 || !memchr(name.data, '/', name.size)))
        return chimera_fail(err, CHIMERA_EINVAL, "cannot parse %s: " CHIMERA_REFERENCE_WANTED,
                            chimera_reference_show(text, &shown));
    if (!scheme.data)
        return read_uri(CHIMERA_SLICE("registry"), name, ret_reference, err);
    return read_uri(scheme, chimera_slice_behind(name, scheme.size + strlen(MARK)), ret_reference,
                    err);
}

static int read_for_command(const char *text, struct chimera_reference *ret_reference,
                            struct chimera_error *err)
{
    struct chimera_slice name = chimera_slice_of(text);
    struct chimera_slice scheme = scheme_of(name, CHIMERA_DIALECT_COMMAND);
    if (!scheme.data)
        return keep_path(name, &ret_reference->path, err);
    struct chimera_slice rest = chimera_slice_behind(name, scheme.size + strlen(MARK));
    if (chimera_slice_is(scheme, "file")) {
        /* What is behind "file://", whatever path it is. */
        int code = keep_path(rest, &ret_reference->path, err);
        if (code == CHIMERA_OK && !decode(ret_reference->path, CHIMERA_PERCENT_STRICT))
            code = chimera_fail(err, CHIMERA_EIO, "Cannot find policy with uri: %s", text);
        return code;
    }
    return read_uri(scheme, chimera_slice_trim(rest), ret_reference, err);
}

int chimera_reference_read(const char *text, enum chimera_dialect dialect,
                           struct chimera_reference *ret_reference, struct chimera_error *err)
{
    struct chimera_reference reference = {0};
    int code = dialect == CHIMERA_DIALECT_SERVER ? read_for_server(text, &reference, err)
                                                 : read_for_command(text, &reference, err);
    if (code < 0)
        free(reference.path);
    else
        *ret_reference = reference; /* path and all */
    return code;
}

/* --- Files beside policies.yml --- */

/* Without "file://", and not percent-encoded where that was not there. */
static bool is_relative(struct chimera_slice name, struct chimera_slice *ret_path, bool *ret_is_uri)
{
    *ret_is_uri = chimera_slice_starts(name, FILE_SCHEME);
    *ret_path = *ret_is_uri ? chimera_slice_behind(name, strlen(FILE_SCHEME)) : name;
    return chimera_slice_starts(*ret_path, "./") || chimera_slice_starts(*ret_path, "../");
}

int chimera_reference_resolve(const char *text, const char *folder, char **ret_location,
                              struct chimera_error *err)
{
    struct chimera_slice path, name = chimera_slice_trim(chimera_slice_of(text));
    struct chimera_buffer location;
    bool is_uri;
    *ret_location = NULL;
    if (!is_relative(name, &path, &is_uri))
        return CHIMERA_OK;
    while (chimera_slice_starts(path, "./"))
        path = chimera_slice_behind(path, strlen("./"));
    chimera_buffer_init(&location, LOCATION_MAX);
    chimera_buffer_text(&location, FILE_SCHEME);
    chimera_percent_encode(chimera_slice_of(folder), CHIMERA_PERCENT_FILE, &location);
    chimera_buffer_byte(&location, '/');
    if (is_uri)
        chimera_buffer_append(&location, path);
    else
        chimera_percent_encode(path, CHIMERA_PERCENT_FILE, &location);
    chimera_buffer_byte(&location, '\0');
    if (location.failed) {
        int code = location.failed;
        chimera_buffer_free(&location);
        return chimera_fail(err, code, "%s", chimera_code_text(code));
    }
    *ret_location = location.data;
    return CHIMERA_OK;
}

char *chimera_reference_meant(const char *text, const char *folder)
{
    struct stat status;
    char *meant = NULL;
    bool is_absolute = *text == '/';
    if (strstr(text, MARK) || strncmp(text, "file:", strlen("file:")) == 0 || *text == '\0')
        return NULL;
    CHIMERA_FREE char *path = is_absolute ? strdup(text) : chimera_path_join(folder, text);
    if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
        asprintf(&meant, "%s%s", is_absolute ? FILE_SCHEME : "./", text) < 0)
        return NULL;
    return meant;
}

/* --- What may be shown --- */

/* Where the host begins. Without a scheme "@" may be in the name of a file, but hardly behind a
 * colon. */
static const char *behind_login(const char *rest, bool has_scheme)
{
    size_t size = strcspn(rest, "/");
    const char *at = memrchr(rest, '@', size);
    bool is_login = at && (has_scheme || (rest[size] && memchr(rest, ':', (size_t)(at - rest))));
    return is_login ? at + 1 : rest;
}

const char *chimera_reference_show(const char *name, struct chimera_shown_name *room)
{
    const char *mark = strstr(name, MARK), *rest = mark ? mark + strlen(MARK) : name;
    bool is_file = strncasecmp(name, "file:", strlen("file:")) == 0 || *name == '/' || *name == '.';
    bool is_url = mark && strncasecmp(name, "http", strlen("http")) == 0;
    if (!is_file)
        rest = behind_login(rest, mark != NULL);
    size_t size = is_url ? strcspn(rest, "?#") : strlen(rest);
    snprintf(room->text, sizeof(room->text), "%.*s%.*s",
             (int)(mark ? mark + strlen(MARK) - name : 0), name, (int)size, rest);
    return room->text;
}
