/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin says of itself, field by field: a descriptor in memory of ours that stands for a
 * mapped object, each field at the last value that can be true and at the first that cannot. */
/* All of it, for what the system's loader says is made up here. */
#include "runtime/plugin/descriptor.c"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define INSTANCE (sizeof(struct chimera_instance) + 64)

static struct {
    char before[64]; /* belongs to nobody */
    struct chimera_plugin plugin;
    struct chimera_plugin_table tables[2];
    struct chimera_export exports[3];
    char text[32];
    uint8_t code[64]; /* never run: only its address counts */
    char last[16];    /* to the end of the object */
    char behind[64];
} object;

static struct chimera_manifest manifest;
static char toolchain[] = "toolchain";

static uintptr_t address_of(const void *at)
{
    return (uintptr_t)at;
}

static void *code_at(size_t offset)
{
    return object.code + offset;
}

static void set_code(void *ret_pointer, const void *code) /* C has no conversion for it */
{
    memcpy(ret_pointer, &code, sizeof(code));
}

static void make_plugin(void)
{
    memset(&object, 0, sizeof(object));
    memset(object.last, 'x', sizeof(object.last));
    memset(object.behind, 'y', sizeof(object.behind));
    strcpy(object.text, toolchain);
    object.plugin = (struct chimera_plugin){.abi = CHIMERA_PLUGIN_ABI,
                                            .size = sizeof(object.plugin),
                                            .toolchain = object.text,
                                            .mode = CHIMERA_MODE_WASI,
                                            .has_memory = 1,
                                            .memory_min_pages = 2,
                                            .memory_max_pages = 3,
                                            .image_size = CHIMERA_PAGE_BYTES,
                                            .instance_size = INSTANCE,
                                            .tables = object.tables,
                                            .exports = object.exports,
                                            .table_count = 2,
                                            .export_count = 3,
                                            .tier = CHIMERA_TIER_FULL};
    set_code(&object.plugin.initialize, code_at(0));
    for (size_t i = 0; i < 2; i++)
        object.tables[i] =
            (struct chimera_plugin_table){sizeof(struct chimera_instance) + i * 16, 1, 2, 16};
    object.exports[0] = (struct chimera_export){
        .name = object.text, .name_size = 4, .kind = CHIMERA_EXPORT_FUNCTION, .type = object.text};
    set_code(&object.exports[0].call, code_at(63));
    object.exports[1] = (struct chimera_export){.name = object.text,
                                                .name_size = 4,
                                                .kind = CHIMERA_EXPORT_GLOBAL,
                                                .type = object.text,
                                                .offset = INSTANCE - 4};
    object.exports[2] = (struct chimera_export){.kind = CHIMERA_EXPORT_MEMORY};
    manifest = (struct chimera_manifest){
        .mode = CHIMERA_MODE_WASI, .tier = CHIMERA_TIER_FULL, .toolchain = toolchain};
}

static int check(const struct chimera_plugin *plugin, struct chimera_error *err)
{
    uintptr_t start = address_of(&object.plugin), code = address_of(object.code);
    struct chimera_object mapped = {.start = start,
                                    .text = {code, code + sizeof(object.code)},
                                    .data = {{start, code},
                                             {code, code + sizeof(object.code)},
                                             {address_of(object.last), address_of(object.behind)}},
                                    .data_count = 3};
    return chimera_descriptor_check(plugin, &mapped, &manifest, "p.so", err);
}

static void expect(const char *what, int wanted_code, const char *wanted)
{
    struct chimera_error err = {0};
    int code = check(&object.plugin, &err);
    if (code != wanted_code || (wanted && !strstr(err.text, wanted)))
        fail_msg("%s: wanted %d %s, got %d %s", what, wanted_code, wanted, code, err.text);
    if (wanted && !strstr(err.text, "the plugin p.so "))
        fail_msg("%s: %s", what, err.text);
}

/* `wanted` NULL: none. */
static void expect_refusal(const char *what, const char *wanted)
{
    expect(what, wanted ? CHIMERA_EREFUSED : CHIMERA_OK, wanted);
}

