//! Regenerates the tables of Kubernetes' API: `fields.txt` and `deprecations.txt` from checkouts of its Go sources,
//! `merge_keys.txt` from the OpenAPI document of one release.
//!
//! Not a test of anything: it is a test target so that it needs no binary, no build script and no Go. It reads the folder
//! that `STEADFAST_API_SOURCES` names (see `sources.rs` for its layout) and writes the tables beside their readers:
//!
//! ```text
//! STEADFAST_API_SOURCES=… cargo test --test api_tables -- --ignored --nocapture
//! ```

#![allow(clippy::print_stdout)] // What was written, and what to look at, is for the person who runs this.

mod deprecations;
mod fields;
mod go;
mod merge_keys;
mod sources;

use std::path::{Path, PathBuf};

/// Where the tables and their readers are.
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lower/kubernetes/api");
const MERGE_KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/render/kustomize/schema/merge_keys.txt");

#[test]
#[ignore = "writes files; wants checkouts in STEADFAST_API_SOURCES"]
fn regenerate() {
    let Some(folder) = std::env::var_os("STEADFAST_API_SOURCES") else {
        println!("SKIPPED: STEADFAST_API_SOURCES is not set, so the API tables were not regenerated");
        return;
    };
    let sources = sources::read(Path::new(&folder));
    assert!(!sources.packages.is_empty(), "no Go packages below {}", Path::new(&folder).display());

    let fields = fields::lower(&sources);
    for note in &fields.notes {
        println!("note: {note}");
    }
    let deprecations = deprecations::lower(&sources);
    for (file, table) in [("fields.txt", &fields.table), ("deprecations.txt", &deprecations)] {
        let path = Path::new(TABLES).join(file);
        std::fs::write(&path, table).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}: {} lines, {} bytes", path.display(), table.lines().count(), table.len());
    }
    println!("{} kinds", fields.kinds.len());
}

#[test]
#[ignore = "writes a file; wants openapi/swagger.json of kubernetes/kubernetes v1.21.2 in STEADFAST_API_SOURCES"]
fn regenerate_merge_keys() {
    let folder = std::env::var_os("STEADFAST_API_SOURCES").map(PathBuf::from);
    let path = folder.map(|folder| folder.join("openapi/swagger.json"));
    let Some(text) = path.and_then(|path| std::fs::read(path).ok()) else {
        println!(
            "SKIPPED: STEADFAST_API_SOURCES has no openapi/swagger.json, so merge_keys.txt was not regenerated"
        );
        return;
    };
    let document = serde_json::from_slice(&text).expect("swagger.json is JSON");
    let table = merge_keys::lower(&document);
    std::fs::write(MERGE_KEYS, &table).expect("the table can be written");
    println!("{MERGE_KEYS}: {} lines, {} bytes", table.lines().count(), table.len());
}
