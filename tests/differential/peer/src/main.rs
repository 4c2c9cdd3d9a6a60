//! Makes random modules and writes down what Wasmtime makes of them.
//!
//!   differential-peer make --seed N --first N --count N --folder FOLDER [--shape smith|dense|both]
//!                          [--lowered] [--fuel]
//!   differential-peer play FILE.wasm --seed N [--fuel]
//!
//! `make` writes FOLDER/SEED-INDEX.wasm and .script for each index; the same numbers make the same
//! files. `play` prints the script of a module from elsewhere.

mod dense;
mod play;
mod random;
mod smith;

use random::Random;
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

struct Options {
    words: Vec<String>,
    values: HashMap<String, String>,
    is_lowered: bool,
    has_fuel: bool,
}

impl Options {
    fn read() -> Result<Options, Failure> {
        let mut options = Options {
            words: Vec::new(),
            values: HashMap::new(),
            is_lowered: false,
            has_fuel: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            if argument == "--lowered" {
                options.is_lowered = true;
            } else if argument == "--fuel" {
                options.has_fuel = true;
            } else if let Some(name) = argument.strip_prefix("--") {
                let value = arguments.next().ok_or(format!("--{name} wants a value"))?;
                options.values.insert(name.to_string(), value);
            } else {
                options.words.push(argument);
            }
        }
        Ok(options)
    }

    fn number(&self, name: &str, default: u64) -> Result<u64, Failure> {
        match self.values.get(name) {
            Some(text) => Ok(text.parse().map_err(|_| format!("--{name} {text}: not a number"))?),
            None => Ok(default),
        }
    }

    fn text(&self, name: &str, default: &str) -> String {
        self.values.get(name).cloned().unwrap_or(default.to_string())
    }
}

fn random_of(seed: u64, index: u64) -> Random {
    Random::new(seed.wrapping_mul(1_000_000_007).wrapping_add(index))
}

fn make(options: &Options) -> Result<(), Failure> {
    let seed = options.number("seed", 1)?;
    let first = options.number("first", 0)?;
    let count = options.number("count", 1)?;
    let folder = options.text("folder", ".");
    let shape = options.text("shape", "both");
    let engine = play::engine(options.has_fuel);
    for index in first..first + count {
        let mut random = random_of(seed, index);
        let wasm = if shape == "dense" || (shape == "both" && index % 2 == 1) {
            dense::make(&mut random, options.is_lowered)
        } else {
            smith::make(&mut random, options.is_lowered)
        };
        let path = Path::new(&folder).join(format!("{seed}-{index:06}.wasm"));
        std::fs::write(&path, &wasm)?;
        let script = play::script(&engine, &wasm, options.has_fuel, &mut random)
            .map_err(|error| format!("{}: {error:#}", path.display()))?;
        std::fs::write(path.with_extension("script"), script)?;
    }
    Ok(())
}

fn play_one(options: &Options) -> Result<(), Failure> {
    let path = options.words.get(1).ok_or("play wants a file")?;
    let wasm = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let mut random = Random::new(options.number("seed", 1)?);
    let engine = play::engine(options.has_fuel);
    print!("{}", play::script(&engine, &wasm, options.has_fuel, &mut random)?);
    Ok(())
}

fn run() -> Result<(), Failure> {
    let options = Options::read()?;
    match options.words.first().map(String::as_str) {
        Some("make") => make(&options),
        Some("play") => play_one(&options),
        _ => Err("say make or play; the head of main.rs tells the options".into()),
    }
}

fn main() -> ExitCode {
    // Wasmtime checks the stack that a guest may use against that of the thread.
    let thread = std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| run().map_err(|error| error.to_string()));
    match thread.expect("a thread").join() {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(text)) => {
            eprintln!("Error: {text}");
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}
