//! Methods: those of the types of Go's package `time`, the only types here that
//! have any.

use std::sync::LazyLock;

use crate::function::{FunctionError, Signature};
use crate::time::{Duration, Location, Month, Time, Weekday};
use crate::value::{Data, MethodSet, Type, Value};

type Outcome = Result<Value, FunctionError>;
type TimeBody = fn(&Time, &[Value]) -> Outcome;

/// A method with its signature, without the receiver.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) signature: Signature,
    /// Why templates can't call it, if its results are not right for that.
    pub(crate) unusable: Option<&'static str>,
    body: Body,
}

enum Body {
    Time(TimeBody),
    /// Of durations, months and weekdays.
    Int(fn(i64, &[Value]) -> Outcome),
    Location(fn(&Location) -> Outcome),
}

impl Method {
    pub(crate) fn call(&self, receiver: &Value, args: &[Value]) -> Outcome {
        match (&self.body, receiver.data()) {
            (Body::Time(body), Data::Time(time)) => body(time, args),
            (Body::Int(body), Data::Int(number)) => body(*number, args),
            (Body::Location(body), Data::Location(location)) => body(location),
            // A nil *time.Location is UTC.
            (Body::Location(body), _) => body(&Location::UTC),
            _ => Ok(Value::missing()),
        }
    }
}

/// The method `name` of a set.
pub(crate) fn find(set: MethodSet, name: &[u8]) -> Option<&'static Method> {
    all(set).iter().find(|method| method.name.as_bytes() == name)
}

/// Names of the methods of a set.
pub(crate) fn names(set: MethodSet) -> impl Iterator<Item = &'static str> {
    all(set).iter().map(|method| method.name)
}

/// What the value's `String` method gives, if it has one.
pub(crate) fn string(value: &Value) -> Option<String> {
    let text = match (value.ty().methods(), value.data()) {
        (MethodSet::None, _) => return None,
        (MethodSet::Time, Data::Time(time)) => into_text(time.go_text()),
        (MethodSet::Duration, Data::Int(number)) => Duration(*number).to_string(),
        (MethodSet::Month, Data::Int(number)) => Month(*number).to_string(),
        (MethodSet::Weekday, Data::Int(number)) => Weekday(*number).to_string(),
        (MethodSet::Location, Data::Location(location)) => location.to_string(),
        (MethodSet::Location, _) => Location::UTC.to_string(),
        _ => return None,
    };
    Some(text)
}

/// What the value's `GoString` method gives, if it has one.
pub(crate) fn go_string(value: &Value) -> Option<String> {
    value.as_time().map(|time| into_text(time.go_string()))
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn all(set: MethodSet) -> &'static [Method] {
    static TIME: LazyLock<Vec<Method>> = LazyLock::new(|| {
        [time_parts(), time_arithmetic(), time_zones(), time_texts()].into_iter().flatten().collect()
    });
    static DURATION: LazyLock<Vec<Method>> = LazyLock::new(duration_methods);
    static MONTH: LazyLock<Vec<Method>> =
        LazyLock::new(|| vec![int("String", [], Type::STRING, |m, _| Ok(Month(m).to_string().into()))]);
    static WEEKDAY: LazyLock<Vec<Method>> =
        LazyLock::new(|| vec![int("String", [], Type::STRING, |d, _| Ok(Weekday(d).to_string().into()))]);
    static LOCATION: LazyLock<Vec<Method>> = LazyLock::new(|| {
        vec![method("String", [], Type::STRING, Body::Location(|l| Ok(l.to_string().into())))]
    });
    match set {
        MethodSet::None => &[],
        MethodSet::Time => &TIME,
        MethodSet::Duration => &DURATION,
        MethodSet::Month => &MONTH,
        MethodSet::Weekday => &WEEKDAY,
        MethodSet::Location => &LOCATION,
    }
}

fn method<const N: usize>(name: &'static str, params: [Type; N], result: Type, body: Body) -> Method {
    Method { name, signature: Signature::new(params, result), unusable: None, body }
}

fn time<const N: usize>(name: &'static str, params: [Type; N], result: Type, body: TimeBody) -> Method {
    method(name, params, result, Body::Time(body))
}

