//! The order in which yaml.v3 writes the keys of a mapping.

use std::cmp::Ordering;

use crate::yaml::node::{Node, Value};

type Entry = (Node, Node);

/// The entries in yaml.v3's order.
///
/// The order isn't transitive for every set of odd keys (numbers in texts may
/// overflow), and the standard library may panic on such; this doesn't.
pub(in crate::yaml) fn sort_entries(entries: &[Entry]) -> Vec<&Entry> {
    /// Longer runs are sorted by halves.
    const SHORT: usize = 16;
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    for run in sorted.chunks_mut(SHORT) {
        for end in 1..run.len() {
            let mut at = end;
            while at > 0 && compare_keys(&run[at].0, &run[at - 1].0).is_lt() {
                run.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    let mut length = SHORT;
    while length < sorted.len() {
        sorted = sorted.chunks(2 * length).flat_map(|pair| merge(pair, length)).collect();
        length *= 2;
    }
    sorted
}

/// Merges the two sorted halves of `pair`, the first of which is `length` long.
fn merge<'a>(pair: &[&'a Entry], length: usize) -> Vec<&'a Entry> {
    let (mut left, mut right) = pair.split_at(length.min(pair.len()));
    let mut merged = Vec::with_capacity(pair.len());
    while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
        if compare_keys(&second.0, &first.0).is_lt() {
            merged.push(*second);
            right = right_rest;
        } else {
            merged.push(*first);
            left = left_rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    merged
}

/// Numbers and truth values come first, by value and then by type; texts follow.
fn compare_keys(one: &Node, other: &Node) -> Ordering {
    match (&one.value, &other.value) {
        (Value::String(one), Value::String(other)) => compare_texts(one, other),
        (Value::Int(one), Value::Int(other)) => one.cmp(other),
        (Value::Uint(one), Value::Uint(other)) => one.cmp(other),
        (one, other) => match (number(one), number(other)) {
            (Some(first), Some(second)) => {
                first.partial_cmp(&second).unwrap_or(Ordering::Equal).then(rank(one).cmp(&rank(other)))
            }
            _ => rank(one).cmp(&rank(other)),
        },
    }
}

fn number(value: &Value) -> Option<f64> {
    match *value {
        Value::Bool(value) => Some(f64::from(u8::from(value))),
        Value::Int(number) => Some(number as f64),
        Value::Uint(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) => 2,
        Value::Uint(_) => 3,
        Value::Float(_) => 4,
        Value::String(_) => 5,
        Value::Sequence(_) | Value::Mapping(_) => 6,
    }
}

/// Runs of digits count as numbers; a letter follows any other character, but
/// precedes it right after a digit.
fn compare_texts(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        return compare_characters(one.as_bytes(), other.as_bytes());
    }
    let characters = |text: &str| text.chars().collect::<Vec<_>>();
    compare_characters(&characters(one), &characters(other))
}

fn compare_characters<C: Copy + Eq + Into<char>>(one: &[C], other: &[C]) -> Ordering {
    let Some(at) = one.iter().zip(other).position(|(one, other)| one != other) else {
        return one.len().cmp(&other.len());
    };
    let (first, second): (char, char) = (one[at].into(), other[at].into());
    let common = &one[..at];
    let digits_before = common.iter().rev().take_while(|&&c| c.into().is_numeric());
    match (first.is_alphabetic(), second.is_alphabetic()) {
        (true, true) => return first.cmp(&second),
        (false, false) => {}
        (is_letter, _) => {
            let after_digit = digits_before.count() > 0;
            return if is_letter == after_digit { Ordering::Less } else { Ordering::Greater };
        }
    }
    // A zero that follows other digits of the number is not a leading one.
    let mut start = 0;
    if first == '0' || second == '0' {
        start = i64::from(digits_before.into_iter().any(|&c| c.into() != '0'));
    }
    let (length, value) = digit_run(&one[at..], start);
    let (other_length, other_value) = digit_run(&other[at..], start);
    value.cmp(&other_value).then(length.cmp(&other_length)).then(first.cmp(&second))
}

/// How many digits a text begins with, and the number they make after `start`.
fn digit_run<C: Copy + Into<char>>(text: &[C], start: i64) -> (usize, i64) {
    let digits = text.iter().map(|&c| c.into()).take_while(|c: &char| c.is_numeric());
    digits.fold((0, start), |(length, value), digit| {
        let digit = i64::from(u32::from(digit)) - i64::from(u32::from('0'));
        (length + 1, value.wrapping_mul(10).wrapping_add(digit))
    })
}
