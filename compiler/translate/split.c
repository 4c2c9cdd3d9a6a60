/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/translate/split.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/translate/flatten.h"
#include "runtime/base/cleanup.h"

/* About 2 CPU-seconds of clang -O1, 200 MB of its memory. */
#define PART_BYTES ((size_t)1536 * 1024)
#define LINES_A_STEP 16 /* a line without any of the other is little, but not nothing */
/* A tenth of a second of tcc. */
#define QUICK_PART_BYTES ((size_t)4 << 20)

static struct chimera_slice next_line(struct chimera_slice *text)
{
    const char *end = memchr(text->data, '\n', text->size);
    size_t size = end ? (size_t)(end - text->data) : text->size;
    struct chimera_slice line = {text->data, size};
    text->data += size + (end ? 1 : 0);
    text->size -= size + (end ? 1 : 0);
    return line;
}

/* The number behind `prefix` at `at`; UINT32_MAX when there is none or it goes on as another name.
 */
static uint32_t index_at(const char *at, const char *end, uint32_t limit)
{
    uint64_t index = 0;
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9' && index < limit)
        index = index * 10 + (uint64_t)(*at++ - '0');
    bool goes_on =
        at < end && (*at == '_' || (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z'));
    return at == start || goes_on || index >= limit ? UINT32_MAX : (uint32_t)index;
}

/* A head is wrapped after every eight parameters: then its first line ends with ", ". */
static struct chimera_slice whole_head(struct chimera_slice line, struct chimera_slice *rest)
{
    while (line.size > 2 && line.data[line.size - 2] == ',' && line.data[line.size - 1] == ' ' &&
           line.data[0] != ' ' && rest->size > 0) {
        struct chimera_slice next = next_line(rest);
        line.size = (size_t)(next.data + next.size - line.data);
    }
    return line;
}

/* "static u32 w2c_f5(…) {": which function does this head begin? */
static uint32_t function_of_head(const struct split *split, struct chimera_slice line)
{
    if (line.size < 4 || memcmp(line.data + line.size - 3, ") {", 3) != 0 || line.data[0] == ' ')
        return UINT32_MAX;
    const char *open = memchr(line.data, '(', line.size);
    const char *name = open;
    while (name > line.data && name[-1] != ' ' && name[-1] != '*')
        name--;
    size_t prefix = strlen(split->prefix);
    if (!open || (size_t)(open - name) <= prefix || memcmp(name, split->prefix, prefix) != 0)
        return UINT32_MAX;
    return index_at(name + prefix, open, split->function_count);
}

/* In place of the body that is part of the text. */
static int flatten_body(struct split_function *function, const struct chimera_module *module,
                        uint32_t index, struct chimera_error *err)
{
    struct chimera_buffer flat;
    chimera_buffer_init(&flat, 3 * function->body.size); /* labels are twice an `if` and its end */
    int code = chimera_flatten(function->body, &flat);
    if (code < 0) {
        chimera_buffer_free(&flat);
        return chimera_fail(err, code,
                            "%s: the nested blocks of function %u cannot be made flat: %s",
                            module->file, index, chimera_code_text(code));
    }
    function->flat = flat.data; /* handed over */
    function->body = chimera_buffer_slice(&flat);
    return CHIMERA_OK;
}

/* Does this head begin a function, then all of it is taken. */
static int take_function(struct split *split, const struct chimera_module *module,
                         struct chimera_slice line, struct chimera_slice *rest, uint32_t *found,
                         struct chimera_error *err)
{
    uint32_t index = function_of_head(split, line);
    if (index == UINT32_MAX || split->functions[index].body.data)
        return CHIMERA_OK;
    struct split_function *function = &split->functions[index];
    const size_t word = chimera_slice_starts(line, "static ") ? strlen("static ") : 0;
    function->head = (struct chimera_slice){line.data + word, line.size - word - strlen(" {")};
    /* What is nested too deep must be made flat. */
    const char *start = line.data + line.size - 1;
    struct flatten_depth depth = {0};
    while (rest->size > 0) {
        struct chimera_slice next = next_line(rest);
        chimera_flatten_count(&depth, next);
        if (next.size == 1 && next.data[0] == '}') {
            function->body = (struct chimera_slice){start, (size_t)(next.data + 1 - start)};
            break;
        }
    }
    bool is_deep = function->body.data && chimera_flatten_pays(&depth, function->body.size);
    *found += function->body.data != NULL;
    return is_deep ? flatten_body(function, module, index, err) : CHIMERA_OK;
}

const char *split_prefix(unsigned wabt_minor)
{
    return wabt_minor >= 33 ? "w2c_pol_f" : "w2c_f";
}

int split_read(struct chimera_slice text, unsigned wabt_minor, const struct chimera_module *module,
               struct split *ret_split, struct chimera_error *err)
{
    struct split split = {
        .text = text, .prefix = split_prefix(wabt_minor), .function_count = module->function_count};
    split.functions = calloc((size_t)split.function_count + 1, sizeof(*split.functions));
    if (!split.functions)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", module->file);
    uint32_t found = 0;
    int code = CHIMERA_OK;
    for (struct chimera_slice rest = text; rest.size > 0 && code == CHIMERA_OK;) {
        struct chimera_slice line = whole_head(next_line(&rest), &rest);
        code = take_function(&split, module, line, &rest, &found, err);
    }
    if (code == CHIMERA_OK && found != module->body_count)
        code = chimera_fail(
            err, CHIMERA_ETOOL,
            "%s: wasm2c wrote %u of %u functions in a form we know: is it WABT 1.0.32 to 1.0.36?",
            module->file, found, module->body_count);
    if (code < 0) {
        split_done(&split);
        return code;
    }
    *ret_split = split;
    return CHIMERA_OK;
}

void split_done(struct split *split)
{
    for (uint32_t i = 0; split->functions && i < split->function_count; i++)
        free(split->functions[i].flat);
    free(split->functions);
    split->functions = NULL;
}

/* --- How much it is for a compiler. --- */

static size_t count_words(struct chimera_slice text, const char *word)
{
    size_t count = 0, size = strlen(word);
    const char *end = text.data + text.size;
    for (const char *at = text.data; (at = memmem(at, (size_t)(end - at), word, size)); at += size)
        count++;
    return count;
}

/* The commas of lines without parentheses: "  u32 w2c_i0, w2c_i1, w2c_i2;". */
static size_t count_variables(struct chimera_slice text)
{
    size_t count = 0;
    while (text.size > 0) {
        struct chimera_slice line = next_line(&text);
        if (!memchr(line.data, '(', line.size))
            count += count_words(line, ",");
    }
    return count;
}

/* Clang's passes take time that grows with the square, and more, of a function's branches, selects
 * and variables, and of its constants; the largest functions that real policies have come to
 * 5,000 in all, and a megabyte. */
static bool is_giant(struct chimera_slice body)
{
    if (body.size > CHIMERA_GIANT_BYTES)
        return true;
    if (body.size < CHIMERA_GIANT_STEPS * sizeof("goto "))
        return false;
    return count_words(body, "goto ") + count_words(body, " ? ") +
               2 * count_words(body, "CALL_INDIRECT") + count_variables(body) +
               count_words(body, "\n") / LINES_A_STEP >
           CHIMERA_GIANT_STEPS;
}

/* Each takes clang 55 KB, in its prelude's form, optimized or not. */
static int check_calls(struct chimera_slice body, uint32_t index, struct chimera_error *err)
{
    size_t calls = count_words(body, "CALL_INDIRECT");
    if (calls <= CHIMERA_INDIRECT_CALLS_MAX)
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_ELIMIT,
        "function %u has %zu indirect calls, over the full tier's limit of %d: split it at its "
        "source",
        index, calls, CHIMERA_INDIRECT_CALLS_MAX);
}

/* --- Writing. --- */

struct writer {
    const struct split *split;
    enum chimera_tier tier;
    const char *folder;
    uint32_t *declared_in;    /* owned; per function: the last part that declared it, + 1 */
    struct split_part *parts; /* owned */
    size_t count, capacity;
};

static void declare_function(struct writer *writer, FILE *file, uint32_t index)
{
    const struct split_function *function = &writer->split->functions[index];
    if (!function->head.data || writer->declared_in[index] == writer->count + 1)
        return;
    writer->declared_in[index] = (uint32_t)writer->count + 1;
    fprintf(file, "%.*s;\n", (int)function->head.size, function->head.data);
}

/* "-(w2c_f0)" or "-(var_d0)": tcc would make a subtraction of it. The letter before the digits is
 * the variable's type; wasm2c negates nothing but such variables. */
static bool write_negation(FILE *file, struct chimera_slice operand)
{
    const char *name = memchr(operand.data, '_', operand.size);
    if (!name || operand.data + operand.size - name < 2 || (name[1] != 'f' && name[1] != 'd'))
        return false;
    fprintf(file, "chimera_negate_%c(%.*s)", name[1], (int)operand.size, operand.data);
    return true;
}

static bool write_body(const struct writer *writer, FILE *file, struct chimera_slice body)
{
    if (writer->tier == CHIMERA_TIER_QUICK) {
        const char *end = body.data + body.size, *from = body.data;
        for (const char *at; (at = memmem(from, (size_t)(end - from), "-(", 2));) {
            const char *close = memchr(at, ')', (size_t)(end - at));
            fwrite(from, 1, (size_t)(at - from), file);
            if (!close ||
                !write_negation(file, (struct chimera_slice){at + 2, (size_t)(close - at - 2)}))
                return false;
            from = close + 1;
        }
        fwrite(from, 1, (size_t)(end - from), file);
        return true;
    }
    fwrite(body.data, 1, body.size, file);
    return true;
}

static int write_part(struct writer *writer, const struct split_part *part, uint32_t from,
                      uint32_t to, struct chimera_error *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", writer->folder, part->name);
    CHIMERA_FCLOSE FILE *file = fopen(path, "we");
    if (!file)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    fputs("#include \"module.h\"\n", file);
    for (uint32_t i = from; i < to; i++) {
        declare_function(writer, file, i);
        struct chimera_slice body = writer->split->functions[i].body;
        const char *prefix = writer->split->prefix, *end = body.data + body.size;
        size_t prefix_size = strlen(prefix);
        for (const char *at = body.data;
             (at = memmem(at, (size_t)(end - at), prefix, prefix_size));) {
            at += prefix_size;
            uint32_t index = index_at(at, end, writer->split->function_count);
            if (index != UINT32_MAX)
                declare_function(writer, file, index);
        }
    }
    for (uint32_t i = from; i < to; i++) {
        const struct split_function *function = &writer->split->functions[i];
        if (writer->split->profiles)
            fprintf(file, "#undef CHIMERA_FUNCTION\n#define CHIMERA_FUNCTION %uu\n", i);
        fwrite(function->head.data, 1, function->head.size, file);
        fputc(' ', file);
        if (!write_body(writer, file, function->body))
            return chimera_fail(err, CHIMERA_ETOOL,
                                "wasm2c wrote a negation in a form we do not know, in function %u",
                                i);
        fputc('\n', file);
    }
    if (fflush(file) != 0 || ferror(file))
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    return CHIMERA_OK;
}

static int append_part(struct writer *writer, uint32_t from, uint32_t to, bool is_giant,
                       struct chimera_error *err)
{
    if (writer->count == writer->capacity) {
        size_t capacity = writer->capacity ? 2 * writer->capacity : 64;
        struct split_part *parts = realloc(writer->parts, capacity * sizeof(*parts));
        if (!parts)
            return chimera_fail_memory(err);
        writer->parts = parts;
        writer->capacity = capacity;
    }
    struct split_part *part = &writer->parts[writer->count];
    *part = (struct split_part){.is_giant = is_giant};
    snprintf(part->name, sizeof(part->name), "part-%04zu.c", writer->count);
    int code = write_part(writer, part, from, to, err);
    writer->count++;
    return code;
}

/* Runs of functions up to PART_BYTES; a giant one alone. */
static int write_parts(struct writer *writer, struct chimera_error *err)
{
    const struct split *split = writer->split;
    bool is_quick = writer->tier == CHIMERA_TIER_QUICK;
    size_t part_bytes = is_quick ? QUICK_PART_BYTES : PART_BYTES;
    uint32_t from = 0;
    size_t size = 0;
    int code = CHIMERA_OK;
    for (uint32_t i = 0; i < split->function_count && code == 0; i++) {
        size_t own = split->functions[i].body.size;
        bool is_alone = !is_quick && is_giant(split->functions[i].body);
        if (size > 0 && (is_alone || size + own > part_bytes)) {
            code = append_part(writer, from, i, false, err);
            size = 0;
        }
        if (size == 0)
            from = i;
        size += own;
        if (is_alone && code == 0)
            code = check_calls(split->functions[i].body, i, err);
        if (is_alone && code == 0) {
            code = append_part(writer, i, i + 1, true, err);
            size = 0;
        }
    }
    if (code == 0 && size > 0)
        code = append_part(writer, from, split->function_count, false, err);
    return code;
}

int split_write(const struct split *split, enum chimera_tier tier, const char *folder,
                struct split_part **ret_parts, size_t *ret_count, struct chimera_error *err)
{
    struct writer writer = {.split = split, .tier = tier, .folder = folder};
    writer.declared_in = calloc((size_t)split->function_count + 1, sizeof(uint32_t));
    int code = writer.declared_in ? write_parts(&writer, err) : chimera_fail_memory(err);
    free(writer.declared_in);
    if (code < 0) {
        free(writer.parts);
        return code;
    }
    *ret_parts = writer.parts;
    *ret_count = writer.count;
    return CHIMERA_OK;
}
