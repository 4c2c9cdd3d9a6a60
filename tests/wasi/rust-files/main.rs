// SPDX-License-Identifier: Apache-2.0
//! A WASI command that does with files what its first argument says. Errors end it with 1 and their text.
use std::fs::{self, File, OpenOptions};
use std::io::{self, copy, stdin, stdout, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Each entry below `folder` on a line: kind, size, path.
fn walk(folder: &Path, out: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let status = fs::symlink_metadata(&path)?;
        let kind = if status.is_dir() { "d" } else if status.is_symlink() { "l" } else { "f" };
        let size = if status.is_file() { status.len() } else { 0 };
        out.push(format!("{} {} {}", kind, size, path.display()));
        if status.is_dir() {
            walk(&path, out)?;
        }
    }
    Ok(())
}

fn tree(folder: &str) -> io::Result<()> {
    let mut lines = Vec::new();
    walk(Path::new(folder), &mut lines)?;
    lines.sort();
    println!("{}", lines.join("\n"));
    Ok(())
}

fn modified(path: &str) -> io::Result<()> {
    let time = fs::metadata(path)?.modified()?;
    let since = time.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    println!("{}.{:09}", since.as_secs(), since.subsec_nanos());
    Ok(())
}

fn touch(path: &str, seconds: &str) -> io::Result<()> {
    let seconds = seconds.parse().map_err(io::Error::other)?;
    let time: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds);
    OpenOptions::new().write(true).open(path)?.set_modified(time)
}

fn write(mut file: File) -> io::Result<()> {
    copy(&mut stdin(), &mut file)?;
    file.sync_all()
}

fn sleep(milliseconds: &str) -> io::Result<()> {
    let wanted = Duration::from_millis(milliseconds.parse().map_err(io::Error::other)?);
    let begun = Instant::now();
    std::thread::sleep(wanted);
    println!("{}", begun.elapsed() >= wanted);
    Ok(())
}

fn run(words: &[&str]) -> io::Result<i32> {
    match words {
        ["args", rest @ ..] => rest.iter().for_each(|word| println!("{word}")),
        ["env"] => std::env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["cat"] => drop(copy(&mut stdin(), &mut stdout())?),
        ["cat", path] => drop(copy(&mut File::open(path)?, &mut stdout())?),
        ["tree", folder] => tree(folder)?,
        ["write", path] => write(File::create(path)?)?,
        ["new", path] => write(File::create_new(path)?)?,
        ["append", path] => write(OpenOptions::new().append(true).open(path)?)?,
        ["cut", path, size] => OpenOptions::new().write(true).open(path)?.set_len(size.parse().map_err(io::Error::other)?)?,
        ["move", from, to] => fs::rename(from, to)?,
        ["link", from, to] => fs::hard_link(from, to)?,
        ["mkdir", path] => fs::create_dir(path)?,
        ["rmdir", path] => fs::remove_dir(path)?,
        ["remove", path] => fs::remove_file(path)?,
        ["readlink", path] => println!("{}", fs::read_link(path)?.display()),
        ["touch", path, seconds] => touch(path, seconds)?,
        ["modified", path] => modified(path)?,
        ["sleep", milliseconds] => sleep(milliseconds)?,
        ["err", text] => io::stderr().write_all(text.as_bytes())?,
        ["exit", code] => return code.parse().map_err(io::Error::other),
        ["trap"] => std::process::abort(),
        ["loop"] => loop {
            std::hint::black_box(words);
        },
        ["fill"] => loop {
            std::mem::forget(std::hint::black_box(vec![1u8; 1 << 26]));
        },
        _ => return Err(io::Error::other("what?")),
    }
    Ok(0)
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(code) => std::process::exit(code),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1)
        }
    }
}
