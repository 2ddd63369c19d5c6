//! The floor: the same objects as bare server-side applies, at the parallelism of an apply.
//!
//! Takes a file of ready-made requests ([`crate::objects::requests`]), sends each once through
//! the client that `kubectl-codex-apply` uses, and prints one line per object. Nothing is read,
//! discovered, listed, ordered or compared: what an apply takes beyond this is its own doing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use codex_cluster::FIELD_MANAGER;
use codex_cluster::api::{APPLY, Api};
use codex_cluster::connect::{ConnectRequest, connect};
use futures::{StreamExt as _, stream};
use serde_json::Value;

/// As many as an apply sends at once.
const SENT_AT_ONCE: usize = 16;

/// Sends the requests of a file to the cluster of `KUBECONFIG`.
pub(crate) fn send_all(path: &str) {
    let text = fs::read_to_string(path).unwrap();
    let requests = text.lines().map(|line| {
        let (path, object) = line.split_once('\t').unwrap();
        let object: Value = serde_json::from_str(object).unwrap();
        (format!("{path}?fieldManager={FIELD_MANAGER}"), object)
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let api = api().await;
        let mut sent = stream::iter(requests.map(|(path, object)| {
            let api = &api;
            async move {
                let answer = api.patch(&path, APPLY, &object).await.unwrap();
                assert!(answer.is_success(), "{path}: {}", answer.message());
                path
            }
        }))
        .buffer_unordered(SENT_AT_ONCE);
        while let Some(path) = sent.next().await {
            println!("{path} applied");
        }
    });
}

async fn api() -> Api {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let request = ConnectRequest::new(&variables, Path::new("/"));
    connect(&request).await.unwrap().api
}
