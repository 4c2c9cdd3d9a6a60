/* SPDX-License-Identifier: Apache-2.0 */
/* docs.h - `chimera-server docs`: the man page and a reference in Markdown, from the table of the
 * options. */
#ifndef CHIMERA_SERVER_DOCS_H
#define CHIMERA_SERVER_DOCS_H

/* `argv` begins behind the word "docs". Returns the exit code, and has said why on standard error.
 */
int docs_run(int argc, char *const *argv);

#endif
