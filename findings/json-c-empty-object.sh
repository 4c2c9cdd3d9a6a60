#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# json-c 0.16 (Debian 12): the two bytes `{}` take 784 bytes of the heap.
#
# Every object brings a hash table of sixteen places, whether it has members or not; every array brings 32 slots.
# So a text of 200 KB of `{},` becomes a tree of some 52 MB, 260 times its size, and a bound on a text's length
# says little of what its tree takes. A number takes 64 bytes.
#
# Seen: an object without members: 784 bytes
#       an array without elements: 384
#       a number: 64
#       198001 bytes of text with empty objects: 261 bytes for each of the text
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download libjson-c5=0.16-2 libjson-c-dev=0.16-2 || exit 77
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH

cat > sizes.c <<'C'
#include <json.h>
#include <malloc.h>
#include <stdio.h>

static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

int main(void)
{
    enum { COUNT = 66000 };
    static char many[3 * COUNT + 2] = "[{}";
    size_t length = 3;
    for (int i = 1; i < COUNT; i++, length += 3)
        snprintf(many + length, 4, ",{}");
    many[length] = ']';

    static char out[4096];
    setvbuf(stdout, out, _IOFBF, sizeof(out)); /* so that printing takes nothing of the heap */
    printf("json-c %s\n", json_c_version());
    struct json_object *made[5] = {json_object_new_string("warm")};
    size_t before = in_use();
    made[1] = json_object_new_object();
    size_t object = in_use();
    made[2] = json_object_new_array();
    size_t array = in_use();
    made[3] = json_object_new_int(1);
    size_t number = in_use();
    made[4] = json_tokener_parse(many);
    size_t all = in_use();
    printf("an object without members: %zu bytes\n", object - before);
    printf("an array without elements: %zu\n", array - object);
    printf("a number: %zu\n", number - array);
    printf("%zu bytes of text with empty objects: %zu bytes for each of the text\n", length + 1,
           (all - number) / length);
    return !made[4];
}
C
cc -I root/usr/include/json-c sizes.c -L root/usr/lib/x86_64-linux-gnu -ljson-c -o sizes
seen=$(./sizes)
echo "$seen"
[ "$seen" = 'json-c 0.16
an object without members: 784 bytes
an array without elements: 384
a number: 64
198001 bytes of text with empty objects: 261 bytes for each of the text' ] || { echo 'changed'; exit 1; }
echo 'as stated'
