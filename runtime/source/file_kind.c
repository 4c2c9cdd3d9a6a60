/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/file_kind.h"

#include <strings.h>

#include "runtime/text/utf8.h"

#define QUOTED 40 /* bytes of a text that are told */
#define TAR_MARK 257
#define HEADER 8
#define SOURCE_HEAD 65536 /* bytes in which a text says what it is, behind a licence perhaps */
#define FOR_YAML \
    "; `chimera check` looks at a policies.yml, `chimera run` takes it and Kubernetes resources"
enum { COMPONENT_LAYER = 1 };

static const char MAGIC[] = {'\0', 'a', 's', 'm'};

struct kind {
    const char *start;
    size_t size;
    const char *text; /* behind "FILE: " */
};

#define KIND(start, text) {start, sizeof(start) - 1, text}

/* By first bytes. */
static const struct kind BINARIES[] = {
    KIND("\x1f\x8b", "a gzip archive, not WebAssembly: unpack it, and name the module in it"),
    KIND("PK\3\4", "a zip archive, not WebAssembly: unpack it, and name the module in it"),
    KIND("\xfd"
         "7zXZ\0",
         "an xz archive, not WebAssembly: unpack it, and name the module in it"),
    KIND("\x28\xb5\x2f\xfd",
         "a zstd archive, not WebAssembly: unpack it, and name the module in it"),
    KIND("BZh", "a bzip2 archive, not WebAssembly: unpack it, and name the module in it"),
    KIND("\177ELF", "a native program or library (ELF), not WebAssembly; a plugin that `chimera "
                    "build` made has a name that ends in .so"),
    KIND("MZ", "a Windows program, not WebAssembly"),
    KIND("\xcf\xfa\xed\xfe", "a macOS program, not WebAssembly"),
    KIND("!<arch>\n", "an archive of object files, not WebAssembly: link it"),
};

/* By the first word, in any case. */
static const struct kind TEXTS[] = {
    KIND("<!doctype html", "HTML, not WebAssembly: a page was downloaded in place of the module, "
                           "of an error or a log-in perhaps; look at it, and download again"),
    KIND("<html", "HTML, not WebAssembly: a page was downloaded in place of the module, of an "
                  "error or a log-in perhaps; look at it, and download again"),
    KIND("<?xml", "XML, not WebAssembly: an answer was downloaded in place of the module, of a "
                  "storage service perhaps; look at it, and download again"),
    KIND("version https://git-lfs",
         "a pointer of Git LFS, not WebAssembly: fetch the file itself with `git lfs pull`"),
    KIND("{", "JSON, not WebAssembly: a manifest or an error was downloaded in place of the "
              "module perhaps"),
    KIND("-----BEGIN ", "PEM (a certificate or key), not WebAssembly"),
    KIND("(", "WebAssembly text, not a binary: convert it with `wat2wasm`"),
    KIND(";;", "WebAssembly text, not a binary: convert it with `wat2wasm`"),
};

