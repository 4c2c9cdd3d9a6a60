/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes of registries, good ones and what a hostile registry could send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/fetch/registry/manifest.h"

/* Of "{}", as the image specification has it; of "abc", as FIPS 180's examples have it. */
#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define ABC256 "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC384                                                \
    "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163" \
    "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
#define ABC512                                                                \
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

#define CONFIG                                                                              \
    "\"config\":{\"mediaType\":\"application/vnd.wasm.config.v1+json\",\"digest\":\"" EMPTY \
    "\",\"size\":2}"
#define LAYER                                                                                  \
    "{\"mediaType\":\"application/vnd.wasm.content.layer.v1+wasm\",\"digest\":\"" ABC256 "\"," \
    "\"size\":3}"
#define HEAD "{\"schemaVersion\":2," CONFIG ","
#define GOOD HEAD "\"layers\":[" LAYER "]}"

static int parse(const char *text, const char *type, const char *digest,
                 struct chimera_oci_manifest *ret_manifest, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, (size_t)64 << 20);
    assert_int_equal(chimera_buffer_text(&bytes, text), CHIMERA_OK);
    int code = chimera_oci_manifest_parse(&bytes, type, digest, "host/repo:tag", ret_manifest, err);
    assert_null(bytes.data);
    return code;
}

static void a_manifest_is_read(void **state)
{
    (void)state;
    struct chimera_oci_manifest manifest;
    const char *text =
        HEAD "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
             "\"artifactType\":\"application/x.policy\",\"layers\":[" LAYER "],"
             "\"subject\":{\"mediaType\":\"a/b\",\"digest\":\"" ABC512 "\",\"size\":0},"
             "\"annotations\":{\"a\":\"1\"}}";
    assert_int_equal(parse(text, NULL, NULL, &manifest, NULL), CHIMERA_OK);
    assert_false(manifest.is_index);
    assert_string_equal(manifest.media_type, CHIMERA_MEDIA_OCI_MANIFEST);
    assert_string_equal(manifest.artifact_type, "application/x.policy");
    assert_string_equal(manifest.config.digest, EMPTY);
    assert_int_equal(manifest.config.size, 2);
    assert_string_equal(manifest.subject.digest, ABC512);
    assert_int_equal(manifest.entry_count, 1);
    assert_string_equal(manifest.entries[0].media_type, CHIMERA_MEDIA_WASM_LAYER);
    assert_string_equal(manifest.entries[0].digest, ABC256);
    assert_string_equal(chimera_annotation(manifest.annotations, "a"), "1");
    assert_null(chimera_annotation(manifest.annotations, "b"));
    assert_int_equal(manifest.bytes.size, strlen(text));
    chimera_oci_manifest_done(&manifest);
}

static void an_index_is_read(void **state)
{
    (void)state;
    struct chimera_oci_manifest manifest;
    const char *text =
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest."
        "v1+json\",\"digest\":\"" ABC256 "\",\"size\":9223372036854775807,\"artifactType\":\"x/y\","
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"},"
        "\"annotations\":{\"k\":\"v\"}}]}";
    const char *types[] = {NULL, "application/json",
                           "application/vnd.docker.distribution.manifest.list.v2+json ; charset=u"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(parse(text, types[i], NULL, &manifest, NULL), CHIMERA_OK);
        assert_true(manifest.is_index);
        assert_string_equal(manifest.media_type,
                            i == 2 ? CHIMERA_MEDIA_DOCKER_INDEX : CHIMERA_MEDIA_OCI_INDEX);
        assert_string_equal(manifest.entries[0].os, "linux");
        assert_string_equal(manifest.entries[0].architecture, "arm64");
        assert_string_equal(manifest.entries[0].artifact_type, "x/y");
        assert_int_equal(manifest.entries[0].size, INT64_MAX);
        assert_string_equal(manifest.config.digest, "");
        chimera_oci_manifest_done(&manifest);
    }
}

struct wrong {
    const char *text, *type;
    int code;
    const char *why;
};

