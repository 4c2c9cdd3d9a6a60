#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rhai 1.24.0: 65 terms in a row, without a bracket, are "too complex"; in a debug build, 33 are.
#
# The limit of 64 levels, on by default, is for expressions inside of each other. A chain such as `a && b && c`
# counts a level for each operator, as if all that follows it stood in brackets; so does a sum. A list of
# conditions that was put together by a program meets it. The limit of debug builds is half as large, so what
# passes in production fails in a developer's tests, never the other way round.
#
# Seen: release: 64 terms: taken; 65: Expression exceeds maximum complexity (line 1, position 502)
#       debug: 32 terms: taken; 33: Expression exceeds maximum complexity (line 1, position 246)
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
rhai_codegen = "=3.1.0" # later ones do not compile with it

[profile.release]
opt-level = 0 # soon built
TOML
cat > src/main.rs <<'RS'
fn main() {
    let engine = rhai::Engine::new_raw();
    let most = if cfg!(debug_assertions) { 32 } else { 64 };
    let try_chain = |terms: usize, operator: &str, term: &str| {
        match engine.compile_expression(vec![term; terms].join(operator)) {
            Ok(_) => "taken".to_string(),
            Err(error) => error.to_string(),
        }
    };
    let name = if cfg!(debug_assertions) { "debug" } else { "release" };
    let (fits, over) = (try_chain(most, " && ", "true"), try_chain(most + 1, " && ", "true"));
    let (sum_fits, sum_over) = (try_chain(most, " + ", "1"), try_chain(most + 1, " + ", "1"));
    println!("{name}: {most} terms: {fits}; {}: {over}", most + 1);
    println!("{name}: a sum of {most}: {sum_fits}; of {}: {sum_over}", most + 1);
    let is_same = fits == "taken" && sum_fits == "taken"
        && over.contains("exceeds maximum complexity") && sum_over.contains("exceeds maximum complexity");
    println!("{}", if is_same { "as stated" } else { "changed" });
    std::process::exit(!is_same as i32);
}
RS
CARGO_TARGET_DIR=$work/target
export CARGO_TARGET_DIR
cargo fetch --quiet || exit 77
cargo tree --quiet --depth 1 --prefix none | grep '^rhai'
cargo run --quiet --release
cargo run --quiet
