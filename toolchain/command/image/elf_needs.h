/* SPDX-License-Identifier: Apache-2.0 */
/* elf_needs.h - which libraries and which dynamic loader an ELF file wants (System V gABI, chapter
 * 5, "Dynamic Section"; ELF-64 of either x86-64 or AArch64, little endian).
 *
 * The file may be anybody's: every offset and count is held against its size. No state.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_ELF_NEEDS_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_ELF_NEEDS_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define ELF_NEEDS_MAX 128 /* libraries of one file; more are refused */

struct elf_needs {            /* texts borrowed from the file's bytes, where each ends in NUL */
    const char *architecture; /* static, in the words of OCI images (GOARCH): amd64, arm64 */
    const char *interpreter;  /* the loader's path; NULL: none, as for a library */
    const char *search;       /* DT_RUNPATH, or else DT_RPATH; NULL: none */
    const char *name[ELF_NEEDS_MAX];
    size_t count;
};

/* `path` is for messages. CHIMERA_EINVAL: it is no such file, or a broken one. */
int elf_needs_read(struct chimera_slice file, const char *path, struct elf_needs *ret_needs,
                   struct chimera_error *err);

#endif
