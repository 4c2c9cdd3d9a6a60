/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/descriptor.h"

#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_PAGES_MAX 65536u
#define INSTANCE_MAX ((uint64_t)64 << 20)
#define TABLES_MAX 100u
#define EXPORTS_MAX 100000u
#define ENTRY_BYTES_MAX 64u
#define NAME_BYTES_MAX 100000u
#define TEXT_MAX 4096u

/* --- Where the object is --- */

struct search {
    uintptr_t base;
    struct chimera_object *object;
    bool is_found;
};

static int take_object(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *search = context;
    (void)size;
    if (info->dlpi_addr != search->base)
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || search->object->data_count == CHIMERA_OBJECT_RANGES)
            continue;
        struct chimera_range range = {search->base + segment->p_vaddr,
                                      search->base + segment->p_vaddr + segment->p_memsz};
        search->object->data[search->object->data_count++] = range;
        if (segment->p_flags & PF_X)
            search->object->text = range;
    }
    search->is_found = search->object->text.start != 0;
    return 1;
}

int chimera_object_find(void *handle, const char *path, struct chimera_object *ret_object,
                        struct chimera_error *err)
{
    struct link_map *map = NULL;
    struct chimera_object object = {0};
    struct search search = {.object = &object};
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot find where %s is mapped: %s", path,
                            dlerror());
    object.start = search.base = map->l_addr;
    dl_iterate_phdr(take_object, &search);
    if (!search.is_found)
        return chimera_fail(err, CHIMERA_EIO, "cannot find where %s is mapped", path);
    *ret_object = object;
    return CHIMERA_OK;
}

/* --- What it says --- */

struct check {
    const struct chimera_plugin *plugin;
    const struct chimera_object *object;
    const char *path;
    struct chimera_error *err;
};

