//! What the rule of secrets promises, tried.

use super::*;

fn secrets() -> Secrets {
    let secrets = Secrets::default();
    secrets.learn("DB_PASSWORD", "hunter22");
    secrets.learn("API_TOKEN", "line one\nline two");
    secrets.learn("MY_KEY", "abc");
    secrets.learn("HOST", "plain.example");
    secrets
}

#[test]
fn names_decide() {
    for name in ["db_password", "CODEX_GH_PAT", "AUTH", "MYSQL_PWD", "SSH_KEY", "CREDENTIALS"] {
        assert!(is_secret_name(name), "{name}");
    }
    for name in ["PATH", "GOPATH", "PWD", "OLDPWD", "HOME", "HOST"] {
        assert!(!is_secret_name(name), "{name}");
    }
}

#[test]
fn values_are_masked_whole_by_line_and_encoded() {
    let secrets = secrets();
    assert_eq!(secrets.masked("p=hunter22;"), "p=***;");
    assert_eq!(secrets.masked("at line two"), "at ***");
    assert_eq!(secrets.masked("aHVudGVyMjI="), "***");
    assert_eq!(secrets.masked("abc plain.example"), "abc plain.example");
}

#[test]
fn a_mark_stays_on_what_it_marked() {
    let secrets = secrets();
    let text = "a: hunter22 # b";
    let (masked, span) = secrets.mask(text, 3..11);
    assert_eq!(&masked[span], "***");
    let (masked, span) = secrets.mask(text, 14..15);
    assert_eq!(&masked[span], "b");
    let (masked, span) = secrets.mask(text, 0..1);
    assert_eq!(&masked[span], "a");
    let (masked, span) = secrets.mask(text, 5..7);
    assert_eq!(&masked[span], "***");
}

/// What hidden values may look like.
const AWKWARD: &str = "p@ss \"w'rd\" 100% $HOME\\n <ключ>&/+";

#[test]
fn words_that_switch_are_no_secrets() {
    let secrets = Secrets::default();
    for (name, value) in
        [("USE_AUTH", "true"), ("AUTH_OFF", "False"), ("KEY", "null"), ("PIN_KEY", "123"), ("PASS", "  a   ")]
    {
        secrets.learn(name, value);
    }
    let text = "true False null 123   a   ";
    assert_eq!(secrets.masked(text), text);
    secrets.learn("PIN_KEY", "1234");
    assert_eq!(secrets.masked("port: 1234"), "port: ***");
}

#[test]
fn quoting_and_encoding_hide_nothing_from_us() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let secrets = Secrets::default();
    secrets.learn("DB_PASSWORD", AWKWARD);
    let json = serde_json::to_string(AWKWARD).unwrap();
    let in_json = serde_json::to_string(&serde_json::json!({"auth": AWKWARD})).unwrap();
    let texts = [
        AWKWARD.to_owned(),
        json.clone(),
        serde_json::to_string(&json).unwrap(),
        json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"),
        "p@ss \\\"w'rd\\\" 100% $HOME\\\\n <\\u043a\\u043b\\u044e\\u0447>&/+".to_owned(),
        AWKWARD.replace('\'', "''"),
        AWKWARD.replace('\'', r"'\''"),
        "p%40ss+%22w%27rd%22+100%25+%24HOME%5Cn+%3C%D0%BA%D0%BB%D1%8E%D1%87%3E%26%2F%2B".to_owned(),
        "p%40ss%20%22w%27rd%22%20100%25%20%24HOME%5Cn%20%3C%D0%BA%D0%BB%D1%8E%D1%87%3E%26%2F%2B".to_owned(),
        STANDARD.encode(AWKWARD),
        URL_SAFE_NO_PAD.encode(AWKWARD),
        STANDARD.encode(&json[1..json.len() - 1]),
        STANDARD.encode(STANDARD.encode(AWKWARD)),
    ];
    for text in texts {
        let masked = secrets.masked(&format!("<<{text}>>"));
        let rest = masked.replace(['<', '>', '"', '\\', '='], "");
        assert_eq!(rest, "***", "{text}: {masked}");
    }
    // In the middle of something longer, at each of the three places in a group of Base64.
    for before in ["", "u", "us", "user:"] {
        for behind in ["", "x", "xy", "xyz"] {
            let text = STANDARD.encode(format!("{before}{AWKWARD}{behind}"));
            let masked = secrets.masked(&text);
            let shown: usize = masked.split("***").map(str::len).sum();
            assert!(
                shown <= (before.len() + behind.len()).div_ceil(3) * 4 + "==".len(),
                "{before} {behind}: {masked}"
            );
        }
    }
    assert!(secrets.masked(&STANDARD.encode(&in_json)).contains("***"));
    assert!(
        secrets
            .masked(
                &STANDARD.encode(format!("{{\"auth\":\"{}\"}}", STANDARD.encode(format!("user:{AWKWARD}"))))
            )
            .contains("***")
    );
}

