//! One evaluation in process, on Wasmtime: the peer of ../evaluate.c. `../run` calls it and says what is compared.
//!
//!   bench-peer compile reference|best POLICY.wasm COMPILED
//!   bench-peer run     reference|best MODE COMPILED PAYLOAD DATA THREADS COUNT
//!
//! `run` prints one JSON object. Timed: a fresh store and instance, the call, the answer parsed as JSON, the store
//! dropped. Not timed, in the peer's favour: making the payload and turning the answer into a response or a patch.

mod engine;
mod rego;
mod wapc;
mod wasi;

use std::sync::Barrier;
use std::time::Instant;

use serde_json::{Value, json};
use wasmtime::{Module, Result, bail};

use engine::{Kind, State};

pub trait Policy: Sync {
    /// One request: what the guest answered, and when its instance was ready.
    fn ask(&self) -> Result<(engine::Store, Value, Instant)>;
}

const WARM_UP: usize = 50; // requests

struct Sample {
    times: Vec<u64>,
    instance_ns: u64,
    faults: i64,
    answer: Value,
}

fn faults() -> i64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init().ru_minflt
    }
}

fn measure(policy: &dyn Policy, count: usize, start_line: &Barrier) -> Result<Sample> {
    let mut sample = Sample { times: Vec::with_capacity(count), instance_ns: 0, faults: 0, answer: Value::Null };
    for n in 0..WARM_UP + count {
        if n == WARM_UP {
            sample.instance_ns = 0;
            start_line.wait();
            sample.faults = faults();
        }
        let start = Instant::now();
        let (store, answer, ready) = policy.ask()?;
        let answered = Instant::now();
        drop(store);
        let end = Instant::now();
        if n >= WARM_UP {
            sample.times.push((end - start).as_nanos() as u64);
        }
        sample.instance_ns += ((ready - start) + (end - answered)).as_nanos() as u64;
        sample.answer = answer;
    }
    sample.faults = faults() - sample.faults;
    Ok(sample)
}

fn run(kind: Kind, arguments: &[String]) -> Result<()> {
    let [mode, compiled, payload, data, threads, count] = arguments else { bail!("usage: see the head of main.rs") };
    let (threads, count): (usize, usize) = (threads.parse()?, count.parse()?);
    let engine = engine::make(kind)?;
    let module = unsafe { Module::deserialize_file(&engine, compiled)? };
    let payload: &'static [u8] = std::fs::read(payload)?.leak();
    let policy: Box<dyn Policy> = match mode.as_str() {
        "kubewarden-wapc" => Box::new(wapc::Wapc::new(kind, &module, payload)?),
        "wasi" => Box::new(wasi::Wasi::new(kind, &module, payload)?),
        "opa" | "gatekeeper" => Box::new(rego::Rego::new(kind, &module, payload, std::fs::read(data)?.leak())?),
        _ => bail!("no such mode: {mode}"),
    };

    let start_line = Barrier::new(threads);
    let samples: Vec<Sample> = std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| measure(policy.as_ref(), count, &start_line))).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread panicked")).collect::<Result<_>>()
    })?;

    let mut times: Vec<u64> = samples.iter().flat_map(|sample| sample.times.iter().copied()).collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    let instance: u64 = samples.iter().map(|sample| sample.instance_ns).sum();
    let total: u64 = times.iter().sum();
    let figures = json!({
        "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999),
        "reset_share": instance as f64 / total as f64,
        "faults": samples.iter().map(|sample| sample.faults).sum::<i64>() as f64 / times.len() as f64,
        "answer": samples[0].answer,
    });
    println!("{figures}");
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kind = match arguments.get(1).map(String::as_str) {
        Some("reference") => Kind::Reference,
        Some("best") => Kind::Best,
        _ => bail!("usage: bench-peer compile|run reference|best …"),
    };
    match arguments[0].as_str() {
        "compile" => {
            let module = Module::from_file(&engine::make(kind)?, &arguments[2])?;
            Ok(std::fs::write(&arguments[3], module.serialize()?)?)
        }
        _ => run(kind, &arguments[2..]),
    }
}

/// The store of one request; all modes share its type.
pub fn new_store(engine: &wasmtime::Engine, kind: Kind, state: State) -> engine::Store {
    let mut store = wasmtime::Store::new(engine, state);
    if kind == Kind::Reference {
        store.set_epoch_deadline(engine::LIMIT_TICKS);
    }
    store
}
