//! Rego modules: data and input pushed as JSON text, the result pulled the same way.
//!
//! The reference reads the tables of builtins and of entry points from each instance and goes through the evaluation
//! context; the best keeps the table and uses the one-call `opa_eval`. The memory is imported, so the reference makes one
//! on the host's side a request; the best takes it from the pool, through a module that only has a memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use wasmtime::{
    AsContext, AsContextMut, Caller, Engine, Instance, Linker, Memory, MemoryType, Module, Result, TypedFunc, bail,
    format_err,
};

use crate::engine::{Kind, State, Store, slice};
use crate::{Policy, new_store};

const LEAST_PAGES: u64 = 5;

/// What builtins need of their instance.
pub struct Calls {
    memory: Memory,
    malloc: TypedFunc<i32, i32>,
    parse: TypedFunc<(i32, i32), i32>,
    dump: TypedFunc<i32, i32>,
    builtins: Arc<HashMap<i32, String>>,
}

impl Calls {
    fn push(&self, mut store: impl AsContextMut<Data = State>, text: &[u8]) -> Result<i32> {
        let at = self.malloc.call(&mut store, text.len() as i32)?;
        slice(self.memory.data_mut(&mut store), at, text.len())?.copy_from_slice(text);
        match self.parse.call(&mut store, (at, text.len() as i32))? {
            0 => bail!("the guest cannot parse its input"),
            value => Ok(value),
        }
    }

    fn string(&self, store: impl AsContext<Data = State>, at: i32) -> Result<Vec<u8>> {
        let store = store.as_context();
        let rest = self.memory.data(&store).get(at as u32 as usize..).unwrap_or_default();
        let size = rest.iter().position(|&byte| byte == 0).ok_or_else(|| format_err!("a string without an end"))?;
        Ok(rest[..size].to_vec())
    }

