//! What Wasmtime's fuel says of a policy: of its start, and of one evaluation behind it.
//!
//! The host does in this order what Chimera's does, and answers the same, for what a host answers decides what a guest
//! runs next. Of random numbers and the clock both have their own, so a policy that goes by them has no exact figure.
//! Rego gets its values as texts, as Chimera hands them over where it does not know a guest's memory.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use wasmtime::{
    AsContext, AsContextMut, Caller, Config, Engine, Error, ExternType, Instance, Linker, Memory, MemoryType, Module,
    Result, Store, Val, bail, format_err,
};

const TANK: u64 = 1 << 62;
const MODULE: &str = "wasi_snapshot_preview1";
const ARGUMENTS: [&str; 2] = ["policy.wasm", "validate"];
const BADF: i32 = 8;
const LEAST_PAGES: u64 = 5; // of a Rego policy's memory

struct State {
    payload: Vec<u8>,
    taken: usize,                             // by fd_read
    input_at: Option<u64>,                    // the fuel that was used when it was first called
    builtins: Option<Arc<HashMap<i32, String>>>, // once they are known
    memory: Option<Memory>,                   // that is imported
}

#[derive(Debug)]
struct Exit(i32);

impl std::fmt::Display for Exit {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "exit code {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// What was used before the snapshot, and behind it.
pub struct Fuel {
    pub start: u64,
    pub evaluation: u64,
}

fn used(store: impl AsContext<Data = State>) -> u64 {
    TANK - store.as_context().get_fuel().expect("an engine with fuel")
}

fn memory(caller: &mut Caller<'_, State>) -> Result<Memory> {
    let exported = caller.get_export("memory").and_then(|found| found.into_memory());
    exported.or(caller.data().memory).ok_or_else(|| format_err!("the guest has no memory"))
}

fn read(caller: &mut Caller<'_, State>, at: i32, size: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; size];
    memory(caller)?.read(caller, at as u32 as usize, &mut bytes)?;
    Ok(bytes)
}

fn write(caller: &mut Caller<'_, State>, at: i32, bytes: &[u8]) -> Result<()> {
    Ok(memory(caller)?.write(caller, at as u32 as usize, bytes)?)
}

fn put(caller: &mut Caller<'_, State>, at: i32, number: usize) -> Result<()> {
    write(caller, at, &(number as u32).to_le_bytes())
}

fn get(caller: &mut Caller<'_, State>, at: i32) -> Result<i32> {
    Ok(i32::from_le_bytes(read(caller, at, 4)?.try_into().expect("four bytes")))
}

fn good_end(ended: Result<()>) -> Result<()> {
    match ended {
        Err(error) if error.downcast_ref::<Exit>().is_some_and(|exit| exit.0 == 0) => Ok(()),
        ended => ended,
    }
}

// ---- imports ---------------------------------------------------------------------------------------------------------

fn add_wapc(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, State>, operation: i32, payload: i32| {
        let bytes = caller.data().payload.clone();
        write(&mut caller, payload, &bytes)?;
        write(&mut caller, operation, b"validate")
    })?;
    linker.func_wrap("wapc", "__guest_response", |_: Caller<'_, State>, _: i32, _: i32| {})?;
    linker.func_wrap("wapc", "__guest_error", |_: Caller<'_, State>, _: i32, _: i32| {})?;
    Ok(())
}

fn fd_read(mut caller: Caller<'_, State>, fd: i32, list: i32, count: i32, made: i32) -> Result<i32> {
    if fd != 0 {
        return Ok(BADF);
    }
    if caller.data().input_at.is_none() {
        let now = used(&caller);
        caller.data_mut().input_at = Some(now);
    }
    let mut total = 0;
    for n in 0..count {
        let (at, size) = (get(&mut caller, list + 8 * n)?, get(&mut caller, list + 8 * n + 4)? as usize);
        let state = caller.data_mut();
        let rest = state.payload[state.taken..].to_vec();
        let size = size.min(rest.len());
        state.taken += size;
        write(&mut caller, at, &rest[..size])?;
        total += size;
    }
    put(&mut caller, made, total)?;
    Ok(0)
}

fn fd_write(mut caller: Caller<'_, State>, _: i32, list: i32, count: i32, made: i32) -> Result<i32> {
    let mut total = 0;
    for n in 0..count {
        total += get(&mut caller, list + 8 * n + 4)? as usize;
    }
    put(&mut caller, made, total)?;
    Ok(0)
}

fn add_wasi(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "args_sizes_get", |mut caller: Caller<'_, State>, count: i32, size: i32| {
        put(&mut caller, count, ARGUMENTS.len())?;
        put(&mut caller, size, ARGUMENTS.iter().map(|text| text.len() + 1).sum())?;
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "args_get", |mut caller: Caller<'_, State>, list: i32, text: i32| {
        let mut at = text;
        for (n, argument) in ARGUMENTS.iter().enumerate() {
            put(&mut caller, list + 4 * n as i32, at as usize)?;
            write(&mut caller, at, &[argument.as_bytes(), b"\0"].concat())?;
            at += argument.len() as i32 + 1;
        }
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "environ_sizes_get", |mut caller: Caller<'_, State>, count: i32, size: i32| {
        put(&mut caller, count, 0)?;
        put(&mut caller, size, 0)?;
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "environ_get", |_: Caller<'_, State>, _: i32, _: i32| 0i32)?;
    linker.func_wrap(MODULE, "random_get", |mut caller: Caller<'_, State>, at: i32, size: i32| {
        let bytes: Vec<u8> = (0..size).map(|n| (n * 37 + 11) as u8).collect();
        write(&mut caller, at, &bytes)?;
        Result::<i32>::Ok(0)
    })?;
    linker.func_wrap(MODULE, "proc_exit", |_: Caller<'_, State>, code: i32| Result::<()>::Err(Error::new(Exit(code))))?;
    linker.func_wrap(MODULE, "fd_read", fd_read)?;
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    Ok(())
}

/// What nobody calls in an evaluation that has a figure.
fn add_rest(engine: &Engine, linker: &mut Linker<State>, module: &Module) -> Result<()> {
    for import in module.imports() {
        let ExternType::Func(kind) = import.ty() else { continue };
        let mut store = Store::new(engine, state(Vec::new()));
        if linker.get_by_import(&mut store, &import).is_some() {
            continue;
        }
        let name = format!("{}.{}", import.module(), import.name());
        linker.func_new(import.module(), import.name(), kind, move |_, _, _: &mut [Val]| {
            bail!("the peer has no {name}")
        })?;
    }
    Ok(())
}

// ---- Rego ------------------------------------------------------------------------------------------------------------

fn call(mut store: impl AsContextMut<Data = State>, instance: &Instance, name: &str, values: &[i32]) -> Result<i32> {
    let function =
        instance.get_func(&mut store, name).ok_or_else(|| format_err!("the guest has no {name}"))?;
    let values: Vec<Val> = values.iter().map(|&value| Val::I32(value)).collect();
    let mut results = vec![Val::I32(0); function.ty(&store).results().len()];
    function.call(&mut store, &values, &mut results)?;
    Ok(results.first().map_or(0, Val::unwrap_i32))
}

fn text_at(store: impl AsContext<Data = State>, at: i32) -> Result<String> {
    let store = store.as_context();
    let memory = store.data().memory.ok_or_else(|| format_err!("the guest has no memory"))?;
    let rest = memory.data(&store).get(at as u32 as usize..).unwrap_or_default();
    let size = rest.iter().position(|&byte| byte == 0).ok_or_else(|| format_err!("a text without an end"))?;
    Ok(String::from_utf8(rest[..size].to_vec())?)
}

fn push(store: &mut Store<State>, instance: &Instance, text: &[u8]) -> Result<i32> {
    let at = call(&mut *store, instance, "opa_malloc", &[text.len() as i32])?;
    store.data().memory.expect("it is imported").write(&mut *store, at as u32 as usize, text)?;
    call(&mut *store, instance, "opa_json_parse", &[at, text.len() as i32])
}

fn pull(store: &mut Store<State>, instance: &Instance, value: i32) -> Result<Value> {
    let at = call(&mut *store, instance, "opa_json_dump", &[value])?;
    Ok(serde_json::from_str(&text_at(&*store, at)?)?)
}

/// %s, %v and %d of strings and whole numbers: what the sample policies use.
fn sprintf(form: &str, values: &[Value]) -> String {
    let mut values = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_string));
    let mut pieces = form.split('%');
    let mut text = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        text += &values.next().unwrap_or_default();
        text += piece.get(1..).unwrap_or_default();
    }
    text
}

