//! Format strings: flags, widths, precisions, argument indexes.

use super::TooLong;
use super::format::Flags;
use super::printer::Printer;
use crate::unicode;
use crate::value::{Data, Value};

/// The largest width and precision Go takes.
const MAX_NUMBER: i64 = 1_000_000;

/// Reads a format string and writes what it says.
struct Formatter<'v, 'f, 'o> {
    printer: Printer<'o>,
    format: &'f [u8],
    pos: usize,
    args: &'v [Value],
    next_arg: usize,
    /// Whether the format took arguments by index: then none can be too many.
    reordered: bool,
    good_index: bool,
    after_index: bool,
}

pub(super) fn append(out: &mut Vec<u8>, format: &[u8], args: &[Value], limit: usize) -> Result<(), TooLong> {
    let mut formatter = Formatter {
        printer: Printer::new(out, limit),
        format,
        pos: 0,
        args,
        next_arg: 0,
        reordered: false,
        good_index: true,
        after_index: false,
    };
    formatter.run()?;
    formatter.extra_arguments()?;
    formatter.printer.check()
}

impl Formatter<'_, '_, '_> {
    fn byte(&self) -> Option<u8> {
        self.format.get(self.pos).copied()
    }

    fn run(&mut self) -> Result<(), TooLong> {
        while self.pos < self.format.len() {
            let rest = &self.format[self.pos..];
            let text = memchr::memchr(b'%', rest).unwrap_or(rest.len());
            self.printer.write(&rest[..text]);
            self.pos += text;
            if self.pos < self.format.len() {
                self.pos += 1;
                self.directive()?;
            }
            self.printer.check()?;
        }
        Ok(())
    }

    fn directive(&mut self) -> Result<(), TooLong> {
        self.printer.flags = Flags::default();
        self.good_index = true;
        self.after_index = false;
        self.flags();
        self.argument_index();
        self.width();
        // A dot at the very end is taken for the verb.
        if self.byte() == Some(b'.') && self.pos + 1 < self.format.len() {
            self.pos += 1;
            self.precision();
        }
        if !self.after_index {
            self.argument_index();
        }
        let Some(byte) = self.byte() else {
            self.printer.write(b"%!(NOVERB)");
            return Ok(());
        };
        let (rune, size) = match byte {
            0..0x80 => (u32::from(byte), 1),
            _ => unicode::decode_rune(&self.format[self.pos..]),
        };
        self.pos += size;
        let verb = char::from_u32(rune).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.verb(verb)
    }

    fn flags(&mut self) {
        while let Some(byte) = self.byte() {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.pos += 1;
        }
    }

    fn width(&mut self) {
        if self.byte() == Some(b'*') {
            self.pos += 1;
            let width = self.number_argument();
            if width.is_none() {
                self.printer.write(b"%!(BADWIDTH)");
            }
            if let Some(width) = width {
                self.printer.flags.width = usize::try_from(width.abs()).ok();
                if width < 0 {
                    self.printer.flags.minus = true;
                    self.printer.flags.zero = false;
                }
            }
            self.after_index = false;
            return;
        }
        self.printer.flags.width = self.number();
        if self.after_index && self.printer.flags.width.is_some() {
            self.good_index = false;
        }
    }

    fn precision(&mut self) {
        if self.after_index {
            self.good_index = false;
        }
        self.argument_index();
        if self.byte() == Some(b'*') {
            self.pos += 1;
            // A negative precision counts as none, and is complained about.
            let precision = self.number_argument().and_then(|number| usize::try_from(number).ok());
            if precision.is_none() {
                self.printer.write(b"%!(BADPREC)");
            }
            self.printer.flags.precision = precision;
            self.after_index = false;
            return;
        }
        self.printer.flags.precision = Some(self.number().unwrap_or(0));
    }

    /// Reads a number of the format; one that is too large swallows the rest
    /// of the format, as in Go.
    fn number(&mut self) -> Option<usize> {
        let (number, pos) = parse_number(self.format, self.pos, self.format.len());
        self.pos = pos;
        number
    }

    /// Takes a number for `*` from the arguments.
    fn number_argument(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next_arg)?;
        self.next_arg += 1;
        let number = match arg.data() {
            Data::Int(number) => *number,
            Data::Uint(number) => i64::try_from(*number).ok()?,
            _ => return None,
        };
        (-MAX_NUMBER..=MAX_NUMBER).contains(&number).then_some(number)
    }

    /// Reads an index such as `[2]`, if there is one.
    fn argument_index(&mut self) {
        self.after_index = false;
        if self.byte() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.pos..];
        let close = if rest.len() < 3 { None } else { memchr::memchr(b']', rest) };
        let Some(close) = close else {
            self.pos += 1;
            self.good_index = false;
            return;
        };
        let (number, end) = parse_number(rest, 1, close);
        self.pos += close + 1;
        let Some(number) = number.filter(|_| end == close) else {
            self.good_index = false;
            return;
        };
        self.after_index = true;
        match number.checked_sub(1).filter(|index| *index < self.args.len()) {
            Some(index) => self.next_arg = index,
            None => self.good_index = false,
        }
    }

    fn verb(&mut self, verb: char) -> Result<(), TooLong> {
        if verb == '%' {
            self.printer.write(b"%");
            return Ok(());
        }
        let arg = self.args.get(self.next_arg);
        let complaint: &[u8] = match (self.good_index, arg) {
            (false, _) => b"(BADINDEX)",
            (true, None) => b"(MISSING)",
            (true, Some(arg)) => {
                if matches!(verb, 'v' | 'w') {
                    let flags = &mut self.printer.flags;
                    flags.sharp_v = std::mem::take(&mut flags.sharp);
                    flags.plus_v = std::mem::take(&mut flags.plus);
                }
                self.next_arg += 1;
                return self.printer.print_arg(arg, verb);
            }
        };
        self.printer.write(b"%!");
        self.printer.write(verb.encode_utf8(&mut [0; 4]).as_bytes());
        self.printer.write(complaint);
        Ok(())
    }

    fn extra_arguments(&mut self) -> Result<(), TooLong> {
        let extra = self.args.get(self.next_arg..).unwrap_or_default();
        if self.reordered || extra.is_empty() {
            return Ok(());
        }
        self.printer.flags = Flags::default();
        self.printer.write(b"%!(EXTRA ");
        for (i, arg) in extra.iter().enumerate() {
            if i > 0 {
                self.printer.write(b", ");
            }
            if arg.is_missing() || arg.is_nil_any() {
                self.printer.write(b"<nil>");
                continue;
            }
            self.printer.write(arg.ty().to_string().as_bytes());
            self.printer.write(b"=");
            self.printer.print_arg(arg, 'v')?;
        }
        self.printer.write(b")");
        Ok(())
    }
}

/// The number at `start` and where it ends; one that is too large ends at
/// `end` and is none.
fn parse_number(text: &[u8], start: usize, end: usize) -> (Option<usize>, usize) {
    let mut number = None;
    let mut pos = start;
    while let Some(digit) = text[..end].get(pos).filter(|byte| byte.is_ascii_digit()) {
        let sofar = number.unwrap_or(0);
        if sofar > MAX_NUMBER {
            return (None, end);
        }
        number = Some(sofar * 10 + i64::from(digit - b'0'));
        pos += 1;
    }
    (number.and_then(|number| usize::try_from(number).ok()), pos)
}
