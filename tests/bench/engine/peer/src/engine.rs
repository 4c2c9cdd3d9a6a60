//! The two ways to configure Wasmtime, and what its host functions share.

use std::sync::Arc;
use std::time::Duration;

use wasi_common::WasiCtx;
use wasmtime::{
    Caller, Config, Enabled, Engine, InstanceAllocationStrategy, Memory, PoolingAllocationConfig, Result, format_err,
};

pub type Store = wasmtime::Store<State>;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// As policy-server 1.36 does it: on-demand allocation, epochs that tick once a second, wasi-common.
    Reference,
    /// What Wasmtime can do for this: pooled instances over copy-on-write images, dirty pages found by PAGEMAP_SCAN and
    /// kept resident, no epochs, no backtraces, a WASI of nothing but what these guests call.
    Best,
}

/// Seconds. The reference's default is 2; what it costs is the same, and a busy machine must not end the benchmark.
pub const LIMIT_TICKS: u64 = 3600;

/// How much of a memory is reset by copying instead of giving the pages back. BENCH_KEEP_RESIDENT overrides.
const KEEP_RESIDENT: usize = 32 << 20;

/// valgrind knows neither AVX-512 nor reservations of 64 GiB. BENCH_FOR_VALGRIND is set for `compile` and `run` alike.
fn for_valgrind() -> bool {
    std::env::var_os("BENCH_FOR_VALGRIND").is_some()
}

const VALGRIND_CPU: [&str; 11] = [
    "has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_avx", "has_avx2", "has_fma", "has_popcnt", "has_bmi1",
    "has_bmi2", "has_lzcnt",
];

fn pool() -> PoolingAllocationConfig {
    let keep = std::env::var("BENCH_KEEP_RESIDENT").ok().and_then(|text| text.parse().ok()).unwrap_or(KEEP_RESIDENT);
    let memories = if for_valgrind() { 2 } else { 16 };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(32)
        .total_memories(memories)
        .total_tables(32)
        .max_tables_per_module(4)
        .table_elements(200_000)
        .max_core_instance_size(16 << 20)
        .max_memory_size(1 << 30)
        .linear_memory_keep_resident(keep)
        .table_keep_resident(2 << 20)
        .pagemap_scan(Enabled::Auto);
    pool
}

pub fn make(kind: Kind) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_function_references(true);
    if for_valgrind() {
        config.target("x86_64-unknown-linux-gnu")?;
        for flag in VALGRIND_CPU {
            unsafe { config.cranelift_flag_enable(flag) };
        }
    }
    match kind {
        Kind::Reference => {
            config.epoch_interruption(true);
        }
        Kind::Best => {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
            config.memory_init_cow(true).memory_guaranteed_dense_image_size(256 << 20);
            config.wasm_backtrace_max_frames(None);
        }
    }
    let engine = Engine::new(&config)?;
    if kind == Kind::Reference {
        let ticking = engine.weak();
        std::thread::spawn(move || {
            while let Some(engine) = ticking.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(Duration::from_secs(1));
            }
        });
    }
    Ok(engine)
}

/// The host's side of one instance.
pub struct State {
    pub payload: &'static [u8],
    pub taken: usize, // bytes of the payload that fd_read gave out
    pub answer: Vec<u8>,
    pub error: Vec<u8>,
    pub host_answer: Vec<u8>,
    pub memory: Option<Memory>, // once it is known
    pub wasi: Option<WasiCtx>,  // the reference's
    pub rego: Option<Arc<crate::rego::Calls>>,
}

impl State {
    pub fn new(payload: &'static [u8]) -> State {
        State {
            payload,
            taken: 0,
            answer: Vec::new(),
            error: Vec::new(),
            host_answer: Vec::new(),
            memory: None,
            wasi: None,
            rego: None,
        }
    }
}

/// All of the guest's memory, and the state beside it.
pub fn memory<'a>(caller: &'a mut Caller<'_, State>) -> Result<(&'a mut [u8], &'a mut State)> {
    let memory = match caller.data().memory {
        Some(memory) => memory,
        None => caller
            .get_export("memory")
            .and_then(|found| found.into_memory())
            .ok_or_else(|| format_err!("the guest exports no memory"))?,
    };
    Ok(memory.data_and_store_mut(caller))
}

/// Bytes of a guest, checked.
pub fn slice(memory: &mut [u8], at: i32, size: usize) -> Result<&mut [u8]> {
    let at = at as u32 as usize;
    memory.get_mut(at..at + size).ok_or_else(|| format_err!("{size} bytes at {at:#x} are not the guest's"))
}

pub fn put_u32(memory: &mut [u8], at: i32, value: u32) -> Result<()> {
    slice(memory, at, 4)?.copy_from_slice(&value.to_le_bytes());
    Ok(())
}

pub fn get_u32(memory: &mut [u8], at: i32) -> Result<u32> {
    Ok(u32::from_le_bytes(slice(memory, at, 4)?.try_into().expect("four bytes")))
}
