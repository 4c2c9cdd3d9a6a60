/* SPDX-License-Identifier: Apache-2.0 */
/* policy_argument.h - from a word of the command line to a policy: its URI, and its file on this
 * machine (cli-and-distribution.md §1.3).
 *
 *   1  a URI
 *   2  the path of a file
 *   3  the beginning of the SHA-256 of a policy in the store
 *   4  a reference to a registry without "registry://"
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_POLICY_ARGUMENT_H
#define CHIMERA_TOOLCHAIN_COMMAND_POLICY_ARGUMENT_H

#include "compiler/fetch/fetch.h"
#include "runtime/source/module_place.h"

/* What of that a command takes. */
enum policy_words {
    /* 1 to 3; 4 when it names its host and a tag or a digest, so that the path of a file that is
     * not there does not send us to the network. */
    POLICY_WORDS_ALL,
    POLICY_WORDS_ANY_REFERENCE, /* 1 to 4, the last with any reference: rm, scaffold manifest */
};

/* Where the policy is, or would be after it was fetched. A local file has its URI, too, and is
 * there; for one in the store nothing is looked at. The caller ends *ret_place. */
int policy_argument_read(const char *argument, enum policy_words words, const char *store,
                         struct chimera_module_place *ret_place, struct chimera_error *err);

/* The same, and it is there then: fetched, and verified if that is asked for. `fetch` NULL: only
 * what is on this machine, in the default store. */
int policy_argument_find(const char *argument, enum policy_words words,
                         const struct chimera_fetch_options *fetch,
                         struct chimera_module_place *ret_place, struct chimera_error *err);

/* Fetched, and what else was found out by that; its path is the place's. The caller ends both. */
int policy_argument_fetch(const char *argument, enum policy_words words,
                          const struct chimera_fetch_options *fetch,
                          struct chimera_module_place *ret_place,
                          struct chimera_fetched *ret_fetched, struct chimera_error *err);

/* The root of the default store. Owned by the caller; NULL after a failure. */
char *policy_store(struct chimera_error *err);

#endif
