//! `fieldsV1` as a typed tree.
//!
//! Takes the JSON form, gives a tree that can be walked beside an object, joined with others and written
//! back. In the JSON form a key's first letter says what the rest is:
//!
//! | key | means |
//! |---|---|
//! | `f:NAME` | the field of that name |
//! | `k:{…}` | the list item whose key fields have these values |
//! | `v:VALUE` | the list item that is this value |
//! | `i:N` | the list item at this index |
//! | `.` | the thing itself, beside what is named in it |

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// How deep a tree may be: deeper than any object that a JSON reader with the common limit of 128 takes.
const MAX_DEPTH: usize = 200;

/// JSON with one spelling: keys sorted, whatever order serde_json's maps have.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    text: String,
    value: Value,
}

impl Literal {
    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let text = match &value {
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }
            scalar => scalar.to_string(),
        };
        Some(Self { text, value })
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The fields of a list item's key.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }
}

impl Eq for Literal {}

impl Ord for Literal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialOrd for Literal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One step of a field path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element<'a> {
    /// A field of a map.
    Field(Cow<'a, str>),
    /// The list item with these key fields.
    Item(Literal),
    /// The list item of this value.
    Value(Literal),
    /// The list item at this index.
    Index(usize),
}

impl<'a> Element<'a> {
    fn parse(key: &'a str) -> Option<Self> {
        let (tag, rest) = key.split_once(':')?;
        match tag {
            "f" => Some(Self::Field(Cow::Borrowed(rest))),
            "k" => Literal::parse(rest).filter(|key| key.value.is_object()).map(Self::Item),
            "v" => Literal::parse(rest).map(Self::Value),
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// Where in a list the item is that this means.
    pub(super) fn position_in(&self, items: &[Value]) -> Option<usize> {
        match self {
            Self::Item(key) => items.iter().position(|item| is_of_key(key, item)),
            Self::Value(value) => items.iter().position(|item| item == value.value()),
            Self::Index(index) => Some(*index).filter(|index| *index < items.len()),
            Self::Field(_) => None,
        }
    }

    /// What it means in a value; nothing and null are the same.
    pub(super) fn child_of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Field(name) => value.get(name.as_ref()).filter(|value| !value.is_null()),
            element => {
                let items = value.as_array()?;
                items.get(element.position_in(items)?)
            }
        }
    }

    /// The same for longer.
    pub(super) fn into_owned(self) -> Element<'static> {
        match self {
            Self::Field(name) => Element::Field(Cow::Owned(name.into_owned())),
            Self::Item(key) => Element::Item(key),
            Self::Value(value) => Element::Value(value),
            Self::Index(index) => Element::Index(index),
        }
    }

    fn to_key(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Item(key) => format!("k:{}", key.text),
            Self::Value(value) => format!("v:{}", value.text),
            Self::Index(index) => format!("i:{index}"),
        }
    }
}

/// Whether an item may be the one of a key: key fields with a default may be left out.
pub(super) fn is_of_key(key: &Literal, item: &Value) -> bool {
    item.is_object()
        && key.fields().all(|(name, value)| item.get(name).is_none_or(|present| present == value))
}

impl fmt::Display for Element<'_> {
    /// As the API server writes a step in its messages: `.spec`, `[name="web"]`, `[="a"]`, `[0]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Value(value) => write!(f, "[={}]", value.text),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Item(key) => {
                let mut fields: Vec<_> = key.fields().collect();
                fields.sort_by_key(|(name, _)| *name);
                let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(f, "[{}]", fields.join(","))
            }
        }
    }
}

/// A set of fields, as a tree. The default is the empty set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSet<'a> {
    /// Whether the thing itself is in the set.
    pub itself: bool,
    /// What of it is in the set.
    pub children: BTreeMap<Element<'a>, FieldSet<'a>>,
}

/// Fields that aren't in the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// A key that is none of the five forms.
    #[error("`{0}` names no field")]
    Key(String),
    /// Something else where a map should stand.
    #[error("a field's fields are no map")]
    NotAMap,
    /// More levels than an object can have.
    #[error("the fields are nested too deep")]
    TooDeep,
}

impl<'a> FieldSet<'a> {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// The value isn't in that form, or deeper than any object.
    pub fn parse(value: &'a Value) -> Result<Self, FieldsError> {
        let mut root = Self::parse_level(value, 0)?;
        // An empty node stands for a field that is owned as a whole, but nobody owns an object as a whole.
        root.itself = root.itself && !root.children.is_empty();
        Ok(root)
    }

