//! Every byte of a rendered chart names the values that it depends on; and bytes that claim to be a value's own change with it.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "provenance/mutation.rs"]
mod mutation;

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::render::helm::read::Reader;
use steadfast::render::helm::render::{STACK, Settings};
use steadfast::source::Sources;

fn proof(folder: &Utf8Path) -> mutation::Proof {
    let root = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let work = move |folder: Utf8PathBuf| {
        let mut sources = Sources::default();
        let chart = Reader::new(&root, &mut sources).chart(&folder);
        mutation::prove(&chart, &Settings::default(), usize::MAX)
    };
    let folder = folder.to_owned();
    let thread = std::thread::Builder::new().stack_size(STACK + (8 << 20)).spawn(move || work(folder));
    thread.unwrap().join().unwrap()
}

fn charts() -> Vec<Utf8PathBuf> {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![Utf8PathBuf::from("tests/provenance/chart")];
    for entry in root.join("tests/rendered").read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        if entry.path().join("Chart.yaml").exists() && entry.path().join("values.yaml").exists() {
            all.push(entry.path().strip_prefix(root).unwrap().to_owned());
        }
    }
    all
}

#[test]
fn every_byte_names_the_values_that_it_depends_on() {
    let mut whole = mutation::Proof::default();
    for folder in charts() {
        let proof = proof(&folder);
        assert!(proof.effective > 0 || proof.leaves == 0, "{folder}: {proof:?}");
        assert_eq!(proof.told, [""; 0], "{folder}");
        assert_eq!((proof.silent, proof.unmoved, proof.unannounced), (0, 0, 0), "{folder}");
        whole.add(proof);
    }
    assert!(
        whole.leaves >= 40 && whole.changed >= 1000 && whole.exact >= 50 && whole.brought >= 2,
        "{whole:?}"
    );
}
