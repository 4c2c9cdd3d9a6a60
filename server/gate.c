#include "server/gate.h"

#include <stdlib.h>

#define SLOW_MIN 16
#define SLOW_MAX 128
#define RESERVE_MIN 4
#define RESERVE_MAX 16

static unsigned clamp(unsigned value, unsigned least, unsigned most)
{
    return value < least ? least : value > most ? most : value;
}

static unsigned slow_max_of(unsigned loops)
{
    return clamp(4 * loops, SLOW_MIN, SLOW_MAX);
}

static unsigned reserve_of(unsigned loops)
{
    return clamp(loops, RESERVE_MIN, RESERVE_MAX);
}

/* Each loop may have let one more in before it learns that the gate is shut. */
unsigned gate_standby(unsigned loops)
{
    return slow_max_of(loops) + reserve_of(loops) + loops;
}

static unsigned policy_max_of(unsigned loops)
{
    return slow_max_of(loops) / 2;
}

unsigned gate_jail_lanes(unsigned loops)
{
    return policy_max_of(loops) + loops;
}

int gate_open(struct gate *gate, size_t accounts, struct chimera_error *err)
{
    *gate = (struct gate){.slow_of = calloc(accounts + 1, sizeof(atomic_int))};
    if (!gate->slow_of)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    return CHIMERA_OK;
}

void gate_close(struct gate *gate)
{
    free(gate->slow_of);
    *gate = (struct gate){0};
}

bool gate_has_none(struct gate *gate)
{
    return atomic_load(&gate->slow) == 0;
}

static void count(struct gate *gate, unsigned account, bool is_audit, int step)
{
    atomic_fetch_add(&gate->slow_of[account], step);
    atomic_fetch_add(&gate->slow, step);
    if (is_audit)
        atomic_fetch_add(&gate->slow_audits, step);
}

void gate_slow_begins(struct gate *gate, unsigned account, bool is_audit)
{
    count(gate, account, is_audit, 1);
}

void gate_slow_ends(struct gate *gate, unsigned account, bool is_audit)
{
    count(gate, account, is_audit, -1);
}
