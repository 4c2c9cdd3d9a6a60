/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/translate/glue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compiler/translate/glue_internal.h"
#include "compiler/wasm/import_rules.h"
#include "runtime/base/cleanup.h"
#include "runtime/plugin/counter.h"

static const char *c_type(uint8_t type)
{
    switch (type) {
    case WASM_I32:
        return "u32";
    case WASM_I64:
        return "u64";
    case WASM_F32:
        return "f32";
    case WASM_F64:
        return "f64";
    case WASM_V128:
        return "v128";
    case WASM_EXTERNREF:
        return "wasm_rt_externref_t";
    default:
        return "wasm_rt_funcref_t";
    }
}

/* The member of union chimera_value. */
static const char *value_member(uint8_t type)
{
    switch (type) {
    case WASM_I32:
        return "i32";
    case WASM_I64:
        return "i64";
    case WASM_F32:
        return "f32";
    case WASM_F64:
        return "f64";
    default:
        return "externref";
    }
}

/* wasm2c's letter in the name of a struct of several results and of its members. */
static char result_letter(uint8_t type)
{
    switch (type) {
    case WASM_I32:
        return 'i';
    case WASM_I64:
        return 'j';
    case WASM_F32:
        return 'f';
    case WASM_F64:
        return 'd';
    case WASM_V128:
        return 'o';
    case WASM_EXTERNREF:
        return 'e';
    default:
        return 'r';
    }
}

static void write_result_type(FILE *file, struct chimera_slice results)
{
    if (results.size == 0) {
        fputs("void", file);
    } else if (results.size == 1) {
        fputs(c_type((uint8_t)results.data[0]), file);
    } else {
        fputs("struct wasm_multi_", file);
        for (size_t i = 0; i < results.size; i++)
            fputc(result_letter((uint8_t)results.data[i]), file);
    }
}

static void write_result_struct(FILE *file, struct chimera_slice results)
{
    fputs("#ifndef wasm_multi_", file);
    for (size_t i = 0; i < results.size; i++)
        fputc(result_letter((uint8_t)results.data[i]), file);
    fputs("\n#define wasm_multi_", file);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < results.size; i++)
            fputc(result_letter((uint8_t)results.data[i]), file);
        fputs(round == 0 ? " wasm_multi_" : "\n", file);
    }
    write_result_type(file, results);
    fputs(" {\n", file);
    for (size_t i = 0; i < results.size; i++)
        fprintf(file, "    %s %c%zu;\n", c_type((uint8_t)results.data[i]),
                result_letter((uint8_t)results.data[i]), i);
    fputs("};\n#endif\n", file);
}

/* --- module.h --- */

static void write_type_numbers(FILE *file, const struct glue_facts *facts)
{
    const struct chimera_module *module = facts->module;
    bool is_named = facts->wabt_minor >= 33; /* the bodies say w2c_pol_t5, else func_types[5] */
    fputs(is_named
              ? "#define FUNC_TYPE(type) type\nenum {\n"
              : "#define FUNC_TYPE(index) func_types[index]\nstatic const u32 func_types[] = {\n",
          file);
    for (uint32_t i = 0; i < module->signature_count; i++) {
        if (is_named && module->signatures[i].is_marked)
            fprintf(file, "#define w2c_pol_t%u (instance->w2c_glo%u)\n", i, module->marker);
        else if (is_named)
            fprintf(file, "    w2c_pol_t%u = %u,\n", i, module->signatures[i].id);
        else
            fprintf(file, "    %u,\n", module->signatures[i].id);
    }
    fputs(is_named ? "    w2c_pol_no_type\n};\n" : "    0\n};\n", file);
}

const char *glue_segment_prefix(const struct glue_facts *facts)
{
    return facts->wabt_minor >= 33 ? "w2c_pol_" : "w2c_";
}

static void write_instance(FILE *file, const struct glue_facts *facts)
{
    const struct chimera_module *module = facts->module;
    fputs("struct instance {\n    struct chimera_instance head;\n", file);
    for (uint32_t i = 0; i < module->global_count; i++)
        fprintf(file, "    %s%s w2c_glo%u;\n", module->globals[i].type == WASM_V128 ? "mem_" : "",
                c_type(module->globals[i].type), i); /* no global is aligned to more than 8 bytes */
    for (uint32_t i = 0; i < module->table_count; i++)
        fprintf(file, "    wasm_rt_%s_table_t w2c_tab%u;\n",
                module->tables[i].type == WASM_EXTERNREF ? "externref" : "funcref", i);
    for (uint32_t i = 0; facts->module->uses_data_segments && i < module->data_count; i++)
        fprintf(file, "    bool data_segment_dropped_%sd%u;\n", glue_segment_prefix(facts), i);
    for (uint32_t i = 0; i < module->element_count; i++)
        fprintf(file, "    bool elem_segment_dropped_%se%u;\n", glue_segment_prefix(facts), i);
    if (facts->profiles) /* 64 bits in any case */
        fputs("    void (*profile)(struct chimera_guest *, u32, u32);\n", file);
    fputs("};\n"
          "typedef struct instance Z_pol_instance_t, w2c_pol;\n"
          "#define w2c_mem head.memory\n"
          "#define Z_h_instance head.guest\n"
          "#define w2c_h_instance head.guest\n",
          file);
}

