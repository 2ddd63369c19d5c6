//! Variables of a container that are set more than once.
//!
//! A kubelet goes through `env` in order: `$(NAME)` sees what was set before it, and of two values of one name
//! the last one stays. Server-side apply takes one entry of each name, so the last one is sent, with the
//! values before it written out where they are used. Where that can't be done without changing what the
//! container sees, it isn't.

use std::collections::BTreeMap;

use serde_json::Value;

/// How long all values that are written out may be together, in bytes.
const LONGEST: usize = 1 << 20;

/// What becomes of an entry that isn't sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// The same value is set before it.
    Same,
    /// Nothing uses it.
    Unused,
    /// Its value is written out where it is used.
    WrittenOut,
}

/// Why variables can't be brought to one entry of each name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// A value that is set again later is used, and can't be written out there.
    Used,
    /// The last entry may turn out not to set anything.
    Optional,
}

/// One entry of each name.
#[derive(Debug, PartialEq)]
pub(super) struct Thinned {
    /// The entries that are sent.
    pub(super) entries: Vec<Value>,
    /// The others: index, and index of the one that is sent for it.
    pub(super) left: Vec<(usize, usize, Left)>,
}

/// Two entries of one name that can't be made one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stuck {
    /// The index of the entry that would be left out.
    pub(super) first: usize,
    /// The index of the entry that stands in the way.
    pub(super) at: usize,
    /// Why.
    pub(super) why: Why,
}

/// Brings `env` to one entry of each name; `None` if it is so already.
///
/// # Errors
/// What the container sees would change.
pub(super) fn thin_out(env: &[Value]) -> Result<Option<Thinned>, Stuck> {
    let names: Vec<Option<&str>> =
        env.iter().map(|entry| entry.get("name").and_then(Value::as_str)).collect();
    let mut set: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut left = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        let earlier = set.entry(name).or_default();
        match earlier.last() {
            Some(&last) if env[last] == env[at] && is_constant(&env[at]) => left.push((at, last, Left::Same)),
            _ => earlier.push(at),
        }
    }
    if left.is_empty() && set.values().all(|places| places.len() < 2) {
        return Ok(None);
    }
    let mut used = vec![false; env.len()];
    let texts = Texts::of(env, &set);
    let mut entries = Vec::new();
    for (at, entry) in env.iter().enumerate() {
        let name = names[at];
        match name.map(|name| set[name].as_slice()) {
            // The same is set before.
            Some(places) if places.binary_search(&at).is_err() => continue,
            Some([.., last]) if *last != at => continue,
            Some([.., before, _]) if is_optional(entry) => {
                return Err(Stuck { first: *before, at, why: Why::Optional });
            }
            _ => {}
        }
        let mut entry = entry.clone();
        if let Some(text) = texts.at_its_place(at, &mut used)? {
            entry["value"] = Value::from(text);
        }
        entries.push(entry);
    }
    for places in set.values() {
        if let [others @ .., last] = places.as_slice() {
            let what = |at: usize| if used[at] { Left::WrittenOut } else { Left::Unused };
            left.extend(others.iter().map(|&at| (at, *last, what(at))));
        }
    }
    left.sort_unstable_by_key(|(at, ..)| *at);
    Ok(Some(Thinned { entries, left }))
}

/// Whether an entry sets the same wherever it stands.
fn is_constant(entry: &Value) -> bool {
    literal(entry).is_none_or(|text| pieces(text).iter().all(|piece| matches!(piece, Piece::Text(_))))
}

/// Whether an entry sets nothing if what it names isn't there.
fn is_optional(entry: &Value) -> bool {
    let sources = entry.get("valueFrom").and_then(Value::as_object);
    sources.is_some_and(|sources| {
        sources.values().any(|source| source.get("optional") == Some(&Value::Bool(true)))
    })
}

