/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h - what a plain YAML scalar stands for in go-yaml 3, which OPA reads and writes YAML
 * with: the core schema, and much of YAML 1.1. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_YAML_RESOLVE_H
#define CHIMERA_REGO_BUILTINS_YAML_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/slice.h"

enum chimera_go_yaml_kind {
    CHIMERA_GO_YAML_TEXT,
    CHIMERA_GO_YAML_NULL,
    CHIMERA_GO_YAML_BOOLEAN,
    CHIMERA_GO_YAML_INTEGER,  /* that fits into 64 bits with a sign */
    CHIMERA_GO_YAML_UNSIGNED, /* or only without */
    CHIMERA_GO_YAML_FLOAT,
    CHIMERA_GO_YAML_TIMESTAMP,
    CHIMERA_GO_YAML_MERGE, /* << */
};

struct chimera_go_yaml_scalar {
    enum chimera_go_yaml_kind kind;
    union {
        bool boolean;
        int64_t integer;
        uint64_t natural;
        double number;
    } as;
};

struct chimera_go_yaml_scalar chimera_go_yaml_resolve(struct chimera_slice text);

#endif
