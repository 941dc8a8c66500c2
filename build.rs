//! Lists the case files, so that the library can carry them (`include_str!` cannot walk a folder).

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    for folder in sorted(&root.join("cases"))? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if folder.is_dir() && !NOT_AREAS.contains(&name.as_str()) {
            collect(&folder, &mut files)?;
        }
    }
    let mut code = String::from("pub(super) const CASES: &[(&str, &str)] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.to_string_lossy());
    }
    code.push_str("];\n");
    let states = root.join(STATES);
    let text = if states.is_file() {
        format!("include_str!({:?})", states.to_string_lossy())
    } else {
        "\"\"".into()
    };
    let _ = writeln!(code, "pub(super) const STATES: (&str, &str) = ({STATES:?}, {text});");
    fs::write(Path::new(&variable("OUT_DIR")?).join("embedded.rs"), code)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cases");
    Ok(())
}

/// Every YAML file below `folder`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in sorted(folder)? {
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}

/// What a folder holds, by name; nothing where there is no such folder.
fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn variable(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(io::Error::other)
}

/// Folders of `cases/` that hold no cases.
const NOT_AREAS: [&str; 4] = ["requirements", "profiles", "ledger", "fixtures"];
const STATES: &str = "cases/fixtures/states.yaml";
