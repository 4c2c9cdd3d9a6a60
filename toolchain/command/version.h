/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - who we are, and whom we stand in for. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERSION_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERSION_H

/* "chimera 0.1.0"; called kwctl: "kwctl 1.36.0", the release that we act as. */
void version_print_short(const char *program);
/* The same, and what it stands for. */
void version_print(const char *program);

#endif
