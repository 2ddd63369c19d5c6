//! What registry promises, tried.

use super::*;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

fn of(image: &str) -> Option<(String, String)> {
    let parsed = parse(image, "localhost:32000")?;
    Some((parsed.name.to_owned(), parsed.reference.to_owned()))
}

#[test]
fn images_are_taken_apart() {
    let image = |name: &str, reference: &str| Some((name.to_owned(), reference.to_owned()));
    assert_eq!(of("localhost:32000/shop/api:1.2"), image("shop/api", "1.2"));
    assert_eq!(of("localhost:32000/api"), image("api", "latest"));
    assert_eq!(of("localhost:32000/api@sha256:ab"), image("api", "sha256:ab"));
    assert_eq!(of("localhost:32000/api:1@sha256:ab"), image("api", "sha256:ab"));
    assert_eq!(of("localhost:320001/api"), None);
    assert_eq!(of("docker.io/api"), None);
    assert_eq!(of("localhost:32000/"), None);
}

/// A registry that has `shop/api:1`, asks for credentials for `secret` and answers each request on a
/// connection of its own.
async fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut lines = BufReader::new(&mut stream).lines();
            let first = lines.next_line().await.unwrap().unwrap_or_default();
            while lines.next_line().await.unwrap().is_some_and(|line| !line.is_empty()) {}
            let status = match first.as_str() {
                "HEAD /v2/ HTTP/1.1" | "HEAD /v2/shop/api/manifests/1 HTTP/1.1" => "200 OK",
                line if line.contains("secret") => "401 Unauthorized",
                _ => "404 Not Found",
            };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn images_are_looked_for_in_their_registry_only() {
    let address = registry().await;
    let image = |rest: &str| format!("{address}/{rest}");
    let registries = [address.clone(), "other:5000".to_owned()];
    let check = checks(&[image("shop/api:1"), "docker.io/library/nginx:1".into()], &registries).await;
    assert_eq!(check, [Check::new(format!("images in {address}"), Outcome::Ok, "all 1 are there")]);
    let check = checks(&[image("shop/api:1"), image("shop/web:2"), image("shop/web:2")], &registries).await;
    assert_eq!((check[0].outcome, check[0].detail.as_str()), (Outcome::Fail, "missing: shop/web:2"));
    let check = checks(&[image("secret:1")], &registries).await;
    assert_eq!(check[0].outcome, Outcome::Warn);
    assert_eq!(check[0].detail, "they can't be looked for: the registry asks for credentials");
}

#[tokio::test]
async fn a_registry_that_nobody_is_at_is_a_warning() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let check = checks(&[format!("{address}/a:1")], &[address]).await;
    assert_eq!(check[0].detail, "they can't be looked for: connection refused");
    assert_eq!(check[0].outcome, Outcome::Warn);
}