/// The text of an entry that has no source.
fn literal(entry: &Value) -> Option<&str> {
    match (entry.get("valueFrom"), entry.get("value")) {
        (None, None) => Some(""),
        (None, Some(Value::String(text))) => Some(text),
        (Some(_), Some(Value::String(text))) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    /// Text that stands for itself.
    Text(&'a str),
    /// `$(NAME)`.
    Reference(&'a str),
}

/// The pieces of a value: `$(NAME)` is a reference, `$$` a dollar sign, every other `$` stands for itself.
fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        let after = &rest[at + 1..];
        if let Some((name, behind)) = after.strip_prefix('(').and_then(|after| after.split_once(')')) {
            pieces.extend([Piece::Text(&rest[..at]), Piece::Reference(name)]);
            rest = behind;
        } else {
            let escaped = usize::from(after.starts_with('$'));
            pieces.push(Piece::Text(&rest[..=at]));
            rest = &after[escaped..];
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// A value in which nothing is left that is set again later.
#[derive(Debug, Clone, Default)]
struct Text<'a> {
    /// As it is written into an entry.
    written: String,
    /// Names in it that nothing had set; the container's other sources may have.
    unset: Vec<&'a str>,
    /// The entries whose values are in it.
    uses: Vec<usize>,
}

/// The values of all entries, written out as far as it takes.
struct Texts<'e, 's> {
    env: &'e [Value],
    set: &'s BTreeMap<&'e str, Vec<usize>>,
    /// By index; `None` for what can't be written out.
    texts: Vec<Option<Text<'e>>>,
}

impl<'e, 's> Texts<'e, 's> {
    fn of(env: &'e [Value], set: &'s BTreeMap<&'e str, Vec<usize>>) -> Self {
        let mut texts = Self { env, set, texts: Vec::with_capacity(env.len()) };
        let mut length = 0;
        for at in 0..env.len() {
            let text = texts.written_out(at).ok().filter(|text| length + text.written.len() <= LONGEST);
            length += text.as_ref().map_or(0, |text| text.written.len());
            texts.texts.push(text);
        }
        texts
    }

    /// The entry that `name` means at `at`.
    fn before(&self, name: &str, at: usize) -> Option<usize> {
        self.set.get(name)?.iter().rev().copied().find(|&place| place < at)
    }

    /// The entry of `name` that is sent.
    fn sent(&self, name: &str) -> Option<usize> {
        self.set.get(name)?.last().copied()
    }

    /// The value of the entry `at`, with what is set again later written out. An error is the entry that
    /// can't be.
    fn written_out(&self, at: usize) -> Result<Text<'e>, usize> {
        let mut text = Text::default();
        for piece in pieces(literal(&self.env[at]).ok_or(at)?) {
            let name = match piece {
                Piece::Text(plain) => {
                    text.written.push_str(&plain.replace('$', "$$"));
                    continue;
                }
                Piece::Reference(name) => name,
            };
            match self.before(name, at) {
                Some(place) if self.sent(name) != Some(place) => {
                    let inner = self.texts[place].as_ref().ok_or(place)?;
                    text.written.push_str(&inner.written);
                    text.unset.extend(&inner.unset);
                    text.uses.push(place);
                    text.uses.extend(&inner.uses);
                }
                place => {
                    text.written.push_str(&format!("$({name})"));
                    text.unset.extend(place.is_none().then_some(name));
                }
            }
            if text.written.len() > LONGEST {
                return Err(at);
            }
        }
        Ok(text)
    }

    /// The new value of an entry that is sent; `None` if it stays as it is.
    fn at_its_place(&self, at: usize, used: &mut [bool]) -> Result<Option<String>, Stuck> {
        let Some(value) = literal(&self.env[at]) else { return Ok(None) };
        let mut stuck = None;
        for piece in pieces(value) {
            if let Piece::Reference(name) = piece {
                stuck = stuck.or(self.before(name, at).filter(|&place| self.sent(name) != Some(place)));
            }
        }
        let Some(first) = stuck else { return Ok(None) };
        let refuse = |first| Stuck { first, at, why: Why::Used };
        let text = self.written_out(at).map_err(|place| refuse(if place == at { first } else { place }))?;
        // Nothing had set it where it was used, but something has where it would be.
        if text.unset.iter().any(|name| self.sent(name).is_some_and(|sent| sent < at)) {
            return Err(refuse(first));
        }
        text.uses.iter().for_each(|&place| used[place] = true);
        Ok(Some(text.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn env(entries: &[(&str, &str)]) -> Vec<Value> {
        entries.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
    }

    fn from_key(name: &str, optional: bool) -> Value {
        let key = json!({"name": "m", "key": name, "optional": optional});
        json!({"name": name, "valueFrom": {"configMapKeyRef": key}})
    }

    /// The variables that a kubelet gives a container whose other sources have `outer`.
    fn seen(env: &[Value], outer: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut seen = outer.clone();
        for entry in env {
            let name = entry["name"].as_str().unwrap();
            let value = match literal(entry) {
                Some(text) => {
                    let expand = |piece: &Piece<'_>| match piece {
                        Piece::Text(text) => (*text).to_owned(),
                        Piece::Reference(name) => seen.get(*name).cloned().unwrap_or(format!("$({name})")),
                    };
                    pieces(text).iter().map(expand).collect()
                }
                None => format!("<{}>", entry["valueFrom"]),
            };
            seen.insert(name.to_owned(), value);
        }
        seen
    }

    fn thinned(entries: &[(&str, &str)]) -> Vec<Value> {
        thin_out(&env(entries)).unwrap().expect("something is doubled").entries
    }

    #[test]
    fn pieces_are_those_of_a_kubelet() {
        use Piece::{Reference, Text};
        for (value, expected) in [
            ("a$(B)c", vec![Text("a"), Reference("B"), Text("c")]),
            ("$$(B)", vec![Text("$"), Text("(B)")]),
            ("$", vec![Text("$"), Text("")]),
            ("$(B", vec![Text("$"), Text("(B")]),
            ("$x$(A$(B)", vec![Text("$"), Text("x"), Reference("A$(B"), Text("")]),
        ] {
            assert_eq!(pieces(value), expected, "{value}");
        }
    }

    #[test]
    fn values_are_written_out_where_they_are_used() {
        assert_eq!(
            thinned(&[("OPTS", "-a"), ("OPTS", "$(OPTS) -b"), ("OPTS", "$(OPTS) -c")]),
            env(&[("OPTS", "-a -b -c")])
        );
        assert_eq!(
            thinned(&[("PORT", "1"), ("ADDRESS", "x:$(PORT)"), ("PORT", "2"), ("OTHER", "x:$(PORT)")]),
            env(&[("ADDRESS", "x:1"), ("PORT", "2"), ("OTHER", "x:$(PORT)")])
        );
        assert_eq!(
            thinned(&[("A", "5$"), ("B", "$(A)(C)$$"), ("A", "x")]),
            env(&[("B", "5$$(C)$$"), ("A", "x")]),
            "no reference comes of it"
        );
    }

    #[test]
    fn what_the_other_sources_may_have_stays_a_reference() {
        assert_eq!(
            thinned(&[("PATH", "/opt:$(PATH)"), ("PATH", "/srv:$(PATH)")]),
            env(&[("PATH", "/srv:/opt:$(PATH)")])
        );
        let stuck = thin_out(&env(&[("A", "$(C)"), ("C", "1"), ("B", "$(A)"), ("A", "2")])).unwrap_err();
        assert_eq!(stuck, Stuck { first: 0, at: 2, why: Why::Used });
    }

    #[test]
    fn values_of_other_sources_cannot_be_written_out() {
        let [a, b, last] = [from_key("A", false), json!({"name": "B", "value": "$(A)"}), from_key("A", true)];
        assert_eq!(
            thin_out(&[a.clone(), b.clone(), json!({"name": "A"})]).unwrap_err(),
            Stuck { first: 0, at: 1, why: Why::Used }
        );
        assert_eq!(
            thin_out(&[json!({"name": "A", "value": "1"}), last]).unwrap_err(),
            Stuck { first: 0, at: 1, why: Why::Optional }
        );
        let once = thin_out(&[a.clone(), b.clone(), a.clone()]).unwrap().unwrap();
        assert_eq!((once.entries, once.left), (vec![a, b], vec![(2, 0, Left::Same)]));
    }

    #[test]
    fn what_grows_without_end_is_left_alone() {
        let mut entries = vec![("A", "0123456789")];
        entries.extend(std::iter::repeat_n(("A", "$(A)$(A)"), 40));
        assert!(thin_out(&env(&entries)).is_err());
        assert_eq!(thin_out(&env(&[("A", "1"), ("B", "$(A)")])), Ok(None));
    }

    proptest! {
        #[test]
        fn the_container_sees_the_same(
            entries in prop::collection::vec(("[ABC]", "([xy$]|\\$\\([ABCD]\\)|\\(|\\)){0,5}", 0u8..8), 0..7),
            outer in prop::collection::btree_map("[ABD]", "[pq]", 0..3),
        ) {
            let env: Vec<Value> = entries
                .iter()
                .map(|(name, value, kind)| match kind {
                    0 => from_key(name, false),
                    _ => json!({"name": name, "value": value}),
                })
                .collect();
            if let Ok(Some(thin)) = thin_out(&env) {
                prop_assert_eq!(seen(&thin.entries, &outer), seen(&env, &outer), "{:?}", thin.entries);
                let mut names: Vec<_> = thin.entries.iter().map(|entry| entry["name"].to_string()).collect();
                names.sort();
                let count = names.len();
                names.dedup();
                prop_assert_eq!(names.len(), count);
                prop_assert_eq!(thin.left.len() + count, env.len());
            }
        }
    }
}