fn int<const N: usize>(
    name: &'static str,
    params: [Type; N],
    result: Type,
    body: fn(i64, &[Value]) -> Outcome,
) -> Method {
    method(name, params, result, Body::Int(body))
}

/// A method whose results a template can't take.
fn unusable(name: &'static str, why: &'static str) -> Method {
    let body = Body::Time(|_, _| Ok(Value::missing()));
    Method { unusable: Some(why), ..method(name, [], Type::ANY, body) }
}

/// The integer argument `index`; the executor has checked that there is one.
fn number(args: &[Value], index: usize) -> i64 {
    args.get(index).and_then(Value::as_int).unwrap_or_default()
}

fn duration(args: &[Value]) -> Duration {
    Duration(number(args, 0))
}

/// The time argument.
fn other(args: &[Value]) -> Time {
    args.first().and_then(Value::as_time).cloned().unwrap_or_default()
}

/// The bytes of a `[]byte` argument.
fn bytes(args: &[Value]) -> Vec<u8> {
    let items = args.first().map(Value::items).unwrap_or_default();
    items.iter().filter_map(|item| u8::try_from(item.as_uint()?).ok()).collect()
}

fn byte_slice(bytes: &[u8]) -> Outcome {
    Value::typed_list(&Type::BYTES, bytes.iter().map(|byte| Value::from(*byte)))
        .map_err(|error| FunctionError::new(error.to_string()))
}

fn encoded<E: std::fmt::Display>(prefix: Vec<u8>, result: Result<Vec<u8>, E>) -> Outcome {
    let mut all = prefix;
    all.extend(result.map_err(|error| FunctionError::new(error.to_string()))?);
    byte_slice(&all)
}

