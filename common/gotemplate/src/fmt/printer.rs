//! How a value is shown: containers, methods, nothing.
//!
//! Containers that are being written are kept in a list, so that printing a
//! value nested a million levels deep needs no native stack.

use super::TooLong;
use super::format::Flags;
use crate::methods;
use crate::value::{Data, Field, Kind, MapData, Shape, Type, Value};

pub(super) struct Printer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) limit: usize,
    pub(super) flags: Flags,
    /// Whether a bad verb is being reported: methods are not called then.
    pub(super) erroring: bool,
}

/// A container that isn't written to its end.
struct Open<'v> {
    items: OpenItems<'v>,
    next: usize,
    /// Whether methods of the items may be called: not below the unexported
    /// field of a struct.
    visible: bool,
}

enum OpenItems<'v> {
    List(&'v [Value]),
    Map(&'v MapData),
    Struct(&'v [Field], &'v [Value]),
    /// What a pointer points to.
    Target(Option<&'v Value>),
}

impl<'o> Printer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, limit: usize) -> Printer<'o> {
        Printer { out, limit, flags: Flags::default(), erroring: false }
    }

    pub(super) fn write(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    pub(super) fn check(&self) -> Result<(), TooLong> {
        if self.out.len() > self.limit { Err(TooLong) } else { Ok(()) }
    }

    /// Writes an argument of `print` and its like.
    pub(super) fn print_arg(&mut self, value: &Value, verb: char) -> Result<(), TooLong> {
        if value.is_missing() || value.is_nil_any() {
            match verb {
                'T' | 'v' => self.flags.pad(self.out, b"<nil>"),
                _ => self.bad_verb(value, verb)?,
            }
            return self.check();
        }
        match verb {
            'T' => self.flags.fmt_s(self.out, value.ty().to_string().as_bytes()),
            'p' => self.print_pointer(value, 'p')?,
            _ if self.call_method(value, verb)? => {}
            _ => self.print_value(value, verb)?,
        }
        self.check()
    }

    /// Writes a value as Go does when given a `reflect.Value`.
    pub(super) fn print_reflected(&mut self, value: &Value, verb: char) -> Result<(), TooLong> {
        match () {
            () if value.is_missing() => self.write(b"<invalid reflect.Value>"),
            () if value.is_nil_any() => self.write(b"<nil>"),
            () => self.print_arg(value, verb)?,
        }
        self.check()
    }

    /// Writes the value through its `String` or `GoString` method, if it has
    /// one that `verb` asks for.
    fn call_method(&mut self, value: &Value, verb: char) -> Result<bool, TooLong> {
        if self.erroring {
            return Ok(false);
        }
        if verb == 'w' && *value.ty() != Type::BYTES {
            // Errors can be wrapped in errors only, never in a template.
            self.bad_verb(value, verb)?;
            return Ok(true);
        }

        if self.flags.sharp_v {
            let text = methods::go_string(value);
            if let Some(text) = &text {
                self.flags.fmt_s(self.out, text.as_bytes());
            }
            return Ok(text.is_some());
        }
        if !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return Ok(false);
        }
        let Some(text) = methods::string(value) else {
            return Ok(false);
        };
        match verb {
            'x' | 'X' => self.flags.fmt_sbx(self.out, text.as_bytes(), verb == 'X'),
            'q' => self.flags.fmt_q(self.out, text.as_bytes()),
            _ => self.flags.fmt_s(self.out, text.as_bytes()),
        }
        Ok(true)
    }

    fn print_value(&mut self, value: &Value, verb: char) -> Result<(), TooLong> {
        let mut open: Vec<Open<'_>> = Vec::new();
        self.print_node(value, verb, true, &mut open)?;
        while let Some(container) = open.last_mut() {
            let visible = container.visible;
            match container.next_item() {
                Some(item) => {
                    self.write_lead(&item);
                    self.print_nested(item.value, verb, visible && item.exported, &mut open)?;
                }
                None => {
                    let close = container.close(self.flags.sharp_v);
                    open.pop();
                    self.write(close);
                }
            }
            self.check()?;
        }
        Ok(())
    }

    /// Writes what stands in front of an item of a container.
    fn write_lead(&mut self, item: &Item<'_>) {
        match (item.after_key, item.first) {
            (true, _) => self.write(b":"),
            (false, true) => {}
            (false, false) => self.write(if self.flags.sharp_v { b", " } else { b" " }),
        }
        if let Some(name) = item.name.filter(|_| self.flags.plus_v || self.flags.sharp_v) {
            self.write(name.as_bytes());
            self.write(b":");
        }
    }

    fn print_nested<'v>(
        &mut self,
        value: &'v Value,
        verb: char,
        visible: bool,
        open: &mut Vec<Open<'v>>,
    ) -> Result<(), TooLong> {
        if value.is_nil_any() {
            self.write(if self.flags.sharp_v { b"interface {}(nil)" } else { b"<nil>" });
            return Ok(());
        }
        if visible && self.call_method(value, verb)? {
            return Ok(());
        }
        self.print_node(value, verb, visible, open)
    }

    /// Writes a scalar, or the start of a container, which goes to `open`.
    fn print_node<'v>(
        &mut self,
        value: &'v Value,
        verb: char,
        visible: bool,
        open: &mut Vec<Open<'v>>,
    ) -> Result<(), TooLong> {
        let is_top = open.is_empty();
        let mut push = |items| open.push(Open { items, next: 0, visible });
        match (value.data(), value.ty().shape()) {
            (Data::Time(time), _) => self.print_time(time, verb, value.ty())?,
            (Data::List(list), Shape::Slice(element)) => {
                let has_bytes = element.kind() == Kind::Uint8;
                let is_byte_slice = is_top && *value.ty() == Type::BYTES && matches!(verb, 'v' | 'd');
                if has_bytes && (matches!(verb, 's' | 'q' | 'x' | 'X') || is_byte_slice) {
                    return self.fmt_bytes(list.items(), verb, value.ty());
                }
                self.write_open(value.ty(), b"[");
                push(OpenItems::List(list.items()));
            }
            (Data::Map(map), _) => {
                self.write_open(value.ty(), b"map[");
                push(OpenItems::Map(map));
            }
            (Data::Struct(fields), Shape::Struct(names)) => {
                if self.flags.sharp_v {
                    self.write(value.ty().to_string().as_bytes());
                }
                self.write(b"{");
                push(OpenItems::Struct(names, &fields.0));
            }
            (Data::Pointer(target), _) if is_top && is_container(target.0.first()) => {
                self.write(b"&");
                push(OpenItems::Target(target.0.first()));
            }
            (Data::Location(location), _) if is_top => self.print_location(location, verb)?,
            (Data::Nil, Shape::Slice(_) | Shape::Map(..)) => self.print_nil_container(value, verb, is_top),
            (Data::Pointer(_) | Data::Location(_) | Data::Func(_) | Data::Nil, _) => {
                self.print_pointer(value, verb)?;
            }
            _ => self.print_scalar(value, verb)?,
        }
        Ok(())
    }

    fn write_open(&mut self, ty: &Type, plain: &[u8]) {
        if self.flags.sharp_v {
            self.write(ty.to_string().as_bytes());
            self.write(b"{");
        } else {
            self.write(plain);
        }
    }

    fn print_nil_container(&mut self, value: &Value, verb: char, is_top: bool) {
        let is_map = value.kind() == Kind::Map;
        if self.flags.sharp_v {
            self.write(type_name(value.ty(), is_top).as_bytes());
            self.write(b"(nil)");
        } else if !is_map && value.element_type().kind() == Kind::Uint8 && "sqxX".contains(verb) {
            match verb {
                'q' => self.flags.fmt_q(self.out, b""),
                's' => self.flags.fmt_s(self.out, b""),
                _ => self.flags.fmt_sbx(self.out, b"", verb == 'X'),
            }
        } else {
            self.write(if is_map { b"map[]" } else { b"[]" });
        }
    }
}