static void write_import_name(FILE *file, const struct glue_facts *facts, uint32_t index)
{
    fprintf(file, facts->wabt_minor >= 33 ? "w2c_h_i%u" : "Z_hZ_i%u", index);
}

/* "(struct chimera_guest *host, u32 p0, …)" or, as a call, "(host, p0, …)". */
static void write_import_parameters(FILE *file, const struct wasm_signature *signature,
                                    bool has_types)
{
    fprintf(file, "(%shost", has_types ? "struct chimera_guest *" : "");
    for (size_t i = 0; i < signature->params.size; i++)
        fprintf(file, ", %s%sp%zu", has_types ? c_type((uint8_t)signature->params.data[i]) : "",
                has_types ? " " : "", i);
    fputc(')', file);
}

/* The runtime's function, behind a look at how much stack is left for it. */
static void write_import(FILE *file, const struct glue_facts *facts, uint32_t index)
{
    const struct chimera_module *module = facts->module;
    const struct wasm_signature *signature = &module->signatures[module->functions[index]];
    const struct chimera_import *rule = chimera_import_rule_of(module, index);
    const char *symbol = rule ? rule->symbol : "chimera_unknown_import";
    if (facts->tier == CHIMERA_TIER_QUICK) { /* every function has looked already */
        fputs("#define ", file);
        write_import_name(file, facts, index);
        fprintf(file, " %s\n", symbol);
    }
    write_result_type(file, signature->results);
    fprintf(file, " %s", symbol);
    write_import_parameters(file, signature, true);
    fputs(";\n", file);
    if (facts->tier == CHIMERA_TIER_QUICK)
        return;
    fputs("static inline __attribute__((always_inline)) ", file);
    write_result_type(file, signature->results);
    fputc(' ', file);
    write_import_name(file, facts, index);
    write_import_parameters(file, signature, true);
    fprintf(file, "\n{\n    HOST_STACK;\n    %s%s", signature->results.size > 0 ? "return " : "",
            symbol);
    write_import_parameters(file, signature, false);
    fputs(";\n}\n", file);
}

static bool is_same_import(const struct wasm_import *a, const struct wasm_import *b)
{
    return a->type == b->type && chimera_slice_equal(a->module, b->module) &&
           chimera_slice_equal(a->name, b->name);
}

#define DISTINCT_MAX 256 /* more than there are imports that a policy may have */

/* One that is imported again is the same function. */
static void write_imports(FILE *file, const struct glue_facts *facts)
{
    const struct chimera_module *module = facts->module;
    const struct wasm_import *distinct[DISTINCT_MAX];
    uint32_t number_of[DISTINCT_MAX], count = 0, index = 0;
    for (uint32_t i = 0; i < module->import_count; i++) {
        const struct wasm_import *import = &module->imports[i];
        uint32_t at = 0;
        if (import->kind != WASM_FUNCTION)
            continue;
        while (at < count && !is_same_import(import, distinct[at]))
            at++;
        if (at < count) {
            fputs("#define ", file);
            write_import_name(file, facts, index);
            fputc(' ', file);
            write_import_name(file, facts, number_of[at]);
            fputc('\n', file);
        } else {
            write_import(file, facts, index);
        }
        if (at == count && count < DISTINCT_MAX) {
            distinct[count] = import;
            number_of[count++] = index;
        }
        index++;
    }
}

/* Passive segments as the bodies name them. */
static void write_data_segments(FILE *file, const struct glue_facts *facts, bool is_definition)
{
    const struct chimera_module *module = facts->module;
    for (uint32_t i = 0; module->uses_data_segments && i < module->data_count; i++) {
        const struct wasm_data *data = &module->data[i];
        struct chimera_slice bytes = data->bytes;
        if (data->mode != WASM_PASSIVE)
            bytes.size = 0;
        fprintf(file, "%sconst u8 data_segment_data_%sd%u[%zu]", is_definition ? "" : "extern ",
                glue_segment_prefix(facts), i, bytes.size + 1);
        if (is_definition) {
            fputs(" =\n", file);
            /* As pieces of a string, for compilers keep a whole tree of an initialiser's numbers.
             * Three digits, so that no digit behind them is taken for theirs. */
            for (size_t at = 0; at < bytes.size; at++)
                fprintf(file, at % 64 == 0 ? "%s\"\\%03o" : "%s\\%03o",
                        at > 0 && at % 64 == 0 ? "\"\n" : "", (unsigned char)bytes.data[at]);
            fputs(bytes.size > 0 ? "\"" : "\"\"", file);
        }
        fputs(";\n", file);
    }
}

