/* SPDX-License-Identifier: Apache-2.0 */
/* Instantiation: globals, element segments, the start function. What a module may have a million of
 * is written as rows of a table and a loop over it: of as many statements compilers make a function
 * that takes them minutes and gigabytes. */
#include "compiler/translate/glue_internal.h"

/* --- Element segments --- */

/* A function as an element segment has it. */
static void write_entry(FILE *file, const struct glue_facts *facts, uint32_t function)
{
    const struct chimera_module *module = facts->module;
    if (function == WASM_NULL_FUNCTION) {
        fputs("{0, NULL, false}", file);
        return;
    }
    fprintf(file, "{%u, (wasm_rt_function_ptr_t)",
            module->signatures[module->functions[function]].id);
    glue_write_function_name(file, facts, function);
    fprintf(file, ", %s}", function < module->imported_functions ? "true" : "false");
}

static void write_entries(FILE *file, const struct glue_facts *facts, uint32_t index)
{
    const struct wasm_element *element = &facts->module->elements[index];
    fprintf(file, "const wasm_elem_segment_expr_t elem_segment_exprs_%se%u[] = {\n",
            glue_segment_prefix(facts), index);
    for (uint32_t i = 0; i < element->count; i++) {
        fputs("    ", file);
        write_entry(file, facts, element->functions[i]);
        fputs(",\n", file);
    }
    fputs("    {0, NULL, false}\n};\n", file);
}

static void write_elements(FILE *file, const struct glue_facts *facts)
{
    for (uint32_t i = 0; i < facts->module->element_count; i++)
        write_entries(file, facts, i);
    fputs("static const struct {\n"
          "    const wasm_elem_segment_expr_t *entries;\n"
          "    u32 kind, count, to;\n"
          "    size_t table, dropped;\n"
          "} elements[] = {\n",
          file);
    for (uint32_t i = 0; i < facts->module->element_count; i++) {
        /* What instantiation does with a segment that is not passive: it may fill a table, and is
         * dropped. */
        const struct wasm_element *element = &facts->module->elements[i];
        const char *prefix = glue_segment_prefix(facts);
        if (element->mode != WASM_PASSIVE) {
            if (element->mode == WASM_ACTIVE)
                fprintf(file,
                        "    {elem_segment_exprs_%se%u, %d, %u, %uu, offsetof(struct instance, "
                        "w2c_tab%u), ",
                        prefix, i, element->type == WASM_EXTERNREF ? 2 : 1, element->count,
                        (uint32_t)element->offset.value, element->table);
            else
                fputs("    {NULL, 0, 0, 0, 0, ", file);
            fprintf(file, "offsetof(struct instance, elem_segment_dropped_%se%u)},\n", prefix, i);
        }
    }
    fputs("    {0}\n};\n", file);
}

/* --- Globals --- */

/* A number is its bits; a vector is two rows; a null is one or three, for the instance may be an
 * old one. References to functions know the instance, so they are rows of another table. */
static void write_number_row(FILE *file, uint32_t global, unsigned offset, unsigned size,
                             uint64_t bits)
{
    fprintf(file, "    {offsetof(struct instance, w2c_glo%u) + %u, %u, %lluull},\n", global, offset,
            size, (unsigned long long)bits);
}

static void write_number_rows(FILE *file, const struct glue_facts *facts, uint32_t index)
{
    const struct wasm_global *global = &facts->module->globals[index];
    const struct wasm_expression *value = &global->initial;
    bool is_short = global->type == WASM_I32 || global->type == WASM_F32;
    if (value->kind == WASM_REF_NULL && global->type == WASM_EXTERNREF)
        write_number_row(file, index, 0, 8, 0);
    if (value->kind != WASM_CONST)
        return;
    write_number_row(file, index, 0, is_short ? 4 : 8, value->value);
    if (global->type == WASM_V128)
        write_number_row(file, index, 8, 8, value->value_high);
}

static void write_globals(FILE *file, const struct glue_facts *facts)
{
    fputs("static const struct {\n    size_t at;\n    u32 size;\n    u64 bits;\n} numbers[] = {\n",
          file);
    for (uint32_t i = 0; i < facts->module->global_count; i++)
        write_number_rows(file, facts, i);
    fputs("    {0}\n};\n"
          "static const struct {\n    size_t at;\n    wasm_elem_segment_expr_t entry;\n} "
          "references[] = {\n",
          file);
    for (uint32_t i = 0; i < facts->module->global_count; i++) {
        const struct wasm_global *global = &facts->module->globals[i];
        const struct wasm_expression *value = &global->initial;
        bool is_null = value->kind == WASM_REF_NULL && global->type != WASM_EXTERNREF;
        if (value->kind == WASM_REF_FUNC || is_null) {
            fprintf(file, "    {offsetof(struct instance, w2c_glo%u), ", i);
            write_entry(file, facts, is_null ? WASM_NULL_FUNCTION : (uint32_t)value->value);
            fputs("},\n", file);
        }
    }
    fputs("    {0}\n};\n", file);
}

/* --- The functions --- */

/* No member of an instance is at 0, where its head is: so a row of zeros is the last. Numbers lie
 * in memory with their low byte first. */
static const char initialize[] =
    "static void initialize(struct chimera_instance *head)\n{\n"
    "    struct instance *instance = (struct instance *)head;\n"
    "    for (u32 i = 0; numbers[i].at; i++)\n"
    "        memcpy((u8 *)head + numbers[i].at, &numbers[i].bits, numbers[i].size);\n"
    "    for (u32 i = 0; references[i].at; i++) {\n"
    "        const wasm_elem_segment_expr_t *entry = &references[i].entry;\n"
    "        wasm_rt_funcref_t reference = {0};\n"
    "        reference.func_type = entry->func_type;\n"
    "        reference.func = entry->func;\n"
    "        if (entry->func)\n"
    "            reference.module_instance = entry->is_import ? (void *)head->guest : (void "
    "*)head;\n"
    "        *(wasm_rt_funcref_t *)((u8 *)head + references[i].at) = reference;\n"
    "    }\n"
    "    for (u32 i = 0; elements[i].dropped; i++) {\n"
    "        void *table = (u8 *)head + elements[i].table;\n"
    "        u32 count = elements[i].count;\n"
    "        if (elements[i].kind == 1)\n"
    "            funcref_table_init((wasm_rt_funcref_table_t *)table, elements[i].entries, count,\n"
    "                               elements[i].to, 0, count, 0);\n"
    "        else if (elements[i].kind == 2)\n"
    "            externref_table_init((wasm_rt_externref_table_t *)table, count, elements[i].to, "
    "0, count);\n"
    "        *((bool *)head + elements[i].dropped) = true;\n"
    "    }\n"
    "    (void)instance;\n"
    "}\n";

void glue_write_start(FILE *file, const struct glue_facts *facts)
{
    const struct chimera_module *module = facts->module;
    write_elements(file, facts);
    write_globals(file, facts);
    fputs(initialize, file);
    if (!module->has_start)
        return;
    fputs("static void start(struct chimera_instance *head)\n{\n    ", file);
    glue_write_function_name(file, facts, module->start);
    fputs(module->start < module->imported_functions ? "(head->guest);\n}\n"
                                                     : "((struct instance *)head);\n}\n",
          file);
}
