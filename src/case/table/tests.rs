use super::*;
use crate::yaml::parse;
use pretty_assertions::assert_eq;

fn table(text: &str) -> Result<Table, Vec<String>> {
    let node = parse("t.yaml", text).expect("YAML");
    let mut problems = Problems::default();
    let table = Table::read(&node, &mut problems);
    problems.finish(table).map_err(|all| all.iter().map(ToString::to_string).collect())
}

fn suffixes(text: &str) -> Vec<String> {
    table(text).expect("a table").rows.into_iter().map(|row| row.suffix).collect()
}

#[test]
fn map_of_lists_is_a_product_in_the_order_of_its_keys() {
    assert_eq!(
        suffixes("{state: [LISTEN, FIN-WAIT-1], seq: [RCV.NXT + 1, 7]}"),
        ["state=LISTEN:seq=1", "state=LISTEN:seq=7", "state=FIN-WAIT-1:seq=1", "state=FIN-WAIT-1:seq=7"]
    );
}

#[test]
fn row_shows_its_bindings_as_written() {
    let rows = table("{seq: [RCV.NXT + 1], size: [0x10], options: [[mss 536, nop]]}").expect("a table").rows;
    let binding = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let row = Row {
        suffix: "seq=1:size=0x10:options=1".into(),
        bindings: vec![
            binding("seq", "RCV.NXT + 1"),
            binding("size", "0x10"),
            binding("options", "[mss 536, nop]"),
        ],
    };
    assert_eq!(rows.iter().map(TableRow::row).collect::<Vec<_>>(), [row]);
}

#[test]
fn list_of_maps_is_rows_and_a_name_stands_for_its_columns() {
    assert_eq!(
        suffixes("[{a: 1, b: x y}, {a: 2, b: x z}, {name: big, a: 3, b: '*'}]"),
        ["a=1:b=1", "a=2:b=2", "big"]
    );
}

#[test]
fn rows_beside_lists_are_joined_with_them() {
    assert_eq!(
        suffixes("{rows: [{name: near, n: 1}, {name: far, n: 9}], size: [10, 20]}"),
        ["near:size=10", "near:size=20", "far:size=10", "far:size=20"]
    );
}

#[test]
fn except_removes_matching_rows_and_leaves_the_names_of_the_others() {
    let text = "{a: [1 + 1, 2 + 2, 3 + 3], b: [x, y], except: [{a: 1 + 1, b: y}, {a: [2 + 2]}]}";
    assert_eq!(suffixes(text), ["a=1:b=x", "a=3:b=x", "a=3:b=y"]);
}

#[test]
fn broken_tables_say_why() {
    let cases = [
        ("5", "t.yaml:1:1: `for` is a map of lists, or a list of maps"),
        ("{a: 5}", "t.yaml:1:5: expected a list, found a number"),
        ("{a: []}", "t.yaml:1:1: this table has no row"),
        (
            "{A: [1]}",
            "t.yaml:1:2: `A` is not a name: lower-case words and digits joined by hyphens, a letter first",
        ),
        ("{i: [1]}", "t.yaml:1:2: `$i` counts the turns of a `repeat`: choose another name"),
        ("{a-1: [1]}", "t.yaml:1:2: `a-1`: in the name of a column a letter follows each hyphen"),
        ("[{a: 1, b: 1}, {a: 2}]", "t.yaml:1:16: this row lacks `b`"),
        ("[{a: 1}, {a: 2, b: 1}]", "t.yaml:1:17: the first row has no `b`"),
        ("[{name: a b, x: 1}]", "t.yaml:1:9: the name of a row has letters, digits and `.` `_` `+` `-` only"),
        ("{a: [x + 1, 1]}", "t.yaml:1:1: two rows are called `a=1`"),
        ("{a: [1], rows: [{a: 2}]}", "t.yaml:1:18: the column `a` is there twice"),
        ("{a: [1], except: [{a: 2}]}", "t.yaml:1:19: no row is like this: nothing is removed"),
        ("{a: [1], except: [{b: 2}]}", "t.yaml:1:20: `b` is not a key of this map"),
    ];
    for (text, problem) in cases {
        assert_eq!(table(text).expect_err(text)[0], problem, "{text}");
    }
    let digits = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    let large = format!("{{a: {digits}, b: {digits}, c: {digits}}}");
    assert_eq!(table(&large).expect_err("large")[0], "t.yaml:1:1: this table has 1331 rows, more than 1000");
}