#define WITH(field, value, wanted)                   \
    do {                                             \
        make_plugin();                               \
        object.field = (value);                      \
        expect_refusal(#field " = " #value, wanted); \
    } while (0)
#define GOOD NULL

static void a_descriptor_that_is_true_passes(void **state)
{
    (void)state;
    make_plugin();
    expect("good", CHIMERA_OK, GOOD);
}

static void the_head_is_readable_and_of_our_abi(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    make_plugin();
    object.plugin.abi = CHIMERA_PLUGIN_ABI + 1;
    expect("ABI", CHIMERA_EABI, "build it again with `chimera build`");
    make_plugin();
    object.plugin.size = sizeof(object.plugin) - 1;
    expect("small", CHIMERA_EABI, "has a descriptor of ");
    make_plugin();
    object.plugin.size = (uint32_t)(address_of(object.code) - address_of(&object.plugin));
    expect("as large as there is", CHIMERA_OK, GOOD);
    object.plugin.size++;
    expect("larger", CHIMERA_EABI, "has a descriptor of ");
    static const void *outside[] = {object.before, object.behind};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(check(outside[i], &err), CHIMERA_EREFUSED);
        assert_non_null(strstr(err.text, "has its descriptor outside of it"));
    }
    /* Two numbers at the very end are read, and no more. */
    uint32_t head[2] = {CHIMERA_PLUGIN_ABI, 8};
    memcpy(object.last + 8, head, 8);
    assert_int_equal(check((const void *)(object.last + 8), &err), CHIMERA_EABI);
    assert_non_null(strstr(err.text, "has a descriptor of 8 bytes instead of"));
    assert_int_equal(check((const void *)(object.last + 12), &err), CHIMERA_EREFUSED);
}

static void it_is_what_its_manifest_says(void **state)
{
    (void)state;
    WITH(plugin.wasm_digest[0], 1, "was made from another WebAssembly module");
    WITH(plugin.wasm_digest[31], 1, "was made from another WebAssembly module");
    WITH(plugin.mode, CHIMERA_MODE_WAPC, "has another execution mode than its manifest says");
    WITH(plugin.tier, CHIMERA_TIER_QUICK, "is of another tier than its manifest says");
    WITH(text[0], 'T', "was built by another toolchain than its manifest says");
    WITH(plugin.toolchain, NULL, "was built by another toolchain");
    WITH(plugin.toolchain, object.behind, "was built by another toolchain");
    WITH(plugin.toolchain, object.last, "was built by another toolchain"); /* has no end */
}

static void a_memory_is_possible(void **state)
{
    (void)state;
    static const char impossible[] = "states an impossible linear memory";
    WITH(plugin.has_memory, 0, GOOD);
    WITH(plugin.has_memory, 2, impossible);
    WITH(plugin.memory_max_pages, 65536, GOOD);
    WITH(plugin.memory_max_pages, 65537, impossible);
    WITH(plugin.memory_min_pages, 3, GOOD);
    WITH(plugin.memory_min_pages, 4, impossible);
    WITH(plugin.image_size, 2 * CHIMERA_PAGE_BYTES, GOOD);
    WITH(plugin.image_size, 2 * CHIMERA_PAGE_BYTES + 1, impossible);
    WITH(plugin.instance_size, (uint64_t)64 << 20, GOOD);
    WITH(plugin.instance_size, ((uint64_t)64 << 20) + 1, "states an instance of 67108865 bytes");
    WITH(plugin.instance_size, sizeof(struct chimera_instance) - 1, "states an instance of ");
    WITH(plugin.instance_size, sizeof(struct chimera_instance), "states an impossible table");
}

static void lists_are_within_the_object(void **state)
{
    (void)state;
    WITH(plugin.table_count, 0, GOOD);
    WITH(plugin.table_count, 101, "has a broken list of tables");
    WITH(plugin.tables, NULL, "has a broken list of tables");
    WITH(plugin.tables, (const void *)object.behind, "has a broken list of tables");
    WITH(plugin.tables, (const void *)((char *)object.tables + 4), "has a broken list of tables");
    WITH(plugin.export_count, 100001, "has a broken list of exports");
    WITH(plugin.exports, NULL, "has a broken list of exports");
    WITH(plugin.exports, (const void *)((char *)object.exports + 4),
         "has a broken list of exports");
    WITH(plugin.export_count, 0, GOOD);
    make_plugin();
    object.plugin.export_count = 1;
    object.plugin.exports = NULL;
    expect("one, nowhere", CHIMERA_EREFUSED, "has a broken list of exports");
    /* One that ends with its range, and one more. */
    make_plugin();
    const size_t size = sizeof(struct chimera_plugin_table);
    memset(object.code, 0, sizeof(object.code));
    object.plugin.tables = (const void *)(object.code + sizeof(object.code) - size);
    object.plugin.table_count = 1;
    expect("the last", CHIMERA_EREFUSED, "states an impossible table");
    object.plugin.table_count = 2;
    expect("one more", CHIMERA_EREFUSED, "has a broken list of tables");
}

