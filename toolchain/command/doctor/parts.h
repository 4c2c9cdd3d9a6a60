/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h - what `chimera doctor` looks at, a file each. Every error that `build`, `bundle` and
 * `run` have for what is around a policy has its line here.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DOCTOR_PARTS_H
#define CHIMERA_TOOLCHAIN_COMMAND_DOCTOR_PARTS_H

#include "runtime/cli/cli.h"
#include "toolchain/command/doctor/report.h"

/* The tools of both tiers, and a module that is built with them, loaded and started. */
void doctor_check_tools(struct doctor_report *report);

/* Folders to write to. */
void doctor_check_places(struct doctor_report *report);

/* What the kernel has, and limits. */
void doctor_check_machine(struct doctor_report *report);

/* Registries, the store and the trust root. */
void doctor_check_fetching(const struct chimera_cli_options *options, struct doctor_report *report);

/* How much can be written below the folder, which must be there; 0 when that cannot be told. */
uint64_t doctor_room_mib(const char *folder);
/* Writes a file of a MiB into a folder of its own in `folder`, and takes it away. */
int doctor_try_to_write(const char *folder, struct chimera_error *err);
/* `path`, or what is there of its parents. Owned by the caller; NULL: out of memory. */
char *doctor_find_parent(const char *path);

#endif
