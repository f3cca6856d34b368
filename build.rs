//! Lists the files below `rules/`, so that they can be embedded without being registered anywhere.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("rules");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut rules = Vec::new();
    collect(&root, &root, &mut rules)?;
    rules.sort();
    let mut list = String::from("static RULES: &[(&str, &str)] = &[\n");
    for (id, path) in rules {
        println!("cargo::rerun-if-changed={}", path.display());
        let _ = writeln!(list, "    ({id:?}, include_str!({:?})),", path.display().to_string());
    }
    list.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("rules.rs"), list)
}

fn collect(root: &Path, folder: &Path, rules: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, rules)?;
        } else if path.extension().is_some_and(|ending| ending == "md")
            && path.file_stem().is_some_and(|s| s != "README")
        {
            let id = path.strip_prefix(root).unwrap_or(&path).with_extension("");
            rules.push((id.to_string_lossy().replace('\\', "/"), path));
        }
    }
    Ok(())
}
