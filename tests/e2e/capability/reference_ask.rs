// SPDX-License-Identifier: Apache-2.0
//! reference-ask SOURCES TRUSTED-ROOT: what provider-ask is for our providers, for the reference's handler of host calls.
//! A line of JSON each in, {"ask": "OciManifest", "fields": {...}}, and out, {"good": true, "text": "..."}.
//!
//! Built against a reference that cargo has built, in half a minute and without its programs:
//!   D=REFERENCE/target/release/deps
//!   rustc --edition 2024 -C debuginfo=0 reference_ask.rs -o reference-ask -L dependency=$D \
//!     $(find $D/../build -name out -type d -printf '-L native=%p ') --extern policy_evaluator=$(ls $D/libpolicy_evaluator-*.rlib) \
//!     --extern tokio=$(ls $D/libtokio-*.rlib) --extern serde_json=$(ls $D/libserde_json-*.rlib | head -n 1)
use policy_evaluator::callback_handler::CallbackHandlerBuilder;
use policy_evaluator::callback_requests::{CallbackRequest, CallbackRequestType};
use policy_evaluator::policy_fetcher::{sigstore::trust::sigstore::SigstoreTrustRoot, sources};
use std::io::{BufRead, Write};
use std::sync::Arc;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let rt = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_stop, rx) = tokio::sync::oneshot::channel();
    let root = std::fs::read(&args[2]).unwrap();
    let mut handler = rt.block_on(async {
        let root = SigstoreTrustRoot::from_trusted_root_json_unchecked(&root).unwrap();
        CallbackHandlerBuilder::new(rx)
            .registry_config(Some(sources::read_sources_file(std::path::Path::new(&args[1])).unwrap()))
            .trust_root(Some(Arc::new(root)))
            .build().await.unwrap()
    });
    let tx = handler.sender_channel();
    rt.spawn(async move { handler.loop_eval().await });
    for line in std::io::stdin().lock().lines() {
        let q: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let tag = q["ask"].as_str().unwrap().to_string();
        let req: Result<CallbackRequestType, _> = serde_json::from_value(serde_json::json!({tag: q["fields"]}));
        let out = match req {
            Err(e) => serde_json::json!({"good": false, "text": format!("request: {e}")}),
            Ok(request) => {
                let (rtx, rrx) = tokio::sync::oneshot::channel();
                tx.blocking_send(CallbackRequest { request, response_channel: rtx }).unwrap();
                match rrx.blocking_recv() {
                    Err(_) => serde_json::json!({"good": false, "text": "panic"}),
                    Ok(Ok(r)) => serde_json::json!({"good": true, "text": String::from_utf8_lossy(&r.payload)}),
                    Ok(Err(e)) => serde_json::json!({"good": false, "text": format!("{e:?}")}),
                }
            }
        };
        println!("{out}");
        std::io::stdout().flush().unwrap();
    }
}
