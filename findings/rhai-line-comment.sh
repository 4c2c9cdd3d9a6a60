#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rhai 1.24.0: a `//` comment ends at a lone carriage return, and a `/*` that is never closed is no error.
#
# Rhai writes comments as Rust does. To rustc a carriage return without a line feed ends no line (in a doc comment
# it is an error), and a block comment that stays open is one. Rhai reads on behind the carriage return as if it
# were a new line, and takes the end of the text for the end of the block.
#
# Seen: "1 // one\r+ 1" is 2, "1 + 1 /* open" is 2
#
# (rhai_codegen is pinned as well: Rhai 1.24.0 asks for any 3.x from 3.1 on, and does not compile with 3.3.0.)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
rhai = "=1.24.0"
rhai_codegen = "=3.1.0"
TOML
cat > src/main.rs <<'RS'
fn main() {
    let engine = rhai::Engine::new_raw();
    let mut is_same = true;
    for (text, stated) in [
        ("1 // one\n+ 1", "2"),
        ("1 // one\r+ 1", "2"),
        ("1 // one + 1", "1"),
        ("1 + 1 /* open", "2"),
        ("1 /* one /* two */ + 1 */ + 2", "3"),
    ] {
        let seen = match engine.eval_expression::<i64>(text) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        };
        println!("{text:?} is {seen}");
        is_same &= seen == stated;
    }
    println!("{}", if is_same { "as stated" } else { "changed" });
    std::process::exit(!is_same as i32);
}
RS
CARGO_TARGET_DIR=$work/target
export CARGO_TARGET_DIR
cargo fetch --quiet || exit 77
cargo tree --quiet --depth 1 --prefix none | grep '^rhai'
cargo run --quiet
