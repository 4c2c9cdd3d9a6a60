/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/scoreboard_writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "server/counters/worker_score.h"

#define LOOK_EVERY_MS 5000
#define PROGRESS_EVERY_MS 250

void scoreboard_writer_init(struct scoreboard_writer *writer, struct scoreboard *scoreboard)
{
    *writer = (struct scoreboard_writer){.scoreboard = scoreboard,
                                         .server = {.score = WORKER_SCORE_NONE}};
    writer->server.started_ms = (uint64_t)time(NULL) * 1000;
}

void scoreboard_writer_done(struct scoreboard_writer *writer)
{
    policies_file_drop(writer->shown);
    writer->shown = NULL;
    generation_drop(writer->origins);
    writer->origins = NULL;
}

/* Before the first worker, what it will serve. */
static void show_policies(struct scoreboard_writer *writer, const struct workers *workers,
                          const struct rollout *rollout)
{
    struct policies_file *file = workers->generation ? workers->generation->file : rollout->file;
    if (!file || file == writer->shown)
        return;
    policies_file_drop(writer->shown);
    writer->shown = policies_file_use(file);
    scoreboard_enter(writer->scoreboard, &file->policies);
    scoreboard_show(writer->scoreboard, &file->policies);
    generation_drop(writer->origins);
    writer->origins = NULL;
}

static enum scoreboard_stage stage_of(const struct workers *workers)
{
    if (!workers->generation)
        return SCOREBOARD_STARTING;
    if (workers_answer(workers))
        return SCOREBOARD_SERVING;
    return workers->current.pid && workers->current.report_fd < 0 ? SCOREBOARD_STOPPED
                                                                  : SCOREBOARD_LOADING;
}

void scoreboard_writer_tell(struct scoreboard_writer *writer, const struct workers *workers,
                            const struct rollout *rollout)
{
    struct scoreboard_server *server = &writer->server;
    bool is_under_way = rollout->file != NULL;
    show_policies(writer, workers, rollout);
    struct generation *generation = workers->generation;
    if (generation && generation != writer->origins && generation->file == writer->shown) {
        generation_drop(writer->origins);
        writer->origins = generation_use(generation);
        scoreboard_show_origins(writer->scoreboard, &generation->file->policies,
                                generation->plugins);
    }
    /* Once more behind the end of a build, which takes it away. */
    const uint8_t *progress = rollout->file == writer->shown ? rollout->build.progress : NULL;
    if (writer->shown && (progress || writer->is_progress_shown))
        scoreboard_show_progress(writer->scoreboard, &writer->shown->policies, progress);
    writer->is_progress_shown = progress != NULL;
    server->stage = (uint8_t)stage_of(workers);
    server->is_building_first = !workers->generation && is_under_way;
    server->is_building_full = is_under_way && rollout->kind == ROLLOUT_TIER;
    server->is_reloading = is_under_way && rollout->kind == ROLLOUT_RELOAD;
    bool has_worker = server->stage == SCOREBOARD_SERVING || server->stage == SCOREBOARD_STOPPED;
    uint32_t score = has_worker ? workers->current.score : WORKER_SCORE_NONE;
    if (score != server->score)
        writer->measured_at_ms = 0; /* another worker */
    server->score = score;
    uint32_t count = workers->current.pid ? 1 : 0;
    count += workers->next.pid ? 1 : 0;
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        count += workers->retired[i].pid ? 1 : 0;
    server->worker_count = count;
    server->restarts = workers->restarts;
    server->reloads = rollout->reloads.accepted;
    server->refused_reloads = rollout->reloads.refused;
    server->reloaded_ms = (uint64_t)rollout->reloads.accepted_at_s * 1000;
    server->refused_ms = (uint64_t)rollout->reloads.refused_at_s * 1000;
    scoreboard_set_text(server->refusal, sizeof(server->refusal), rollout->reloads.why.text);
    scoreboard_tell(writer->scoreboard, server);
}

void scoreboard_writer_stopping(struct scoreboard_writer *writer)
{
    writer->server.stage = SCOREBOARD_STOPPING;
    writer->server.score = WORKER_SCORE_NONE;
    scoreboard_tell(writer->scoreboard, &writer->server);
}

/* --- Processes --- */

/* A file of /proc that is one line. */
static bool read_line(pid_t pid, const char *name, char *ret_text, size_t room)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, ret_text, room - 1) : -1;
    if (size <= 0)
        return false;
    ret_text[size] = '\0';
    return true;
}

/* The number that is the `field`-th word of a text, from 0 on. */
static uint64_t number_at(const char *text, unsigned field)
{
    uint64_t number = 0;
    for (; field > 0 && *text; text++)
        field -= *text == ' ';
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

static uint32_t count_descriptors(pid_t pid)
{
    char path[64];
    uint32_t count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2; /* . and .. */
}

static void add_process(struct scoreboard_process *sum, pid_t pid)
{
    char text[128];
    if (!pid)
        return;
    if (read_line(pid, "statm", text, sizeof(text)))
        sum->resident_bytes += number_at(text, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
    sum->descriptors += count_descriptors(pid);
}

int64_t scoreboard_writer_pass_time(struct scoreboard_writer *writer, const struct workers *workers,
                                    int64_t now_ms)
{
    if (!writer->measured_at_ms || now_ms - writer->measured_at_ms >= LOOK_EVERY_MS) {
        writer->measured_at_ms = now_ms;
        struct scoreboard_process served = {.pid = workers->current.pid}, own = {.pid = getpid()};
        const struct worker_child *all[WORKERS_RETIRED_MAX + 2] = {&workers->current,
                                                                   &workers->next};
        for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
            all[i + 2] = &workers->retired[i];
        for (size_t i = 0; i < WORKERS_RETIRED_MAX + 2; i++) {
            add_process(&served, all[i]->pid);
            for (size_t tenant = 0; tenant < tenants_count(all[i]->tenants); tenant++)
                add_process(&served, tenants_pid(all[i]->tenants, tenant));
        }
        add_process(&own, own.pid);
        writer->server.workers = served;
        writer->server.supervisor = own;
        scoreboard_tell(writer->scoreboard, &writer->server);
    }
    if (writer->is_progress_shown)
        return now_ms + PROGRESS_EVERY_MS;
    return writer->measured_at_ms + LOOK_EVERY_MS;
}