/// An item of a container with what stands in front of it.
struct Item<'v> {
    value: &'v Value,
    first: bool,
    after_key: bool,
    name: Option<&'v str>,
    exported: bool,
}

impl<'v> Open<'v> {
    fn next_item(&mut self) -> Option<Item<'v>> {
        let index = self.next;
        self.next += 1;
        let first = index == 0;
        let plain = |value| Item { value, first, after_key: false, name: None, exported: true };
        match &self.items {
            OpenItems::List(items) => items.get(index).map(plain),
            OpenItems::Map(map) if index.is_multiple_of(2) => map.keys().get(index / 2).map(plain),
            OpenItems::Map(map) => {
                map.values().get(index / 2).map(|value| Item { after_key: true, ..plain(value) })
            }
            OpenItems::Struct(fields, values) => {
                let (field, value) = (fields.get(index)?, values.get(index)?);
                Some(Item { name: Some(&field.name), exported: field.is_exported(), ..plain(value) })
            }
            OpenItems::Target(target) => target.filter(|_| first).map(plain),
        }
    }

    fn close(&self, sharp_v: bool) -> &'static [u8] {
        match self.items {
            OpenItems::Target(_) => b"",
            OpenItems::Struct(..) => b"}",
            _ if sharp_v => b"}",
            _ => b"]",
        }
    }
}

/// The type as Go syntax shows it; a slice of bytes that isn't inside of
/// something is spelled `[]byte`.
pub(super) fn type_name(ty: &Type, is_top: bool) -> String {
    if is_top && *ty == Type::BYTES { "[]byte".to_owned() } else { ty.to_string() }
}

fn is_container(value: Option<&Value>) -> bool {
    value.is_some_and(|value| matches!(value.kind(), Kind::Slice | Kind::Struct | Kind::Map))
}
