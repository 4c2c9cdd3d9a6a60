#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# glibc 2.36 (Debian 12): MALLOC_PERTURB_ leaves most small pieces as they were when they are freed.
#
# The manual: with M_PERTURB (or the variable) set, freed memory is filled with a byte. Since 2.26 each thread
# keeps up to seven freed pieces of each size aside, sizes up to 1032 bytes, and a piece is put there before
# anything is filled. So a text that was freed is still there, as a rule, in the sizes that texts mostly have.
# With that cache off, by a tunable, all of these are filled.
#
# Seen: as it is: 200 bytes kept, 1000 bytes kept, 2000 bytes filled
#       without the cache of threads: 200 bytes filled, 1000 bytes filled, 2000 bytes filled
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download libc6=2.36-9+deb12u14 || exit 77
dpkg-deb -x ./*.deb root
lib=$work/root/lib/x86_64-linux-gnu
"$lib/libc.so.6" | head -n 1

cat > freed.c <<'C'
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count_kept(size_t size)
{
    volatile unsigned char *piece = malloc(size);
    void *behind = malloc(16); /* so that the piece does not become one with what is free behind it */
    memset((void *)piece, 's', size);
    free((void *)piece);
    int kept = 0;
    for (size_t i = 32; i < size; i++) /* the first bytes are the allocator's */
        kept += piece[i] == 's';
    free(behind);
    return kept;
}

int main(void)
{
    static const size_t sizes[] = {200, 1000, 2000};
    const char *words[3];
    for (int i = 0; i < 3; i++)
        words[i] = count_kept(sizes[i]) == (int)sizes[i] - 32 ? "kept" : "filled";
    printf("200 bytes %s, 1000 bytes %s, 2000 bytes %s\n", words[0], words[1], words[2]);
    return 0;
}
C
cc -O0 -w freed.c -o freed
MALLOC_PERTURB_=90
export MALLOC_PERTURB_
run() { "$lib/ld-linux-x86-64.so.2" --library-path "$lib" ./freed; }
with=$(run) without=$(GLIBC_TUNABLES=glibc.malloc.tcache_count=0 run)
echo "as it is: $with"
echo "without the cache of threads: $without"
[ "$with" = '200 bytes kept, 1000 bytes kept, 2000 bytes filled' ] &&
    [ "$without" = '200 bytes filled, 1000 bytes filled, 2000 bytes filled' ] || { echo 'changed'; exit 1; }
echo 'as stated'
