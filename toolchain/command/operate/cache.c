/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c - `chimera cache`: what builds have kept, and making room. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/cache/cache.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/manifest.h"
#include "runtime/policy/metadata.h"
#include "runtime/text/printable.h"
#include "runtime/text/quantity.h"
#include "toolchain/command/commands.h"

#define TITLE "io.kubewarden.policy.title"
#define LINE_MAX ((size_t)1 << 16)
#define DAYS_MAX 100000
#define DAY_SECONDS ((time_t)24 * 60 * 60)

static void put_size(uint64_t bytes, struct chimera_buffer *out)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    double size = (double)bytes;
    size_t i = 0;
    for (; i < 3 && size >= 1024; i++)
        size /= 1024;
    chimera_buffer_print(out, i == 0 ? "%.0f %s" : "%.1f %s", size, units[i]);
}

static void print_line(struct chimera_buffer *line)
{
    chimera_buffer_byte(line, '\n');
    if (!line->failed)
        fwrite(line->data, 1, line->size, stdout);
    chimera_buffer_reset(line);
}

/* --- list --- */

/* What the policy calls itself; nothing where it does not. */
static void put_title(const struct chimera_manifest *manifest, struct chimera_buffer *out)
{
    struct chimera_metadata metadata = {0};
    if (!manifest->metadata ||
        chimera_metadata_parse(chimera_slice_of(manifest->metadata), &metadata, NULL) < 0)
        return;
    const char *title = chimera_metadata_annotation(&metadata, TITLE);
    if (title) {
        chimera_buffer_text(out, "  ");
        chimera_printable_append(chimera_slice_of(title), NULL, out);
    }
    chimera_metadata_done(&metadata);
}

/* USED  TIER  MODE  SIZE  STEM  TITLE */
static void list_plugin(const struct chimera_cache *cache, const struct chimera_cache_entry *entry,
                        struct chimera_buffer *line)
{
    CHIMERA_FREE char *path = NULL;
    struct chimera_manifest manifest = {0};
    char used[32] = "";
    struct chimera_buffer size;
    struct tm time;
    if (asprintf(&path, "%s/plugins/%s.json", chimera_cache_path(cache), entry->stem) < 0)
        path = NULL;
    bool is_read = path && chimera_manifest_read(path, &manifest, NULL) == CHIMERA_OK;
    if (gmtime_r(&entry->used.tv_sec, &time))
        strftime(used, sizeof(used), "%Y-%m-%dT%H:%M:%SZ", &time);
    chimera_buffer_init(&size, LINE_MAX);
    put_size(entry->bytes, &size);
    chimera_buffer_byte(&size, 0);
    chimera_buffer_print(line, "%s  %-5s  %-15s  %10s  %s", used,
                         is_read ? chimera_tier_name(manifest.tier) : "-",
                         is_read ? chimera_mode_name(manifest.mode) : "-", size.data, entry->stem);
    if (is_read)
        put_title(&manifest, line);
    print_line(line);
    chimera_buffer_free(&size);
    chimera_manifest_done(&manifest);
}

static int list_plugins(struct chimera_cache *cache)
{
    struct chimera_cache_entries entries;
    struct chimera_buffer line;
    chimera_buffer_init(&line, LINE_MAX);
    chimera_cache_list(cache, &entries);
    for (size_t i = entries.count; i-- > 0;)
        if (entries.entry[i].is_plugin)
            list_plugin(cache, &entries.entry[i], &line);
    chimera_buffer_free(&line);
    free(entries.entry);
    return EXIT_GOOD;
}

/* --- size --- */

static void tell_size(const char *what, size_t count, uint64_t bytes)
{
    struct chimera_buffer line;
    chimera_buffer_init(&line, LINE_MAX);
    chimera_buffer_print(&line, "%s: %zu, ", what, count);
    put_size(bytes, &line);
    print_line(&line);
    chimera_buffer_free(&line);
}

static int tell_sizes(const struct chimera_cache *cache)
{
    struct chimera_cache_entries entries;
    size_t plugins = 0;
    uint64_t bytes = 0;
    chimera_cache_list(cache, &entries);
    for (size_t i = 0; i < entries.count; i++) {
        plugins += entries.entry[i].is_plugin;
        bytes += entries.entry[i].is_plugin ? entries.entry[i].bytes : 0;
    }
    printf("%s\n", chimera_cache_path(cache));
    tell_size("plugins", plugins, bytes);
    tell_size("objects", entries.count - plugins, entries.bytes - bytes);
    free(entries.entry);
    return EXIT_GOOD;
}

