//! What templates do, told one rule at a time.

use gotemplate::{
    ErrorKind, Functions, Limits, Missing, Options, Phase, Signature, StructType, Template, Type, Value,
};

fn render(template: &str, dot: &Value) -> String {
    render_with(template, dot, &Options::default()).unwrap_or_else(|error| error.to_string())
}

fn render_with(template: &str, dot: &Value, options: &Options) -> Result<String, gotemplate::Error> {
    let template = Template::parse("t", template, &functions())?;
    let output = template.execute(dot, options)?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}

fn functions() -> Functions {
    let mut functions = Functions::new();
    let text = || Signature::new([Type::STRING], Type::STRING);
    functions
        .register("strict", text(), |args| Ok(args[0].clone()))
        .register("lenient", text().missing_as_zero(), |args| Ok(args[0].clone()))
        .register("pair", Signature::new([Type::ANY, Type::ANY], Type::ANY_SLICE), |args| {
            Ok(Value::list(args.to_vec()))
        })
        .register("fails", Signature::new([], Type::STRING), |_| Err("no luck".into()));
    functions
}

fn strict() -> Options {
    Options { missing: Missing::Error, ..Options::default() }
}

#[test]
fn three_kinds_of_nothing_print_differently() {
    let vars = Value::zero(&Type::STRING_MAP);
    let dot = Value::map([("null", Value::nil()), ("vars", vars)]);
    assert_eq!(render("{{.null}} {{.gone}} {{.vars}}", &dot), "<no value> <no value> map[]");
    assert_eq!(render("{{print .null .gone .vars}}", &dot), "<nil> <nil> map[]");
}

#[test]
fn fields_of_nothing_depend_on_where_the_nothing_was_found() {
    let dot = Value::map([("null", Value::nil())]);
    assert_eq!(render("{{(.null).x}}{{$n := .null}}{{$n.x}}", &dot), "<no value><no value>");
    assert_eq!(
        render("{{.null.x}}", &dot),
        r#"template: t:1:7: executing "t" at <.null.x>: nil pointer evaluating interface {}.x"#
    );
}

#[test]
fn a_missing_key_given_to_a_string_parameter() {
    let dot = Value::string_map([("a", "1")]);
    assert_eq!(render("[{{lenient .gone}}]", &dot), "[]");
    assert!(render("[{{strict .gone}}]", &dot).ends_with("invalid value; expected string"));
}

#[test]
fn missing_values_are_errors_where_they_would_be_printed() {
    let dot = Value::map([("a", Value::map([("b", 1)]))]);
    for template in ["{{if .x}}{{end}}", "{{or .x 1}}", "{{with .x}}{{end}}", "{{print nil}}"] {
        assert!(render_with(template, &dot, &strict()).is_ok(), "{template}");
    }
    for (template, key) in [("{{.x}}", "x"), ("{{.a.gone}}", "gone"), ("{{printf \"%s\" .a.c}}", "c")] {
        let error = render_with(template, &dot, &strict()).expect_err(template);
        let ErrorKind::MissingValue { key: Some(found), .. } = error.kind() else {
            panic!("{template}: {error}")
        };
        assert_eq!(found, key, "{template}");
    }
}

#[test]
fn a_missing_value_is_blamed_on_its_expression() {
    let error = render_with("a\n  {{.x.y | printf \"%s\"}}", &Value::map([("b", 1)]), &strict())
        .expect_err("missing");
    assert_eq!((error.line(), error.span()), (2, 6..10));
}

#[test]
fn unknown_fields_come_with_the_known_ones() {
    let link =
        StructType::new("config", "Link").field("Title", Type::STRING).field("Path", Type::STRING).build();
    let error = render_with("{{.Titel}}", &Value::zero(&link), &Options::default()).expect_err("unknown");
    let known = ["Title", "Path"].map(str::to_owned).to_vec();
    let (name, type_name) = ("Titel".to_owned(), "config.Link".to_owned());
    assert_eq!(error.kind(), &ErrorKind::UnknownField { name, type_name, known });
    assert_eq!(error.span(), 2..8);
}

#[test]
fn errors_of_functions_name_the_function() {
    let error = render_with("{{fails}}", &Value::nil(), &Options::default()).expect_err("fails");
    assert_eq!(
        error.to_string(),
        r#"template: t:1:2: executing "t" at <fails>: error calling fails: no luck"#
    );
    assert_eq!(error.phase(), Phase::Exec);
}

#[test]
fn undefined_functions_are_found_while_parsing() {
    let error = render_with("x\n{{ nope 1 }}", &Value::nil(), &Options::default()).expect_err("undefined");
    assert_eq!(error.kind(), &ErrorKind::UndefinedFunction { name: "nope".to_owned() });
    assert_eq!((error.phase(), error.line(), error.span()), (Phase::Parse, 2, 5..9));
}

