/* SPDX-License-Identifier: Apache-2.0 */
/* sections.h - the readers of the sections, one each; decode.c calls them. */
#ifndef CHIMERA_COMPILER_WASM_SECTIONS_H
#define CHIMERA_COMPILER_WASM_SECTIONS_H

#include "compiler/wasm/module.h"
#include "compiler/wasm/reader.h"

void module_read_types(struct reader *reader, struct chimera_module *module);
void module_read_imports(struct reader *reader, struct chimera_module *module);
void module_read_functions(struct reader *reader, struct chimera_module *module);
void module_read_tables(struct reader *reader, struct chimera_module *module);
struct wasm_limits module_read_limits(struct reader *reader, uint32_t range);
void module_read_memories(struct reader *reader, struct chimera_module *module);
void module_read_globals(struct reader *reader, struct chimera_module *module);
void module_read_exports(struct reader *reader, struct chimera_module *module);
void module_read_start(struct reader *reader, struct chimera_module *module);
void module_read_elements(struct reader *reader, struct chimera_module *module);
void module_read_data_count(struct reader *reader, struct chimera_module *module);
void module_read_code(struct reader *reader, struct chimera_module *module);
void module_read_data(struct reader *reader, struct chimera_module *module);
void module_read_tags(struct reader *reader, struct chimera_module *module);

/* Is this a constant expression of that type? */
void module_check_expression(struct reader *reader, const struct chimera_module *module,
                             const struct wasm_expression *expression, uint8_t type);

/* Makes the arrays that begin with imports, with room for all that the module defines. */
void module_begin_indices(struct reader *reader, struct chimera_module *module);

/* What spans sections: every function has a body, counts agree. */
int module_check_whole(struct reader *file, struct chimera_module *module);

#endif
