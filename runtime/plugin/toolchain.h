/* SPDX-License-Identifier: Apache-2.0 */
/* toolchain.h - the identity of what made a plugin, told in words.
 *
 * An identity is a line of parts, "chimera-0.1.0 abi-2 wabt-1.0.32 clang-19.1.7 lld-19.1.7 O1
 * x86-64 flags-0123456789ab sources-0123456789ab": tools with their versions, and digests of what
 * they are told and of the sources that go into every plugin. compiler/native/identity.h makes it;
 * a manifest, a descriptor and a registry's annotation carry it. Any thread.
 */
#ifndef CHIMERA_PLUGIN_TOOLCHAIN_H
#define CHIMERA_PLUGIN_TOOLCHAIN_H

#include "runtime/base/buffer.h"

#define CHIMERA_TOOLCHAIN_WORDS_MAX ((size_t)2048) /* enough for the words of any two */

/* Appends what `one` has instead of what `other` has, "clang 14.0.6 instead of 19.1.7, other
 * flags", and returns true; false, and nothing is appended, when both are the same. Either may be a
 * stranger's: parts that nobody knows are told as they stand, the long ones cut. */
bool chimera_toolchain_explain(const char *one, const char *other, struct chimera_buffer *out);

#endif