#[test]
fn a_nil_pointer_to_a_struct_fails_where_a_field_is_read() {
    let size = StructType::new("config", "Size").field("Size", Type::STRING).build();
    let holder = StructType::new("config", "Storage").field("Data", Type::pointer(size.clone())).build();
    let empty = Value::zero(&holder);
    assert!(render("{{.Data.Size}}", &empty).ends_with("nil pointer evaluating *config.Size.Size"));
    let full = Value::structure(&size, [("Size", Value::from("10Gi"))]).expect("fields fit");
    let dot = Value::structure(&holder, [("Data", Value::pointer(full))]).expect("fields fit");
    assert_eq!(render("{{.Data.Size}} {{.Data}}", &dot), "10Gi {10Gi}");
}

#[test]
fn break_in_the_else_of_an_inner_loop_ends_that_loop_only() {
    let dot = Value::map([("empty", Value::list(Vec::<Value>::new()))]);
    let template = "{{range 2}}<{{range $.empty}}{{else}}x{{break}}y{{end}}>{{end}}";
    assert_eq!(render(template, &dot), "<x><x>");
}

#[test]
fn variables_live_until_their_block_ends() {
    let template = "{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{$x}}{{end}}{{$x}}";
    assert_eq!(render(template, &Value::nil()), "32");
}

#[test]
fn recursion_ends_at_gos_depth() {
    let error = render_with(
        "{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}",
        &Value::nil(),
        &Options::default(),
    );
    assert_eq!(error.expect_err("too deep").kind(), &ErrorKind::Depth);
}

