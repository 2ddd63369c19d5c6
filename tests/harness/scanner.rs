//! Finds secrets where none may be.
//!
//! Takes a mark that the secrets of one story hold, again and again; looks for it, as it is and in Base64, in texts,
//! in files, and in the command lines of all processes while the story goes on. Separate from the stories so that it
//! is itself seen to find what is planted. A mark of letters and digits survives every quoting, so a part of a secret
//! is found, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How often the processes are looked at; what takes longer than this is seen.
const PERIOD: Duration = Duration::from_millis(10);

/// A search for the secrets of one story; it watches all processes until it is asked what it found.
pub struct Scanner {
    mark: String,
    needles: Arc<Vec<String>>,
    findings: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

impl Scanner {
    /// Begins to watch the processes, and the files of these folders while they come and go.
    pub fn watching(folders: Vec<PathBuf>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("Qz{}x{number}Zq", std::process::id());
        let needles = Arc::new(needles(&mark));
        let (findings, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let watcher = thread::spawn({
            let (needles, findings, is_over) =
                (Arc::clone(&needles), Arc::clone(&findings), Arc::clone(&is_over));
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    command_lines(&needles, &findings);
                    folders.iter().for_each(|folder| files(folder, &needles, &findings));
                    thread::sleep(PERIOD);
                }
            }
        });
        Self { mark, needles, findings, is_over, watcher: Some(watcher) }
    }

    /// What the story's secrets have to hold at least every few characters.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Looks through a text.
    pub fn text(&self, place: &str, text: &str) {
        note(place, text.as_bytes(), &self.needles, &self.findings);
    }

    /// Looks through the names and contents of all files below a folder.
    pub fn files(&self, folder: &Path) {
        files(folder, &self.needles, &self.findings);
    }

    /// Ends the watch, and gives the places where a secret was found.
    pub fn findings(mut self) -> Vec<String> {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take() {
            watcher.join().unwrap();
        }
        std::mem::take(&mut *self.findings.lock().unwrap())
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// The mark, and what Base64 makes of it at each of the three places in a group; Base64 of that, too.
fn needles(mark: &str) -> Vec<String> {
    let encoded = |text: &String| {
        let text = text.clone();
        (0..3).map(move |before| {
            let whole = STANDARD.encode(format!("{}{text}", &"___"[..before]));
            // Without the groups that hold bits of what stands beside it.
            whole[if before == 0 { 0 } else { 4 }..whole.len() - 4].to_owned()
        })
    };
    let mut needles = vec![mark.to_owned()];
    let once: Vec<String> = needles.iter().flat_map(encoded).collect();
    let twice: Vec<String> = once.iter().flat_map(encoded).collect();
    needles.extend(once.into_iter().chain(twice));
    needles
}

fn note(place: &str, bytes: &[u8], needles: &[String], findings: &Mutex<Vec<String>>) {
    let found = needles.iter().find_map(|needle| position(bytes, needle.as_bytes()));
    if let Some(at) = found {
        let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 60)];
        let finding = format!("{place}: …{}…", String::from_utf8_lossy(around));
        let mut findings = findings.lock().unwrap();
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}

fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

fn command_lines(needles: &[String], findings: &Mutex<Vec<String>>) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        // It may have ended meanwhile.
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        note("a command line", &line, needles, findings);
    }
}

fn files(folder: &Path, needles: &[String], findings: &Mutex<Vec<String>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let place = format!("file {}", path.display());
        note(&place, path.as_os_str().as_encoded_bytes(), needles, findings);
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            files(&path, needles, findings);
        } else if kind.is_file() {
            note(&place, &fs::read(&path).unwrap_or_default(), needles, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::TemporaryFolder;

    #[test]
    fn what_is_planted_in_a_text_is_found_however_it_is_quoted() {
        for quoted in ["a\"{}", "a\\u003c{}", "%20{}%"] {
            let scanner = Scanner::watching(Vec::new());
            scanner.text("a text", &quoted.replace("{}", scanner.mark()));
            assert_eq!(scanner.findings().len(), 1, "{quoted}");
        }
        for before in ["", "x", "xy", "xyz"] {
            for behind in ["", "x", "xy"] {
                let scanner = Scanner::watching(Vec::new());
                let once = STANDARD.encode(format!("{before}{}{behind}", scanner.mark()));
                scanner.text("once", &once);
                scanner.text("twice", &STANDARD.encode(format!("{before}{once}")));
                assert_eq!(scanner.findings().len(), 2, "{before} {behind}");
            }
        }
    }

    #[test]
    fn what_is_planted_in_a_file_or_its_name_is_found_while_it_is_there() {
        let folder = TemporaryFolder::new();
        let scanner = Scanner::watching(vec![folder.path().to_owned()]);
        let mark = scanner.mark().to_owned();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/lock"), format!("owner={mark}")).unwrap();
        fs::write(folder.path().join(&mark), "").unwrap();
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while scanner.findings.lock().unwrap().len() < 2 && std::time::Instant::now() < end {
            thread::sleep(PERIOD);
        }
        fs::remove_dir_all(folder.path().join("a")).unwrap();
        let findings = scanner.findings();
        assert!(findings.iter().any(|finding| finding.contains("a/b/lock")), "{findings:?}");
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn what_is_planted_in_a_command_line_is_found() {
        let scanner = Scanner::watching(Vec::new());
        let script = format!(": {}; sleep 1; :", scanner.mark());
        let status = std::process::Command::new("sh").arg("-c").arg(script).status().unwrap();
        assert!(status.success());
        let findings = scanner.findings();
        assert!(findings.iter().any(|finding| finding.starts_with("a command line")), "{findings:?}");
    }

    #[test]
    fn where_nothing_is_nothing_is_found() {
        let scanner = Scanner::watching(vec![TemporaryFolder::new().path().to_owned()]);
        scanner.text("a text", "Qz1x1Zq ***");
        assert_eq!(scanner.findings(), [] as [String; 0]);
    }
}
