/* SPDX-License-Identifier: Apache-2.0 */
/* worker_fakes.h - in place of what worker/child.c uses: a worker that does what a test has it
 * do, tenants and generations that are counted. For one file of a program.
 */
#ifndef CHIMERA_TESTS_WORKER_FAKES_H
#define CHIMERA_TESTS_WORKER_FAKES_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/base/process_page.h"
#include "server/config/capacity.h"
#include "server/worker/child.h"

static int (*behaviour)(const struct worker_start *start);
static unsigned tenants_stopped;
static struct tenants *const fake_tenants = (struct tenants *)&behaviour; /* opaque */

int worker_run(const struct worker_start *start)
{
    return behaviour(start);
}

int tenants_start(const struct config *config, const struct generation *generation,
                  struct broker *broker, struct tenants **ret_tenants, struct chimera_error *err)
{
    (void)config, (void)generation, (void)broker, (void)err;
    *ret_tenants = fake_tenants;
    return CHIMERA_OK;
}

static int links[2]; /* of the one tenant that there is, when a test opens them */
static size_t link_count;

struct tenant_link *tenants_open_links(struct tenants *tenants)
{
    assert_ptr_equal(tenants, fake_tenants);
    return NULL;
}

static struct shared life = {.fd = -1}; /* of the one tenant, when a test makes it */

size_t tenants_list_lives(struct tenants *tenants, struct role_mapping *ret_mappings, size_t room)
{
    size_t count = life.size > 0;
    (void)tenants;
    assert_true(count <= room);
    if (count)
        ret_mappings[0] = (struct role_mapping){&life, false};
    return count;
}

static unsigned links_closed;

void tenants_close_links(struct tenants *tenants)
{
    links_closed += tenants == fake_tenants;
}

size_t tenants_list_links(const struct tenants *tenants, int *ret_fds, size_t room)
{
    (void)tenants;
    assert_true(link_count <= room);
    memcpy(ret_fds, links, link_count * sizeof(int));
    return link_count;
}

void tenants_stop(struct tenants *tenants)
{
    tenants_stopped += tenants == fake_tenants;
}

struct capacity capacity_of(unsigned loops)
{
    return (struct capacity){.tenant_lanes = loops};
}

void telemetry_enter_worker(const struct telemetry *telemetry)
{
    (void)telemetry;
}

/* All processes, -1, or a group are never meant, whatever is wrong with the process. */
int kill(pid_t pid, int signal_number)
{
    assert_true(pid > 0);
    return (int)syscall(SYS_kill, pid, signal_number);
}

static bool fork_fails;

pid_t fork(void)
{
    pid_t (*real)(void) = (pid_t(*)(void))(uintptr_t)dlsym(RTLD_NEXT, "fork");
    errno = EAGAIN;
    return fork_fails ? -1 : real();
}

static int users; /* of the generation */

struct generation *generation_use(struct generation *generation)
{
    users++;
    return generation;
}

void generation_drop(struct generation *generation)
{
    users -= generation != NULL;
}

#define POLICIES 3
#define SAY(start, text) ((void)!write((start)->report_fd, (text), sizeof(text) - 1))

/* --- One worker --- */

static struct policy_spec specs[POLICIES] = {{.id = (char *)(uintptr_t)"first"},
                                             {.id = (char *)(uintptr_t)"second"},
                                             {.id = (char *)(uintptr_t)"third"}};
static size_t tenant_of[POLICIES];
static struct policies_file file = {.policies = {.policy = specs, .policy_count = POLICIES},
                                    .plan = {.tenant_of = tenant_of}};
static struct generation generation = {.file = &file};
static struct config config;
static struct shared scoreboard, counters;
static struct telemetry telemetry = {.span_write = -1};
static const struct decision_child decisions = {.read_fd = -1, .write_fd = -1};
static struct worker_child worker;
static struct chimera_error err;
static unsigned open_before;
static int given[5] = {-1, -1, -1, -1, -1}; /* sockets and certificates, when a test opens them */

static inline unsigned count_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static inline int set_up(void **state)
{
    (void)state;
    config = (struct config){
        .workers = 2, .start_timeout_s = 10, .limit_seconds = 5, .is_limited = true};
    for (size_t i = 0; i < POLICIES; i++)
        tenant_of[i] = NO_TENANT;
    specs[1].has_limit = false;
    err = (struct chimera_error){0};
    users = 0;
    tenants_stopped = links_closed = 0;
    worker = WORKER_CHILD_NONE;
    link_count = 0;
    fork_fails = false;
    if (shared_make(&scoreboard, "board", 4096, true, NULL) < 0 ||
        shared_make(&counters, "counters", 4096, false, NULL) < 0)
        return 1;
    open_before = count_descriptors();
    return 0;
}

static inline int take_down(void **state)
{
    (void)state;
    worker_child_kill(&worker);
    shared_done(&scoreboard);
    shared_done(&counters);
    return 0;
}

static inline int try_to_start(int (*run)(const struct worker_start *start))
{
    const struct worker_start told = {.config = &config,
                                      .scoreboard = &scoreboard,
                                      .counters = &counters,
                                      .telemetry = &telemetry,
                                      .decisions = &decisions,
                                      .tls = {given[2], given[3], given[4]},
                                      .score = 5,
                                      .main_fd = given[0],
                                      .probe_fd = given[1]};
    behaviour = run;
    worker.is_stopped = true; /* whatever was there before */
    worker.step = 7;
    return worker_child_start(&worker, &told, &generation, &err);
}

static inline void start(int (*run)(const struct worker_start *start))
{
    assert_int_equal(try_to_start(run), CHIMERA_OK);
    assert_true(worker.pid > 0);
    assert_int_equal(worker.score, 5);
    assert_false(worker.is_stopped);
    assert_int_equal(worker.step, 0);
    assert_int_equal(users, 1);
    assert_int_equal(links_closed, 1);
}

/* Until the supervisor would be told of something. */
static inline enum worker_report await_report(void)
{
    enum worker_report report = WORKER_IS_STARTING;
    while (report == WORKER_IS_STARTING) {
        struct pollfd polled = {.fd = worker.report_fd, .events = POLLIN};
        int64_t now_ms = chimera_clock_ms(), left_ms = worker.until_ms - now_ms;
        poll(&polled, 1, left_ms > 0 ? (int)left_ms : 0);
        report = polled.revents ? worker_child_read_report(&worker, &err)
                                : worker_child_pass_time(&worker, chimera_clock_ms(), &err);
    }
    return report;
}

static inline void assert_none(void)
{
    assert_int_equal(worker.pid, 0);
    assert_int_equal(worker.report_fd, -1);
    assert_int_equal(worker.orders_fd, -1);
    assert_null(worker.page.data);
    assert_int_equal(users, 0);
    assert_int_equal(tenants_stopped, 1);
    assert_int_equal(count_descriptors(), open_before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static inline void assert_fails(const char *why)
{
    assert_int_equal(await_report(), WORKER_HAS_FAILED);
    assert_string_equal(err.text, why);
    assert_int_equal(err.code, CHIMERA_EIO);
    assert_none();
}

static inline int be_ready(const struct worker_start *start)
{
    SAY(start, "\0");
    close(start->report_fd);
    return pause();
}

#endif
