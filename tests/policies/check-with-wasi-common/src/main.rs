//! Plays the cases of ../hostile that lie to WASI on wasi-common 44.0.1, the WASI of Kubewarden 1.36, and compares.
//!
//! usage: ../lock-rust check-with-wasi-common; cargo run --locked --release        (from this folder)
//!
//! `check-with-wasmtime` cannot judge them: the WASI that Wasmtime offers to other languages is a younger one, which
//! answers lies in other ways and has no `wasi_unstable`.

use std::path::Path;

use serde_json::{Value, json};
use wasi_common::WasiCtx;
use wasi_common::pipe::{ReadPipe, WritePipe};
use wasi_common::sync::WasiCtxBuilder;
use wasi_common::sync::snapshots::{preview_0, preview_1};
use wasmtime::{Engine, Linker, Module, Result, Store};

const POLICIES: [&str; 5] = ["wasi-liar", "wasi-unstable-liar", "wasi-traps", "wasi-answers", "wasi-hog"];

/// What the program prints, whatever way it ends: an exit before the answer leaves nothing to parse.
fn run(linker: &Linker<WasiCtx>, module: &Module, question: &Value) -> Result<String> {
    let output = WritePipe::new_in_memory();
    let context = WasiCtxBuilder::new()
        .args(&["policy.wasm".to_string(), "validate".to_string()])?
        .stdin(Box::new(ReadPipe::from(question.to_string())))
        .stdout(Box::new(output.clone()))
        .stderr(Box::new(WritePipe::new_in_memory()))
        .build();
    let mut store = Store::new(module.engine(), context);
    let instance = linker.instantiate(&mut store, module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
    drop(store);
    let bytes = output.try_into_inner().expect("the store is gone").into_inner();
    Ok(String::from_utf8(bytes)?)
}

fn verdict(printed: Result<String>) -> Value {
    match printed.map(|text| serde_json::from_str::<Value>(&text)) {
        Ok(Ok(answer)) => json!({"allowed": answer["accepted"], "message": answer["message"]}),
        _ => json!({"allowed": false, "code": 500}),
    }
}

fn agrees(want: &Value, got: &Value) -> bool {
    want.get("answered").is_some() || want.as_object().unwrap().iter().all(|(key, value)| &got[key] == value)
}

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hostile");
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("cases.json"))?)?;
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    preview_1::add_wasi_snapshot_preview1_to_linker(&mut linker, |context| context)?;
    preview_0::add_wasi_unstable_to_linker(&mut linker, |context| context)?;

    let mut all_agree = true;
    for policy in POLICIES {
        let module = Module::from_file(&engine, folder.join(format!("{policy}.wasm")))?;
        let (mut count, mut right) = (0, 0);
        for case in cases.iter().filter(|case| case["policy"] == policy) {
            let question = json!({"request": {}, "settings": case["settings"]});
            let got = verdict(run(&linker, &module, &question));
            count += 1;
            if agrees(&case["want"], &got) {
                right += 1;
            } else {
                println!("WRONG {policy}: {}\n      want {}\n      got  {got}", case["name"], case["want"]);
            }
        }
        println!("{policy}: {right} of {count} cases");
        all_agree &= right == count;
    }
    std::process::exit(!all_agree as i32)
}
