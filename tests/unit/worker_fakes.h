/* SPDX-License-Identifier: Apache-2.0 */
/* worker_fakes.h - in place of what worker_process.c uses: a worker that does what a test has it
 * do, jails and generations that are counted.
 */
#ifndef TESTS_WORKER_FAKES_H
#define TESTS_WORKER_FAKES_H

#include "server/gate.h"
#include "server/worker_process.h"

static int (*behaviour)(const struct worker_start *start);
static unsigned jails_stopped;
static struct jails *const fake_jails = (struct jails *)&behaviour; /* opaque */

int worker_run(const struct worker_start *start)
{
    return behaviour(start);
}

int jails_start(const struct config *config, const struct policies *policies,
                const struct built_plugin *plugins, const struct isolation *isolation,
                struct jails **ret_jails, struct chimera_error *err)
{
    (void)config, (void)policies, (void)plugins, (void)isolation, (void)err;
    *ret_jails = fake_jails;
    return CHIMERA_OK;
}

bool jails_open_links(struct jails *jails, struct jail_link **ret_links)
{
    *ret_links = NULL;
    return jails == fake_jails;
}

static unsigned links_closed;

void jails_close_links(struct jails *jails)
{
    links_closed += jails == fake_jails;
}

size_t jails_list_links(const struct jails *jails, int *ret_fds, size_t room)
{
    (void)jails, (void)ret_fds, (void)room;
    return 0;
}

void jails_stop(struct jails *jails)
{
    jails_stopped += jails == fake_jails;
}

unsigned gate_jail_lanes(unsigned loops)
{
    return loops;
}

int telemetry_enter_worker(struct telemetry *telemetry, struct chimera_error *err)
{
    (void)telemetry, (void)err;
    return CHIMERA_OK;
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

#endif
