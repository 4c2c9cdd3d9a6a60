/* SPDX-License-Identifier: Apache-2.0 */
/* policies.c - `chimera policies`: what is in the store. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/cleanup.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/policy_module.h"

#define DIGEST_SHOWN 12 /* digits */

enum { COLUMNS = 5 };

static const char *const titles[COLUMNS] = {"Policy", "Mutating", "Context aware", "SHA-256",
                                            "Size"};

struct row {
    const char *uri;
    const char *mutating, *context_aware;
    char digest[DIGEST_SHOWN + 1], size[32];
};

/* As the crate humansize writes it: steps of a thousand, two decimals unless they would say
 * nothing.
 */
static void print_size(uint64_t bytes, char *to, size_t room)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1000; unit++)
        size /= 1000;
    snprintf(to, room, "%.*f %s", size == floor(size) ? 0 : 2, size, units[unit]);
}

/* One that cannot be read is shown nevertheless: the others are there as well. */
static void read_metadata(const struct chimera_stored *stored, struct row *row)
{
    struct chimera_module_place place = {.path = strdup(stored->path), .uri = strdup(stored->uri)};
    struct policy_module module;
    struct chimera_error err = {0};
    row->mutating = "unknown";
    row->context_aware = "no";
    if (!place.path || !place.uri) {
        chimera_module_place_done(&place);
        return;
    }
    if (policy_module_read(&place, &module, &err) < 0) {
        say_warning("error processing metadata of policy %s: %s", stored->uri, err.text);
        return;
    }
    if (module.metadata.is_annotated)
        row->mutating = module.metadata.is_mutating ? "yes" : "no";
    struct json_object *resources =
        json_object_object_get(module.metadata.tree, "contextAwareResources");
    if (resources && json_object_array_length(resources) > 0)
        row->context_aware = "yes";
    policy_module_done(&module);
}

static void make_row(const struct chimera_stored *stored, struct row *row)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(&stored->digest, hex);
    *row = (struct row){.uri = stored->uri};
    memcpy(row->digest, hex, DIGEST_SHOWN);
    print_size(stored->size, row->size, sizeof(row->size));
    read_metadata(stored, row);
}

/* URIs of the store are of ASCII alone, so bytes are columns. */
static void print_cells(const char *const cells[COLUMNS], const int widths[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++)
        printf("| %-*s ", widths[i], cells[i]);
    puts("|");
}

static void print_line(const int widths[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        putchar('+');
        for (int at = 0; at < widths[i] + 2; at++)
            putchar('-');
    }
    puts("+");
}

static void list_cells(const struct row *row, const char *cells[COLUMNS])
{
    cells[0] = row->uri;
    cells[1] = row->mutating;
    cells[2] = row->context_aware;
    cells[3] = row->digest;
    cells[4] = row->size;
}

static void widen(int widths[COLUMNS], const char *const cells[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++)
        if ((int)strlen(cells[i]) > widths[i])
            widths[i] = (int)strlen(cells[i]);
}

static void print_table(const struct row *rows, size_t count)
{
    const char *cells[COLUMNS];
    int widths[COLUMNS] = {0};
    widen(widths, titles);
    for (size_t i = 0; i < count; i++) {
        list_cells(&rows[i], cells);
        widen(widths, cells);
    }
    print_line(widths);
    print_cells(titles, widths);
    print_line(widths);
    for (size_t i = 0; i < count; i++) {
        list_cells(&rows[i], cells);
        print_cells(cells, widths);
    }
    print_line(widths);
}

static int run_policies(const struct chimera_cli_options *options)
{
    struct chimera_stored *list = NULL;
    struct chimera_error err = {0};
    size_t count = 0;
    (void)options;
    CHIMERA_FREE char *store = policy_store(&err);
    if (!store || chimera_store_list(store, &list, &count, &err) < 0)
        return say_error("%s", err.text);
    CHIMERA_FREE struct row *rows = calloc(count + 1, sizeof(*rows));
    for (size_t i = 0; rows && i < count; i++)
        make_row(&list[i], &rows[i]);
    if (rows && count > 0)
        print_table(rows, count);
    chimera_store_list_done(list, count);
    return rows ? EXIT_GOOD : say_error("out of memory");
}

const struct chimera_cli_command command_policies = {
    .name = "policies",
    .about = "List the policies of the store",
    .description = "Shows for each policy that was pulled or loaded whether it changes what it "
                   "judges, whether it wants to read the cluster, the beginning of the SHA-256 of "
                   "its file, which names it for other commands, and its size. An empty store "
                   "prints nothing.",
    .run = run_policies,
};
