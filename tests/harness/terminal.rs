//! A program on a terminal, and what stands on the screen.
//!
//! Takes a program's start, gives its screen as an emulator of terminals understands what was written: so stories
//! say what a person sees, not which bytes were sent.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long a story waits for something on the screen, or for the end.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How many lines that went over the upper edge are kept.
const SCROLLBACK: usize = 1000;

/// A running program whose stdout and stderr are a terminal.
pub struct Terminal {
    child: Child,
    screen: Arc<Mutex<vt100::Parser>>,
    reader: Option<JoinHandle<()>>,
    main: OwnedFd,
}

impl Terminal {
    /// Starts a program on a new terminal of this size.
    pub(crate) fn start(rows: u16, columns: u16, mut command: Command) -> Self {
        let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&main).unwrap();
        unlockpt(&main).unwrap();
        tcsetwinsize(&main, size(rows, columns)).unwrap();
        let name = ptsname(&main, Vec::new()).unwrap();
        let side = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let child = command.stdout(side.try_clone().unwrap()).stderr(side).spawn().unwrap();
        // The command holds the program's side; without it the terminal ends with the program.
        drop(command);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), SCROLLBACK)));
        let reader = thread::spawn({
            let (mut output, screen) = (File::from(main.try_clone().unwrap()), Arc::clone(&screen));
            move || {
                let mut bytes = [0; 4096];
                // A terminal that nobody has open any more gives an error, not an end.
                while let Ok(count @ 1..) = output.read(&mut bytes) {
                    screen.lock().unwrap().process(&bytes[..count]);
                }
            }
        });
        Self { child, screen, reader: Some(reader), main }
    }

    /// Gives the program its whole standard input.
    pub(crate) fn type_in(&mut self, input: &[u8]) {
        let mut stdin = self.child.stdin.take().unwrap();
        // A program may end without reading its input: a closed pipe is no failure here.
        let _ = stdin.write_all(input);
    }

    /// What stands on the screen, line by line, without the empty lines at the end.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        tcsetwinsize(&self.main, size(rows, columns)).unwrap();
    }

    /// Waits until the screen is as wanted, and gives it.
    ///
    /// # Panics
    ///
    /// When it takes a minute.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + LONGEST_WAIT;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "waited {LONGEST_WAIT:?} until {what}:\n{screen}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Waits for the program's end, and gives its exit code and everything that stands on the screen and above.
    ///
    /// # Panics
    ///
    /// When it takes a minute.
    pub fn end(mut self) -> (i32, String) {
        let end = Instant::now() + LONGEST_WAIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "no end after {LONGEST_WAIT:?}:\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        };
        self.reader.take().unwrap().join().unwrap();
        let mut parser = self.screen.lock().unwrap();
        let screen = parser.screen_mut();
        screen.set_scrollback(usize::MAX);
        let above = screen.scrollback();
        let mut lines = Vec::new();
        for line in 0..above {
            screen.set_scrollback(above - line);
            let columns = screen.size().1;
            lines.extend(screen.rows(0, columns.get()).next());
        }
        screen.set_scrollback(0);
        lines.push(screen.contents());
        (status.code().unwrap_or(-1), lines.join("\n"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Only a story that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}