static void starts_are_in_the_code(void **state)
{
    (void)state;
    static const char none[] = "has no code where it starts";
    const void *outside[] = {NULL, object.code - 1, object.code + sizeof(object.code)};
    for (size_t i = 0; i < 3; i++) {
        make_plugin();
        set_code(&object.plugin.initialize, outside[i]);
        expect("initialize", CHIMERA_EREFUSED, none);
        make_plugin();
        set_code(&object.plugin.start, outside[i]);
        expect("start", outside[i] ? CHIMERA_EREFUSED : CHIMERA_OK, outside[i] ? none : GOOD);
        make_plugin();
        set_code(&object.exports[0].call, outside[i]);
        expect("call", outside[i] ? CHIMERA_EREFUSED : CHIMERA_OK,
               outside[i] ? "has a broken exported function" : GOOD);
    }
    make_plugin();
    set_code(&object.plugin.start, code_at(63));
    expect("the last byte", CHIMERA_OK, GOOD);
}

static void tables_are_in_the_instance(void **state)
{
    (void)state;
    static const char impossible[] = "states an impossible table";
    WITH(tables[1].offset, INSTANCE - 16, GOOD);
    WITH(tables[1].offset, INSTANCE - 8, impossible);
    WITH(tables[1].offset, INSTANCE, impossible);
    WITH(tables[1].offset, INSTANCE + 8, impossible);
    WITH(tables[1].offset, UINT64_MAX - 7, impossible);
    WITH(tables[1].offset, sizeof(struct chimera_instance) - 8, impossible);
    WITH(tables[1].offset, sizeof(struct chimera_instance) + 4, impossible);
    WITH(tables[1].min, 2, GOOD);
    WITH(tables[1].min, 3, impossible);
    WITH(tables[1].entry_size, 0, impossible);
    WITH(tables[1].entry_size, 64, GOOD);
    WITH(tables[1].entry_size, 65, impossible);
    WITH(tables[0].entry_size, 65, impossible);
}

static void exports_have_names_and_types(void **state)
{
    (void)state;
    static const char name[] = "has an export with a broken name";
    const uint32_t room = (uint32_t)(address_of(object.code) - address_of(object.text));
    WITH(exports[0].name, NULL, name);
    WITH(exports[0].name, object.behind, name);
    WITH(exports[0].name_size, room, GOOD);
    WITH(exports[0].name_size, room + 1, name);
    WITH(exports[0].name_size, 100001, name);
    WITH(exports[2].name, NULL, GOOD); /* of no bytes */
    WITH(exports[2].name_size, 1, name);
    make_plugin();
    object.last[sizeof(object.last) - 1] = '\0'; /* nothing, at the very end */
    object.exports[0].type = object.behind - 1;
    expect("a text of no bytes", CHIMERA_OK, GOOD);
    WITH(exports[0].type, NULL, "has a broken exported function");
    WITH(exports[0].type, object.last, "has a broken exported function");
    WITH(exports[1].type, object.last, "has a broken exported global");
    WITH(exports[1].offset, INSTANCE - 3, "has a broken exported global");
    WITH(exports[1].offset, sizeof(struct chimera_instance), GOOD);
    WITH(exports[1].offset, sizeof(struct chimera_instance) - 1, "has a broken exported global");
    WITH(exports[2].kind, 3, "has an export of the unknown kind 3");
}

