/* SPDX-License-Identifier: Apache-2.0 */
/* file_kind.h - what a file is that was taken for a WebAssembly module.
 *
 * A page of a proxy, an archive, a text or half a download has the name of a policy more often than
 * a policy is broken; the message says which it is, and what to do.
 */
#ifndef CHIMERA_SOURCE_FILE_KIND_H
#define CHIMERA_SOURCE_FILE_KIND_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* So many bytes from the start are enough, where reading all is not wanted. */
#define CHIMERA_FILE_HEAD 512

/* What to do with one of Gatekeeper's, wherever it comes. */
#define CHIMERA_TEMPLATE_ADVICE                                                                 \
    "compile its Rego with `opa build -t wasm -e PACKAGE/violation template.rego`, PACKAGE as " \
    "the Rego says, and name the bundle.tar.gz which that writes"

/* `bytes` are the first of `file`, or all of it. Fails with CHIMERA_EMODULE, or CHIMERA_EFEATURE
 * for a component, unless they begin as a core module does. */
int chimera_file_check_wasm(const char *file, struct chimera_slice bytes,
                            struct chimera_error *err);

#endif
