//! Whose certificates are trusted: what OpenSSL makes, shown to us and to kubectl.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use codex_tests::ClusterScene;

/// Commands that make certificates, each with a key of its own.
const MAKERS: &str = r#"
set -e
key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:"${CURVE:-P-256}" -nodes -keyout "$1.key" -subj "/CN=$1" "${@:2}" 2>/dev/null; }
own() { key "$1" -x509 -days 30 -out "$1.crt" "${@:2}"; }
signed() {
    key "$1" -out "$1.csr"
    printf '%s\n' "${@:3}" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -out "$1.crt" -days 30 -extfile "$1.ext" 2>/dev/null
}
HERE=subjectAltName=IP:127.0.0.1
LEAF=basicConstraints=critical,CA:FALSE
CA=basicConstraints=critical,CA:TRUE
"#;

/// `openssl s_server` on a free port, with the certificate `server.crt` of a folder.
struct Server(Child, String);

impl Server {
    fn start(folder: &Path) -> Self {
        let mut server = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-cert", "server.crt", "-key", "server.key", "-www"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let address =
            lines.map(Result::unwrap).find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        Self(server, address.expect("the server says where it listens"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the certificates `server.crt` and `authority.crt` that a script makes come to: whether ours and kubectl trust the server.
fn trusted(script: &str) -> [bool; 2] {
    let scene = ClusterScene::new();
    scene.scene().run_program(Path::new("/bin/bash"), &["-c", &format!("{MAKERS}{script}")]).check();
    let server = Server::start(&scene.scene().project());
    let kubeconfig = format!(
        "apiVersion: v1
kind: Config
current-context: odd
contexts: [{{name: odd, context: {{cluster: odd, user: odd}}}}]
clusters: [{{name: odd, cluster: {{server: 'https://{}', certificate-authority: authority.crt}}}}]
users: [{{name: odd, user: {{token: secret}}}}]
",
        server.1
    );
    let scene = scene.file("kubeconfig", &kubeconfig);
    let ours =
        scene.apply_text(&super::map("settings", "1"), &["--kubeconfig", "kubeconfig", "--apply-retries=0"]);
    let ours = ours.unchecked().stderr;
    let theirs =
        scene.try_kubectl_with(&["--kubeconfig", "kubeconfig", "get", "--raw", "/version"], "").stderr;
    // The server is no API server: whoever trusts it is disappointed only later.
    let refuses = |text: &str| text.contains("certificate") || text.contains("x509");
    println!("{script}\nours: {ours}\nkubectl: {theirs}");
    [!refuses(&ours), !refuses(&theirs)]
}

#[test]
fn a_server_whose_own_certificate_is_the_authority_is_trusted() {
    let signed_by_another = "own root; signed server root $HERE $LEAF; cp server.crt authority.crt";
    assert_eq!(trusted(signed_by_another), [true, true]);
    let of_its_own = "own server -addext $HERE -addext $LEAF; cp server.crt authority.crt";
    assert_eq!(trusted(of_its_own), [true, true]);
    let may_sign = "own server -addext $HERE; cp server.crt authority.crt";
    assert_eq!(trusted(may_sign), [true, true]);
    let among_others = "own root; own server -addext $HERE -addext $LEAF; { echo text; cat root.crt server.crt; echo more; } > authority.crt";
    assert_eq!(trusted(among_others), [true, true]);
}

#[test]
fn an_authority_may_be_in_the_middle_of_the_chain() {
    let middle = "own root; signed authority root $CA; signed server authority $HERE $LEAF";
    assert_eq!(trusted(middle), [true, true]);
}

#[test]
fn what_the_authority_did_not_sign_is_not_trusted() {
    let sibling = "own root; signed server root $HERE $LEAF; signed authority root $HERE $LEAF";
    assert_eq!(trusted(sibling), [false, false]);
    let signed_by_no_authority = "own authority -addext $LEAF; signed server authority $HERE $LEAF";
    assert_eq!(trusted(signed_by_no_authority), [false, false]);
    let may_not_sign = "own authority -addext keyUsage=digitalSignature; signed server authority $HERE $LEAF";
    assert_eq!(trusted(may_not_sign), [false, false]);
    let elsewhere =
        "own server -addext subjectAltName=IP:127.0.0.2 -addext $LEAF; cp server.crt authority.crt";
    assert_eq!(trusted(elsewhere), [false, false]);
    let of_a_client =
        "own server -addext $HERE -addext extendedKeyUsage=clientAuth; cp server.crt authority.crt";
    assert_eq!(trusted(of_a_client), [false, false]);
}

#[test]
fn certificates_on_the_curve_p_521_are_known() {
    for digest in ["sha256", "sha384", "sha512"] {
        let script =
            format!("CURVE=P-521; own authority -{digest}; CURVE=P-256; signed server authority $HERE $LEAF");
        assert_eq!(trusted(&script), [true, true], "{digest}");
    }
    let all = "CURVE=P-521; own authority; signed server authority $HERE $LEAF";
    assert_eq!(trusted(all), [true, true]);
    let of_another = "CURVE=P-521; own root; own authority; signed server root $HERE $LEAF";
    assert_eq!(trusted(of_another), [false, false]);
}