static void write_header(FILE *file, const struct glue_facts *facts)
{
    const struct chimera_module *module = facts->module;
    fprintf(file, "#define CHIMERA_WABT %u\n#define CHIMERA_SIMD %d\n%s#include \"prelude.h\"\n",
            facts->wabt_minor, module->uses_vectors,
            facts->profiles ? "#define CHIMERA_PROFILE 1\n" : "");
    write_type_numbers(file, facts);
    for (uint32_t i = 0; i < module->signature_count; i++) {
        if (module->signatures[i].results.size > 1)
            write_result_struct(file, module->signatures[i].results);
    }
    write_instance(file, facts);
    write_imports(file, facts);
    write_data_segments(file, facts, false);
    for (uint32_t i = 0; i < facts->module->element_count; i++)
        fprintf(file, "extern const wasm_elem_segment_expr_t elem_segment_exprs_%se%u[];\n",
                glue_segment_prefix(facts), i);
}

/* --- glue.c --- */

void glue_write_function_name(FILE *file, const struct glue_facts *facts, uint32_t index)
{
    if (index < facts->module->imported_functions)
        write_import_name(file, facts, index);
    else
        fprintf(file, "%s%u", facts->split->prefix, index);
}

static bool has_type(struct chimera_slice types, uint8_t type)
{
    return types.size > 0 && memchr(types.data, type, types.size);
}

/* union chimera_value holds neither functions nor vectors. */
static bool is_callable(const struct wasm_signature *signature)
{
    return !has_type(signature->params, WASM_FUNCREF) &&
           !has_type(signature->results, WASM_FUNCREF) && !has_type(signature->params, WASM_V128) &&
           !has_type(signature->results, WASM_V128);
}

static void write_call(FILE *file, const struct glue_facts *facts, uint32_t index)
{
    const struct chimera_module *module = facts->module;
    uint32_t function = module->exports[index].index;
    const struct wasm_signature *signature = &module->signatures[module->functions[function]];
    if (!is_callable(signature))
        return;
    fprintf(file,
            "static void call_%u(struct chimera_instance *head, union chimera_value *v)\n{\n    ",
            index);
    if (signature->results.size == 1) {
        fprintf(file, "v[0].%s = ", value_member((uint8_t)signature->results.data[0]));
    } else if (signature->results.size > 1) {
        write_result_type(file, signature->results);
        fputs(" r = ", file);
    }
    glue_write_function_name(file, facts, function);
    fputs(function < module->imported_functions ? "(head->guest" : "((struct instance *)head",
          file);
    for (size_t i = 0; i < signature->params.size; i++)
        fprintf(file, ", v[%zu].%s", i, value_member((uint8_t)signature->params.data[i]));
    fputs(");\n", file);
    for (size_t i = 0; signature->results.size > 1 && i < signature->results.size; i++)
        fprintf(file, "    v[%zu].%s = r.%c%zu;\n", i,
                value_member((uint8_t)signature->results.data[i]),
                result_letter((uint8_t)signature->results.data[i]), i);
    fputs("    (void)v;\n}\n", file);
}

static void write_string(FILE *file, struct chimera_slice text)
{
    fputc('"', file);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
            fputc(c, file);
        else
            fprintf(file, "\\%03o", c);
    }
    fputc('"', file);
}

static void write_export(FILE *file, const struct glue_facts *facts, uint32_t index)
{
    const struct chimera_module *module = facts->module;
    const struct wasm_export *export = &module->exports[index];
    if (export->kind == WASM_TABLE)
        return;
    fputs("    {", file);
    write_string(file, export->name);
    fprintf(file, ", %zu, ", export->name.size);
    if (export->kind == WASM_FUNCTION) {
        const struct wasm_signature *signature =
            &module->signatures[module->functions[export->index]];
        char type[2048]; /* 1000 parameters and results each at most */
        chimera_signature_text(signature, type);
        fprintf(file, "CHIMERA_EXPORT_FUNCTION, \"%s\", ", type);
        if (is_callable(signature))
            fprintf(file, "call_%u", index);
        else
            fputs("NULL", file);
        fputs(", 0},\n", file);
    } else if (export->kind == WASM_GLOBAL) {
        fprintf(file,
                "CHIMERA_EXPORT_GLOBAL, \"%c\", NULL, offsetof(struct instance, w2c_glo%u)},\n",
                chimera_type_letter(module->globals[export->index].type), export->index);
    } else {
        fputs("CHIMERA_EXPORT_MEMORY, \"\", NULL, 0},\n", file);
    }
}

