/* SPDX-License-Identifier: Apache-2.0 */
/* user_folders.h - where a user's files of kwctl's lie (cli-and-distribution.md §2): a relative
 * value of a variable counts as none. Each text is the caller's; NULL: out of memory, or there is
 * no home.
 */
#ifndef CHIMERA_SOURCE_USER_FOLDERS_H
#define CHIMERA_SOURCE_USER_FOLDERS_H

/* $XDG_CACHE_HOME/kubewarden, or ~/.cache/kubewarden. */
char *chimera_user_cache_folder(void);

/* $XDG_CONFIG_HOME/kubewarden, or ~/.config/kubewarden. */
char *chimera_user_config_folder(void);

/* A file or a folder in one of them: takes over `folder`, which may be NULL. */
char *chimera_user_path(char *folder, const char *name);

#endif
