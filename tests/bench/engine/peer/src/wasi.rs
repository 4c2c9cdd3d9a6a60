//! Plain WASI guests, and the WASI of the others: wasi-common for the reference, a minimum of our own for the best.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use wasi_common::WasiCtx;
use wasi_common::pipe::{ReadPipe, WritePipe};
use wasi_common::sync::WasiCtxBuilder;
use wasi_common::sync::snapshots::preview_1;
use wasmtime::{Caller, Engine, Error, ExternType, InstancePre, Linker, Module, Result, Val, bail};

use crate::engine::{Kind, State, Store, get_u32, memory, put_u32, slice};
use crate::{Policy, new_store};

const MODULE: &str = "wasi_snapshot_preview1";
const ARGUMENTS: [&str; 2] = ["policy.wasm", "validate"];
const BADF: i32 = 8;

#[derive(Debug)]
struct Exit(i32);

impl std::fmt::Display for Exit {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "exit code {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// proc_exit(0) is a normal end.
pub fn ignore_exit(ended: Result<()>) -> Result<()> {
    let Err(error) = ended else { return Ok(()) };
    let code = error.downcast_ref::<Exit>().map(|exit| exit.0);
    let code = code.or_else(|| error.downcast_ref::<wasi_common::I32Exit>().map(|exit| exit.0));
    if code == Some(0) { Ok(()) } else { Err(error) }
}

pub fn context() -> Result<WasiCtx> {
    Ok(WasiCtxBuilder::new().build())
}

/// Everything that nobody defined fails: with BADF, or as a host call that was refused.
fn add_rest(linker: &mut Linker<State>, module: &Module) -> Result<()> {
    linker.allow_shadowing(true);
    for import in module.imports() {
        let ExternType::Func(kind) = import.ty() else { continue };
        if linker.get_by_import(&mut wasmtime::Store::new(module.engine(), State::new(&[])), &import).is_some() {
            continue;
        }
        let errno = if import.module() == MODULE { BADF } else { 1 };
        linker.func_new(import.module(), import.name(), kind, move |_, _, results| {
            results.iter_mut().for_each(|result| *result = Val::I32(errno));
            Ok(())
        })?;
    }
    Ok(())
}

pub fn add_imports(kind: Kind, linker: &mut Linker<State>, module: &Module) -> Result<()> {
    match kind {
        Kind::Reference => {
            preview_1::add_wasi_snapshot_preview1_to_linker(linker, |state: &mut State| {
                state.wasi.as_mut().expect("made with the store")
            })?;
        }
        Kind::Best => {
            add_process(linker)?;
            add_files(linker)?;
        }
    }
    add_rest(linker, module)
}

fn add_process(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "args_sizes_get", |mut caller: Caller<'_, State>, count: i32, size: i32| {
        let (memory, _) = memory(&mut caller)?;
        put_u32(memory, count, ARGUMENTS.len() as u32)?;
        put_u32(memory, size, ARGUMENTS.iter().map(|text| text.len() as u32 + 1).sum())?;
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "args_get", |mut caller: Caller<'_, State>, list: i32, text: i32| {
        let (memory, _) = memory(&mut caller)?;
        let mut at = text;
        for (n, argument) in ARGUMENTS.iter().enumerate() {
            put_u32(memory, list + 4 * n as i32, at as u32)?;
            let place = slice(memory, at, argument.len() + 1)?;
            place[..argument.len()].copy_from_slice(argument.as_bytes());
            place[argument.len()] = 0;
            at += argument.len() as i32 + 1;
        }
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "environ_sizes_get", |mut caller: Caller<'_, State>, count: i32, size: i32| {
        let (memory, _) = memory(&mut caller)?;
        put_u32(memory, count, 0)?;
        put_u32(memory, size, 0)?;
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "environ_get", |_: Caller<'_, State>, _: i32, _: i32| 0i32)?;
    linker.func_wrap(MODULE, "clock_time_get", |mut caller: Caller<'_, State>, _: i32, _: i64, at: i32| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64;
        let (memory, _) = memory(&mut caller)?;
        slice(memory, at, 8)?.copy_from_slice(&now.to_le_bytes());
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "random_get", |mut caller: Caller<'_, State>, at: i32, size: i32| {
        let (memory, _) = memory(&mut caller)?;
        let place = slice(memory, at, size as u32 as usize)?;
        let got = unsafe { libc::getrandom(place.as_mut_ptr().cast(), place.len(), 0) };
        Result::<i32>::Ok(if got == place.len() as isize { 0 } else { 29 })
    })?;
    linker.func_wrap(MODULE, "sched_yield", |_: Caller<'_, State>| 0i32)?;
    linker.func_wrap(MODULE, "proc_exit", |_: Caller<'_, State>, code: i32| Result::<()>::Err(Error::new(Exit(code))))?;
    // Nothing sleeps: every subscription is due at once.
    linker.func_wrap(
        MODULE,
        "poll_oneoff",
        |mut caller: Caller<'_, State>, wanted: i32, events: i32, count: i32, made: i32| {
            let (memory, _) = memory(&mut caller)?;
            for n in 0..count {
                let mut event = [0u8; 32];
                let subscription = slice(memory, wanted + 48 * n, 48)?;
                event[..8].copy_from_slice(&subscription[..8]);
                event[10] = subscription[8];
                slice(memory, events + 32 * n, 32)?.copy_from_slice(&event);
            }
            put_u32(memory, made, count as u32)?;
            Result::<i32>::Ok(0)
        },
    )?;
    Ok(())
}

fn add_files(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "fd_read", |mut caller: Caller<'_, State>, fd: i32, list: i32, count: i32, made: i32| {
        if fd != 0 {
            return Ok(BADF);
        }
        let (memory, state) = memory(&mut caller)?;
        let mut total = 0;
        for n in 0..count {
            let (at, size) = (get_u32(memory, list + 8 * n)?, get_u32(memory, list + 8 * n + 4)? as usize);
            let rest = &state.payload[state.taken..];
            let size = size.min(rest.len());
            slice(memory, at as i32, size)?.copy_from_slice(&rest[..size]);
            state.taken += size;
            total += size as u32;
        }
        put_u32(memory, made, total)?;
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "fd_write", |mut caller: Caller<'_, State>, fd: i32, list: i32, count: i32, made: i32| {
        let (memory, state) = memory(&mut caller)?;
        let mut total = 0;
        for n in 0..count {
            let (at, size) = (get_u32(memory, list + 8 * n)?, get_u32(memory, list + 8 * n + 4)? as usize);
            let bytes = slice(memory, at as i32, size)?;
            match fd {
                1 => state.answer.extend_from_slice(bytes),
                2 => state.error.extend_from_slice(bytes),
                _ => return Ok(BADF),
            }
            total += size as u32;
        }
        put_u32(memory, made, total)?;
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "fd_fdstat_get", |mut caller: Caller<'_, State>, fd: i32, at: i32| {
        if !(0..3).contains(&fd) {
            return Ok(BADF);
        }
        let (memory, _) = memory(&mut caller)?;
        let place = slice(memory, at, 24)?;
        place.fill(0xff); // every right
        place[..8].copy_from_slice(&[2, 0, 0, 0, 0, 0, 0, 0]); // a character device without flags
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "fd_fdstat_set_flags", |_: Caller<'_, State>, _: i32, _: i32| 0i32)?;
    linker.func_wrap(MODULE, "fd_close", |_: Caller<'_, State>, _: i32| 0i32)?;
    Ok(())
}

pub struct Wasi {
    engine: Engine,
    kind: Kind,
    pre: InstancePre<State>,
    payload: &'static [u8],
}

impl Wasi {
    pub fn new(kind: Kind, module: &Module, payload: &'static [u8]) -> Result<Wasi> {
        let mut linker = Linker::new(module.engine());
        add_imports(kind, &mut linker, module)?;
        Ok(Wasi { engine: module.engine().clone(), kind, pre: linker.instantiate_pre(module)?, payload })
    }
}

impl Policy for Wasi {
    fn ask(&self) -> Result<(Store, Value, Instant)> {
        let mut store = new_store(&self.engine, self.kind, State::new(self.payload));
        let output = WritePipe::new_in_memory();
        let errors = WritePipe::new_in_memory();
        if self.kind == Kind::Reference {
            let wasi = WasiCtxBuilder::new()
                .args(&ARGUMENTS.map(str::to_string))?
                .stdin(Box::new(ReadPipe::from(self.payload)))
                .stdout(Box::new(output.clone()))
                .stderr(Box::new(errors.clone()))
                .build();
            store.data_mut().wasi = Some(wasi);
        }
        let instance = self.pre.instantiate(&mut store)?;
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        let ready = Instant::now();
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        if let Err(error) = ignore_exit(start.call(&mut store, ())) {
            bail!("{error}: {}", String::from_utf8_lossy(&store.data().error));
        }
        if self.kind == Kind::Reference {
            store.data_mut().wasi = None;
            store.data_mut().answer = output.try_into_inner().expect("the context is gone").into_inner();
        }
        let answer = serde_json::from_slice(&store.data().answer)?;
        Ok((store, answer, ready))
    }
}
