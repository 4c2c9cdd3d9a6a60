#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# oci-spec 0.9.0 (Rust): a reference with a capital in its first part is read, and then not readable as it is printed.
#
# The expression that a reference must match takes `Team/app` for a host `Team` and a repository, as Docker does; hosts may
# have capitals. What is then split is split by another rule, without a look at capitals: a first part without a dot, a
# colon and the word `localhost` is no host. So the result is the repository `Team/app` of docker.io, which no registry
# has, and `docker.io/Team/app:latest`, as it prints itself, no longer matches the expression.
#
# Seen: team/app: docker.io, team/app; printed and read again: docker.io/team/app:latest
#       Team/app: docker.io, Team/app; printed and read again: invalid reference format
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v cargo > /dev/null || { echo 'no cargo' >&2; exit 77; }

mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
oci-spec = { version = "=0.9.0", default-features = false, features = ["distribution"] }
TOML
cat > src/main.rs <<'RS'
use oci_spec::distribution::Reference;

fn main() {
    let mut is_same = true;
    for (text, stated) in [("team/app", "docker.io/team/app:latest"), ("Team/app", "invalid reference format")] {
        let read: Reference = text.parse().expect(text);
        let again = match read.whole().parse::<Reference>() {
            Ok(reference) => reference.whole(),
            Err(error) => error.to_string(),
        };
        println!("{text}: {}, {}; printed and read again: {again}", read.registry(), read.repository());
        is_same = is_same && read.registry() == "docker.io" && again == stated;
    }
    std::process::exit(!is_same as i32);
}
RS
cargo build --quiet --release || exit 77
cargo tree --quiet --depth 1 | tail -n 1
target/release/finding || { echo 'changed'; exit 1; }
echo 'as stated'