fn invoke(caller: &mut Caller<'_, State>, name: &str, values: &[i32]) -> Result<i32> {
    let function = caller.get_export(name).and_then(|found| found.into_func());
    let function = function.ok_or_else(|| format_err!("the guest has no {name}"))?;
    let values: Vec<Val> = values.iter().map(|&value| Val::I32(value)).collect();
    let mut results = [Val::I32(0)];
    function.call(&mut *caller, &values, &mut results)?;
    Ok(results[0].unwrap_i32())
}

fn builtin(mut caller: Caller<'_, State>, number: i32, values: &[i32]) -> Result<i32> {
    let names = caller.data().builtins.clone().ok_or_else(|| format_err!("a builtin during the start"))?;
    let mut dumps = Vec::new();
    for &value in values {
        dumps.push(invoke(&mut caller, "opa_value_dump", &[value])?);
    }
    let mut arguments = Vec::new();
    for at in dumps {
        arguments.push(serde_json::from_str(&text_at(&caller, at)?)?);
    }
    let answer = match (names.get(&number).map(String::as_str), arguments.as_slice()) {
        (Some("sprintf"), [Value::String(form), Value::Array(values)]) => Value::String(sprintf(form, values)),
        (name, _) => bail!("the peer has no builtin {name:?}"),
    };
    let text = answer.to_string();
    let at = invoke(&mut caller, "opa_malloc", &[text.len() as i32])?;
    write(&mut caller, at, text.as_bytes())?;
    invoke(&mut caller, "opa_value_parse", &[at, text.len() as i32])
}

