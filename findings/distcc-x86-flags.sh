#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# distcc 3.4 (Debian 12): an argument that begins with -x is taken for gcc's language option, whoever's it is.
#
# clang hands options to LLVM as two words, `-mllvm -x86-cmov-converter=0`, and all of the x86 back end's begin with
# -x86. distcc does not know that the second word belongs to the first, finds its treatment of -x too complex, and
# compiles on this machine: the build is right, no host is asked, and nothing is said, even with DISTCC_FALLBACK=0,
# for it is no failure that it would fall back from. Written as one word, `-mllvm=-x86-…`, the same option travels.
#
# Seen, by what DISTCC_VERBOSE tells:
#   two words: gcc's -x handling is complex; running locally for -c
#   one word: exec on 127.0.0.1
set -eu
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT
cd "$work"

command -v clang-19 >/dev/null || { echo 'clang-19 is wanted (Debian 12: 19.1.7)'; exit 77; }
apt-get -qq -o APT::Sandbox::User=root download distcc=3.4+really3.4-3 || exit 77
dpkg-deb -x ./*.deb root
mkdir home
echo 'int larger(int x) { return x > 3 ? x : 7; }' > larger.c
PATH=$work/root/usr/bin:$PATH
port=$((20000 + $$ % 10000))
distccd --daemon --no-detach --user nobody --listen 127.0.0.1 --port "$port" --allow 127.0.0.1 --enable-tcp-insecure --log-stderr 2>daemon.log &
daemon=$!
sleep 1

# where WORDS: what distcc says of the place.
where() {
    DISTCC_DIR=$work/home DISTCC_FALLBACK=0 DISTCC_VERBOSE=1 DISTCC_HOSTS=127.0.0.1:$port \
        distcc clang-19 -O1 "$@" -c larger.c -o larger.o 2>said
    [ -s larger.o ]
    grep -oE "gcc's -x handling is complex; running locally for -c|exec on 127\.0\.0\.1" said | head -n 1
}
distcc --version | head -n 1
seen="two words: $(where -mllvm -x86-cmov-converter=0)
one word: $(where -mllvm=-x86-cmov-converter=0)"
echo "$seen"
[ "$seen" = "two words: gcc's -x handling is complex; running locally for -c
one word: exec on 127.0.0.1" ] || { echo 'changed'; exit 1; }
echo 'as stated'