/* --- prune --- */

struct wish {
    uint64_t max_bytes;
    time_t before; /* what was not used since then goes; 0: no such wish */
};

static int take_wish(const struct chimera_cli_options *options, struct wish *ret_wish,
                     struct chimera_error *err)
{
    const char *size = chimera_cli_value(options, "max-size");
    const char *days = chimera_cli_value(options, "older-than");
    unsigned count = days ? chimera_cli_number(days, DAYS_MAX) : 0;
    *ret_wish = (struct wish){.max_bytes = CHIMERA_CACHE_LIMIT};
    if (size && !chimera_quantity_parse(chimera_slice_of(size), &ret_wish->max_bytes))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--max-size takes a size such as 500Mi or 2Gi, not '%.100s'", size);
    if (days && count == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--older-than takes days from 1 to %d, not '%.100s'", DAYS_MAX, days);
    if (days)
        ret_wish->before = time(NULL) - (time_t)count * DAY_SECONDS;
    return CHIMERA_OK;
}

static int prune(struct chimera_cache *cache, const struct chimera_cli_options *options,
                 struct chimera_error *err)
{
    struct chimera_cache_entries entries;
    struct wish wish;
    size_t count = 0;
    uint64_t left, gone = 0;
    int code = take_wish(options, &wish, err);
    if (code < 0)
        return code;
    chimera_cache_trim(cache); /* what killed builds left behind, too */
    chimera_cache_list(cache, &entries);
    left = entries.bytes;
    for (size_t i = 0; i < entries.count; i++) {
        const struct chimera_cache_entry *entry = &entries.entry[i];
        if (left <= wish.max_bytes && entry->used.tv_sec >= wish.before)
            break;
        chimera_cache_drop(cache, entry);
        left -= entry->bytes;
        gone += entry->bytes;
        count++;
    }
    free(entries.entry);
    tell_size("removed", count, gone);
    return CHIMERA_OK;
}

static int run_cache(const struct chimera_cli_options *options)
{
    struct chimera_cache *cache = NULL;
    struct chimera_error err = {0};
    const char *action = options->arguments[0];
    bool is_list = strcmp(action, "list") == 0, is_size = strcmp(action, "size") == 0;
    if (!is_list && !is_size && strcmp(action, "prune") != 0)
        return chimera_cli_refuse(options->program, options->command,
                                  "invalid value '%s' for '<ACTION>': list, size or prune", action);
    if (chimera_cache_open(chimera_cli_value(options, "cache-dir"), CHIMERA_CACHE_LIMIT, &cache,
                           &err) < 0)
        return say_error("%s", err.text);
    int code = CHIMERA_OK;
    if (is_list)
        list_plugins(cache);
    else if (is_size)
        tell_sizes(cache);
    else
        code = prune(cache, options, &err);
    chimera_cache_close(cache);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

static const struct chimera_cli_option cache_options[] = {
    OPTION_CACHE_DIR,
    {.name = "max-size",
     .kind = CHIMERA_CLI_VALUE,
     .value = "SIZE",
     .help = "prune: remove what was used longest ago until no more than this is left, such as "
             "500Mi; 0 for nothing. 4Gi without this option, as every build does"},
    {.name = "older-than",
     .kind = CHIMERA_CLI_VALUE,
     .value = "DAYS",
     .help = "prune: remove what was not used for so many days"},
    {0},
};

static const struct chimera_cli_argument cache_arguments[] = {
    {.name = "ACTION",
     .is_required = true,
     .help = "`list`: the plugins, that used last first, each with the time, tier, mode, size, its "
             "name in the cache and the policy's title; `size`: how much there is; `prune`: make "
             "room"},
    {0},
};

const struct chimera_cli_command command_cache = {
    .name = "cache",
    .about = "Look into the cache of built policies, or make room in it",
    .description = "Builds keep plugins and compiled objects. What was used longest ago goes by "
                   "itself when there is more than 4 GiB; all of it may be removed at any time, "
                   "and is built again.",
    .options = cache_options,
    .arguments = cache_arguments,
    .run = run_cache,
};