#[test]
fn lines_are_hidden_one_by_one_however_they_are_indented() {
    let secrets = Secrets::default();
    secrets
        .learn("TLS_KEY", "-----BEGIN KEY-----\nMIIBVgIBADANBg\r\n  kqhkiG9w0BAQEF  \n-----END KEY-----\n");
    let shown =
        secrets.masked("+  key: |\n+    -----BEGIN KEY-----\n+    MIIBVgIBADANBg\n+    kqhkiG9w0BAQEF\n");
    assert_eq!(shown, "+  key: |\n+    ***\n+    ***\n+    ***\n");
}

#[test]
fn wrapped_base64_is_hidden_line_by_line() {
    use base64::Engine as _;
    let value: String = ('a'..='z').cycle().take(300).collect();
    let secrets = Secrets::default();
    secrets.learn("LONG_TOKEN", &value);
    let whole = base64::engine::general_purpose::STANDARD.encode(&value);
    for width in [64, 76] {
        for line in whole.as_bytes().chunks(width) {
            assert_eq!(secrets.masked(std::str::from_utf8(line).unwrap()), "***");
        }
    }
}

#[test]
fn the_beginning_of_a_secret_is_hidden_where_a_text_was_shortened() {
    let secrets = secrets();
    assert_eq!(secrets.masked("it ended with 1: p=hunte…"), "it ended with 1: p=***…");
    assert_eq!(secrets.masked("value hunter2..."), "value ***...");
    assert_eq!(secrets.masked("a hunter came"), "a hunter came");
}

#[test]
fn credentials_of_urls_are_hidden_and_those_of_arguments_learnt() {
    let secrets = Secrets::default();
    assert_eq!(secrets.masked("at https://user:pass@host:6443"), "at https://***@host:6443");
    secrets.learn_url("https://user:p\"ss/w@host:6443");
    assert_eq!(secrets.masked("`user:p\"ss/w` and `p\"ss/w`"), "`***` and `***`");
    assert_eq!(secrets.masked("dXNlcjpwInNzL3c="), "***");
    secrets.learn_url("https://host/shop@1");
    assert_eq!(secrets.masked("shop@1"), "shop@1");
    secrets
        .learn_url("https://host/a.yaml?version=v1.25.3&access_token=abc123def&X-Amz-Signature=f00ba4#part");
    let masked = "https://host/a.yaml?version=v1.25.3&access_token=***&X-Amz-Signature=***";
    assert_eq!(
        secrets.masked("https://host/a.yaml?version=v1.25.3&access_token=abc123def&X-Amz-Signature=f00ba4"),
        masked
    );
}

#[test]
fn secrets_that_overlap_are_one_stretch() {
    let secrets = Secrets::default();
    secrets.learn("A_TOKEN", "abcdef");
    secrets.learn("B_TOKEN", "efghij");
    secrets.learn("C_TOKEN", "cdef");
    assert_eq!(secrets.masked("xabcdefghijx"), "x***x");
}

proptest::proptest! {
    #[test]
    fn no_value_is_ever_shown(value in "\\PC{4,40}", before in "\\PC{0,9}", behind in "\\PC{0,9}") {
        let secrets = Secrets::default();
        secrets.learn("THE_SECRET", &value);
        let word = value.trim();
        let is_word = WORDS.iter().any(|other| word.eq_ignore_ascii_case(other)) || word.chars().count() < SHORTEST;
        let masked = secrets.masked(&format!("{before}{value}{behind}"));
        proptest::prop_assert!(is_word || !masked.contains(&value) || MASK.contains(&value), "{masked}");
    }

    #[test]
    fn spans_stay_within_the_text(text in "[a-d ]{0,40}", start in 0..50_usize, length in 0..20_usize) {
        let secrets = Secrets::default();
        secrets.learn("A_TOKEN", "abab");
        secrets.learn("B_TOKEN", "cdcdc");
        let (start, end) = (start.min(text.len()), (start + length).min(text.len()));
        let (masked, span) = secrets.mask(&text, start..end);
        proptest::prop_assert!(masked.get(span).is_some());
    }
}
