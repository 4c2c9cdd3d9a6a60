/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/builtins.h"

/* clang-format off */
#define ONES      {"[", "1,", "1]", 0}
#define TEXT      {"\"", "a", "\"", 0}
#define ACCENTS   {"\"", "\xC3\xA9", "\"", 0}
#define INVALID   {"\"", "ff", "\"", 0}
#define KEYS      {"{", "\"k@#\":1,", "\"\":1}", 0}
#define OBJECTS   {"[", "{\"b#\":1,\"a\":[{\"d\":2,\"c\":\"@\"}]},", "{}]", 0}
#define JUST(text) {text, NULL, NULL, 0}

static const struct hostile_input inputs[] = {
    {"sprintf", {{"\"", "%[1]1000000d", "\"", 0}, JUST("[1]")}, 0},
    {"sprintf", {{"\"", "%.1000000f", "\"", 0}, {"[", "0.1,", "0]", 0}}, 0},
    {"sprintf", {{"\"", "%[1]v", "\"", 0}, {"[[", "1,", "1]]", 8}}, 0},
    {"sprintf", {{"\"", "%[1].0s", "\"", 0}, {"[[", "\"\",", "1]]", 8}}, 0},
    {"sprintf", {{"\"", "%[1].1000000s", "\"", 0}, {"[\"", "\xC3\xA9", "\"]", 2}}, 0},
    {"sprintf", {{"\"", "%[1]#q", "\"", 0}, {"[\"", "\xC3\xA9", "`\"]", 0}}, 0},
    {"sprintf", {{"\"", "%[1]x", "\"", 0}, {"[\"", "a", "\"]", 0}}, 0},
    {"sprintf", {{"\"", "%[", "\"", 0}, JUST("[1]")}, 0},
    {"sprintf", {{"\"", "%", "\"", 0}, JUST("[]")}, 0},
    {"sprintf", {JUST("\"\""), ONES}, 0},
    {"sprintf", {JUST("\"%v\""), {"[", "{\"b\":[1.50,{\"#\"}]},", "1]", 0}}, 0},
    {"trace", {TEXT}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"internal.print", {{"[[", "{\"b\":1,\"a\":{\"#\"}},", "1]]", 0}}, 0},
    {"internal.print", {{"[", "1,", "1]", 0}}, 0},
    {"internal.template_string", {{"[", "{\"a\"},", "1]", 0}}, 0},
    {"internal.template_string", {{"[", "\"\",", "1]", 0}}, HOSTILE_LEAN},
    {"strings.any_prefix_match", {{"[", "\"#\",", "\"\"]", 0}, {"[", "\"x#\",", "\"x\"]", 0}}, HOSTILE_LEAN},
    {"strings.any_prefix_match", {{"\"", "a", "\"", 0}, {"[", "\"x#\",", "\"x\"]", 0}}, HOSTILE_LEAN},
    {"strings.any_suffix_match", {{"[", "\"#\",", "\"\"]", 0}, {"[", "\"#x\",", "\"x\"]", 0}}, HOSTILE_LEAN},
    {"strings.count", {TEXT, JUST("\"a\"")}, HOSTILE_LEAN},
    {"strings.count", {ACCENTS, JUST("\"\"")}, HOSTILE_LEAN},
    {"strings.count", {TEXT, {"\"", "a", "b\"", 2}}, HOSTILE_LEAN},
    {"strings.split_n", {TEXT, JUST("\"a\""), JUST("1000000000")}, 0},
    {"strings.split_n", {ACCENTS, JUST("\"\""), JUST("-1000000000")}, 0},
    {"strings.split_n", {TEXT, {"\"", "a", "b\"", 1000}, JUST("-1")}, HOSTILE_LEAN},
    {"strings.reverse", {ACCENTS}, 0},
    {"indexof_n", {TEXT, JUST("\"a\"")}, 0},
    {"indexof_n", {TEXT, {"\"", "a", "\"", 100}}, 0},
    {"indexof_n", {ACCENTS, JUST("\"b\"")}, HOSTILE_LEAN},
    {"glob.quote_meta", {{"\"", "*", "\"", 0}}, 0},
    {"cast_array", {ONES}, 0},
    {"cast_set", {{"[", "\"#\",", "1]", 0}}, 0},
    {"cast_set", {OBJECTS}, 0},
    {"cast_set", {{"[", "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#\":0},", "{}]", 0}}, 0},
    {"cast_boolean", {JUST("true")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"cast_null", {JUST("null")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"cast_object", {KEYS}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"cast_string", {TEXT}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"array.flatten", {{"[", "[1],", "1]", 0}}, 0},
    {"array.flatten", {{"[", "[],", "1]", 0}}, HOSTILE_LEAN},
    {"array.reverse", {ONES}, 0},
    {"numbers.range_step", {JUST("0"), JUST("999999"), JUST("1")}, 0},
    {"numbers.range_step", {JUST("9223372036854775807"), JUST("-9223372036854775808"), JUST("18446744073710")}, 0},
    {"object.keys", {KEYS}, 0},
    {"object.keys", {{"{", "\"#@\":1,", "\"\":1}", 0}}, 0},
    {"object.subset", {ONES, {"[", "1,", "2]", 2}}, HOSTILE_LEAN},
    {"object.subset", {KEYS, KEYS}, HOSTILE_LEAN},
    {"object.subset", {{"{", "\"@#\",", "1}", 0}, {"{", "\"@#\",", "[]}", 0}}, HOSTILE_LEAN},
    {"object.subset", {{"[", "\"@#\",", "1]", 0}, {"{", "\"@#\",", "1}", 0}}, HOSTILE_LEAN},
    {"object.subset", {{"{", "[\"#@\",1.5]:1,", "0:1}", 0}, {"{", "[\"@#\",1.50]:1,", "1:1}", 0}}, HOSTILE_LEAN},
    {"object.union_n", {{"[", "{\"k@#\":{\"x\":1}},", "{}]", 0}}, 0},
    {"object.union_n", {{"[", "{[\"@#\",1.5]:{[1.0]:1}},", "{}]", 0}}, 0},
    {"object.union_n", {{"[", "{\"k\":{\"x@#\":1}},", "{}]", 0}}, 0},
    {"object.union_n", {{"[", "{},", "{}]", 0}}, HOSTILE_LEAN},
    {"hex.encode", {TEXT}, 0},
    {"hex.decode", {{"\"", "61", "\"", 0}}, 0},
    {"hex.decode", {INVALID}, 0},
    {"base64url.encode_no_pad", {TEXT}, 0},
    {"json.is_valid", {{"\"[", "1,", "1]\"", 0}}, HOSTILE_LEAN},
    {"json.is_valid", {ACCENTS}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"yaml.is_valid", {{"\"", "- {}\\n", "\"", 0}}, 0},
    {"yaml.is_valid", {{"\"", "%TAG !a#! x\\n", "--- a\"", 0}}, 0},
    {"yaml.unmarshal", {{"\"[&a {k: [1,1,1,1,1]},", "*a,", "1]\"", 0}}, 0},
    {"yaml.unmarshal", {{"\"", "? k#\\n", "\"", 0}}, 0},
    {"yaml.unmarshal", {TEXT}, 0},
    {"yaml.unmarshal", {{"\"a: &a {<<: [", "{k#: 1},", "{}]}\"", 0}}, 0},
    {"yaml.unmarshal", {{"\"", "\\\"\\\\/", "\"", 0}}, 0},
    {"uuid.parse", {TEXT}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"uuid.parse", {JUST("\"00000000-0000-2000-8000-000000000000\"")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"yaml.marshal", {OBJECTS}, 0},
    {"yaml.marshal", {{"\"", "\\n a", "\"", 0}}, 0},
    {"yaml.marshal", {{"{", "\"#@\":\"true\",", "\"\":1}", 0}}, 0},
    {"json.marshal_with_options", {ONES, {"{\"indent\":\"", " ", "\"}", 1000}}, 0},
    {"json.marshal_with_options", {OBJECTS, JUST("{}")}, 0},
    {"json.marshal_with_options", {{"\"", "<", "\"", 0}, JUST("{}")}, 0},
    {"urlquery.encode", {ACCENTS}, 0},
    {"urlquery.decode", {{"\"", "%61", "\"", 0}}, 0},
    {"urlquery.decode", {{"\"", "%ff", "\"", 0}}, 0},
    {"urlquery.encode_object", {{"{", "\"#@\":[\"a\"],", "\"\":[]}", 0}}, 0},
    {"urlquery.encode_object", {{"{", "\"#@\":[],", "\"\":[]}", 0}}, 0},
    {"urlquery.decode_object", {{"\"", "k@#=v&", "\"", 0}}, 0},
    {"urlquery.decode_object", {{"\"", "&", "\"", 0}}, HOSTILE_LEAN},
    {"urlquery.decode_object", {{"\"", "k&", "\"", 0}}, 0},
    {"json.patch", {ONES, {"[", "{\"op\":\"add\",\"path\":\"/0\",\"value\":1},", "{\"op\":\"remove\",\"path\":\"/0\"}]", 0}}, 0},
    {"json.patch", {ONES, {"[", "{\"op\":\"test\",\"path\":\"\",\"value\":[1,2]},", "{}]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"json.patch", {JUST("{}"), {"[", "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"},", "{\"op\":\"remove\",\"path\":\"/a\"}]", 0}}, HOSTILE_LEAN},
    {"json.patch", {JUST("{\"a\":{}}"), {"[", "{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/@#\"},", "{\"op\":\"remove\",\"path\":\"/a\"}]", 0}}, HOSTILE_LEAN},
    {"json.patch", {KEYS, {"[", "{\"op\":\"add\",\"path\":\"/x#\",\"value\":1},{\"op\":\"remove\",\"path\":\"/x#\"},", "{\"op\":\"remove\",\"path\":\"/k00\"}]", 0}}, 0},
    {"json.patch", {KEYS, {"[", "{\"op\":\"copy\",\"from\":\"/k00\",\"path\":\"/x#\"},", "{\"op\":\"remove\",\"path\":\"/x0\"}]", 0}}, 0},
    {"json.patch", {ONES, {"[{\"op\":\"add\",\"path\":\"/", "1", "\",\"value\":1}]", 0}}, 0},
    {"json.patch", {ONES, {"[{\"op\":\"add\",\"path\":[", "\"1\",", "1],\"value\":1}]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"crypto.md5", {TEXT}, HOSTILE_LEAN},
    {"crypto.sha1", {TEXT}, HOSTILE_LEAN},
    {"crypto.sha256", {TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.md5", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.sha1", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.sha256", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.sha512", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.equal", {TEXT, TEXT}, HOSTILE_LEAN},
    {"semver.is_valid", {{"\"1.2.3-1", ".1", "\"", 0}}, HOSTILE_LEAN},
    {"semver.compare", {{"\"1.2.3-1", ".1", "\"", 0}, {"\"1.2.3-1", ".1", "\"", 0}}, HOSTILE_LEAN},
    {"regex.is_valid", {{"\"", "(a|b)*", "\"", 0}}, 0},
    {"regex.match", {JUST("\"\\\\s+$\""), {"\"", " ", "x\"", 0}}, HOSTILE_LEAN},
    {"regex.match", {JUST("\"(a*)*b\""), TEXT}, HOSTILE_LEAN},
    {"regex.split", {JUST("\"a\""), TEXT}, 0},
    {"regex.find_n", {JUST("\"a\""), TEXT, JUST("-1")}, 0},
    {"regex.replace", {TEXT, JUST("\"a\""), {"\"", "b", "\"", 100}}, 0},
    {"regex.template_match", {{"\"", "{a}", "\"", 0}, TEXT, JUST("\"{\""), JUST("\"}\"")}, 0},
    {"time.now_ns", {JUST("")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.parse_rfc3339_ns", {{"\"", " ", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.parse_ns", {{"\"", "x", "5\"", 0}, {"\"", "x", "5\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.parse_ns", {{"\"", "5.0", "\"", 60}, {"\"", "5.0", "\"", 60}}, HOSTILE_LEAN},
    {"time.parse_duration_ns", {{"\"", "0ns", "\"", 0}}, HOSTILE_LEAN},
    {"time.parse_duration_ns", {{"\"", "1", "ns\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.date", {{"[0,\"", "a", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.clock", {{"[0,\"Europe/Berlin\",\"", "a", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.weekday", {{"[0,\"Europe/Berlin\",\"", "a", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.add_date", {JUST("[0,\"Europe/Berlin\"]"), JUST("9999999"), JUST("9999999"), JUST("9999999")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.diff", {JUST("[0,\"Europe/Berlin\"]"), JUST("[1700000000000000000,\"Asia/Tokyo\"]")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.format", {{"[0,\"Europe/Berlin\",\"", "January", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.format", {{"[0,\"Europe/Berlin\",\"", "January", "\"]", 60}}, HOSTILE_LEAN},
    {"units.parse", {{"\"1", "\\\"", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"units.parse", {{"\"", "1", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"units.parse_bytes", {JUST("\"1e999999Ki\"")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"net.cidr_is_valid", {{"\"1.2.3.4/", "0", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"net.cidr_expand", {JUST("\"fd00::/111\"")}, 0},
    {"net.cidr_expand", {JUST("\"10.0.0.0/15\"")}, 0},
    {"net.cidr_expand", {JUST("\"::/0\"")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"net.cidr_merge", {{"[", "\"fd00:@:#::/64\",", "\"10.0.0.0\"]", 0}}, 0},
    {"net.cidr_merge", {{"[", "\"fd00:#:@::1/128\",", "\"10.0.0.0\"]", 0}}, 0},
    {"net.cidr_contains_matches", {{"[", "\"::/0\",", "\"::/0\"]", 0}, {"[", "\"fd00:@:#::\",", "\"::\"]", 0}}, 0},
    {"net.cidr_contains_matches", {{"{", "\"k@#\":\"fd00::/64\",", "\"\":\"::/0\"}", 0}, {"{", "\"fd00:@:#::\",", "\"::\"}", 0}}, 0},
};
/* clang-format on */

const struct hostile_input *hostile_inputs(size_t *ret_count)
{
    *ret_count = sizeof(inputs) / sizeof(inputs[0]);
    return inputs;
}

static void write_part(const char *part, uint32_t number, struct chimera_buffer *out)
{
    for (const char *at = part; *at; at++) {
        if (*at == '#')
            chimera_buffer_print(out, "%x", number & 0xFFFF);
        else if (*at == '@')
            chimera_buffer_print(out, "%x", number >> 16);
        else
            chimera_buffer_byte(out, (uint8_t)*at);
    }
}

void hostile_write(const struct hostile_argument *argument, size_t size, struct chimera_buffer *out)
{
    size_t share = size / (argument->share ? argument->share : 1), start = out->size;
    chimera_buffer_text(out, argument->head);
    if (!argument->part)
        return;
    for (uint32_t i = 0; out->size - start < share && !out->failed; i++)
        write_part(argument->part, i, out);
    chimera_buffer_text(out, argument->tail);
}