static int refuse_descriptor(const struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

static int refuse_descriptor(const struct check *check, const char *format, ...)
{
    char finding[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding, sizeof(finding), format, arguments);
    va_end(arguments);
    return chimera_fail(check->err, CHIMERA_EREFUSED,
                        "the plugin %s %s; build it again with `chimera build`", check->path,
                        finding);
}

/* How many bytes of the object follow `pointer`; 0 when it points elsewhere. */
static size_t room_at(const struct check *check, const void *pointer)
{
    uintptr_t at = (uintptr_t)pointer;
    for (size_t i = 0; i < check->object->data_count; i++) {
        const struct chimera_range *range = &check->object->data[i];
        if (at >= range->start && at < range->end)
            return range->end - at;
    }
    return 0;
}

static bool is_array(const struct check *check, const void *pointer, uint64_t count, size_t size)
{
    return count == 0 || ((uintptr_t)pointer % 8 == 0 && room_at(check, pointer) / size >= count);
}

static bool is_text(const struct check *check, const char *text)
{
    size_t room = room_at(check, text);
    if (room > TEXT_MAX)
        room = TEXT_MAX;
    return room > 0 && strnlen(text, room) < room;
}

/* Compared as numbers: C knows no conversion between pointers to functions and to data. */
static bool is_code(const struct check *check, uintptr_t at)
{
    return at >= check->object->text.start && at < check->object->text.end;
}

static int check_head(const struct check *check, const char *toolchain)
{
    const struct chimera_plugin *plugin = check->plugin;
    if (room_at(check, plugin) < 2 * sizeof(uint32_t))
        return refuse_descriptor(check, "has its descriptor outside of it");
    if (plugin->abi != CHIMERA_PLUGIN_ABI)
        return chimera_fail(
            check->err, CHIMERA_EABI,
            "the plugin %s has ABI %u, this program has ABI %d; build it again with "
            "`chimera build` (it was built by %.200s)",
            check->path, plugin->abi, CHIMERA_PLUGIN_ABI, toolchain);
    if (plugin->size < sizeof(*plugin) || room_at(check, plugin) < plugin->size)
        return chimera_fail(
            check->err, CHIMERA_EABI,
            "the plugin %s has a descriptor of %u bytes instead of %zu; build it again "
            "with `chimera build`",
            check->path, plugin->size, sizeof(*plugin));
    return CHIMERA_OK;
}

static int check_identity(const struct check *check, const struct chimera_manifest *manifest)
{
    const struct chimera_plugin *plugin = check->plugin;
    if (memcmp(plugin->wasm_digest, manifest->wasm.bytes, sizeof(plugin->wasm_digest)) != 0)
        return refuse_descriptor(check,
                                 "was made from another WebAssembly module than its manifest says");
    if (plugin->mode != (uint32_t)manifest->mode)
        return refuse_descriptor(check, "has another execution mode than its manifest says");
    if (plugin->tier != (uint32_t)manifest->tier)
        return refuse_descriptor(check, "is of another tier than its manifest says");
    if (!is_text(check, plugin->toolchain) || strcmp(plugin->toolchain, manifest->toolchain) != 0)
        return refuse_descriptor(check, "was built by another toolchain than its manifest says");
    return CHIMERA_OK;
}

static int check_shape(const struct check *check)
{
    const struct chimera_plugin *plugin = check->plugin;
    if (plugin->has_memory > 1 || plugin->memory_max_pages > MEMORY_PAGES_MAX ||
        plugin->memory_min_pages > plugin->memory_max_pages ||
        plugin->image_size > (uint64_t)plugin->memory_min_pages * CHIMERA_PAGE_BYTES)
        return refuse_descriptor(check, "states an impossible linear memory");
    if (plugin->instance_size < sizeof(struct chimera_instance) ||
        plugin->instance_size > INSTANCE_MAX)
        return refuse_descriptor(check, "states an instance of %llu bytes",
                                 (unsigned long long)plugin->instance_size);
    if (plugin->table_count > TABLES_MAX ||
        !is_array(check, plugin->tables, plugin->table_count, sizeof(*plugin->tables)))
        return refuse_descriptor(check, "has a broken list of tables");
    if (plugin->export_count > EXPORTS_MAX ||
        !is_array(check, plugin->exports, plugin->export_count, sizeof(*plugin->exports)))
        return refuse_descriptor(check, "has a broken list of exports");
    if (!is_code(check, (uintptr_t)plugin->initialize) ||
        (plugin->start && !is_code(check, (uintptr_t)plugin->start)))
        return refuse_descriptor(check, "has no code where it starts");
    return CHIMERA_OK;
}

static bool is_in_instance(const struct check *check, uint64_t offset, uint64_t size)
{
    uint64_t instance_size = check->plugin->instance_size;
    return offset >= sizeof(struct chimera_instance) && offset <= instance_size &&
           size <= instance_size - offset;
}

static int check_export(const struct check *check, const struct chimera_export *export)
{
    if (export->name_size > NAME_BYTES_MAX ||
        (export->name_size > 0 && room_at(check, export->name) < export->name_size))
        return refuse_descriptor(check, "has an export with a broken name");
    switch (export->kind) {
    case CHIMERA_EXPORT_FUNCTION:
        if (!is_text(check, export->type) ||
            (export->call && !is_code(check, (uintptr_t)export->call)))
            return refuse_descriptor(check, "has a broken exported function");
        return CHIMERA_OK;
    case CHIMERA_EXPORT_GLOBAL:
        if (!is_text(check, export->type) || !is_in_instance(check, export->offset, 4))
            return refuse_descriptor(check, "has a broken exported global");
        return CHIMERA_OK;
    case CHIMERA_EXPORT_MEMORY:
        return CHIMERA_OK;
    default:
        return refuse_descriptor(check, "has an export of the unknown kind %u", export->kind);
    }
}

int chimera_descriptor_check(const struct chimera_plugin *plugin,
                             const struct chimera_object *object,
                             const struct chimera_manifest *manifest, const char *path,
                             struct chimera_error *err)
{
    const struct check check = {plugin, object, path, err};
    int code = check_head(&check, manifest->toolchain);
    if (code == CHIMERA_OK)
        code = check_identity(&check, manifest);
    if (code == CHIMERA_OK)
        code = check_shape(&check);
    for (uint32_t i = 0; code == CHIMERA_OK && i < plugin->table_count; i++) {
        const struct chimera_plugin_table *table = &plugin->tables[i];
        if (!is_in_instance(&check, table->offset, sizeof(struct chimera_table)) ||
            table->offset % 8 != 0 || table->min > table->max || table->entry_size == 0 ||
            table->entry_size > ENTRY_BYTES_MAX)
            code = refuse_descriptor(&check, "states an impossible table");
    }
    for (uint32_t i = 0; code == CHIMERA_OK && i < plugin->export_count; i++)
        code = check_export(&check, &plugin->exports[i]);
    return code;
}