#[test]
fn text_made_on_the_way_is_limited() {
    let limits = Limits { steps: 100_000, bytes: 1 << 16, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    for template in [
        "{{$s := \"ab\"}}{{range 100}}{{$s = print $s $s}}{{end}}",
        "{{printf \"%1000000d\" 1}}",
        "{{range 1000000}}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{end}}",
        "{{range 60}}{{printf \"%900000d\" 1 | len}}{{end}}",
    ] {
        let error = render_with(template, &Value::nil(), &options).expect_err(template);
        assert_eq!(error.kind(), &ErrorKind::ByteLimit, "{template}");
    }
}

/// What a template may hold in the tests of it.
const LITTLE: Limits = Limits { steps: 10_000_000, bytes: 1 << 20, memory: 1 << 20 };

#[test]
fn values_that_are_kept_are_limited() {
    let options = Options { limits: LITTLE, ..Options::default() };
    for template in [
        // Texts, in variables, in loops, in calls of templates.
        "{{$s := \"ab\"}}{{range 100}}{{$s = print $s $s}}{{end}}",
        "{{$s := printf \"%900000d\" 1}}{{$t := print $s \"x\"}}{{$t}}",
        "{{define \"f\"}}{{$s := printf \"%9000d\" 1}}{{template \"f\" $s}}{{end}}{{template \"f\" 1}}",
        "{{define \"f\"}}{{with printf \"%9000d\" 1}}{{template \"f\"}}{{end}}{{end}}{{template \"f\"}}",
        "{{define \"f\"}}{{range pair (printf \"%9000d\" 1) 2}}{{template \"f\"}}{{end}}{{end}}{{template \"f\"}}",
        // A list in a list, each with a text of its own.
        "{{$l := 1}}{{range 1000}}{{$l = pair $l (printf \"%9000d\" 1)}}{{end}}",
        // Nothing but calls, loops and variables.
        "{{define \"f\"}}{{if true}}{{if true}}{{template \"f\"}}{{end}}{{end}}{{end}}{{template \"f\"}}",
        "{{define \"f\"}}{{$x := 1}}{{$y := 1}}{{template \"f\"}}{{end}}{{template \"f\"}}",
        // The bytes that methods make, 64 times as large as the text.
        "{{.AppendFormat .MarshalText (printf \"%900000d\" 1) | len}}",
        // Escapes, six times as long.
        "{{js (printf \"%900000d\" 1 | printf \"%q\" | js)}}",
    ] {
        let dot = Value::from(gotemplate::time::Time::default());
        let error = render_with(template, &dot, &options).expect_err(template);
        assert_eq!(error.kind(), &ErrorKind::MemoryLimit, "{template}: {error}");
        assert!(error.to_string().starts_with("template: t:1:"), "{error}");
    }
}

#[test]
fn values_that_are_let_go_are_not_counted() {
    let options = Options { limits: LITTLE, ..Options::default() };
    for template in [
        "{{range 1000}}{{$s := printf \"%9000d\" 1}}{{end}}done",
        "{{$s := 1}}{{range 1000}}{{$s = printf \"%9000d\" 1}}{{end}}done",
        "{{$s := printf \"%400000d\" 1}}{{range 1000}}{{$t := printf \"%9000d\" 1}}{{end}}done",
        "{{define \"f\"}}{{$s := printf \"%9000d\" 1}}{{end}}{{range 1000}}{{template \"f\"}}{{end}}done",
        "{{$l := 1}}{{range 1000}}{{$l = pair $l $l}}{{end}}done",
    ] {
        assert_eq!(render_with(template, &Value::nil(), &options).as_deref(), Ok("done"), "{template}");
    }
}

#[test]
fn the_data_does_not_count_as_made() {
    let limits = Limits { memory: 16 << 10, ..Limits::default() };
    let dot = Value::list(vec![Value::from("a text of some length"); 10_000]);
    let options = Options { limits, ..Options::default() };
    let template = "{{range $i, $x := .}}{{$y := print $i}}{{end}}{{len .}}";
    assert_eq!(render_with(template, &dot, &options).as_deref(), Ok("10000"));
}

#[test]
fn a_function_is_told_how_much_it_may_make() {
    let mut functions = functions();
    functions.add(gotemplate::Function::bounded("room", Signature::new([], Type::INT), |_, room| {
        Ok(Value::from(i64::try_from(room).unwrap_or(i64::MAX)))
    }));
    let options = Options { limits: LITTLE, ..Options::default() };
    let rooms = "{{room}} {{$s := printf \"%900000d\" 1}}{{room}}";
    let template = Template::parse("t", rooms, &functions).expect("parses");
    let output = template.execute(&Value::nil(), &options).expect("executes");
    let output = String::from_utf8_lossy(&output).into_owned();
    let (first, second) = output.split_once(' ').expect("two");
    assert_eq!(first, (1 << 20).to_string());
    let second: usize = second.parse().expect("a number");
    assert!(second < (1 << 20) * 5 / 4 - 900_000, "{second}");
}

#[test]
fn a_template_of_millions_of_actions_is_refused() {
    let text = "{{1}}".repeat(500_000);
    let error = Template::parse("t", text, &Functions::new()).expect_err("too many nodes");
    assert!(error.to_string().contains("template is too large (limit 1048576 nodes)"), "{error}");
    let text = format!("{{{{print {}}}}}", "1 ".repeat(2_000_000));
    let error = Template::parse("t", text, &Functions::new()).expect_err("too many nodes");
    assert!(error.to_string().contains("template is too large (limit 1048576 nodes)"), "{error}");
}

#[test]
fn the_way_to_a_far_variable_counts_as_steps() {
    let many: String = (0..10_000).map(|n| format!("{{{{$v{n} := 1}}}}")).collect();
    let limits = Limits { steps: 100_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let template = format!("{many}{{{{range 1000}}}}{{{{$v0}}}}{{{{end}}}}");
    let error = render_with(&template, &Value::nil(), &options).expect_err("too far");
    assert_eq!(error.kind(), &ErrorKind::StepLimit);
}

#[test]
fn loops_without_end_run_out_of_steps() {
    let error = render_with("{{range 9223372036854775807}}{{end}}", &Value::nil(), &Options::default());
    assert_eq!(error.expect_err("too long").kind(), &ErrorKind::StepLimit);
}

#[test]
fn functions_may_be_values() {
    let function = gotemplate::Function::new("f", Signature::new([Type::INT], Type::INT), |args| {
        Ok(Value::from(args[0].as_int().unwrap_or(0) * 2))
    });
    let dot = Value::map([("double", Value::function(std::sync::Arc::new(function)))]);
    assert_eq!(render("{{call .double 21}}", &dot), "42");
    assert!(render("{{.double}}", &dot).ends_with("can't print {{.double}} of type func(int) int"));
}

#[test]
fn deep_nesting_needs_no_native_stack() {
    let depth = 9_000;
    let template = format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth));
    let nested = "{{if true}}".repeat(depth) + "x" + &"{{end}}".repeat(depth);
    let mut value = Value::from(1);
    for _ in 0..100_000 {
        value = Value::list([value]);
    }
    let thread = std::thread::Builder::new().stack_size(128 * 1024).spawn(move || {
        assert_eq!(render(&template, &Value::nil()), "1");
        assert_eq!(render(&nested, &Value::nil()), "x");
        assert_eq!(render("{{.}}", &value).len(), 200_001);
    });
    thread.expect("spawn").join().expect("no overflow");
}

#[test]
fn the_source_map_leads_back() {
    let template = Template::parse("t", "ab{{.}}cd{{- /* x */ -}} e", &Functions::new()).expect("parses");
    let (out, map) = template.execute_mapped(&Value::from("XYZ"), &Options::default()).expect("runs");
    assert_eq!(out, b"abXYZcde");
    let origin = |offset| map.lookup(offset).map(|origin| (origin.template_offset, origin.exact));
    assert_eq!(origin(1), Some((1, true)));
    assert_eq!(origin(4), Some((2, false)));
    assert_eq!(origin(6), Some((8, true)));
    assert_eq!(origin(7), Some((25, true)));
}

#[test]
fn templates_and_values_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let functions = Functions::new();
    shared(&functions);
    shared(&Value::nil());
    shared(&Template::parse("t", "", &functions).expect("parses"));
}