    fn pull(&self, mut store: impl AsContextMut<Data = State>, value: i32) -> Result<Value> {
        let at = self.dump.call(&mut store, value)?;
        Ok(serde_json::from_slice(&self.string(&store, at)?)?)
    }
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

fn builtin(mut caller: Caller<'_, State>, number: i32, values: &[i32]) -> Result<i32> {
    let calls = caller.data().rego.clone().ok_or_else(|| format_err!("a builtin during the start"))?;
    let values: Vec<Value> = values.iter().map(|&value| calls.pull(&mut caller, value)).collect::<Result<_>>()?;
    let answer = match (calls.builtins.get(&number).map(String::as_str), values.as_slice()) {
        (Some("sprintf"), [Value::String(form), Value::Array(values)]) => Value::String(sprintf(form, values)),
        (name, _) => bail!("the peer has no builtin {name:?}"),
    };
    calls.push(&mut caller, answer.to_string().as_bytes())
}

fn add_imports(linker: &mut Linker<State>) -> Result<()> {
    type Host<'a> = Caller<'a, State>;
    linker.func_wrap("env", "opa_abort", |_: Host<'_>, _: i32| Result::<()>::Err(format_err!("opa_abort")))?;
    linker.func_wrap("env", "opa_println", |_: Host<'_>, _: i32| {})?;
    linker.func_wrap("env", "opa_builtin0", |c: Host<'_>, n: i32, _: i32| builtin(c, n, &[]))?;
    linker.func_wrap("env", "opa_builtin1", |c: Host<'_>, n: i32, _: i32, v: i32| builtin(c, n, &[v]))?;
    linker.func_wrap("env", "opa_builtin2", |c: Host<'_>, n: i32, _: i32, v: i32, w: i32| builtin(c, n, &[v, w]))?;
    linker.func_wrap("env", "opa_builtin3", |c: Host<'_>, n: i32, _: i32, v: i32, w: i32, x: i32| {
        builtin(c, n, &[v, w, x])
    })?;
    linker.func_wrap("env", "opa_builtin4", |c: Host<'_>, n: i32, _: i32, v: i32, w: i32, x: i32, y: i32| {
        builtin(c, n, &[v, w, x, y])
    })?;
    Ok(())
}

/// A module with a memory and nothing else: `(module (memory (export "memory") pages))`; fewer than 128 pages.
fn memory_module(engine: &Engine, pages: u64) -> Result<Module> {
    let mut bytes = b"\0asm\x01\0\0\0\x05\x03\x01\x00".to_vec();
    bytes.push(u8::try_from(pages).ok().filter(|&pages| pages < 128).ok_or_else(|| format_err!("a large memory"))?);
    bytes.extend_from_slice(b"\x07\x0a\x01\x06memory\x02\x00");
    Module::new(engine, bytes)
}

pub struct Rego {
    engine: Engine,
    kind: Kind,
    linker: Linker<State>,
    module: Module,
    pages: u64,
    memory_module: Module,
    builtins: Arc<HashMap<i32, String>>,
    payload: &'static [u8],
    data: &'static [u8],
}

impl Rego {
    pub fn new(kind: Kind, module: &Module, payload: &'static [u8], data: &'static [u8]) -> Result<Rego> {
        let engine = module.engine().clone();
        let mut linker = Linker::new(&engine);
        add_imports(&mut linker)?;
        let imported = module.imports().find_map(|import| import.ty().memory().map(|memory| memory.minimum()));
        let pages = imported.unwrap_or(0).max(LEAST_PAGES);
        let memory_module = memory_module(&engine, pages)?;
        let none = Arc::new(HashMap::new());
        let mut rego =
            Rego { engine, kind, linker, module: module.clone(), pages, memory_module, builtins: none, payload, data };
        let mut store = rego.store();
        let instance = rego.instantiate(&mut store)?;
        let calls = rego.calls(&mut store, &instance)?;
        rego.builtins = Arc::new(read_builtins(&mut store, &instance, &calls)?);
        Ok(rego)
    }

    fn store(&self) -> Store {
        new_store(&self.engine, self.kind, State::new(self.payload))
    }

    fn instantiate(&self, store: &mut Store) -> Result<Instance> {
        let memory = match self.kind {
            Kind::Reference => Memory::new(&mut *store, MemoryType::new(self.pages as u32, None))?,
            Kind::Best => Instance::new(&mut *store, &self.memory_module, &[])?
                .get_memory(&mut *store, "memory")
                .expect("it has nothing else"),
        };
        store.data_mut().memory = Some(memory);
        let mut linker = self.linker.clone();
        linker.define(&mut *store, "env", "memory", memory)?;
        linker.instantiate(store, &self.module)
    }

    fn calls(&self, store: &mut Store, instance: &Instance) -> Result<Calls> {
        Ok(Calls {
            memory: store.data().memory.expect("set by instantiate"),
            malloc: instance.get_typed_func(&mut *store, "opa_malloc")?,
            parse: instance.get_typed_func(&mut *store, "opa_json_parse")?,
            dump: instance.get_typed_func(&mut *store, "opa_json_dump")?,
            builtins: self.builtins.clone(),
        })
    }

    fn as_the_reference(&self, store: &mut Store, instance: &Instance, calls: &mut Calls) -> Result<Value> {
        calls.builtins = Arc::new(read_builtins(store, instance, calls)?);
        let entry_points = instance.get_typed_func::<(), i32>(&mut *store, "entrypoints")?.call(&mut *store, ())?;
        calls.pull(&mut *store, entry_points)?;
        let data = calls.push(&mut *store, self.data)?;
        let input = calls.push(&mut *store, self.payload)?;
        let context = instance.get_typed_func::<(), i32>(&mut *store, "opa_eval_ctx_new")?.call(&mut *store, ())?;
        for (name, value) in [("input", input), ("data", data), ("entrypoint", 0)] {
            instance
                .get_typed_func::<(i32, i32), ()>(&mut *store, &format!("opa_eval_ctx_set_{name}"))?
                .call(&mut *store, (context, value))?;
        }
        store.data_mut().rego = Some(Arc::new(Calls { builtins: calls.builtins.clone(), ..self.calls(store, instance)? }));
        instance.get_typed_func::<i32, i32>(&mut *store, "eval")?.call(&mut *store, context)?;
        let result = instance
            .get_typed_func::<i32, i32>(&mut *store, "opa_eval_ctx_get_result")?
            .call(&mut *store, context)?;
        calls.pull(store, result)
    }

    fn at_its_best(&self, store: &mut Store, instance: &Instance, calls: Calls) -> Result<Value> {
        let calls = Arc::new(calls);
        store.data_mut().rego = Some(calls.clone());
        let data = calls.push(&mut *store, self.data)?;
        let at = calls.malloc.call(&mut *store, self.payload.len() as i32)?;
        slice(calls.memory.data_mut(&mut *store), at, self.payload.len())?.copy_from_slice(self.payload);
        let heap = instance.get_typed_func::<(), i32>(&mut *store, "opa_heap_ptr_get")?.call(&mut *store, ())?;
        let result = instance
            .get_typed_func::<(i32, i32, i32, i32, i32, i32, i32), i32>(&mut *store, "opa_eval")?
            .call(&mut *store, (0, 0, data, at, self.payload.len() as i32, heap, 0))?;
        Ok(serde_json::from_slice(&calls.string(&*store, result)?)?)
    }
}

fn read_builtins(store: &mut Store, instance: &Instance, calls: &Calls) -> Result<HashMap<i32, String>> {
    let at = instance.get_typed_func::<(), i32>(&mut *store, "builtins")?.call(&mut *store, ())?;
    let Value::Object(table) = calls.pull(store, at)? else { bail!("no table of builtins") };
    Ok(table.into_iter().map(|(name, number)| (number.as_i64().unwrap_or(-1) as i32, name)).collect())
}

impl Policy for Rego {
    fn ask(&self) -> Result<(Store, Value, Instant)> {
        let mut store = self.store();
        let instance = self.instantiate(&mut store)?;
        let mut calls = self.calls(&mut store, &instance)?;
        let ready = Instant::now();
        let answer = match self.kind {
            Kind::Reference => self.as_the_reference(&mut store, &instance, &mut calls)?,
            Kind::Best => self.at_its_best(&mut store, &instance, calls)?,
        };
        Ok((store, answer, ready))
    }
}
