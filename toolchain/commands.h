/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - all subcommands, one file each, and what they share with the help. */
#ifndef CHIMERA_TOOLCHAIN_COMMANDS_H
#define CHIMERA_TOOLCHAIN_COMMANDS_H

#include "runtime/base/slice.h"
#include "toolchain/options.h"

#define PROGRAM_ABOUT "Compiles Kubernetes admission policies ahead of time, and runs them"

extern const struct option_entry global_options[];   /* before the subcommand; main.c */
extern const struct command_entry *const commands[]; /* ends with NULL; main.c */

extern const struct command_entry command_build;
extern const struct command_entry command_bundle;
extern const struct command_entry command_docs;
extern const struct command_entry command_doctor;
extern const struct command_entry command_inspect;
extern const struct command_entry command_run;
extern const struct command_entry command_version;

/* After a compilation: one warning on standard error where the kernel left the compilers
 * unconfined. */
void confinement_warn(void);

/* "Error: …" on standard error, with the lines behind the first indented; returns EXIT_FAILED. Like
 * all that the command prints of others' texts it goes by runtime/base/printable.h. */
int say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of JSON to standard output, its end included. */
void say_json(struct chimera_slice line);

/* "Warning: …" there. */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
