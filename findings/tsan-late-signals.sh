#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ThreadSanitizer of clang 19.1.7: a signal's handler does not run while the thread is in a loop of its own.
#
# The run-time library keeps signals of other threads back until the thread calls a function that it intercepts. A
# loop that waits for a flag which its own handler sets, and calls nothing, never sees it. (So the loop below
# counts to an end.) Whoever interrupts computing by a signal, as watchdogs do, cannot have that tested under
# ThreadSanitizer.
#
# Seen: plain: the handler ran inside the loop
#       with -fsanitize=thread: the handler ran at the first call behind the loop
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

v='1:19.1.7-3~deb12u1'
apt-get -qq -o APT::Sandbox::User=root download "clang-19=$v" "libclang-cpp19=$v" "libllvm19=$v" \
    "libclang-common-19-dev=$v" "libclang-rt-19-dev=$v" || exit 77
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
clang=root/usr/lib/llvm-19/bin/clang
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/usr/lib/llvm-19/lib
export LD_LIBRARY_PATH
$clang --version | head -n 1

cat > loop.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t is_seen;
static volatile int is_looping;

static void see(int signal)
{
    (void)signal;
    is_seen = 1;
}

static void *send(void *thread)
{
    while (!is_looping)
        usleep(1000);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    return NULL;
}

int main(void)
{
    pthread_t self = pthread_self(), sender;
    signal(SIGUSR1, see);
    pthread_create(&sender, NULL, send, &self);
    is_looping = 1;
    for (unsigned long rounds = 0; !is_seen && rounds < 1000000000; rounds++)
        ;
    int is_inside = is_seen;
    pthread_join(sender, NULL); /* sent by now */
    usleep(1000);
    printf("%s\n", is_inside ? "inside the loop" : is_seen ? "at the first call behind the loop" : "never");
    return 0;
}
C
# The race on the flag, which every such loop has, is not what this is about.
TSAN_OPTIONS=report_bugs=0
export TSAN_OPTIONS
$clang -O1 loop.c -o plain
$clang -O1 -fsanitize=thread loop.c -o tsan
plain=$(./plain) tsan=$(./tsan)
echo "plain: the handler ran $plain"
echo "with -fsanitize=thread: the handler ran $tsan"
[ "$plain, $tsan" = 'inside the loop, at the first call behind the loop' ] || { echo 'changed'; exit 1; }
echo 'as stated'