    fn parse_level(value: &'a Value, depth: usize) -> Result<Self, FieldsError> {
        if depth > MAX_DEPTH {
            return Err(FieldsError::TooDeep);
        }
        let map = value.as_object().ok_or(FieldsError::NotAMap)?;
        let mut set = Self { itself: map.is_empty(), children: BTreeMap::new() };
        for (key, value) in map {
            if key == "." {
                set.itself = true;
                continue;
            }
            let element = Element::parse(key).ok_or_else(|| FieldsError::Key(key.clone()))?;
            let child = Self::parse_level(value, depth + 1)?;
            set.children.entry(element).or_default().join(child);
        }
        Ok(set)
    }

    /// The JSON form.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.itself && !self.children.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (element, child) in &self.children {
            map.insert(element.to_key(), child.to_json());
        }
        Value::Object(map)
    }

    /// Adds the fields of another set.
    pub fn join(&mut self, other: Self) {
        self.itself |= other.itself;
        for (element, child) in other.children {
            self.children.entry(element).or_default().join(child);
        }
    }

    /// Takes out a field with all that is in it, and what is above it as far as nothing else is left there.
    ///
    /// A map that was in the set only around that field goes too, even if it is in the set itself: owning the
    /// empty rest of a map would mean to remove it.
    pub fn remove(&mut self, path: &[Element<'a>]) {
        let Some((element, rest)) = path.split_first() else {
            return;
        };
        let Some(child) = self.children.get_mut(element) else {
            return;
        };
        if rest.is_empty() {
            self.children.remove(element);
            return;
        }
        let before = child.children.len();
        child.remove(rest);
        if before > 0 && child.children.is_empty() {
            self.children.remove(element);
        }
    }

    /// The part of the set that a value has.
    #[must_use]
    pub fn within(self, value: &Value) -> Self {
        let part = |(element, set): (Element<'a>, Self)| {
            let child = element.child_of(value)?;
            Some((element, set.within(child)))
        };
        Self { itself: self.itself, children: self.children.into_iter().filter_map(part).collect() }
    }

    /// Adds a field as a whole.
    pub fn insert(&mut self, path: &[Element<'a>]) {
        match path.split_first() {
            None => self.itself = true,
            Some((element, rest)) => self.children.entry(element.clone()).or_default().insert(rest),
        }
    }

    /// The subset at a path, if anything there is in the set.
    pub fn at(&self, path: &[Element<'a>]) -> Option<&Self> {
        path.iter().try_fold(self, |set, element| set.children.get(element))
    }

    /// The fields of a map in the set, if it is nothing but a map's.
    pub fn as_map(&self) -> Option<impl Iterator<Item = (&str, &Self)>> {
        let all = self.children.keys().all(|element| matches!(element, Element::Field(_)));
        all.then(|| {
            self.children.iter().filter_map(|(element, child)| match element {
                Element::Field(name) => Some((name.as_ref(), child)),
                _ => None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_part_that_a_value_has() {
        let fields = json!({
            "f:a": {"f:b": {}, "f:c": {}}, "f:none": {}, "f:null": {},
            "f:list": {"k:{\"name\":\"x\",\"protocol\":\"TCP\"}": {".": {}, "f:name": {}, "f:added": {}},
                       "k:{\"name\":\"gone\"}": {".": {}}}
        });
        let value = json!({"a": {"b": 1}, "null": null, "list": [{"name": "x"}]});
        let part = FieldSet::parse(&fields).unwrap().within(&value);
        let expected = json!({
            "f:a": {"f:b": {}},
            "f:list": {"k:{\"name\":\"x\",\"protocol\":\"TCP\"}": {".": {}, "f:name": {}}}
        });
        assert_eq!(part.to_json(), expected);
    }

    fn field(name: &str) -> Element<'_> {
        Element::Field(Cow::Borrowed(name))
    }

    fn written(value: &Value) -> Value {
        FieldSet::parse(value).expect("in the format").to_json()
    }

    #[test]
    fn all_five_forms_are_read_and_written() {
        let fields = json!({
            "f:metadata": {"f:finalizers": {".": {}, "v:\"a/b\"": {}}},
            "f:spec": {
                "f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:args": {"i:0": {}}}},
                "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {}}
            }
        });
        assert_eq!(written(&fields), fields);
    }

    #[test]
    fn one_key_has_one_spelling() {
        let parsed = |text| Element::parse(text).expect("a key");
        assert_eq!(parsed("k:{\"a\":1, \"b\":\"x\"}"), parsed("k:{\"b\":\"\\u0078\",\"a\":1}"));
        assert_eq!(parsed("k:{\"b\":\"x\",\"a\":1}").to_string(), "[a=1,b=\"x\"]");
    }

    #[test]
    fn what_is_not_in_the_format_is_refused() {
        for fields in [json!({"x:y": {}}), json!({"f": {}}), json!({"k:1": {}}), json!({"i:x": {}})] {
            assert!(matches!(FieldSet::parse(&fields), Err(FieldsError::Key(_))), "{fields}");
        }
        assert_eq!(FieldSet::parse(&json!({"f:a": 1})), Err(FieldsError::NotAMap));
        let mut deep = json!({});
        for _ in 0..1_000 {
            deep = json!({"f:a": deep});
        }
        assert_eq!(FieldSet::parse(&deep), Err(FieldsError::TooDeep));
    }

    #[test]
    fn sets_are_joined() {
        let left = json!({"f:a": {"f:b": {}}, "f:c": {}});
        let right = json!({"f:a": {".": {}, "f:d": {}}, "f:c": {"f:e": {}}});
        let mut joined = FieldSet::parse(&left).expect("fine");
        joined.join(FieldSet::parse(&right).expect("fine"));
        assert_eq!(
            joined.to_json(),
            json!({"f:a": {".": {}, "f:b": {}, "f:d": {}}, "f:c": {".": {}, "f:e": {}}})
        );
    }

    #[test]
    fn a_field_goes_with_the_maps_that_were_there_for_it() {
        let mut fields = json!({"f:metadata": {"f:annotations": {".": {}, "f:x": {}}}, "f:spec": {}});
        let mut set = FieldSet::parse(&fields).expect("fine");
        set.remove(&[field("metadata"), field("annotations"), field("x")]);
        assert_eq!(set.to_json(), json!({"f:spec": {}}));
        fields["f:metadata"]["f:annotations"]["f:y"] = json!({});
        let mut set = FieldSet::parse(&fields).expect("fine");
        set.remove(&[field("metadata"), field("annotations"), field("x")]);
        set.remove(&[field("metadata"), field("annotations"), field("not there")]);
        set.remove(&[field("spec"), field("not there")]);
        assert_eq!(
            set.to_json(),
            json!({"f:metadata": {"f:annotations": {".": {}, "f:y": {}}}, "f:spec": {}})
        );
    }

    /// Sets in the JSON form, as the server writes them.
    fn fields() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            "f:[a-d]",
            Just("f:a.b/c".to_owned()),
            (1u8..4).prop_map(|n| format!("k:{{\"a\":{n},\"b\":\"x\"}}")),
            (1u8..4).prop_map(|n| format!("v:{n}")),
            (0u8..3).prop_map(|n| format!("i:{n}")),
        ];
        Just(json!({})).prop_recursive(4, 40, 5, move |inner| {
            (prop::collection::btree_map(key.clone(), inner, 0..5), any::<bool>()).prop_map(
                |(map, itself)| {
                    let mut map: Map<String, Value> = map.into_iter().collect();
                    if itself && !map.is_empty() {
                        map.insert(".".to_owned(), json!({}));
                    }
                    Value::Object(map)
                },
            )
        })
    }

    proptest! {
        #[test]
        fn reading_and_writing_agree(mut value in fields()) {
            // Nobody owns an object as a whole, but the written form of a root can't tell.
            if let Some(root) = value.as_object_mut().filter(|root| root.len() == 1) {
                root.remove(".");
            }
            prop_assert_eq!(written(&value), value);
        }

        #[test]
        fn joining_is_union(a in fields(), b in fields()) {
            let (a, b) = (FieldSet::parse(&a).expect("fine"), FieldSet::parse(&b).expect("fine"));
            let join = |mut left: FieldSet<'static>, right: FieldSet<'static>| { left.join(right); left };
            let (a, b) = (owned(a), owned(b));
            prop_assert_eq!(join(a.clone(), b.clone()), join(b, a.clone()));
            prop_assert_eq!(join(a.clone(), a.clone()), a);
        }

        #[test]
        fn any_json_is_read_or_refused(text in "[{}\":.,fkvi a0-9\\[\\]]{0,60}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = FieldSet::parse(&value);
            }
        }
    }

    fn owned(set: FieldSet<'_>) -> FieldSet<'static> {
        let children = set.children.into_iter().map(|(element, child)| {
            let element = match element {
                Element::Field(name) => Element::Field(Cow::Owned(name.into_owned())),
                Element::Item(key) => Element::Item(key),
                Element::Value(value) => Element::Value(value),
                Element::Index(index) => Element::Index(index),
            };
            (element, owned(child))
        });
        FieldSet { itself: set.itself, children: children.collect() }
    }
}