static const struct kind *find_kind(const struct kind *kinds, size_t count, bool is_text,
                                    struct chimera_slice bytes)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = kinds[i].size;
        if (bytes.size < size)
            continue;
        if ((is_text ? strncasecmp(bytes.data, kinds[i].start, size)
                     : memcmp(bytes.data, kinds[i].start, size)) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* No control characters but those of lines, and UTF-8, which may be cut at the end. */
static bool is_text(struct chimera_slice bytes)
{
    if (bytes.size > CHIMERA_FILE_HEAD)
        bytes.size = CHIMERA_FILE_HEAD;
    for (size_t i = 0; i < bytes.size; i++)
        if ((unsigned char)bytes.data[i] < ' ' && !strchr("\t\n\f\r\x1b", bytes.data[i]))
            return false;
    return bytes.size > 0 && memchr(bytes.data, '\0', bytes.size) == NULL &&
           bytes.size - chimera_utf8_prefix(bytes) < 4;
}

/* What a module is compiled from. NULL: something else. */
static const char *source_kind(const char *file, struct chimera_slice text)
{
    static const char template[] = "ConstraintTemplate";
    size_t size = strlen(file), head = text.size < SOURCE_HEAD ? text.size : SOURCE_HEAD;
    if (size > 5 && strcmp(file + size - 5, ".rego") == 0)
        return "Rego, not WebAssembly: compile it with `opa build -t wasm -e PACKAGE/RULE`, and "
               "name the bundle.tar.gz which that writes";
    if (head > 0 && memmem(text.data, head, template, strlen(template)))
        return "a ConstraintTemplate of Gatekeeper, not WebAssembly: " CHIMERA_TEMPLATE_ADVICE;
    return NULL;
}

static bool is_yaml(const char *file)
{
    const char *dot = strrchr(file, '.');
    return dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

static int fail_text(const char *file, struct chimera_slice bytes, struct chimera_error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of byte order */
    size_t skipped = chimera_slice_starts(bytes, mark) ? strlen(mark) : 0;
    struct chimera_slice text =
        chimera_slice_trim((struct chimera_slice){bytes.data + skipped, bytes.size - skipped});
    const struct kind *kind = find_kind(TEXTS, sizeof(TEXTS) / sizeof(TEXTS[0]), true, text);
    const char *source = source_kind(file, text);
    size_t line = 0;
    if (source || kind)
        return chimera_fail(err, CHIMERA_EMODULE, "%s: %s", file, source ? source : kind->text);
    while (line < text.size && line < QUOTED && text.data[line] != '\n')
        line++;
    while (line > 0 && line < text.size && (text.data[line] & 0xc0) == 0x80)
        line--; /* no half of a character */
    return chimera_fail(err, CHIMERA_EMODULE, "%s: text, not WebAssembly; it begins \"%.*s\"%s",
                        file, (int)line, text.data ? text.data : "", is_yaml(file) ? FOR_YAML : "");
}

static int fail_other(const char *file, struct chimera_slice bytes, struct chimera_error *err)
{
    static const char tar[] = "ustar";
    const struct kind *kind =
        find_kind(BINARIES, sizeof(BINARIES) / sizeof(BINARIES[0]), false, bytes);
    if (bytes.size == 0)
        return chimera_fail(err, CHIMERA_EMODULE, "%s: the file is empty, not WebAssembly", file);
    if (kind)
        return chimera_fail(err, CHIMERA_EMODULE, "%s: %s", file, kind->text);
    if (bytes.size >= TAR_MARK + strlen(tar) &&
        memcmp(bytes.data + TAR_MARK, tar, strlen(tar)) == 0)
        return chimera_fail(err, CHIMERA_EMODULE,
                            "%s: a tar archive, not WebAssembly: unpack it, and name the module "
                            "in it",
                            file);
    if (is_text(bytes))
        return fail_text(file, bytes, err);
    return chimera_fail(err, CHIMERA_EMODULE,
                        "%s: not WebAssembly: it does not begin with \\0asm at offset 0x0", file);
}

int chimera_file_check_wasm(const char *file, struct chimera_slice bytes, struct chimera_error *err)
{
    size_t size = bytes.size < sizeof(MAGIC) ? bytes.size : sizeof(MAGIC);
    if (size == 0 || memcmp(bytes.data, MAGIC, size) != 0)
        return fail_other(file, bytes, err);
    if (bytes.size < HEADER)
        return chimera_fail(err, CHIMERA_EMODULE,
                            "%s: truncated: the file ends at offset 0x%zx, inside its header", file,
                            bytes.size);
    if (bytes.data[6] == COMPONENT_LAYER)
        return chimera_fail(err, CHIMERA_EFEATURE,
                            "%s: a WebAssembly component; policies are core modules: build one for "
                            "the target wasm32-wasip1",
                            file);
    if (memcmp(bytes.data + sizeof(MAGIC), "\1\0\0\0", 4) != 0)
        return chimera_fail(err, CHIMERA_EMODULE, "%s: unknown WebAssembly version at offset 0x4",
                            file);
    return CHIMERA_OK;
}
