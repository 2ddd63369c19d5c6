//! Stories of waiting.

use super::*;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// An answer of the server: a status, a body, and whether the connection stays open behind it.
struct Scripted(u16, String, bool);

fn list(version: &str, names: &[&str]) -> Scripted {
    let items: Vec<Value> = names.iter().map(|name| json!({"metadata": {"name": name}})).collect();
    Scripted(200, json!({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": version}, "items": items}).to_string(), false)
}

fn event(kind: &str, object: Value) -> String {
    json!({"type": kind, "object": object}).to_string() + "\n"
}

fn refusal(code: u16) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": "no", "reason": "R"})
}

/// A server that gives these answers, one to each request; the last stays open. Gives what was asked for.
async fn serve(answers: Vec<Scripted>) -> (Api, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut open = Vec::new();
        for Scripted(status, body, stays_open) in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(connection.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            log.lock().unwrap().push(head.split(' ').nth(1).unwrap().to_owned());
            let answer = format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\n\r\n{body}");
            connection.write_all(answer.as_bytes()).await.unwrap();
            if stays_open {
                open.push(connection);
            }
        }
        std::future::pending::<()>().await;
    });
    let client = crate::connect::anonymous(&server, None, None).unwrap();
    (Api::new(crate::access::Access::fixed(client), None), asked)
}

fn config_maps(names: &[&str]) -> Reflector {
    let resource = Resource {
        group: String::new(),
        version: "v1".into(),
        kind: "ConfigMap".into(),
        plural: "configmaps".into(),
        is_namespaced: true,
        is_deletable: true,
        aliases: Vec::new(),
    };
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Reflector { resource, namespace: Some("shop".into()), names: Some(names), fields: None }
}

/// News in short, as many as are expected.
async fn hear(api: Api, source: Reflector, count: usize) -> Vec<String> {
    let (outlet, mut inlet) = mpsc::channel(1);
    let feed = tokio::spawn(source.follow(api, 7, outlet));
    let mut heard = Vec::new();
    while heard.len() < count {
        let news = timeout(Duration::from_secs(20), inlet.recv()).await;
        let (number, news) = news.expect("in time").unwrap();
        assert_eq!(number, 7);
        heard.push(match news {
            News::Present(object) => {
                assert_eq!((&object["apiVersion"], &object["kind"]), (&json!("v1"), &json!("ConfigMap")));
                format!("+{}", object["metadata"]["name"].as_str().unwrap())
            }
            News::Gone(name) => format!("-{name}"),
            News::Listed => "listed".to_owned(),
            News::Disturbed { words, .. } => words,
            News::Unwatched(message) => format!("unwatched: {message}"),
            News::Denied(answer) => format!("denied: {}", answer.message()),
        });
    }
    drop(inlet);
    feed.abort();
    heard
}

