/* SPDX-License-Identifier: Apache-2.0 */
/* manual.h - `chimera-server docs`: the man page and a reference in Markdown, from the table of the
 * options. */
#ifndef CHIMERA_SERVER_CONFIG_MANUAL_H
#define CHIMERA_SERVER_CONFIG_MANUAL_H

/* `argv` begins behind the word "docs". Returns the exit code, and has said why on standard error.
 */
int docs_run(int argc, char *const *argv);

#endif
