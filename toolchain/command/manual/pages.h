/* SPDX-License-Identifier: Apache-2.0 */
/* pages.h - what the man pages have besides the tables of the command line. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_MANUAL_PAGES_H
#define CHIMERA_TOOLCHAIN_COMMAND_MANUAL_PAGES_H

#include "runtime/cli/manual.h"

extern const struct chimera_cli_manual pages_of_chimera;

/* Into the folder: kwctl(1), policies.yml(5), chimera-bundle(5). */
int pages_write_documents(const char *folder, struct chimera_error *err);

#endif