fn time_parts() -> Vec<Method> {
    let mut methods = vec![
        unusable("Date", "function Date has 3 return values; should be 1 or 2"),
        unusable("Clock", "function Clock has 3 return values; should be 1 or 2"),
        unusable(
            "ISOWeek",
            "invalid function signature for ISOWeek: second return value should be error; is int",
        ),
        time("Month", [], Type::MONTH, |t, _| Ok(t.month().into())),
        time("Weekday", [], Type::WEEKDAY, |t, _| Ok(t.weekday().into())),
    ];
    let parts: [(&'static str, TimeBody); 8] = [
        ("Year", |t, _| Ok(t.year().into())),
        ("Day", |t, _| Ok(t.day().into())),
        ("YearDay", |t, _| Ok(t.year_day().into())),
        ("Hour", |t, _| Ok(t.hour().into())),
        ("Minute", |t, _| Ok(t.minute().into())),
        ("Second", |t, _| Ok(t.second().into())),
        ("Nanosecond", |t, _| Ok(t.nanosecond().into())),
        ("Compare", |t, args| Ok((t.compare(&other(args)) as i64).into())),
    ];
    methods.extend(parts.into_iter().map(|(name, body)| match name {
        "Compare" => time(name, [Type::TIME], Type::INT, body),
        _ => time(name, [], Type::INT, body),
    }));
    let units: [(&'static str, TimeBody); 4] = [
        ("Unix", |t, _| Ok(t.unix().into())),
        ("UnixMilli", |t, _| Ok(t.unix_milli().into())),
        ("UnixMicro", |t, _| Ok(t.unix_micro().into())),
        ("UnixNano", |t, _| Ok(t.unix_nano().into())),
    ];
    methods.extend(units.into_iter().map(|(name, body)| time(name, [], Type::INT64, body)));
    methods
}

fn time_arithmetic() -> Vec<Method> {
    vec![
        time("Add", [Type::DURATION], Type::TIME, |t, args| Ok(t.add(duration(args)).into())),
        time("AddDate", [Type::INT, Type::INT, Type::INT], Type::TIME, |t, args| {
            Ok(t.add_date(number(args, 0), number(args, 1), number(args, 2)).into())
        }),
        time("Sub", [Type::TIME], Type::DURATION, |t, args| Ok(t.sub(&other(args)).into())),
        time("Truncate", [Type::DURATION], Type::TIME, |t, args| Ok(t.truncate(duration(args)).into())),
        time("Round", [Type::DURATION], Type::TIME, |t, args| Ok(t.round(duration(args)).into())),
        time("After", [Type::TIME], Type::BOOL, |t, args| Ok(t.compare(&other(args)).is_gt().into())),
        time("Before", [Type::TIME], Type::BOOL, |t, args| Ok(t.compare(&other(args)).is_lt().into())),
        time("Equal", [Type::TIME], Type::BOOL, |t, args| Ok(t.compare(&other(args)).is_eq().into())),
        time("IsZero", [], Type::BOOL, |t, _| Ok(t.is_zero().into())),
    ]
}

fn time_zones() -> Vec<Method> {
    const SECOND_RESULT: &str =
        "invalid function signature for Zone: second return value should be error; is int";
    const BOUNDS: &str =
        "invalid function signature for ZoneBounds: second return value should be error; is time.Time";
    vec![
        unusable("Zone", SECOND_RESULT),
        unusable("ZoneBounds", BOUNDS),
        time("UTC", [], Type::TIME, |t, _| Ok(t.in_location(Location::UTC).into())),
        time("Local", [], Type::TIME, |t, _| Ok(t.in_location(Location::LOCAL).into())),
        time("In", [Type::LOCATION], Type::TIME, |t, args| match args.first().map(Value::data) {
            Some(Data::Location(location)) => Ok(t.in_location(Location::clone(location)).into()),
            _ => Err("time: missing Location in call to Time.In".into()),
        }),
        time("Location", [], Type::LOCATION, |t, _| Ok(t.location().clone().into())),
        time("IsDST", [], Type::BOOL, |t, _| Ok(t.is_dst().into())),
    ]
}

fn time_texts() -> Vec<Method> {
    vec![
        time("String", [], Type::STRING, |t, _| Ok(Value::string(t.go_text()))),
        time("GoString", [], Type::STRING, |t, _| Ok(Value::string(t.go_string()))),
        time("Format", [Type::STRING], Type::STRING, |t, args| {
            let layout = args.first().and_then(Value::as_bytes).unwrap_or_default();
            Ok(Value::string(t.format(layout)))
        }),
        time("AppendFormat", [Type::BYTES, Type::STRING], Type::BYTES, |t, args| {
            let mut out = bytes(args);
            t.append_format(&mut out, args.get(1).and_then(Value::as_bytes).unwrap_or_default());
            byte_slice(&out)
        }),
        time("MarshalText", [], Type::BYTES, |t, _| encoded(Vec::new(), t.marshal_text())),
        time("MarshalJSON", [], Type::BYTES, |t, _| encoded(Vec::new(), t.marshal_json())),
        time("MarshalBinary", [], Type::BYTES, |t, _| encoded(Vec::new(), t.marshal_binary())),
        time("GobEncode", [], Type::BYTES, |t, _| encoded(Vec::new(), t.marshal_binary())),
        time("AppendText", [Type::BYTES], Type::BYTES, |t, args| encoded(bytes(args), t.marshal_text())),
        time("AppendBinary", [Type::BYTES], Type::BYTES, |t, args| encoded(bytes(args), t.marshal_binary())),
    ]
}

fn duration_methods() -> Vec<Method> {
    vec![
        int("String", [], Type::STRING, |d, _| Ok(Duration(d).to_string().into())),
        int("Hours", [], Type::FLOAT64, |d, _| Ok(Duration(d).hours().into())),
        int("Minutes", [], Type::FLOAT64, |d, _| Ok(Duration(d).minutes().into())),
        int("Seconds", [], Type::FLOAT64, |d, _| Ok(Duration(d).seconds().into())),
        int("Milliseconds", [], Type::INT64, |d, _| Ok(Duration(d).milliseconds().into())),
        int("Microseconds", [], Type::INT64, |d, _| Ok(Duration(d).microseconds().into())),
        int("Nanoseconds", [], Type::INT64, |d, _| Ok(Duration(d).nanoseconds().into())),
        int("Abs", [], Type::DURATION, |d, _| Ok(Duration(d).abs().into())),
        int("Round", [Type::DURATION], Type::DURATION, |d, args| {
            Ok(Duration(d).round(duration(args)).into())
        }),
        int("Truncate", [Type::DURATION], Type::DURATION, |d, args| {
            Ok(Duration(d).truncate(duration(args)).into())
        }),
    ]
}
