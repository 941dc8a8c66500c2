//! Lists the case files, so that the library can carry them (`include_str!` cannot walk a folder).

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut areas = Vec::new();
    let mut others = Vec::new();
    for path in sorted(&root.join("cases"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_area = path.is_dir() && !NOT_AREAS.contains(&name.as_str());
        collect(&path, if is_area { &mut areas } else { &mut others })?;
    }
    let mut code = String::new();
    for (list, files) in [("CASES", &areas), ("OTHERS", &others)] {
        let _ = writeln!(code, "pub(crate) const {list}: &[(&str, &str)] = &[");
        for file in files {
            let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
            let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.to_string_lossy());
        }
        code.push_str("];\n");
    }
    let states = root.join(STATES);
    let text = if states.is_file() {
        format!("include_str!({:?})", states.to_string_lossy())
    } else {
        "\"\"".into()
    };
    let _ = writeln!(code, "pub(crate) const STATES: (&str, &str) = ({STATES:?}, {text});");
    fs::write(Path::new(&variable("OUT_DIR")?).join("embedded.rs"), code)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cases");
    Ok(())
}

/// A file, or everything below a folder, as long as it is to be read: YAML and its description.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        return sorted(path)?.iter().try_for_each(|path| collect(path, files));
    }
    if path.extension().is_some_and(|extension| extension == "yaml" || extension == "md") {
        files.push(path.to_owned());
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
