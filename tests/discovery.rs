//! Discovery: what is read, what is skipped and why, always in the same order.

use std::fs;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobSet, GlobSetBuilder};
use steadfast::source::discover::{Discovery, Walk, Why, discover, read, size_in_words};
use steadfast::syntax;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("steadfast-discovery-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(fs::canonicalize(path).expect("the folder"))
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(&self.0).expect("a UTF-8 path")
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    fn discover(&self, paths: &[&str], excludes: GlobSet) -> Discovery {
        discover(&Walk {
            root: self.path().to_owned(),
            paths: paths.iter().map(|path| self.path().join(path)).collect(),
            excludes,
            wants: syntax::wants,
        })
    }

    fn files(&self, paths: &[&str]) -> Vec<String> {
        self.discover(paths, GlobSet::empty()).files.into_iter().map(Utf8PathBuf::into_string).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_git_would_keep_is_read_in_order_of_its_bytes() {
    let folder = Folder::new("order");
    for path in [
        "b.yaml",
        "a/z.yml",
        "a-b.json",
        "a.toml",
        "a/Z.yaml",
        ".github/workflows/ci.yml",
        "x.md",
        "x.tpl",
        "x.rs",
    ] {
        folder.write(path, "a: 1\n");
    }
    for path in [
        "node_modules/a.yaml",
        "vendor/a.yaml",
        ".git/a.yaml",
        "x/.terraform/a.yaml",
        "out/a.yaml",
        "package-lock.json",
    ] {
        folder.write(path, "a: 1\n");
    }
    folder.write(".gitignore", "out/\n/secret.yaml\n");
    folder.write("secret.yaml", "a: 1\n");
    folder.write(".ignore", "*.yaml\n");
    folder.write("deployment", "# c\napiVersion: v1\n");
    folder.write("notes.k8s", "apiVersion: v1\n");
    folder.write("production.tmpl", "apiVersion: v1\nimage: a:__TAG__\n");
    folder.write("LICENSE", "text\n");
    folder.write("new-service", "#!/bin/sh\ncat << EOT > Chart.yaml\napiVersion: v2\nEOT\n");
    folder.write("recipe.asciidoc", "----\napiVersion: v1\n----\n");
    let all = [
        ".github/workflows/ci.yml",
        "a-b.json",
        "a.toml",
        "a/Z.yaml",
        "a/z.yml",
        "b.yaml",
        "deployment",
        "notes.k8s",
        "production.tmpl",
    ];
    assert_eq!(folder.files(&["."]), all);
    assert_eq!(folder.files(&["a", ".", "b.yaml", "./a/../a"]), all);
    assert_eq!(folder.files(&["a"]), ["a/Z.yaml", "a/z.yml"]);
    // What is named is read, ignored or not.
    assert_eq!(
        folder.files(&["secret.yaml", "out", "vendor"]),
        ["out/a.yaml", "secret.yaml", "vendor/a.yaml"]
    );
    let excludes = GlobSetBuilder::new().add(Glob::new("a/**").expect("a glob")).build().expect("a set");
    assert_eq!(folder.discover(&["."], excludes).files.len(), all.len() - 2);
}

#[test]
fn what_is_named_and_not_read_is_listed() {
    let folder = Folder::new("named");
    folder.write("notes.md", "text");
    folder.write("odd.thing", "text");
    let found = folder.discover(&["notes.md", "odd.thing", "missing.yaml"], GlobSet::empty());
    assert!(found.files.is_empty());
    let why: Vec<(&str, &Why)> =
        found.skipped.iter().map(|skipped| (skipped.path.as_str(), &skipped.why)).collect();
    assert_eq!(
        why,
        [
            ("missing.yaml", &Why::Unreadable("no such file or directory".to_owned())),
            ("notes.md", &Why::NoFormat),
            ("odd.thing", &Why::NoFormat),
        ]
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_or_around() {
    use std::os::unix::fs::symlink;

    let outside = Folder::new("outside");
    outside.write("secret.yaml", "a: 1\n");
    outside.write("folder/b.yaml", "b: 1\n");
    let folder = Folder::new("links");
    folder.write("a/real.yaml", "a: 1\n");
    let link = |target: &Path, path: &str| symlink(target, folder.0.join(path)).expect("a link");
    link(Path::new("a/real.yaml"), "inside.yaml");
    link(&outside.0.join("secret.yaml"), "outside.yaml");
    link(Path::new("nowhere"), "broken.yaml");
    link(Path::new("nowhere"), "broken");
    link(Path::new(".."), "a/loop");
    link(Path::new("a"), "same");
    link(Path::new("/dev/null"), "device.yaml");
    let found = folder.discover(&["."], GlobSet::empty());
    assert_eq!(found.files, ["a/real.yaml", "inside.yaml"]);
    let why: Vec<(&str, &Why)> =
        found.skipped.iter().map(|skipped| (skipped.path.as_str(), &skipped.why)).collect();
    assert_eq!(
        why,
        [
            ("a/loop", &Why::Loop),
            ("broken.yaml", &Why::Unreadable("no such file or directory".to_owned())),
            ("device.yaml", &Why::NoFile),
            ("outside.yaml", &Why::Link),
            ("same", &Why::Link),
        ]
    );
    // A link that is named is followed.
    assert_eq!(folder.files(&["same"]), ["same/real.yaml"]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_listed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = Folder::new("names");
    fs::write(folder.0.join(OsStr::from_bytes(b"\xff.yaml")), "a: 1\n").expect("a file");
    fs::write(folder.0.join(OsStr::from_bytes(b"\xff.png")), "a: 1\n").expect("a file");
    let found = folder.discover(&["."], GlobSet::empty());
    assert_eq!((found.files.len(), found.skipped.len()), (0, 1));
    assert_eq!(found.skipped[0].why, Why::OddName);
}

#[test]
fn bytes_become_text_or_a_reason() {
    let folder = Folder::new("bytes");
    let read = |bytes: &[u8], limit| {
        folder.write("x.yaml", bytes);
        read(&folder.path().join("x.yaml"), limit).map(|text| text.to_string())
    };
    assert_eq!(read(b"a: \xc3\xa4", 100), Ok("a: ä".to_owned()));
    assert_eq!(read(b"", 100), Ok(String::new()));
    assert_eq!(read(b"\xff\xfea\0:\0 \0\xe4\0", 100), Ok("a: ä".to_owned()));
    assert_eq!(read(b"\xfe\xff\0a", 100), Ok("a".to_owned()));
    assert_eq!(read(b"\xff\xfea", 100), Err(Why::NotText));
    assert_eq!(read(b"\xff\xfe\0\xd8", 100), Err(Why::NotText));
    assert_eq!(read(b"a\xff", 100), Err(Why::NotText));
    assert_eq!(read(&[b'a', 0, 0xff], 100), Err(Why::Binary));
    assert_eq!(read(b"abc", 3), Ok("abc".to_owned()));
    assert_eq!(read(b"abcd", 3), Err(Why::TooLarge(3)));
    let large = vec![b'a'; 3 << 20];
    assert_eq!(read(&large, 1 << 20), Err(Why::TooLarge(1 << 20)));
    assert_eq!(read(&large, 8 << 20).map(|text| text.len()), Ok(3 << 20));
    assert_eq!(read(b"a", 8).map(|text| text.len()), Ok(1), "nothing of the file before is left");
    assert!(matches!(steadfast::source::discover::read(folder.path(), 8), Err(Why::Unreadable(_))));
}

#[test]
fn sizes_are_said_in_the_largest_unit_that_fits() {
    for (bytes, words) in [
        (8 << 20, "8 MiB"),
        (3 << 30, "3 GiB"),
        (512 << 10, "512 KiB"),
        (1 << 20 | 1 << 10, "1025 KiB"),
        (1_000_000, "1000000 bytes"),
    ] {
        assert_eq!(size_in_words(bytes), words);
    }
    assert_eq!(Why::TooLarge(8 << 20).to_string(), "is larger than 8 MiB");
}
