/* SPDX-License-Identifier: Apache-2.0 */
/* input.h - a text for libyaml, on an account; for those who read its events. */
#ifndef CHIMERA_YAML_INPUT_H
#define CHIMERA_YAML_INPUT_H

#include <yaml.h>

#include "runtime/base/account.h"
#include "runtime/base/slice.h"

struct chimera_yaml_input {
    struct chimera_slice rest;       /* borrowed */
    struct chimera_account *account; /* borrowed; may be NULL */
    uint64_t scratch;                /* taken for what is gone when the tree is made */
};

/* Makes `parser` read it; with the account's code, or CHIMERA_ENOMEM, it is not initialized. Both
 * must stay where they are. */
int chimera_yaml_input_open(struct chimera_yaml_input *input, yaml_parser_t *parser);
int chimera_yaml_input_take(struct chimera_yaml_input *input, uint64_t scratch_bytes);
/* Gives the scratch back. */
void chimera_yaml_input_close(struct chimera_yaml_input *input);

#endif
