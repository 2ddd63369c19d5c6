//! A wait on a terminal: who is waited for, why and how long, drawn anew as it goes on.
//!
//! ```text
//! info: job.batch/migrate ready (4s)
//! waiting for 2 of 12 objects (9s)
//!   deployment.apps/web   1 of 2 pods are ready  (5s)
//!   statefulset.apps/db   0 of 1 pods are ready; container db: ImagePullBackOff  (9s)
//! ```
//!
//! What became ready after it was waited for gets its line once; what was ready at the first look is only counted.

use std::collections::BTreeSet;
use std::time::Duration;

use codex_cluster::place::Target;
use codex_cluster::readiness::Readiness;
use codex_cluster::wait::{Report, Waiting};
use codex_common::cli::Console;
use codex_common::diagnostic::Diagnostic;
use codex_common::printable;

use super::words::{name, seconds};
use crate::picture::{Line, Picture, Size, cut, width};

/// A wait that is over sooner is no reason to draw.
const PATIENCE: Duration = Duration::from_millis(300);

/// The lines that aren't objects' own: the head, the sum of those without a line, and the cursor's.
const OTHER_LINES: usize = 3;

/// The part of a line that names may take at most, as a divisor.
const NAMES_SHARE: usize = 2;

/// A picture of a wait; it goes with the value.
pub(super) struct Live<'a> {
    console: &'a Console,
    targets: &'a [Target],
    picture: Picture,
    awaited: BTreeSet<usize>,
}

impl<'a> Live<'a> {
    pub(super) fn new(console: &'a Console, targets: &'a [Target]) -> Self {
        let picture = Picture::default();
        console.set_footer(Some(Box::new(picture.clone())));
        Self { console, targets, picture, awaited: BTreeSet::new() }
    }

    /// A text as a part of a line.
    fn one_line(&self, text: &str) -> String {
        self.console.secrets().masked(&printable::line(text))
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.console.set_footer(None);
        self.picture.show(Vec::new());
    }
}

impl Report for Live<'_> {
    fn changed(&mut self, target: usize, readiness: &Readiness, elapsed: Duration) {
        let is_ready = matches!(readiness, Readiness::Ready { .. });
        if !is_ready {
            self.awaited.insert(target);
        } else if self.awaited.contains(&target) {
            self.console.info(format!("{} ready ({})", name(&self.targets[target]), seconds(elapsed)));
        }
    }

    fn standing(&mut self, waiting: &[Waiting<'_>], elapsed: Duration) {
        if elapsed < PATIENCE {
            return;
        }
        let rows: Vec<Row> = waiting
            .iter()
            .map(|one| Row {
                name: self.one_line(&name(&self.targets[one.target])),
                reason: self.one_line(one.reason),
                time: seconds(one.waited),
            })
            .collect();
        let title =
            format!("waiting for {} of {} objects ({})", waiting.len(), self.targets.len(), seconds(elapsed));
        self.picture.show(lines(&title, &rows, Size::of_stderr(), self.console.is_colored()));
    }

    fn disturbed(&mut self, message: &str) {
        self.console.say(&Diagnostic::warning(message));
    }
}

/// What is shown of an object.
struct Row {
    name: String,
    reason: String,
    time: String,
}

/// The picture, fitted to the terminal.
fn lines(title: &str, rows: &[Row], size: Size, is_colored: bool) -> Vec<Line> {
    if rows.is_empty() {
        return Vec::new();
    }
    let bold = |text: &str| if is_colored { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() };
    let title = cut(title, size.columns);
    let mut lines = vec![Line { width: width(&title), text: bold(&title) }];
    let room = size.rows.saturating_sub(OTHER_LINES);
    // One line for the sum or for the last object.
    let shown = if rows.len() <= room + 1 { rows.len() } else { room };
    let longest = rows[..shown].iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let names = longest.min(size.columns / NAMES_SHARE);
    lines.extend(rows[..shown].iter().map(|row| line(row, names, size.columns, is_colored)));
    if shown < rows.len() {
        let text = cut(&format!("  … and {} more", rows.len() - shown), size.columns);
        lines.push(Line { width: width(&text), text });
    }
    lines
}

/// `  NAME  REASON  (TIME)`; the reason gives way first.
fn line(row: &Row, names: usize, columns: usize, is_colored: bool) -> Line {
    let name = cut(&row.name, names);
    let padding = " ".repeat(names - width(&name));
    let time = format!("  ({})", row.time);
    let head = format!("  {name}{padding}  ");
    let reason = cut(&row.reason, columns.saturating_sub(width(&head) + width(&time)));
    let plain = format!("{head}{reason}{time}");
    let cut_plain = cut(&plain, columns);
    let width = width(&cut_plain);
    let text = if is_colored && cut_plain == plain {
        format!("{head}{reason}\u{1b}[2m{time}\u{1b}[0m")
    } else {
        cut_plain
    };
    Line { text, width }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, reason: &str) -> Row {
        Row { name: name.to_owned(), reason: reason.to_owned(), time: "5s".to_owned() }
    }

    fn drawn(rows: &[Row], columns: usize, height: usize) -> Vec<String> {
        let lines = lines("waiting", rows, Size { columns, rows: height }, false);
        for line in &lines {
            assert_eq!(line.width, width(&line.text));
            assert!(line.width <= columns, "{line:?}");
        }
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn columns_are_aligned_and_reasons_give_way() {
        let rows = [row("pod/a", "it is not ready"), row("deployment.apps/b", "0 of 1")];
        let whole =
            ["waiting", "  pod/a              it is not ready  (5s)", "  deployment.apps/b  0 of 1  (5s)"];
        assert_eq!(drawn(&rows, 80, 24), whole);
        let narrow = ["waiting", "  pod/a            it i…  (5s)", "  deployment.app…  0 of…  (5s)"];
        assert_eq!(drawn(&rows, 30, 24), narrow);
    }

    #[test]
    fn what_has_no_room_is_summed_up() {
        let rows: Vec<Row> = (0..9).map(|at| row(&format!("pod/{at}"), "x")).collect();
        assert_eq!(drawn(&rows, 80, 11).len(), 10);
        let some = drawn(&rows, 80, 10);
        assert_eq!((some.len(), some[8].as_str()), (9, "  … and 2 more"));
        assert_eq!(drawn(&rows, 80, 1), ["waiting", "  … and 9 more"]);
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let rows = [row("deployment.apps/日本語の名前", "理由がとても長いのでここで切る")];
        for columns in 0..60 {
            drawn(&rows, columns, 24);
        }
    }
}
