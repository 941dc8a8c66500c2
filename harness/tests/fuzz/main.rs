//! The corpora of the fuzz targets (`harness/fuzz`), replayed: what was found once stays mended.

mod targets;

use std::fs;
use std::path::Path;

/// Hands every file of a corpus to its target.
fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let octets = fs::read(&path).expect("a file");
        let shown = path.display().to_string();
        if std::panic::catch_unwind(|| target(&octets)).is_err() {
            panic!("{name} on {shown}: see above");
        }
        count += 1;
    }
    assert!(count >= 10, "the corpus of {name} has only {count} files");
}

macro_rules! replayed {
    ($($target:ident),*) => { $(
        #[test]
        fn $target() {
            replay(stringify!($target), targets::$target::run);
        }
    )* };
}

replayed!(
    case, catalogue, engine, expression, fixtures, ledger, neighbour, options, packet, profile, protocol
);

/// Else a target is fuzzed and its corpus never replayed.
#[test]
fn every_fuzz_target_is_replayed() {
    let names = |folder: &str| -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().replace(".rs", ""))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("fuzz/fuzz_targets"), names("tests/fuzz/corpus"));
}
