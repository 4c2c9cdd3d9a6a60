/* SPDX-License-Identifier: Apache-2.0 */
/* entry.h - what lists of man pages are made of: variables, files, signals, exit codes. */
#ifndef CHIMERA_CLI_ENTRY_H
#define CHIMERA_CLI_ENTRY_H

/* A name and what it means, in a list that ends with a row without a name. */
struct chimera_cli_entry {
    const char *name, *text;
    unsigned uses; /* bits of enum chimera_cli_use: for whom it is there; 0: everybody */
};

#endif