fn add_builtins(linker: &mut Linker<State>) -> Result<()> {
    type Host<'a> = Caller<'a, State>;
    linker.func_wrap("env", "opa_builtin0", |c: Host<'_>, n: i32, _: i32| builtin(c, n, &[]))?;
    linker.func_wrap("env", "opa_builtin1", |c: Host<'_>, n: i32, _: i32, v: i32| builtin(c, n, &[v]))?;
    linker.func_wrap("env", "opa_builtin2", |c: Host<'_>, n: i32, _: i32, v: i32, w: i32| builtin(c, n, &[v, w]))?;
    linker.func_wrap("env", "opa_builtin3", |c: Host<'_>, n: i32, _: i32, v: i32, w: i32, x: i32| {
        builtin(c, n, &[v, w, x])
    })?;
    Ok(())
}

fn rego(store: &mut Store<State>, instance: &Instance, data: &[u8]) -> Result<Fuel> {
    let payload = store.data().payload.clone();
    let at = call(&mut *store, instance, "builtins", &[])?;
    let Value::Object(table) = pull(store, instance, at)? else { bail!("no table of builtins") };
    let names = table.into_iter().map(|(name, number)| (number.as_i64().unwrap_or(-1) as i32, name)).collect();
    store.data_mut().builtins = Some(Arc::new(names));
    let at = call(&mut *store, instance, "entrypoints", &[])?;
    pull(store, instance, at)?;
    let data = push(store, instance, data)?;
    let heap = call(&mut *store, instance, "opa_heap_ptr_get", &[])?;
    call(&mut *store, instance, "opa_heap_ptr_set", &[heap])?;
    let start = used(&*store);
    let input = push(store, instance, &payload)?;
    let context = call(&mut *store, instance, "opa_eval_ctx_new", &[])?;
    call(&mut *store, instance, "opa_eval_ctx_set_input", &[context, input])?;
    call(&mut *store, instance, "opa_eval_ctx_set_data", &[context, data])?;
    call(&mut *store, instance, "opa_eval_ctx_set_entrypoint", &[context, 0])?;
    call(&mut *store, instance, "eval", &[context])?;
    let result = call(&mut *store, instance, "opa_eval_ctx_get_result", &[context])?;
    pull(store, instance, result)?;
    Ok(Fuel { start, evaluation: used(&*store) - start })
}

// ---- all -------------------------------------------------------------------------------------------------------------

fn state(payload: Vec<u8>) -> State {
    State { payload, taken: 0, input_at: None, builtins: None, memory: None }
}

fn wapc(store: &mut Store<State>, instance: &Instance) -> Result<Fuel> {
    let first = if instance.get_func(&mut *store, "_start").is_some() { "_start" } else { "_initialize" };
    for name in [first, "wapc_init"] {
        if let Ok(function) = instance.get_typed_func::<(), ()>(&mut *store, name) {
            good_end(function.call(&mut *store, ()))?;
        }
    }
    let start = used(&*store);
    let size = store.data().payload.len() as i32;
    call(&mut *store, instance, "__guest_call", &["validate".len() as i32, size])?;
    Ok(Fuel { start, evaluation: used(&*store) - start })
}

fn wasi(store: &mut Store<State>, instance: &Instance) -> Result<Fuel> {
    let function = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
    good_end(function.call(&mut *store, ()))?;
    let start = store.data().input_at.ok_or_else(|| format_err!("it never reads its input"))?;
    Ok(Fuel { start, evaluation: used(&*store) - start })
}

pub fn fuel(mode: &str, wasm: &[u8], payload: Vec<u8>, data: &[u8]) -> Result<Fuel> {
    let mut config = Config::new();
    config.consume_fuel(true).wasm_function_references(true);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, wasm)?;
    let mut linker = Linker::new(&engine);
    let mut store = Store::new(&engine, state(payload));
    store.set_fuel(TANK)?;
    add_wapc(&mut linker)?;
    add_wasi(&mut linker)?;
    add_builtins(&mut linker)?;
    add_rest(&engine, &mut linker, &module)?;
    let imported = module.imports().find_map(|import| import.ty().memory().map(|memory| memory.minimum()));
    if let Some(pages) = imported {
        let memory = Memory::new(&mut store, MemoryType::new(pages.max(LEAST_PAGES) as u32, None))?;
        store.data_mut().memory = Some(memory);
        linker.define(&mut store, "env", "memory", memory)?;
    }
    let instance = linker.instantiate(&mut store, &module)?;
    match mode {
        "kubewarden-wapc" => wapc(&mut store, &instance),
        "wasi" => wasi(&mut store, &instance),
        "opa" | "gatekeeper" => rego(&mut store, &instance, data),
        _ => bail!("no such mode: {mode}"),
    }
}
