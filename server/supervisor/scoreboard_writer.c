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

void status_init(struct status *status, struct board *board)
{
    *status = (struct status){.board = board, .server = {.seat = SEAT_NONE}};
    status->server.started_ms = (uint64_t)time(NULL) * 1000;
}

void status_done(struct status *status)
{
    policy_file_drop(status->shown);
    status->shown = NULL;
}

/* Before the first worker, what it will serve. */
static void show_policies(struct status *status, const struct crew *crew,
                          const struct update *update)
{
    struct policy_file *file = crew->generation ? crew->generation->file : update->file;
    if (!file || file == status->shown)
        return;
    policy_file_drop(status->shown);
    status->shown = policy_file_use(file);
    board_enter(status->board, &file->policies);
    board_show(status->board, &file->policies);
}

/* Once more behind the end of a build, which takes it away. */
static void show_progress(struct status *status, const struct update *update)
{
    const uint8_t *progress = update->file == status->shown ? update->job.progress : NULL;
    if (status->shown && (progress || status->is_progress_shown))
        board_show_progress(status->board, &status->shown->policies, progress);
    status->is_progress_shown = progress != NULL;
}

static enum board_stage stage_of(const struct crew *crew)
{
    if (!crew->generation)
        return BOARD_STARTING;
    if (crew_answers(crew))
        return BOARD_SERVING;
    return crew->current.pid && crew->current.report_fd < 0 ? BOARD_STOPPED : BOARD_LOADING;
}

static uint32_t count_workers(const struct crew *crew)
{
    uint32_t count = crew->current.pid ? 1 : 0;
    count += crew->next.pid ? 1 : 0;
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        count += crew->retired[i].pid ? 1 : 0;
    return count;
}

void status_tell(struct status *status, const struct crew *crew, const struct update *update)
{
    struct board_server *server = &status->server;
    bool is_under_way = update->file != NULL;
    show_policies(status, crew, update);
    show_progress(status, update);
    server->stage = (uint8_t)stage_of(crew);
    server->is_building_first = !crew->generation && is_under_way;
    server->is_building_full = is_under_way && update->kind == UPDATE_TIER;
    server->is_reloading = is_under_way && update->kind == UPDATE_RELOAD;
    bool has_worker = server->stage == BOARD_SERVING || server->stage == BOARD_STOPPED;
    uint32_t seat = has_worker ? crew->current.seat : SEAT_NONE;
    if (seat != server->seat)
        status->measured_at_ms = 0; /* another worker */
    server->seat = seat;
    server->worker_count = count_workers(crew);
    server->restarts = crew->restarts;
    server->reloads = update->reloads.accepted;
    server->refused_reloads = update->reloads.refused;
    server->reloaded_ms = (uint64_t)update->reloads.accepted_at_s * 1000;
    server->refused_ms = (uint64_t)update->reloads.refused_at_s * 1000;
    board_set_text(server->refusal, sizeof(server->refusal), update->reloads.why.text);
    board_tell(status->board, server);
}

void status_stopping(struct status *status)
{
    status->server.stage = BOARD_STOPPING;
    status->server.seat = SEAT_NONE;
    board_tell(status->board, &status->server);
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

static void add_process(struct board_process *sum, pid_t pid)
{
    char text[128];
    if (!pid)
        return;
    if (read_line(pid, "statm", text, sizeof(text)))
        sum->resident_bytes += number_at(text, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
    sum->descriptors += count_descriptors(pid);
}

static void look(struct status *status, const struct crew *crew)
{
    struct board_process workers = {.pid = crew->current.pid}, own = {.pid = getpid()};
    const struct worker_process *all[CREW_RETIRED_MAX + 2] = {&crew->current, &crew->next};
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        all[i + 2] = &crew->retired[i];
    for (size_t i = 0; i < CREW_RETIRED_MAX + 2; i++) {
        add_process(&workers, all[i]->pid);
        for (size_t tenant = 0; tenant < tenants_count(all[i]->tenants); tenant++)
            add_process(&workers, tenants_pid(all[i]->tenants, tenant));
    }
    add_process(&own, own.pid);
    status->server.workers = workers;
    status->server.supervisor = own;
    board_tell(status->board, &status->server);
}

int64_t status_pass_time(struct status *status, const struct crew *crew, int64_t now_ms)
{
    if (!status->measured_at_ms || now_ms - status->measured_at_ms >= LOOK_EVERY_MS) {
        status->measured_at_ms = now_ms;
        look(status, crew);
    }
    if (status->is_progress_shown)
        return now_ms + PROGRESS_EVERY_MS;
    return status->measured_at_ms + LOOK_EVERY_MS;
}
