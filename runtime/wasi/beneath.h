/* SPDX-License-Identifier: Apache-2.0 */
/* beneath.h - opening a path that the kernel keeps below the folder that it begins at.
 *
 * openat2() with RESOLVE_BENEATH, which Linux has since 5.6: neither `..` nor a link, however they
 * are swapped meanwhile, leads above, and a path that begins at the root is refused. On an older
 * kernel nothing is opened.
 */
#ifndef CHIMERA_WASI_BENEATH_H
#define CHIMERA_WASI_BENEATH_H

/* `flags` and `mode` as of open(2); O_CLOEXEC is added. -1 with errno: EXDEV for a path that leads
 * out, ENOSYS on an older kernel (and EPERM behind filters that do not know the call). */
int chimera_wasi_open_beneath(int folder, const char *path, int flags, unsigned mode);

#endif
