/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/announce.h"

#include <sys/socket.h>

#include "runtime/base/buffer.h"
#include "runtime/log/log.h"

#define TARGET "server::supervisor"
#define FIELDS_MAX 10
#define IDS_SHOWN 10 /* of each list */
#define IDS_BYTES ((size_t)2048)

struct line {
    struct chimera_log_field field[FIELDS_MAX];
    size_t count;
};

static void add(struct line *line, struct chimera_log_field field)
{
    if (line->count < FIELDS_MAX)
        line->field[line->count++] = field;
}

static void write_line(const char *message, const struct line *line)
{
    if (chimera_log_is_on(CHIMERA_LOG_INFO))
        chimera_log_write(CHIMERA_LOG_INFO, TARGET, chimera_slice_of(message), line->field,
                          line->count);
}

/* --- The start --- */

static const char *show_address(const struct address *given, int fd, char *to)
{
    struct address address = *given;
    socklen_t size = sizeof(address.v6);
    if (fd >= 0)
        getsockname(fd, &address.any, &size);
    return socket_show(&address, to);
}

static void add_text(struct line *line, const char *name, const char *text)
{
    add(line, CHIMERA_TEXT(name, chimera_slice_of(text)));
}

static void add_origin(struct line *line, const struct options *options)
{
    if (options->bundle)
        add_text(line, "bundle", options->bundle);
    if (!options->bundle || options->are_policies_given)
        add_text(line, "file", options->policies);
}

void announce_start(const struct config *config, int main_fd, int probe_fd, int admin_fd,
                    const struct generation *served)
{
    const struct options *options = &config->options;
    struct line line = {.count = 0};
    char main_text[SOCKET_TEXT], probe_text[SOCKET_TEXT], admin_text[SOCKET_TEXT];
    add_text(&line, "version", CHIMERA_VERSION);
    add_text(&line, "address", show_address(&config->main_address, main_fd, main_text));
    add_text(&line, "readiness", show_address(&config->probe_address, probe_fd, probe_text));
    if (config->has_admin)
        add_text(&line, "admin", show_address(&config->admin_address, admin_fd, admin_text));
    add_text(&line, "tls",
             !options->cert_file        ? "off"
             : options->client_ca_files ? "mutual"
                                        : "on");
    add_origin(&line, options);
    add(&line, CHIMERA_NUMBER("policies", (int64_t)served->file->policies.policy_count));
    write_line("started", &line);
}

/* --- What has changed --- */

struct ids {
    const char *name;
    size_t count;
    struct chimera_buffer text;
};

enum { ADDED, REMOVED, MODULES, SETTINGS, RULES, LISTS };

static void list(struct ids *ids, const char *id)
{
    if (ids->count++ >= IDS_SHOWN)
        return;
    if (ids->count > 1)
        chimera_buffer_text(&ids->text, ", ");
    chimera_buffer_text(&ids->text, id);
}

static void add_ids(struct line *line, struct ids *ids)
{
    if (ids->count == 0)
        return;
    if (ids->count > IDS_SHOWN)
        chimera_buffer_print(&ids->text, " and %zu more", ids->count - IDS_SHOWN);
    add(line, CHIMERA_TEXT(ids->name, chimera_buffer_slice(&ids->text)));
}

/* Files change little, so that a policy is mostly found where the one before it ended. */
static size_t find_policy(const struct policies *policies, const char *id, size_t *near)
{
    for (size_t i = 0; i < policies->policy_count; i++) {
        size_t at = (*near + i) % policies->policy_count;
        if (strcmp(policies->policy[at].id, id) != 0)
            continue;
        *near = at + 1;
        return at;
    }
    return SIZE_MAX;
}

static void compare_policies(struct ids *ids, const struct generation *before,
                             const struct generation *now)
{
    const struct policies *old = &before->file->policies, *new = &now->file->policies;
    size_t near = 0;
    for (size_t i = 0; i < new->policy_count; i++) {
        const struct policy_spec *policy = &new->policy[i];
        size_t at = find_policy(old, policy->id, &near);
        if (at == SIZE_MAX) {
            list(&ids[ADDED], policy->id);
            continue;
        }
        unsigned changes = policy_spec_changes(&old->policy[at], policy);
        if ((changes & POLICY_MODULE_CHANGED) ||
            generation_has_other_module(&before->plugins[at], &now->plugins[i]))
            list(&ids[MODULES], policy->id);
        if (changes & POLICY_SETTINGS_CHANGED)
            list(&ids[SETTINGS], policy->id);
        if (changes & POLICY_RULES_CHANGED)
            list(&ids[RULES], policy->id);
    }
    near = 0;
    for (size_t i = 0; i < old->policy_count; i++)
        if (find_policy(new, old->policy[i].id, &near) == SIZE_MAX)
            list(&ids[REMOVED], old->policy[i].id);
}

static void compare_groups(struct ids *rules, const struct policies *old,
                           const struct policies *new)
{
    for (size_t i = 0; i < new->group_count; i++)
        for (size_t k = 0; k < old->group_count; k++)
            if (strcmp(old->group[k].name, new->group[i].name) == 0 &&
                group_spec_changed(&old->group[k], &new->group[i]))
                list(rules, new->group[i].name);
}

void announce_reload(pid_t worker, const struct generation *before, const struct generation *now)
{
    struct ids ids[LISTS] = {[ADDED] = {.name = "added"},
                             [REMOVED] = {.name = "removed"},
                             [MODULES] = {.name = "modules"},
                             [SETTINGS] = {.name = "settings"},
                             [RULES] = {.name = "rules"}};
    struct line line = {.count = 0};
    for (size_t i = 0; i < LISTS; i++)
        chimera_buffer_init(&ids[i].text, IDS_BYTES);
    compare_policies(ids, before, now);
    compare_groups(&ids[RULES], &before->file->policies, &now->file->policies);
    add(&line, CHIMERA_NUMBER("worker", worker));
    add(&line, CHIMERA_NUMBER("policies", (int64_t)now->file->policies.policy_count));
    for (size_t i = 0; i < LISTS; i++)
        add_ids(&line, &ids[i]);
    write_line("policies reloaded", &line);
    for (size_t i = 0; i < LISTS; i++)
        chimera_buffer_free(&ids[i].text);
}

void announce_full_tier(pid_t worker, const struct generation *before, const struct generation *now)
{
    int64_t swapped = 0, quick = 0;
    for (size_t i = 0; i < now->file->policies.policy_count; i++) {
        swapped += before->plugins[i].is_quick && !now->plugins[i].is_quick;
        quick += now->plugins[i].is_quick;
    }
    struct line line = {.count = 0};
    add(&line, CHIMERA_NUMBER("worker", worker));
    add(&line, CHIMERA_NUMBER("policies", swapped));
    add(&line, CHIMERA_NUMBER("still_quick", quick));
    write_line("swapped to the full tier", &line);
}
