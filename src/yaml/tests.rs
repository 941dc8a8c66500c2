//! The reader as its users see it.

use super::*;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn place(line: u32, column: u32, length: u32) -> Place {
    Place { file: "t.yaml".into(), line, column, length }
}

pub(super) fn read(text: &str) -> Node {
    parse("t.yaml", text).expect("readable YAML")
}

/// The picture of what is wrong with `text`.
fn refusal(text: &str) -> String {
    render(&parse("t.yaml", text).expect_err("a refusal"), text)
}

/// The picture of what `read` refuses.
pub(super) fn refused<T: std::fmt::Debug>(
    text: &str,
    read: impl FnOnce(&Node) -> Result<T, Diagnostic>,
) -> String {
    let node = parse("t.yaml", text).expect("readable YAML");
    render(&read(&node).expect_err("a refusal"), text)
}

/// `line:column+length kind writing`, one line for each node.
pub(super) fn outline(node: &Node) -> String {
    fn add(node: &Node, depth: usize, out: &mut String) {
        let at = |place: &Place| format!("{}:{}+{}", place.line, place.column, place.length);
        let indent = "  ".repeat(depth);
        out.push_str(&format!("{indent}{} {} {:?}\n", at(&node.place), node.kind(), node.raw()));
        match &node.value {
            Value::List(elements) => elements.iter().for_each(|element| add(element, depth + 1, out)),
            Value::Map(entries) => entries.iter().for_each(|(key, value)| {
                out.push_str(&format!("{indent}  {} key {}\n", at(&key.place), key.name));
                add(value, depth + 2, out);
            }),
            _ => {}
        }
    }
    let mut out = String::new();
    add(node, 0, &mut out);
    out
}

#[test]
fn scalars_have_yaml_types_and_their_own_writing() {
    let node = read("[0x10, 010, 3.10, true, no, 1s, RCV.NXT + 1, 2*MSL, '5', ~, 99999999999999999999]");
    let seen: Vec<(Value, &str)> = node
        .as_list()
        .expect("a list")
        .iter()
        .map(|element| (element.value.clone(), element.raw()))
        .collect();
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(
        seen,
        [
            (Value::Int(16), "0x10"),
            (text("010"), "010"),
            (Value::Float(3.1), "3.10"),
            (Value::Bool(true), "true"),
            (text("no"), "no"),
            (text("1s"), "1s"),
            (text("RCV.NXT + 1"), "RCV.NXT + 1"),
            (text("2*MSL"), "2*MSL"),
            (text("5"), "5"),
            (Value::Null, ""),
            (Value::Float(1e20), "99999999999999999999"),
        ]
    );
}

