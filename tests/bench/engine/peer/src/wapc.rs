//! waPC guests: `_start` and `wapc_init`, then `__guest_call`.

use std::time::Instant;

use serde_json::Value;
use wasmtime::{Caller, Engine, InstancePre, Linker, Module, Result, bail, ensure};

use crate::engine::{Kind, State, Store, memory, slice};
use crate::{Policy, new_store, wasi};

const OPERATION: &[u8] = b"validate";

pub struct Wapc {
    engine: Engine,
    kind: Kind,
    pre: InstancePre<State>,
    payload: &'static [u8],
}

fn keep(mut caller: Caller<'_, State>, at: i32, size: i32) -> Result<Vec<u8>> {
    let (memory, _) = memory(&mut caller)?;
    Ok(slice(memory, at, size as u32 as usize)?.to_vec())
}

fn add_imports(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, State>, operation: i32, payload: i32| {
        let (memory, state) = memory(&mut caller)?;
        slice(memory, payload, state.payload.len())?.copy_from_slice(state.payload);
        slice(memory, operation, OPERATION.len())?.copy_from_slice(OPERATION);
        Result::<()>::Ok(())
    })?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, State>, at: i32, size: i32| {
        let (memory, state) = memory(&mut caller)?;
        state.answer = slice(memory, at, size as u32 as usize)?.to_vec();
        Result::<()>::Ok(())
    })?;
    linker.func_wrap("wapc", "__guest_error", |mut caller: Caller<'_, State>, at: i32, size: i32| {
        let (memory, state) = memory(&mut caller)?;
        state.error = slice(memory, at, size as u32 as usize)?.to_vec();
        Result::<()>::Ok(())
    })?;
    // No capability is granted; a policy that calls one is refused alike by all engines.
    linker.func_wrap(
        "wapc",
        "__host_call",
        |mut caller: Caller<'_, State>, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32| {
            caller.data_mut().host_answer = b"Policy has not been granted access to this host capability.".to_vec();
            0i32
        },
    )?;
    linker.func_wrap("wapc", "__host_response_len", |_: Caller<'_, State>| 0i32)?;
    linker.func_wrap("wapc", "__host_response", |_: Caller<'_, State>, _: i32| {})?;
    linker.func_wrap("wapc", "__host_error_len", |caller: Caller<'_, State>| caller.data().host_answer.len() as i32)?;
    linker.func_wrap("wapc", "__host_error", |mut caller: Caller<'_, State>, at: i32| {
        let (memory, state) = memory(&mut caller)?;
        slice(memory, at, state.host_answer.len())?.copy_from_slice(&state.host_answer);
        Result::<()>::Ok(())
    })?;
    linker.func_wrap("wapc", "__console_log", |caller: Caller<'_, State>, at: i32, size: i32| {
        keep(caller, at, size).map(drop)
    })?;
    Ok(())
}

impl Wapc {
    pub fn new(kind: Kind, module: &Module, payload: &'static [u8]) -> Result<Wapc> {
        let mut linker = Linker::new(module.engine());
        add_imports(&mut linker)?;
        wasi::add_imports(kind, &mut linker, module)?;
        Ok(Wapc { engine: module.engine().clone(), kind, pre: linker.instantiate_pre(module)?, payload })
    }
}

impl Policy for Wapc {
    fn ask(&self) -> Result<(Store, Value, Instant)> {
        let mut store = new_store(&self.engine, self.kind, State::new(self.payload));
        if self.kind == Kind::Reference {
            store.data_mut().wasi = Some(wasi::context()?);
        }
        let instance = self.pre.instantiate(&mut store)?;
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        for name in ["_start", "wapc_init"] {
            if let Ok(start) = instance.get_typed_func::<(), ()>(&mut store, name) {
                wasi::ignore_exit(start.call(&mut store, ()))?;
            }
        }
        let ready = Instant::now();
        let call = instance.get_typed_func::<(i32, i32), i32>(&mut store, "__guest_call")?;
        if call.call(&mut store, (OPERATION.len() as i32, self.payload.len() as i32))? == 0 {
            bail!("the policy failed: {}", String::from_utf8_lossy(&store.data().error));
        }
        ensure!(!store.data().answer.is_empty(), "the policy answered nothing");
        let answer = serde_json::from_slice(&store.data().answer)?;
        Ok((store, answer, ready))
    }
}
