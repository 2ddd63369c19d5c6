//! Scalars: which verbs each kind of value understands.

use super::TooLong;
use super::printer::{Printer, type_name};
use crate::time::{Location, Time};
use crate::value::{Data, Kind, Type, Value};

/// Stands for the address of something: addresses differ from run to run, so
/// none is worth telling.
const SOME_ADDRESS: u64 = 0xc0_0001_0000;

impl Printer<'_> {
    /// Reports that the value has no such verb: `%!d(string=a)`.
    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) -> Result<(), TooLong> {
        self.erroring = true;
        self.write(b"%!");
        self.write(verb.encode_utf8(&mut [0; 4]).as_bytes());
        self.write(b"(");
        if value.is_missing() || value.is_nil_any() {
            self.write(b"<nil>");
        } else {
            self.write(value.ty().to_string().as_bytes());
            self.write(b"=");
            self.print_arg(value, 'v')?;
        }
        self.write(b")");
        self.erroring = false;
        Ok(())
    }

    /// Writes a value that holds no others.
    pub(super) fn print_scalar(&mut self, value: &Value, verb: char) -> Result<(), TooLong> {
        let is_known = match value.data() {
            Data::Bool(b) => self.fmt_bool(*b, verb),
            Data::Int(i) => self.fmt_integer(i.cast_unsigned(), true, verb),
            Data::Uint(u) => self.fmt_integer(*u, false, verb),
            Data::Float(f) => self.fmt_float(*f, value.kind().bits(), verb),
            Data::Complex(c) => self.fmt_complex(**c, verb),
            Data::Text(text) => self.fmt_string(text, verb),
            _ => false,
        };
        if is_known { Ok(()) } else { self.bad_verb(value, verb) }
    }

    /// Writes the address of a pointer, map, slice or function.
    pub(super) fn print_pointer(&mut self, value: &Value, verb: char) -> Result<(), TooLong> {
        if self.fmt_pointer(value, verb) { Ok(()) } else { self.bad_verb(value, verb) }
    }

    // Each of these tells whether the kind of value knows the verb.

    fn fmt_bool(&mut self, value: bool, verb: char) -> bool {
        let is_known = matches!(verb, 't' | 'v');
        if is_known {
            self.flags.fmt_bool(self.out, value);
        }
        is_known
    }

    fn fmt_integer(&mut self, bits: u64, signed: bool, verb: char) -> bool {
        let flags = self.flags;
        match verb {
            'v' if flags.sharp_v && !signed => self.fmt_hex(bits, true),
            'v' | 'd' => flags.fmt_integer(self.out, bits, 10, signed, verb),
            'b' => flags.fmt_integer(self.out, bits, 2, signed, verb),
            'o' | 'O' => flags.fmt_integer(self.out, bits, 8, signed, verb),
            'x' | 'X' => flags.fmt_integer(self.out, bits, 16, signed, verb),
            'c' => flags.fmt_c(self.out, bits),
            'q' => flags.fmt_qc(self.out, bits),
            'U' => flags.fmt_unicode(self.out, bits),
            _ => return false,
        }
        true
    }

    /// Writes `0x1f`, or `1f` without the prefix.
    fn fmt_hex(&mut self, bits: u64, prefix: bool) {
        let mut flags = self.flags;
        flags.sharp = prefix;
        flags.fmt_integer(self.out, bits, 16, false, 'v');
    }

    fn fmt_float(&mut self, value: f64, bits: u32, verb: char) -> bool {
        let is_known = is_float_verb(verb);
        if is_known {
            self.flags.fmt_float(self.out, value, bits, verb);
        }
        is_known
    }

    fn fmt_complex(&mut self, value: (f64, f64), verb: char) -> bool {
        let is_known = is_float_verb(verb);
        if is_known {
            self.flags.fmt_complex(self.out, value, 128, verb);
        }
        is_known
    }

    fn fmt_string(&mut self, text: &[u8], verb: char) -> bool {
        let flags = self.flags;
        match verb {
            'v' if flags.sharp_v => flags.fmt_q(self.out, text),
            'v' | 's' => flags.fmt_s(self.out, text),
            'x' | 'X' => flags.fmt_sbx(self.out, text, verb == 'X'),
            'q' => flags.fmt_q(self.out, text),
            _ => return false,
        }
        true
    }

    fn fmt_pointer(&mut self, value: &Value, verb: char) -> bool {
        if !matches!(value.kind(), Kind::Pointer | Kind::Map | Kind::Slice | Kind::Func) {
            return false;
        }
        let address = if value.is_nil() { 0 } else { SOME_ADDRESS };
        match verb {
            'v' if self.flags.sharp_v => {
                self.write(format!("({})(", value.ty()).as_bytes());
                match address {
                    0 => self.write(b"nil"),
                    _ => self.fmt_hex(address, true),
                }
                self.write(b")");
            }
            'v' if address == 0 => self.flags.pad(self.out, b"<nil>"),
            'v' | 'p' => self.fmt_hex(address, !self.flags.sharp),
            'b' | 'o' | 'd' | 'x' | 'X' => return self.fmt_integer(address, false, verb),
            _ => return false,
        }
        true
    }

    /// Writes a slice of bytes as text, or as a list of numbers.
    pub(super) fn fmt_bytes(&mut self, items: &[Value], verb: char, ty: &Type) -> Result<(), TooLong> {
        if !matches!(verb, 'v' | 'd') {
            let bytes = items.iter().filter_map(|item| u8::try_from(item.as_uint()?).ok());
            let bytes: Vec<u8> = bytes.collect();
            self.fmt_string(&bytes, verb);
            return Ok(());
        }
        let sharp_v = self.flags.sharp_v;
        if sharp_v {
            self.write(type_name(ty, true).as_bytes());
        }
        self.write(if sharp_v { b"{" } else { b"[" });
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.write(if sharp_v { b", " } else { b" " });
            }
            let byte = item.as_uint().unwrap_or_default();
            if sharp_v {
                self.fmt_hex(byte, true);
            } else {
                self.flags.fmt_integer(self.out, byte, 10, false, verb);
            }
            self.check()?;
        }
        self.write(if sharp_v { b"}" } else { b"]" });
        Ok(())
    }

    /// Writes a time as the struct it is in Go, where no method applies.
    pub(super) fn print_time(&mut self, time: &Time, verb: char, ty: &Type) -> Result<(), TooLong> {
        // Go keeps the nanoseconds apart from the seconds since the year 1.
        const YEAR_ONE_TO_EPOCH: i64 = 62_135_596_800;
        let location = match time.location().is_utc() {
            true => Value::zero(&Type::LOCATION),
            false => Value::from(time.location().clone()),
        };
        let parts = [
            Value::from(time.nanosecond().cast_unsigned()),
            Value::new(Type::INT64, Data::Int(time.unix().wrapping_add(YEAR_ONE_TO_EPOCH))),
            location,
        ];
        if self.flags.sharp_v {
            self.write(ty.to_string().as_bytes());
        }
        self.print_parts(ty, &parts, verb)
    }

    /// Writes a location as the struct it is in Go, where no method applies.
    pub(super) fn print_location(&mut self, location: &Location, verb: char) -> Result<(), TooLong> {
        // Zones without changes have no table of changes.
        let parts = [
            Value::from(location.to_string()),
            Value::zero(&Type::BYTES),
            Value::zero(&Type::BYTES),
            Value::from(""),
            Value::zero(&Type::INT64),
            Value::zero(&Type::INT64),
            Value::zero(&Type::pointer(Type::named("time.zone", &Type::INT))),
        ];
        self.write(b"&");
        let ty = Type::LOCATION;
        self.print_parts(ty.element().unwrap_or(&ty), &parts, verb)
    }

    /// Writes the fields of a struct that Go doesn't export.
    fn print_parts(&mut self, ty: &Type, parts: &[Value], verb: char) -> Result<(), TooLong> {
        self.write(b"{");
        for (i, ((name, _), part)) in ty.field_types().zip(parts).enumerate() {
            if i > 0 {
                self.write(if self.flags.sharp_v { b", " } else { b" " });
            }
            if self.flags.sharp_v || self.flags.plus_v {
                self.write(name.as_bytes());
                self.write(b":");
            }
            match part.kind() {
                Kind::Pointer => self.print_pointer(part, verb)?,
                Kind::Slice => self.write(b"[]"),
                _ => self.print_scalar(part, verb)?,
            }
        }
        self.write(b"}");
        Ok(())
    }
}

fn is_float_verb(verb: char) -> bool {
    matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E')
}
