/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/tool/version.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"

#define PROBES_MAX 8
#define OUTPUT_MAX ((size_t)16 * 1024)
#define MEMO_NAME "tools"
#define MEMO_TITLE "chimera tools 2\n"
#define MEMO_MAX ((size_t)64 * 1024)
#define LINES_MAX 32u /* tools of other releases may take turns */

/* --- Asking --- */

/* The first dotted number behind `before`: "19.1.7". */
static void find_version(struct chimera_slice text, struct tool_probe *probe)
{
    size_t before = strlen(probe->before), count = 0;
    const char *at = before ? memmem(text.data, text.size, probe->before, before) : text.data;
    const char *end = text.data + text.size;
    if (at)
        at += before;
    while (at && at < end && count + 1 < sizeof(probe->version) &&
           ((*at >= '0' && *at <= '9') || *at == '.'))
        probe->version[count++] = *at++;
    probe->version[count] = '\0';
    if (!strchr(probe->version, '.'))
        probe->version[0] = '\0';
}

static int ask_tools(struct tool_probe *const *probes, size_t count, struct chimera_error *err)
{
    const char *argv[PROBES_MAX][3];
    struct chimera_command commands[PROBES_MAX];
    struct chimera_buffer outputs[PROBES_MAX];
    for (size_t i = 0; i < count; i++) {
        argv[i][0] = probes[i]->path;
        argv[i][1] = probes[i]->flag;
        argv[i][2] = NULL;
        chimera_buffer_init(&outputs[i], OUTPUT_MAX);
        commands[i] = (struct chimera_command){.what = probes[i]->path,
                                               .argv = argv[i],
                                               .limits = {.wall_seconds = 30},
                                               .sink = chimera_process_capture,
                                               .sink_context = &outputs[i]};
    }
    int code = chimera_process_run_all(commands, count, (unsigned)count, NULL, NULL, err);
    for (size_t i = 0; i < count; i++) {
        if (code == CHIMERA_OK)
            find_version(chimera_buffer_slice(&outputs[i]), probes[i]);
        chimera_buffer_free(&outputs[i]);
    }
    return code;
}

/* --- The memo: a title, then a line a tool: version, device, inode, size, time of change, path,
 * and what stands before the version in the tool's own words; then the SHA-256 of all that --- */

#define LAST_LINE CHIMERA_DIGEST_HEX /* its end in place of the NUL */

static bool hash_text(struct chimera_slice text, char ret_line[LAST_LINE + 1])
{
    struct chimera_digest digest;
    if (chimera_digest_of(text, &digest) < 0)
        return false;
    chimera_digest_hex(&digest, ret_line);
    ret_line[LAST_LINE - 1] = '\n';
    ret_line[LAST_LINE] = '\0';
    return true;
}

/* Takes the last line off. */
static bool take_hash(struct chimera_buffer *memo)
{
    char line[LAST_LINE + 1];
    if (memo->size < LAST_LINE ||
        !hash_text((struct chimera_slice){memo->data, memo->size - LAST_LINE}, line))
        return false;
    memo->size -= LAST_LINE;
    return memcmp(memo->data + memo->size, line, LAST_LINE) == 0;
}

/* All of a line but the version; false when the tool cannot be remembered. */
static bool describe_tool(const struct tool_probe *probe, char *text, size_t size)
{
    struct stat status;
    if (strchr(probe->path, '\n') || stat(probe->path, &status) < 0)
        return false;
    int count = snprintf(text, size, " %llu %llu %lld %lld.%09ld %s: %s\n",
                         (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
                         (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                         (long)status.st_mtim.tv_nsec, probe->path, probe->before);
    return count > 0 && (size_t)count < size;
}

/* The version at the beginning of `line`, whose rest is `expected`. */
static bool match_line(struct chimera_slice line, const char *expected, struct tool_probe *probe)
{
    size_t size = 0;
    while (size < line.size &&
           ((line.data[size] >= '0' && line.data[size] <= '9') || line.data[size] == '.'))
        size++;
    struct chimera_slice rest = {line.data + size, line.size - size};
    if (size == 0 || size >= sizeof(probe->version) || !chimera_slice_is(rest, expected))
        return false;
    memcpy(probe->version, line.data, size);
    probe->version[size] = '\0';
    return true;
}

/* Its end included. */
static struct chimera_slice next_memo_line(struct chimera_slice *text)
{
    const char *end = memchr(text->data, '\n', text->size);
    size_t size = end ? (size_t)(end - text->data) + 1 : text->size;
    struct chimera_slice line = {text->data, size};
    *text = (struct chimera_slice){text->data + size, text->size - size};
    return line;
}

static bool recall_version(struct chimera_slice memo, struct tool_probe *probe)
{
    char expected[PATH_MAX + 128];
    if (!describe_tool(probe, expected, sizeof(expected)))
        return false;
    while (memo.size > 0)
        if (match_line(next_memo_line(&memo), expected, probe))
            return true;
    return false;
}

/* What was learnt first, then what was there. Failing to keep it is no failure. */
static void write_memo(const char *path, struct chimera_slice before,
                       struct tool_probe *const *learnt, size_t count)
{
    char text[PATH_MAX + 128], last[LAST_LINE + 1];
    struct chimera_buffer memo;
    chimera_buffer_init(&memo, MEMO_MAX);
    chimera_buffer_text(&memo, MEMO_TITLE);
    for (size_t i = 0; i < count; i++)
        if (learnt[i]->version[0] && describe_tool(learnt[i], text, sizeof(text)))
            chimera_buffer_print(&memo, "%s%s", learnt[i]->version, text);
    if (before.size > 0)
        next_memo_line(&before); /* the title */
    for (size_t i = count; i < LINES_MAX && before.size > 0; i++)
        chimera_buffer_append(&memo, next_memo_line(&before));
    if (!memo.failed && hash_text(chimera_buffer_slice(&memo), last) &&
        chimera_buffer_text(&memo, last) == CHIMERA_OK)
        chimera_file_write_unsynced(path, chimera_buffer_slice(&memo), CHIMERA_FILE_PRIVATE, NULL);
    chimera_buffer_free(&memo);
}

int tool_versions(struct tool_probe *probes, size_t count, const char *folder,
                  struct chimera_error *err)
{
    struct tool_probe *unknown[PROBES_MAX];
    size_t unknown_count = 0;
    CHIMERA_FREE char *path = folder ? chimera_path_join(folder, MEMO_NAME) : NULL;
    struct chimera_buffer memo;
    chimera_buffer_init(&memo, MEMO_MAX);
    if (path) {
        /* An empty buffer when there is none that we can trust. */
        struct stat status;
        CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
            status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) ||
            chimera_fd_read(fd, path, &memo, NULL) < 0 || !take_hash(&memo) ||
            !chimera_slice_starts(chimera_buffer_slice(&memo), MEMO_TITLE))
            chimera_buffer_reset(&memo);
    }
    for (size_t i = 0; i < count && i < PROBES_MAX; i++)
        if (probes[i].path && !recall_version(chimera_buffer_slice(&memo), &probes[i]))
            unknown[unknown_count++] = &probes[i];
    int code = unknown_count > 0 ? ask_tools(unknown, unknown_count, err) : CHIMERA_OK;
    if (path && code == CHIMERA_OK && unknown_count > 0)
        write_memo(path, chimera_buffer_slice(&memo), unknown, unknown_count);
    chimera_buffer_free(&memo);
    return code;
}
