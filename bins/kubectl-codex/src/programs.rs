//! Which programs there are, what is shown of them, and running one.

use std::ffi::{OsStr, OsString};
use std::thread;

use codex_common::cli::installed::{self, Installed};
use codex_common::cli::{Console, Host, spelling};
use codex_common::diagnostic::Diagnostic;
use codex_common::suggestion::nearest;
use codex_common::table;

use crate::ask;

/// What a plugin's file name begins with: as kubectl finds `kubectl codex NAME`, and `kubectl codex-NAME`.
const PREFIXES: [&str; 2] = ["kubectl-codex-", "kubectl-codex_"];

/// The same for programs that others find.
const OTHER_PREFIXES: [&str; 2] = ["gh-codex-", "git-codex-"];

/// The shim for codexctl's command lines.
const SHIM: &str = "codexctl";

/// The programs of this release, whether they are installed or not.
const RELEASED: [&str; 3] = ["apply", "render", "slot"];

/// What is shown where a program doesn't say it.
const UNSAID: &str = "-";

/// The programs that are installed, as a table.
pub(crate) fn list(host: &Host, console: &Console) -> String {
    let programs = programs(host);
    let missing: Vec<String> = RELEASED
        .into_iter()
        .filter(|name| !has(&programs, name))
        .map(|name| format!("kubectl-codex-{name}"))
        .collect();
    if !missing.is_empty() {
        console.info(format!("not installed: {}", missing.join(", ")));
    }
    let described = side_by_side(&programs, |program| {
        // Both questions at once: a program that hangs costs its time once.
        thread::scope(|threads| {
            let version = threads.spawn(|| ask::version(&program.path));
            let about = ask::about(&program.path);
            (version.join().ok().flatten(), about)
        })
    });
    let mut rows = vec![["COMMAND", "VERSION", "ABOUT"].map(str::to_owned).to_vec()];
    rows.extend(programs.iter().zip(described).map(|(program, (version, about))| {
        let said = |text: Option<String>| text.unwrap_or_else(|| UNSAID.to_owned());
        vec![typed(program), said(version), said(about)]
    }));
    table::draw(&rows)
}

/// The versions of this program and of those that are installed, a line each.
pub(crate) fn versions(host: &Host) -> String {
    let programs = programs(host);
    let versions = side_by_side(&programs, |program| ask::version(&program.path));
    let own = format!("kubectl codex {}\n", env!("CARGO_PKG_VERSION"));
    programs.iter().zip(versions).fold(own, |text, (program, version)| {
        text + &format!("{} {}\n", typed(program), version.as_deref().unwrap_or(UNSAID))
    })
}

/// Becomes a program; comes back only if that doesn't work.
pub(crate) fn run(host: &Host, name: &str, words: impl IntoIterator<Item = OsString>) -> Diagnostic {
    // kubectl writes a dash within a word as an underscore.
    let file = name.replace('-', "_");
    let names = PREFIXES.map(|prefix| format!("{prefix}{file}"));
    let wanted = names.each_ref().map(String::as_str);
    let is_word = !name.is_empty() && !name.contains(['/', '\0']);
    let found = || installed::on_path(host, &wanted).or_else(|| installed::beside(&wanted));
    match is_word.then(found).flatten() {
        // The name that stands for what was typed: help and usage show it.
        Some(path) => installed::become_program(&path, &names[0], words),
        None => unknown(host, name),
    }
}

/// The message about a program that isn't there.
fn unknown(host: &Host, name: &str) -> Diagnostic {
    if RELEASED.contains(&name) {
        return Diagnostic::machine(format!("`kubectl codex {name}` is not installed")).hint(Some(format!(
            "put kubectl-codex-{name} on the PATH: `kubectl krew install codex/codex-{name}`, or `make install`"
        )));
    }
    let programs = programs(host);
    let others = programs.iter().find(|program| {
        OTHER_PREFIXES.iter().any(|prefix| program.name.strip_prefix(prefix) == Some(name))
            || (program.name == SHIM && name == SHIM)
    });
    let plugins = programs.iter().filter_map(|program| plugin(&program.name));
    let known: Vec<String> =
        plugins.chain(RELEASED.map(str::to_owned)).chain(["help", "version"].map(str::to_owned)).collect();
    let meant = match others {
        Some(other) => Some(typed(other)),
        None => nearest(name, known.iter().map(String::as_str)).map(|near| format!("kubectl codex {near}")),
    };
    let hint = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`kubectl codex` lists the programs that are installed".to_owned(),
    };
    Diagnostic::input(format!("unknown program `{name}`")).hint(Some(hint))
}

/// The programs on the `PATH`; one that is there under both names that kubectl looks for counts once.
fn programs(host: &Host) -> Vec<Installed> {
    let is_ours = |name: &str| {
        let prefixes = PREFIXES.iter().chain(&OTHER_PREFIXES);
        name == SHIM
            || prefixes.into_iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix))
    };
    let mut programs = installed::installed(host, is_ours);
    let dashed: Vec<Installed> =
        programs.iter().filter(|program| program.name.starts_with(PREFIXES[0])).cloned().collect();
    programs.retain(|program| {
        let same = |other: &Installed| {
            plugin(&other.name) == plugin(&program.name)
                && installed::resolved(&other.path) == installed::resolved(&program.path)
        };
        !program.name.starts_with(PREFIXES[1]) || !dashed.iter().any(same)
    });
    // kubectl's own first, as they are what this program runs.
    programs.sort_by_key(|program| (plugin(&program.name).is_none(), typed(program)));
    programs
}

fn has(programs: &[Installed], name: &str) -> bool {
    programs.iter().any(|program| plugin(&program.name).as_deref() == Some(name))
}

/// What is typed behind `kubectl codex` for a file of this name.
fn plugin(file: &str) -> Option<String> {
    let name = PREFIXES.iter().find_map(|prefix| file.strip_prefix(prefix))?;
    Some(name.replace('-', " ").replace('_', "-"))
}

fn typed(program: &Installed) -> String {
    spelling(OsStr::new(&program.name)).unwrap_or_else(|| program.name.clone())
}

/// Asks all programs at once; the answers are in their order.
fn side_by_side<T: Send + Default>(programs: &[Installed], ask: impl Fn(&Installed) -> T + Sync) -> Vec<T> {
    let ask = &ask;
    thread::scope(|threads| {
        let asked: Vec<_> = programs.iter().map(|program| threads.spawn(move || ask(program))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap_or_default()).collect()
    })
}
