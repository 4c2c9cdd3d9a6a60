/* SPDX-License-Identifier: Apache-2.0 */
/* functions.h - the functions that every template has. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_TEMPLATE_FUNCTIONS_H
#define CHIMERA_REGO_BUILTINS_TEMPLATE_FUNCTIONS_H

#include "runtime/rego/arguments.h"
#include "runtime/rego/builtins/template/value.h"
#include "runtime/rego/region.h"

struct chimera_function_call {
    const struct chimera_rego_call *call;
    struct chimera_region *region; /* where texts go that it makes */
    const char *name;
    const struct chimera_value *args;
    size_t count;
};

/* CHIMERA_EINVAL for what Go refuses, or the account's code. */
typedef int chimera_template_function(const struct chimera_function_call *call,
                                      struct chimera_value *ret_value);

struct chimera_function {
    const char *name;
    chimera_template_function *play; /* NULL: and, or, which need not look at all arguments */
    size_t least, most;              /* arguments */
};

/* NULL: there is none. */
const struct chimera_function *chimera_function_find(struct chimera_slice name);

/* functions_print.c */
chimera_template_function chimera_function_print, chimera_function_println, chimera_function_printf,
    chimera_function_html, chimera_function_js, chimera_function_urlquery;

/* As fmt.Print prints one value; NONE is "<no value>". */
int chimera_function_write(const struct chimera_function_call *call, struct chimera_buffer *out);

#endif