/* A member of the instance. No module may export this name, so it is there once. */
static void write_own_export(FILE *file, struct chimera_slice name, const char *member)
{
    fputs("    {", file);
    write_string(file, name);
    fprintf(file, ", %zu, CHIMERA_EXPORT_GLOBAL, \"I\", NULL, offsetof(struct instance, %s)},\n",
            name.size, member);
}

static uint32_t write_own_exports(FILE *file, const struct glue_facts *facts)
{
    char counter[32];
    if (!facts->module->counts)
        return 0;
    snprintf(counter, sizeof(counter), "w2c_glo%u", facts->module->counter);
    write_own_export(file, CHIMERA_SLICE(CHIMERA_COUNTER_EXPORT), counter);
    if (facts->profiles)
        write_own_export(file, CHIMERA_SLICE(CHIMERA_PROFILE_EXPORT), "profile");
    return 1 + facts->profiles;
}

static uint32_t write_exports(FILE *file, const struct glue_facts *facts)
{
    const struct chimera_module *module = facts->module;
    uint32_t count = 0;
    for (uint32_t i = 0; i < module->export_count; i++) {
        if (module->exports[i].kind == WASM_FUNCTION)
            write_call(file, facts, i);
    }
    fputs("static const struct chimera_export exports[] = {\n", file);
    for (uint32_t i = 0; i < module->export_count; i++) {
        write_export(file, facts, i);
        count += module->exports[i].kind != WASM_TABLE;
    }
    count += write_own_exports(file, facts);
    fputs("    {0}\n};\n", file);
    return count;
}

static void write_descriptor(FILE *file, const struct glue_facts *facts, uint32_t export_count)
{
    const struct chimera_module *module = facts->module;
    uint32_t max = module->memory.max < 65536 ? module->memory.max : 65536;
    uint32_t min = chimera_module_memory_min(module);
    fputs(
        "__attribute__((visibility(\"default\"))) const struct chimera_plugin chimera_plugin = {\n"
        "    .abi = CHIMERA_PLUGIN_ABI,\n    .size = sizeof(struct chimera_plugin),\n    "
        ".wasm_digest = {",
        file);
    for (size_t i = 0; i < sizeof(facts->wasm.bytes); i++)
        fprintf(file, "%u,", facts->wasm.bytes[i]);
    fputs("},\n    .toolchain = ", file);
    write_string(file, chimera_slice_of(facts->toolchain));
    fprintf(file,
            ",\n    .mode = %d,\n    .has_memory = %d,\n    .memory_min_pages = %uu,\n"
            "    .memory_max_pages = %uu,\n    .image_size = %lluull,\n"
            "    .instance_size = sizeof(struct instance),\n    .tables = tables,\n    .exports = "
            "exports,\n"
            "    .table_count = %uu,\n    .export_count = %uu,\n    .changes_tables = %d,\n    "
            ".initialize = initialize,\n"
            "    .start = %s,\n    .tier = %d,\n};\n",
            (int)facts->mode, module->has_memory, module->has_memory ? min : 0,
            module->has_memory ? (max < min ? min : max) : 0, (unsigned long long)facts->image_size,
            module->table_count, export_count, module->changes_tables,
            module->has_start ? "start" : "NULL", (int)facts->tier);
}

static void write_glue(FILE *file, const struct glue_facts *facts)
{
    fputs("#include \"module.h\"\n", file);
    for (uint32_t i = facts->module->imported_functions; i < facts->module->function_count; i++)
        fprintf(file, "%.*s;\n", (int)facts->split->functions[i].head.size,
                facts->split->functions[i].head.data);
    write_data_segments(file, facts, true);
    glue_write_start(file, facts);
    const struct chimera_module *module = facts->module;
    fputs("static const struct chimera_plugin_table tables[] = {\n", file);
    for (uint32_t i = 0; i < module->table_count; i++)
        fprintf(file, "    {offsetof(struct instance, w2c_tab%u), %uu, %uu, sizeof(%s)},\n", i,
                module->tables[i].limits.min, module->tables[i].limits.max,
                c_type(module->tables[i].type));
    fputs("    {0}\n};\n", file);
    write_descriptor(file, facts, write_exports(file, facts));
}

static int write_source(const struct glue_facts *facts, const char *folder, const char *name,
                        void (*write)(FILE *, const struct glue_facts *), struct chimera_error *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHIMERA_FCLOSE FILE *file = fopen(path, "we");
    if (!file)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    write(file, facts);
    if (fflush(file) != 0 || ferror(file))
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    return CHIMERA_OK;
}

int glue_write(const struct glue_facts *facts, const char *folder, struct chimera_error *err)
{
    int code = write_source(facts, folder, "module.h", write_header, err);
    return code < 0 ? code : write_source(facts, folder, "glue.c", write_glue, err);
}
