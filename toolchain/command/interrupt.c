/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "compiler/tool/process.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof(signals) / sizeof(*signals))

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
    chimera_process_kill_all();
}

void interrupt_catch(void)
{
    /* A second signal ends us at once. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction before;
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

void interrupt_release(void)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction before;
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == on_signal)
            signal(signals[i], SIG_DFL);
    }
    if (caught)
        raise(caught);
}
