#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang 19.1.7 (x86-64): a volatile load that stands before a choice is done only if the choice takes it.
#
# In the C below `*place` is read, always, and then one of two values is chosen. C has a volatile access be a side
# effect that takes place as written. LLVM first makes it a load and a conditional move, and then the pass that
# turns conditional moves into branches (x86-cmov-conversion) folds the load into the branch (LLVM's issue
# 219814). Here `place` is a page that cannot be read until a signal handler has counted the first try.
#
# Seen: reads of a volatile place that is not chosen: 0
#       the same without folding loads into the branch: 1
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

v='1:19.1.7-3~deb12u1'
apt-get -qq -o APT::Sandbox::User=root download "clang-19=$v" "libclang-cpp19=$v" "libllvm19=$v" \
    "libclang-common-19-dev=$v" || exit 77
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
clang=root/usr/lib/llvm-19/bin/clang
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/usr/lib/llvm-19/lib
export LD_LIBRARY_PATH
$clang --version | head -n 1

cat > load.c <<'C'
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

static long *page;
static volatile int reads;

__attribute__((noinline)) long choose(int is_other, long other, volatile long *place)
{
    long value = *place;
    return is_other ? other : value;
}

static void count(int signal)
{
    (void)signal;
    reads++;
    mprotect(page, 4096, PROT_READ);
}

int main(int is_other, char **arguments)
{
    (void)arguments;
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGSEGV, count);
    long chosen = choose(is_other, 7, page);
    printf("%d\n", reads);
    return chosen != 7;
}
C
$clang -O2 load.c -o folded
$clang -O2 -mllvm -x86-cmov-converter-force-mem-operand=false load.c -o apart
folded=$(./folded) apart=$(./apart)
echo "reads of a volatile place that is not chosen: $folded"
echo "the same without folding loads into the branch: $apart"
[ "$folded $apart" = '0 1' ] || { echo 'changed'; exit 1; }
echo 'as stated'