#define LIST(entry) HEAD "\"layers\":[" entry "]}"
#define ENTRY(digest, size) "{\"mediaType\":\"a/b\",\"digest\":" digest ",\"size\":" size "}"

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {"", NULL, CHIMERA_EINVAL, "host/repo:tag: not a manifest: "},
        {"<html>", NULL, CHIMERA_EINVAL, "not a manifest: "},
        {GOOD "x", NULL, CHIMERA_EINVAL, "trailing characters"},
        {"[]", NULL, CHIMERA_EINVAL, "is not an object"},
        {"{}", NULL, CHIMERA_EINVAL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":1}", NULL, CHIMERA_EINVAL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":\"2\"}", NULL, CHIMERA_EINVAL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":2.0}", NULL, CHIMERA_EINVAL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":2}", NULL, CHIMERA_EINVAL, "neither a manifest nor an index"},
        {HEAD "\"layers\":[],\"manifests\":[]}", NULL, CHIMERA_EINVAL, ", or both"},
        {HEAD "\"manifests\":[]}", NULL, CHIMERA_EINVAL, ", or both"},
        {"{\"schemaVersion\":2,\"layers\":[]}", NULL, CHIMERA_EINVAL, "config is missing"},
        {HEAD "\"layers\":{}}", NULL, CHIMERA_EINVAL, "layers is not a list"},
        {HEAD "\"layers\":[],\"mediaType\":7}", NULL, CHIMERA_EINVAL, "mediaType is not a text"},
        {HEAD "\"layers\":[],\"mediaType\":\"text/html\"}", NULL, CHIMERA_EINVAL,
         "a type that is not supported: text/html"},
        {HEAD "\"layers\":[],\"mediaType\":\"" CHIMERA_MEDIA_OCI_INDEX "\"}", NULL, CHIMERA_EINVAL,
         "is not that of its members"},
        {GOOD, CHIMERA_MEDIA_DOCKER_INDEX, CHIMERA_EINVAL, "is not that of its members"},
        {LIST("7"), NULL, CHIMERA_EINVAL, "layers has an entry that is not an object"},
        {LIST("{}"), NULL, CHIMERA_EINVAL, "has an entry without a media type"},
        {LIST("{\"mediaType\":\"a b\"}"), NULL, CHIMERA_EINVAL, "without a media type"},
        {LIST("{\"mediaType\":\"\"}"), NULL, CHIMERA_EINVAL, "without a media type"},
        {LIST("{\"mediaType\":\"a\\u0000b\"}"), NULL, CHIMERA_EINVAL, "without a media type"},
        {LIST(ENTRY("7", "1")), NULL, CHIMERA_EINVAL, "without a good digest"},
        {LIST(ENTRY("\"md5:d41d8cd98f00b204e9800998ecf8427e\"", "1")), NULL, CHIMERA_EINVAL,
         "without a good digest"},
        {LIST(ENTRY("\"" EMPTY "0\"", "1")), NULL, CHIMERA_EINVAL, "without a good digest"},
        {LIST(ENTRY("\"" EMPTY "\\u0000\"", "1")), NULL, CHIMERA_EINVAL, "without a good digest"},
        {LIST(ENTRY("\"sha256:../../../../../../../../../../../../../../../../../../../etc/pass\"",
                    "1")),
         NULL, CHIMERA_EINVAL, "without a good digest"},
        {LIST(ENTRY("\"" EMPTY "\"", "-1")), NULL, CHIMERA_EINVAL, "size is not a whole number"},
        {LIST(ENTRY("\"" EMPTY "\"", "1.0")), NULL, CHIMERA_EINVAL, "size is not a whole number"},
        {LIST(ENTRY("\"" EMPTY "\"", "\"1\"")), NULL, CHIMERA_EINVAL, "size is not a whole number"},
        {LIST(ENTRY("\"" EMPTY "\"", "9223372036854775808")), NULL, CHIMERA_EINVAL,
         "size is not a whole number"},
        {LIST(ENTRY("\"" EMPTY "\"", "18446744073709551617")), NULL, CHIMERA_EINVAL,
         "size is not a whole number"},
        {LIST(ENTRY("\"" EMPTY "\"", "1,\"annotations\":[]")), NULL, CHIMERA_EINVAL,
         "annotations is not an object"},
        {LIST(ENTRY("\"" EMPTY "\"", "1,\"annotations\":{\"a\":1}")), NULL, CHIMERA_EINVAL,
         "a value that is not a text"},
        {LIST(ENTRY("\"" EMPTY "\"", "1,\"annotations\":{\"a\":null}")), NULL, CHIMERA_EINVAL,
         "a value that is not a text"},
        {LIST(ENTRY("\"" EMPTY "\"", "1,\"platform\":7")), NULL, CHIMERA_EINVAL,
         "platform is not an object"},
        {LIST(ENTRY("\"" EMPTY "\"", "1,\"platform\":{\"os\":[]}")), NULL, CHIMERA_EINVAL,
         "os is not a text"},
        {HEAD "\"layers\":[],\"layers\":[]}", NULL, CHIMERA_EINVAL, "has a key twice"},
        {LIST(ENTRY("\"" EMPTY "\"", "1,\"s\\u0069ze\":2")), NULL, CHIMERA_EINVAL, "a key twice"},
        {HEAD "\"layers\":[],\"subject\":[]}", NULL, CHIMERA_EINVAL,
         "subject has an entry that is not an object"},
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
        struct chimera_oci_manifest manifest = {.is_index = true};
        struct chimera_error err = {0};
        assert_int_equal(parse(wrongs[i].text, wrongs[i].type, NULL, &manifest, &err),
                         wrongs[i].code);
        if (!strstr(err.text, wrongs[i].why))
            fail_msg("%s: %s", wrongs[i].text, err.text);
        assert_null(manifest.tree);
    }
}