/* A text is looked through for 4,096 bytes. */
static void a_text_has_an_end(void **state)
{
    (void)state;
    static char text[8192];
    make_plugin();
    memset(text, 't', sizeof(text));
    text[4095] = '\0';
    uintptr_t start = address_of(&object), end = start + sizeof(object);
    struct chimera_object mapped = {
        .text = {address_of(object.code), address_of(object.last)},
        .data = {{start, end}, {address_of(text), address_of(text) + sizeof(text)}},
        .data_count = 2};
    struct chimera_error err = {0};
    object.exports[0].type = text;
    assert_int_equal(chimera_descriptor_check(&object.plugin, &mapped, &manifest, "p", &err),
                     CHIMERA_OK);
    text[4095] = 't';
    text[4096] = '\0';
    assert_int_equal(chimera_descriptor_check(&object.plugin, &mapped, &manifest, "p", &err),
                     CHIMERA_EREFUSED);
}

/* Of a library of the system, beside what the system's loader says of it. */
static void a_mapped_object_is_found(void **state)
{
    (void)state;
    struct chimera_object found;
    struct chimera_error err = {0};
    Dl_info info;
    void *handle = dlopen("libcmocka.so.0", RTLD_NOW);
    assert_non_null(handle);
    void *function = dlsym(handle, "cmocka_set_message_output");
    assert_non_null(function);
    assert_true(dladdr(function, &info) != 0);
    assert_int_equal(chimera_object_find(handle, "libcmocka", &found, &err), CHIMERA_OK);
    assert_int_equal(found.start, address_of(info.dli_fbase));
    assert_true(found.text.start <= address_of(function) && address_of(function) < found.text.end);
    assert_in_range(found.data_count, 2, CHIMERA_OBJECT_RANGES);
    assert_int_equal(found.data[0].start, found.start);
    bool has_text = false;
    for (size_t i = 0; i < found.data_count; i++) {
        assert_true(found.data[i].start < found.data[i].end);
        has_text |= found.data[i].start == found.text.start && found.data[i].end == found.text.end;
    }
    assert_true(has_text);
    dlclose(handle);
}

/* More segments than are kept, of which the last has the code: the audit refuses none of it. */
static void no_more_ranges_are_kept_than_there_is_room_for(void **state)
{
    (void)state;
    enum { COUNT = CHIMERA_OBJECT_RANGES + 4 };
    ElfW(Phdr) segments[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        segments[i] = (ElfW(Phdr)){.p_type = i == 1 ? PT_NOTE : PT_LOAD,
                                   .p_flags = i == 2 ? PF_R | PF_X : PF_R,
                                   .p_vaddr = i * 4096,
                                   .p_memsz = 100};
    struct dl_phdr_info info = {.dlpi_addr = 1 << 20, .dlpi_phdr = segments, .dlpi_phnum = COUNT};
    struct {
        struct chimera_object object;
        char behind[64];
    } room = {0};
    struct search search = {.base = (1 << 20) + 1, .object = &room.object};
    assert_int_equal(take_object(&info, sizeof(info), &search), 0); /* another object */
    assert_int_equal(room.object.data_count, 0);
    search.base--;
    assert_int_equal(take_object(&info, sizeof(info), &search), 1); /* ours: the last to look at */
    assert_true(search.is_found);
    assert_int_equal(room.object.data_count, CHIMERA_OBJECT_RANGES);
    assert_int_equal(room.object.text.start, (1 << 20) + 2 * 4096);
    assert_int_equal(room.object.text.end, (1 << 20) + 2 * 4096 + 100);
    assert_int_equal(room.object.data[0].start, 1 << 20);
    assert_int_equal(room.object.data[1].start, (1 << 20) + 2 * 4096);
    segments[2].p_flags = PF_R;
    room.object = (struct chimera_object){0};
    assert_int_equal(take_object(&info, sizeof(info), &search), 1);
    assert_false(search.is_found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_descriptor_that_is_true_passes),
        cmocka_unit_test(the_head_is_readable_and_of_our_abi),
        cmocka_unit_test(it_is_what_its_manifest_says),
        cmocka_unit_test(a_memory_is_possible),
        cmocka_unit_test(lists_are_within_the_object),
        cmocka_unit_test(starts_are_in_the_code),
        cmocka_unit_test(tables_are_in_the_instance),
        cmocka_unit_test(exports_have_names_and_types),
        cmocka_unit_test(a_text_has_an_end),
        cmocka_unit_test(a_mapped_object_is_found),
        cmocka_unit_test(no_more_ranges_are_kept_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