#[test]
fn every_node_and_key_knows_its_place() {
    let text = "\
# a comment
a:
  b: [1, 0x10]
  c: {x: yes, 'y z': \"no\"}   # another
d:
- e: 2*MSL
  f: >
    folded
    text
- &again [1, 2]
- *again
- two
  lines
- \"é$x\": 'it''s'  # a third: 'quoted'
-
";
    assert_snapshot!(outline(&read(text)), @r#"
    2:1+1 a map ""
      2:1+1 key a
        3:3+1 a map ""
          3:3+1 key b
            3:6+1 a list ""
              3:7+1 a number "1"
              3:10+4 a number "0x10"
          4:3+1 key c
            4:6+1 a map ""
              4:7+1 key x
                4:10+3 text "yes"
              4:15+5 key y z
                4:22+4 text "no"
      5:1+1 key d
        6:3+0 a list ""
          6:3+1 a map ""
            6:3+1 key e
              6:6+5 text "2*MSL"
            7:3+1 key f
              8:5+0 text "folded text\n"
          10:3+8 a list ""
            10:11+1 a number "1"
            10:14+1 a number "2"
          11:3+6 a list ""
            10:11+1 a number "1"
            10:14+1 a number "2"
          12:3+0 text "two lines"
          14:3+5 a map ""
            14:3+5 key é$x
              14:10+7 text "it's"
          15:2+0 nothing ""
    "#);
}

#[test]
fn a_part_of_a_file_counts_lines_from_where_it_starts() {
    let file = FileName::from("t.yaml");
    let node = parse_part(file, 40, "- id: x\n  level: MUST\n").expect("readable YAML");
    let entry = node.as_list().expect("a list")[0].as_map(&["id", "level"]).expect("a map");
    assert_eq!(entry.required("level").map(|node| node.place.clone()), Ok(place(41, 10, 4)));
    let error = parse_part(file, 40, "- id: x\n  level: *nowhere\n").expect_err("an unknown anchor");
    assert_eq!(error.place, place(41, 10, 1));
}

#[test]
fn parsers_out_of_step_keep_the_values_and_point_at_the_start() {
    // A byte-order mark inside a word is a letter to the one parser and an end to the other.
    let node = read("a: S\u{feff}G\nb: 7\n");
    let fields = node.as_map(&["a", "b"]).expect("both fields");
    let read = ["a", "b"].map(|name| fields.required(name).expect("the field"));
    assert_eq!(
        read.map(|node| (node.value.clone(), node.place.clone())),
        [(Value::Text("S\u{feff}G".into()), place(1, 4, 1)), (Value::Int(7), place(1, 1, 0))]
    );
}

#[test]
fn a_key_written_twice_is_shown_with_the_first_one() {
    assert_snapshot!(refusal("steps: 1\nthen: 2\nsteps: 3\n"), @r#"
    error: `steps` stands twice in this map
     --> t.yaml:3:1
      |
    1 | steps: 1
      | ----- first here
    2 | then: 2
    3 | steps: 3
      | ^^^^^
    "#);
}

#[test]
fn a_tab_is_named() {
    assert_snapshot!(refusal("a:\n\tb: 1\n"), @r#"
    error: not readable as YAML: found character that cannot start any token
     --> t.yaml:2:1
      |
    2 |     b: 1
      | ^^^^
      |
      = note: while scanning for the next token
      = help: indent with spaces: YAML takes no tabs there
    "#);
}

#[test]
fn a_colon_inside_text_asks_for_quotes() {
    assert_snapshot!(refusal("title: A FIN: what then\n"), @r#"
    error: not readable as YAML: mapping values are not allowed in this context
     --> t.yaml:1:13
      |
    1 | title: A FIN: what then
      |             ^
      |
      = help: text with `: ` in it needs quotes; a key needs the indentation of its neighbours
    "#);
}

#[test]
fn braces_around_a_name_are_explained() {
    assert_snapshot!(refusal("{seq: ${x}}\n"), @r#"
    error: not readable as YAML: did not find expected ',' or '}'
     --> t.yaml:1:8
      |
    1 | {seq: ${x}}
      |        ^
      |
      = note: while parsing a flow mapping
      = help: a `{` map ends with `}`; `${x}` is written `$x`
    "#);
}

#[test]
fn an_open_list_is_shown_where_it_ends() {
    assert_snapshot!(refusal("a: [1, 2\nb: 3\n"), @r#"
    error: not readable as YAML: did not find expected ',' or ']'
     --> t.yaml:2:2
      |
    2 | b: 3
      |  ^
      |
      = note: while parsing a flow sequence at line 1 column 4
    "#);
}

#[test]
fn what_is_missing_at_the_end_is_shown_on_the_last_line() {
    assert_snapshot!(refusal("a: 1\nb"), @r"
    error: not readable as YAML: could not find expected ':'
     --> t.yaml:2:1
      |
    2 | b
      | ^
      |
      = note: while scanning a simple key at line 2 column 1
    ");
}

#[test]
fn a_carriage_return_ends_a_line_only_before_a_line_feed() {
    assert_eq!(read("a: 1\r\nb: 2\r\n"), read("a: 1\nb: 2\n"));
    assert_snapshot!(refusal("a: 1\nb: 2\rc: 3\n"), @r"
    error: not readable as YAML: a carriage return without a line feed
     --> t.yaml:2:5
      |
    2 | b: 2␍c: 3
      |     ^
      |
      = help: end lines with a line feed, alone or behind a carriage return
    ");
}

#[test]
fn tags_merge_keys_lists_as_keys_and_second_documents_are_refused() {
    assert_snapshot!(refusal("a: !secret x\n"), @r#"
    error: the tag `secret` means nothing here
     --> t.yaml:1:4
      |
    1 | a: !secret x
      |    ^^^^^^^^^
    "#);
    assert_snapshot!(refusal("<<: {a: 1}\n"), @r#"
    error: merge keys are not applied here
     --> t.yaml:1:1
      |
    1 | <<: {a: 1}
      | ^^
      |
      = help: write the keys out
    "#);
    assert_snapshot!(refusal("? [a]\n: 1\n"), @r#"
    error: a key must be a word, found a list
     --> t.yaml:1:3
      |
    1 | ? [a]
      |   ^
    "#);
    assert_snapshot!(refusal("a: 1\n---\nb: 2\n"), @r#"
    error: not readable as YAML: more than one document in a file
     --> t.yaml:1:1
      |
    1 | a: 1
      | ^
      |
      = help: remove the `---`
    "#);
}

#[test]
fn aliases_that_never_end_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let previous = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
    }
    let messages = [bomb.as_str(), "a: &a [*a]", &"[".repeat(100_000)]
        .map(|text| parse("t.yaml", text).expect_err("a refusal").message);
    assert_eq!(
        messages,
        [
            "not readable as YAML: aliases repeat too much",
            "not readable as YAML: nested too deeply, or an alias within itself",
            "not readable as YAML: nested too deeply, or an alias within itself",
        ]
    );
}

#[test]
fn an_unknown_key_names_the_right_one() {
    let read = |node: &Node| node.as_map(&["send", "expect", "within"]).map(|_| ());
    assert_snapshot!(refused("expect: ACK\nwithn: 1s\n", read), @r#"
    error: `withn` is not a key of this map
     --> t.yaml:2:1
      |
    2 | withn: 1s
      | ^^^^^
      |
      = help: did you mean `within`?
    "#);
}

#[test]
fn a_key_like_no_other_lists_what_is_possible() {
    let read = |node: &Node| node.as_map(&["send", "expect", "within"]).map(|_| ());
    assert_snapshot!(refused("colour: red\n", read), @r#"
    error: `colour` is not a key of this map
     --> t.yaml:1:1
      |
    1 | colour: red
      | ^^^^^^
      |
      = help: possible here: send, expect, within
    "#);
}

#[test]
fn all_unknown_keys_are_collected_and_the_others_read() {
    let node = read("lvel: MUST\nid: a\nsumary: x\n");
    let mut problems = Problems::default();
    let fields = Fields::read(&node, &["id", "level", "summary"], &mut problems).expect("a map");
    let id = problems.note(fields.required("id").and_then(Node::as_text));
    problems.note(fields.required("level").and_then(Node::as_text));
    let messages: Vec<(String, Place)> =
        Vec::from(problems).into_iter().map(|problem| (problem.message, problem.place)).collect();
    assert_eq!(id, Some("a"));
    assert_eq!(
        messages,
        [
            ("`lvel` is not a key of this map".to_owned(), place(1, 1, 4)),
            ("`sumary` is not a key of this map".to_owned(), place(3, 1, 6)),
            ("`level` is missing here".to_owned(), place(1, 1, 4)),
        ]
    );
}

#[test]
fn a_bare_number_is_no_duration() {
    let read = |node: &Node| node.as_map(&["within"])?.required("within")?.as_duration();
    assert_snapshot!(refused("within: 5\n", read), @r#"
    error: a duration needs a unit
     --> t.yaml:1:9
      |
    1 | within: 5
      |         ^
      |
      = help: write 5s, or 5ms
    "#);
    assert_snapshot!(refused("within: soon\n", read), @r#"
    error: `soon` is not a duration
     --> t.yaml:1:9
      |
    1 | within: soon
      |         ^^^^
      |
      = help: write 5s, or 500ms
    "#);
}

#[test]
fn a_number_where_text_is_meant_asks_for_quotes() {
    let read = |node: &Node| node.as_map(&["section"])?.required("section")?.as_text().map(str::to_owned);
    assert_snapshot!(refused("section: 3.10\n", read), @r#"
    error: expected text, found a number
     --> t.yaml:1:10
      |
    1 | section: 3.10
      |          ^^^^
      |
      = help: put it in quotes: '3.10'
    "#);
}

#[test]
fn typed_readers_take_what_they_name() {
    let node = read("[1m 30s, 200ms, 5%, yes, no, false, 7, 3.10, word]");
    let elements = node.as_list().expect("a list");
    assert_eq!(elements[0].as_duration(), Ok(Duration::from_secs(90)));
    assert_eq!(elements[1].as_duration(), Ok(Duration::from_millis(200)));
    assert_eq!(elements[2].as_percent(), Ok(0.05));
    let bools: Vec<Option<bool>> = elements[3..7].iter().map(|element| element.as_bool().ok()).collect();
    assert_eq!(bools, [Some(true), Some(false), Some(false), None]);
    assert_eq!((elements[6].as_u64(), elements[6].as_number(1..=255_u8)), (Ok(7), Ok(7)));
    assert_eq!((elements[7].as_scalar(), elements[8].as_text()), (Ok("3.10"), Ok("word")));
}

#[test]
fn typed_readers_say_what_they_found() {
    let node = read("[[1], {a: 1}, word, -1, 300, ~, 101%]");
    let elements = node.as_list().expect("a list");
    let messages = [
        elements[0].as_text().map(|_| ()),
        elements[1].as_scalar().map(|_| ()),
        elements[2].as_list().map(|_| ()),
        elements[2].as_u64().map(|_| ()),
        elements[3].as_u64().map(|_| ()),
        elements[4].as_number(1..=255_u8).map(|_| ()),
        elements[5].as_bool().map(|_| ()),
        elements[6].as_percent().map(|_| ()),
    ]
    .map(|result| result.expect_err("a refusal").message);
    assert_eq!(
        messages,
        [
            "expected text, found a list",
            "expected text or a number, found a map",
            "expected a list, found text",
            "expected a whole number, found text",
            "expected a number that is not negative",
            "expected a number from 1 to 255",
            "expected yes or no, found nothing",
            "expected a percentage",
        ]
    );
}

#[test]
fn a_note_about_another_file_is_a_line_of_its_own() {
    let elsewhere = Place { file: "other.yaml".into(), line: 3, column: 5, length: 2 };
    let diagnostic = Diagnostic::new(&place(1, 1, 1), "twice")
        .with_note_at(&elsewhere, "first here")
        .with_note("a remark");
    assert_snapshot!(render(&diagnostic, "a: 1\n"), @r#"
    error: twice
     --> t.yaml:1:1
      |
    1 | a: 1
      | ^
      |
      = note: first here (other.yaml:3:5)
      = note: a remark
    "#);
    assert_snapshot!(render(&Diagnostic::new(&place(1, 1, 0), "nothing here"), ""), @r#"
    error: nothing here
    --> t.yaml:1:1
    "#);
}

#[test]
fn colours_come_only_when_asked_for() {
    let diagnostic = Diagnostic::new(&place(1, 1, 1), "wrong");
    let (plain, coloured) = (render(&diagnostic, "a: 1\n"), render_coloured(&diagnostic, "a: 1\n"));
    assert_eq!((plain.contains('\x1b'), coloured.contains('\x1b')), (false, true));
}

#[test]
fn what_is_missing_at_the_end_is_missing_on_the_last_line() {
    for (text, line, column) in [("? ", 1, 3), ("a: 1\n? ", 2, 3)] {
        let place = parse("t.yaml", text).expect_err("a key that is nothing").place;
        assert_eq!((place.line, place.column, place.length), (line, column, 0), "{text:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "(?s)[ -~\n\té\u{feff}\u{2028}]{0,60}") {
        match parse("t.yaml", &text) {
            Ok(node) => drop(node.substitute(&BTreeMap::new(), &["i"])),
            Err(diagnostic) => drop(render(&diagnostic, &text)),
        }
    }

    #[test]
    fn yaml_like_text_never_panics(parts in proptest::collection::vec(prop_oneof![
        Just("a: "), Just("- "), Just("\n"), Just("\n  "), Just("["), Just("]"), Just("{"), Just("}"), Just(", "),
        Just("'"), Just("\""), Just("&a "), Just("*a"), Just("!t "), Just("|\n"), Just("$x"), Just("${"), Just("#"),
        Just("? "), Just("é"), Just("1s"), Just("---\n"), Just("<<: ")], 0..24)) {
        let text = parts.concat();
        match parse("t.yaml", &text) {
            Ok(node) => drop(node.substitute(&BTreeMap::new(), &["i"])),
            Err(diagnostic) => drop(render(&diagnostic, &text)),
        }
    }

    #[test]
    fn any_place_can_be_shown(text in "(?s)[a-zé\n\r\t]{0,40}", line in 0..50_u32, column in 0..50_u32, length: u32) {
        let diagnostic = Diagnostic::new(&place(line, column, length), "wrong")
            .with_note_at(&place(column, line, 3), "beside").with_hint("a hint".to_owned());
        drop(render(&diagnostic, &text));
    }
}