#[tokio::test]
async fn nothing_is_missed_when_a_watch_ends_or_is_too_old() {
    let of = |name: &str, version: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "resourceVersion": version}});
    let (api, asked) = serve(vec![
        list("10", &["a", "of-others"]),
        Scripted(200, event("ADDED", of("b", "11")) + &event("ADDED", of("of-others", "12")), false),
        Scripted(200, event("ERROR", refusal(410)), false),
        list("20", &["b"]),
        Scripted(200, event("DELETED", of("b", "21")), true),
    ])
    .await;
    let heard = hear(api, config_maps(&["a", "b"]), 8).await;
    assert_eq!(heard, ["+a", "-b", "listed", "+b", "+b", "-a", "listed", "-b"]);
    let asked = asked.lock().unwrap();
    let versions: Vec<&str> = asked.iter().filter_map(|path| path.split("resourceVersion=").nth(1)).collect();
    assert_eq!(versions, ["10&timeoutSeconds=60", "12&timeoutSeconds=60", "20&timeoutSeconds=60"]);
    assert_eq!(asked[0], "/api/v1/namespaces/shop/configmaps?limit=500");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let page = json!({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": "1", "continue": "a/b"}, "items": [{"metadata": {"name": "a"}}]});
    let quiet = Scripted(200, String::new(), true);
    let (api, asked) = serve(vec![Scripted(200, page.to_string(), false), list("1", &["b"]), quiet]).await;
    assert_eq!(hear(api, config_maps(&["a", "b"]), 3).await, ["+a", "+b", "listed"]);
    assert!(asked.lock().unwrap()[1].ends_with("?limit=500&continue=a%2Fb"));
}

#[tokio::test]
async fn a_single_failure_is_waited_out_without_a_word() {
    let failure = || Scripted(503, json!({"message": "busy"}).to_string(), false);
    let quiet = Scripted(200, String::new(), true);
    let (api, asked) = serve(vec![failure(), failure(), list("1", &["a"]), quiet]).await;
    assert_eq!(hear(api, config_maps(&["a"]), 3).await, ["busy", "+a", "listed"]);
    let only = "/api/v1/namespaces/shop/configmaps?fieldSelector=metadata.name%3Da&limit=500";
    assert_eq!(asked.lock().unwrap()[0], only);
}

#[tokio::test]
async fn a_watch_goes_on_from_the_last_bookmark() {
    let bookmark = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"resourceVersion": "50"}});
    let (api, asked) = serve(vec![
        list("10", &["a"]),
        Scripted(200, event("BOOKMARK", bookmark), false),
        Scripted(200, event("DELETED", json!({"metadata": {"name": "a", "resourceVersion": "51"}})), true),
    ])
    .await;
    let heard = hear(api, config_maps(&["a"]), 3).await;
    assert_eq!(heard, ["+a", "listed", "-a"], "nothing was listed again");
    let asked = asked.lock().unwrap();
    assert!(asked[1].contains("&watch=true&allowWatchBookmarks=true&resourceVersion=10&"), "{asked:?}");
    assert!(asked[2].contains("&resourceVersion=50&"), "{asked:?}");
}

fn denied() -> Scripted {
    Scripted(403, refusal(403).to_string(), false)
}

#[tokio::test]
async fn who_may_not_watch_asks_again() {
    let quiet = Scripted(200, String::new(), true);
    let answers = vec![list("1", &["a"]), denied(), list("2", &["a"]), list("3", &[]), quiet];
    let (api, asked) = serve(answers).await;
    let heard = hear(api, config_maps(&["a"]), 7).await;
    assert_eq!(heard, ["+a", "listed", "unwatched: no", "+a", "listed", "-a", "listed"]);
    assert_eq!(asked.lock().unwrap().iter().filter(|path| path.contains("watch=true")).count(), 1);
}

#[tokio::test]
async fn who_may_not_list_asks_for_each_name() {
    let quiet = Scripted(200, String::new(), true);
    let found =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}});
    let found = found.to_string();
    let missing = || Scripted(404, refusal(404).to_string(), false);
    let answers = vec![denied(), Scripted(200, found, false), missing(), missing(), missing(), quiet];
    let (api, asked) = serve(answers).await;
    let heard = hear(api, config_maps(&["a", "b"]), 5).await;
    assert_eq!(heard, ["+a", "-b", "listed", "-a", "listed"]);
    assert_eq!(asked.lock().unwrap()[1], "/api/v1/namespaces/shop/configmaps/a");
}

#[tokio::test]
async fn who_may_look_at_nothing_is_told_so_once() {
    let (api, _) = serve((0..DENIALS).map(|_| denied()).collect()).await;
    let all = Reflector { names: None, ..config_maps(&[]) };
    assert_eq!(hear(api, all, 1).await, ["denied: no"]);
}

#[tokio::test]
async fn what_is_no_object_in_a_list_is_passed_over() {
    let found = json!({"metadata": {"name": "a"}});
    let odd =
        json!({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": "1"}, "items": [null, 7, "text", [found], found]}).to_string();
    let no_list = || Scripted(200, json!([1]).to_string(), false);
    let watched = Scripted(200, String::new(), false);
    let quiet = Scripted(200, String::new(), true);
    let (api, _) = serve(vec![Scripted(200, odd, false), watched, no_list(), quiet]).await;
    let all = Reflector { names: None, ..config_maps(&[]) };
    assert_eq!(hear(api, all, 2).await, ["+a", "listed"]);
    // What is no list at all doesn't say that nothing is there.
    let quiet = Scripted(200, String::new(), true);
    let (api, _) = serve(vec![no_list(), list("1", &["a"]), quiet]).await;
    assert_eq!(hear(api, config_maps(&["a"]), 2).await, ["+a", "listed"]);
}