static void the_digest_vouches_for_the_bytes(void **state)
{
    (void)state;
    struct chimera_oci_manifest manifest;
    struct chimera_error err;
    assert_int_equal(parse(GOOD, NULL, ABC256, &manifest, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, ABC256));
    assert_int_equal(parse(GOOD, NULL, "sha1:00", &manifest, &err), CHIMERA_EINVAL);
    static const char *const algorithms[] = {ABC256, ABC384, ABC512};
    for (size_t i = 0; i < 3; i++) {
        char digest[CHIMERA_OCI_DIGEST_MAX];
        assert_int_equal(chimera_oci_digest_of(CHIMERA_SLICE(GOOD), algorithms[i], digest),
                         CHIMERA_OK);
        assert_int_equal(parse(GOOD, NULL, digest, &manifest, NULL), CHIMERA_OK);
        assert_string_equal(manifest.digest, digest);
        chimera_oci_manifest_done(&manifest);
    }
}

/* `count` times `piece` with commas between, from `start` to `end`. */
static char *repeat(const char *start, const char *piece, size_t count, const char *end)
{
    char *text = malloc(strlen(start) + count * (strlen(piece) + 1) + strlen(end) + 1);
    char *at = stpcpy(text, start);
    for (size_t i = 0; i < count; i++)
        at = stpcpy(stpcpy(at, i ? "," : ""), piece);
    stpcpy(at, end);
    return text;
}

static int parse_many(const char *start, const char *piece, size_t count, const char *end)
{
    struct chimera_oci_manifest manifest;
    char *text = repeat(start, piece, count, end);
    int code = parse(text, NULL, NULL, &manifest, NULL);
    if (code == CHIMERA_OK)
        chimera_oci_manifest_done(&manifest);
    free(text);
    return code;
}

static void entries_and_bytes_are_bounded(void **state)
{
    (void)state;
    const char *index = "{\"schemaVersion\":2,\"manifests\":[";
    assert_int_equal(parse_many(HEAD "\"layers\":[", LAYER, 1000, "]}"), CHIMERA_OK);
    assert_int_equal(parse_many(HEAD "\"layers\":[", LAYER, 1001, "]}"), CHIMERA_ELIMIT);
    assert_int_equal(parse_many(index, LAYER, 8192, "]}"), CHIMERA_OK);
    assert_int_equal(parse_many(index, LAYER, 8193, "]}"), CHIMERA_ELIMIT);
    assert_int_equal(parse_many(index, LAYER, 40000, "]}"), CHIMERA_ELIMIT);
    /* Small texts that make large trees. */
    assert_int_equal(parse_many(HEAD "\"layers\":[],\"x\":[", "[]", 1300000, "]}"), CHIMERA_ELIMIT);
    assert_int_equal(parse_many(HEAD "\"layers\":[],\"x\":", "[[[[[[[[[[[[[[[[", 200, ""),
                     CHIMERA_EINVAL);
}

