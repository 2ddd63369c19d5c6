//! What is cleaned, and what isn't.

use super::*;

fn cleaned(text: &str) -> (String, Vec<String>) {
    let cleaned = clean(text.as_bytes(), Origin::InPlace).unwrap();
    (String::from_utf8(cleaned.text).unwrap(), cleaned.omitted)
}

#[test]
fn a_config_without_credentials_stays_byte_for_byte() {
    let text = "\u{feff}# mine\n[core]\n\trepositoryformatversion = 0\n\tbare=false ; no\n\n[remote \"origin\"]\r\n\
                \turl = git@github.com:a/b.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
                [alias] x = \"!echo \\\"a b\\\"\" # c\n\ty = one \\\n two\n\tflag\n[branch.main]\n\tmerge = refs/heads/main";
    assert_eq!(cleaned(text), (text.to_owned(), Vec::new()));
}

#[test]
fn headers_of_ci_checkouts_go() {
    let text = "[remote \"origin\"]\n\turl = https://github.com/a/b\n[gc]\n\tauto = 0\n\
                [http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic SECRET=\n\tsslVerify = true\n\
                [HTTP]\n\tExtraHeader = x: SECRET\n";
    let (text, omitted) = cleaned(text);
    assert_eq!(
        text,
        "[remote \"origin\"]\n\turl = https://github.com/a/b\n[gc]\n\tauto = 0\n\
         [http \"https://github.com/\"]\n\tsslVerify = true\n[HTTP]\n"
    );
    assert_eq!(omitted, ["http.https://github.com/.extraheader", "http.extraheader"]);
}

#[test]
fn no_url_keeps_its_user() {
    let text = "[remote \"origin\"]\n\turl = https://SECRET@github.com/a/b\n\
                \tpushurl = \"https://u:SECRET@github.com/a/b\" # https://SECRET@x\n\tproxy = u:SECRET@proxy:3128\n\
                [remote \"ssh\"]\n\turl = ssh://git:SECRET@host:22/a/b\n\tpushurl = ssh://git@host/a\n\
                [lfs] url = https://u:SECRET@host/lfs\n# was https://u:SECRET@host/\n\
                [branch \"x\"]\n\tremote = HTTPS://u:SEC@RET@host/\n[http]\n\tproxy = http://u:SECRET@proxy\n";
    let (text, omitted) = cleaned(text);
    assert!(!text.contains("SECRET") && !text.contains("RET@"), "{text}");
    assert_eq!(
        text,
        "[remote \"origin\"]\n\turl = \"https://github.com/a/b\"\n\tpushurl = \"https://github.com/a/b\"\n\
         \tproxy = \"proxy:3128\"\n[remote \"ssh\"]\n\turl = \"ssh://git@host:22/a/b\"\n\tpushurl = ssh://git@host/a\n\
         [lfs] url = \"https://host/lfs\"\n# was https://host/\n[branch \"x\"]\n\tremote = \"HTTPS://host/\"\n\
         [http]\n\tproxy = \"http://proxy\"\n"
    );
    assert_eq!(
        omitted,
        [
            "credentials in remote.origin.url",
            "credentials in remote.origin.pushurl",
            "credentials in remote.origin.proxy",
            "credentials in remote.ssh.url",
            "credentials in lfs.url",
            "credentials in a comment",
            "credentials in branch.x.remote",
            "credentials in http.proxy",
        ]
    );
}

#[test]
fn sections_for_a_url_with_a_user_go_with_their_header() {
    let text = "[url \"https://u:SECRET@github.com/\"] insteadOf = https://github.com/\n\tpushInsteadOf = x\n\
                [url \"git@github.com:\"]\n\tinsteadOf = gh:\n\
                [http \"https://SECRET@host/\"]\n\n\tsslVerify = false\n[a]\n";
    let (text, omitted) = cleaned(text);
    assert_eq!(text, "[url \"git@github.com:\"]\n\tinsteadOf = gh:\n\n\n[a]\n");
    assert_eq!(
        omitted,
        [
            "url.https://github.com/.insteadof",
            "url.https://github.com/.pushinsteadof",
            "http.https://host/.sslverify"
        ]
    );
}

#[test]
fn helpers_and_files_of_this_machine_go() {
    let text = "[credential]\n\thelper = store --file=x\n[credential \"https://h\"]\n\tusername = SECRET\n\
                [includeIf \"gitdir:/w/.git\"]\n\tpath = /tmp/credentials\n[include]\n\tpath = x\n\
                [sendemail]\n\tsmtpPass = SECRET \\\n SECRET\n\tsmtpUser = u\n[imap]\n\tpass = \"SECRET\n";
    assert_eq!(clean(text.as_bytes(), Origin::InPlace).unwrap_err(), 14, "a quote without an end");
    let (text, omitted) = cleaned(&text.replace("\"SECRET\n", "\"SECRET\"\n"));
    assert!(!text.contains("SECRET"), "{text}");
    assert!(text.contains("smtpUser = u"));
    assert_eq!(omitted.len(), 6, "{omitted:?}");
}

#[test]
fn the_place_of_a_linked_work_tree_goes_without_a_word() {
    let text = "[core]\n\tbare = true\n\tworktree = /x\n\tfilemode = true\n";
    let linked = clean(text.as_bytes(), Origin::Linked).unwrap();
    assert_eq!(linked, Cleaned { text: "[core]\n\tfilemode = true\n".into(), omitted: Vec::new() });
}

#[test]
fn what_git_cannot_read_is_an_error_with_its_line() {
    for (text, line) in
        [("[a\n", 1), ("\n= b\n", 2), ("[a]\nx = \\q\n", 2), ("[a \"b]\n", 1), ("[a]\nx y\n", 2)]
    {
        assert_eq!(clean(text.as_bytes(), Origin::InPlace), Err(line), "{text:?}");
    }
}

#[test]
fn values_are_those_that_git_sees() {
    let text = b"[core]\n autocrlf = false\n autocrlf = \"in\"put # c\n[extensions]\nobjectFormat=sha256\n[core]\nbare\n";
    assert_eq!(value(text, "core", "autocrlf").as_deref(), Some("input"));
    assert_eq!(value(text, "extensions", "objectformat").as_deref(), Some("sha256"));
    assert_eq!(value(text, "core", "bare").as_deref(), Some("true"));
    assert_eq!(value(text, "core", "x"), None);
}
