/* SPDX-License-Identifier: Apache-2.0 */
/* manual.h - `chimera-server docs` and `completions`: the man page, a reference in Markdown and
 * scripts for shells, from the table of the options. */
#ifndef CHIMERA_SERVER_CONFIG_MANUAL_H
#define CHIMERA_SERVER_CONFIG_MANUAL_H

/* `argv` begins behind the word "docs". Returns the exit code, and has said why on standard error.
 */
int docs_run(int argc, char *const *argv);

/* The same behind the word "completions". */
int completions_run(int argc, char *const *argv);

#endif