static void a_digest_has_an_algorithm_and_its_digits(void **state)
{
    (void)state;
    static const char *const good[] = {EMPTY, ABC256, ABC384, ABC512};
    static const char *const bad[] = {
        "",
        "sha256",
        "sha256:",
        "sha512:" /* too few */ "44136f",
        EMPTY "0",
        "sha256:" EMPTY,
        "SHA256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "sha256:44136FA355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "sha256:g4136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "sha384:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(chimera_oci_digest_is_good(chimera_slice_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(chimera_oci_digest_is_good(chimera_slice_of(bad[i])));
    assert_true(chimera_oci_digest_is_like(EMPTY, ABC256));
    assert_false(chimera_oci_digest_is_like(EMPTY, ABC512));
    assert_false(chimera_oci_digest_is_like("md5:", "md5:"));
}

static void digests_are_those_of_others(void **state)
{
    (void)state;
    static const char *const wanted[] = {ABC256, ABC384, ABC512};
    char digest[CHIMERA_OCI_DIGEST_MAX];
    for (size_t i = 0; i < 3; i++) {
        struct chimera_oci_hash hash = {0};
        assert_int_equal(chimera_oci_digest_of(CHIMERA_SLICE("abc"), wanted[i], digest), 0);
        assert_string_equal(digest, wanted[i]);
        assert_int_equal(chimera_oci_hash_begin(&hash, wanted[i]), 0);
        assert_int_equal(chimera_oci_hash_add(&hash, CHIMERA_SLICE("what was cut")), 0);
        assert_int_equal(chimera_oci_hash_begin(&hash, wanted[i]), 0);
        assert_int_equal(chimera_oci_hash_add(&hash, CHIMERA_SLICE("a")), 0);
        assert_int_equal(chimera_oci_hash_add(&hash, CHIMERA_SLICE("bc")), 0);
        assert_int_equal(chimera_oci_hash_finish(&hash, digest), 0);
        assert_string_equal(digest, wanted[i]);
    }
    assert_int_equal(chimera_oci_digest_of(CHIMERA_SLICE("{}"), NULL, digest), 0);
    assert_string_equal(digest, EMPTY);
    assert_int_equal(chimera_oci_digest_of(CHIMERA_SLICE("{}"), "md5:", digest), CHIMERA_EINVAL);
}

static void a_title_is_a_file_name_or_nothing(void **state)
{
    (void)state;
    static const char *const good[] = {"policy.wasm", "a b.wasm", "r\xc3\xa9gle.wasm"};
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      "../policy.wasm",
                                      "/etc/x",
                                      "a/b",
                                      "a\\b",
                                      ".bashrc",
                                      "a\nb",
                                      "\x1b[2Jx",
                                      "a\xff",
                                      "x\xe2\x80\xae"
                                      "msaw.exe"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good) + sizeof(bad) / sizeof(*bad); i++) {
        const char *title = i < 3 ? good[i] : bad[i - 3];
        struct chimera_descriptor descriptor = {.annotations = json_object_new_object()};
        json_object_object_add(descriptor.annotations, CHIMERA_TITLE_ANNOTATION,
                               json_object_new_string(title));
        if (i < 3)
            assert_string_equal(chimera_descriptor_title(&descriptor), title);
        else
            assert_null(chimera_descriptor_title(&descriptor));
        json_object_put(descriptor.annotations);
    }
    assert_null(chimera_descriptor_title(&(struct chimera_descriptor){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_is_read),
        cmocka_unit_test(an_index_is_read),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(the_digest_vouches_for_the_bytes),
        cmocka_unit_test(entries_and_bytes_are_bounded),
        cmocka_unit_test(a_digest_has_an_algorithm_and_its_digits),
        cmocka_unit_test(digests_are_those_of_others),
        cmocka_unit_test(a_title_is_a_file_name_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
