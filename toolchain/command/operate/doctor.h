/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - what the files of `chimera doctor` share. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_OPERATE_DOCTOR_H
#define CHIMERA_TOOLCHAIN_COMMAND_OPERATE_DOCTOR_H

#include "runtime/cli/cli.h"

enum finding { FINDING_GOOD, FINDING_NOTE, FINDING_BAD };

/* Prints one line; returns whether it is bad. */
typedef int doctor_reporter(enum finding finding, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Registries, the store and the trust root; returns how many findings are bad. */
int doctor_check_fetching(const struct chimera_cli_options *options, doctor_reporter *report);

#endif
