//! Files of this repository.

use std::path::{Path, PathBuf};

use privek_aws::snapshot::aws::collection;
use serde_json::{Value, json};

/// The repository's root, whichever package the tests belong to.
pub fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("Cargo.lock").exists()).expect("a workspace")
}

/// The text of a file, by its path from the root.
pub fn text(path: impl AsRef<Path>) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder of the repository, as paths from its root.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = repository();
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path.strip_prefix(root).expect("below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A YAML file.
pub fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The JSON of a snapshot or report in `fixtures/`.
pub fn fixture(name: &str) -> Value {
    let path = Path::new("fixtures").join(name);
    let mut snapshot =
        serde_json::from_str(&text(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let empty = yaml(Path::new("fixtures/empty.yaml"));
    let keys = empty.as_array().expect("a list of collections").iter();
    read_as_empty(&mut snapshot, keys.map(|key| key.as_str().expect("a collection's key")));
    snapshot
}

/// Has a snapshot that lacks these collections say that they were read, and that there is nothing.
pub fn read_as_empty<'k>(snapshot: &mut Value, keys: impl Iterator<Item = &'k str>) {
    let Some(fields) = snapshot.as_object_mut().filter(|fields| fields.contains_key("scope")) else { return };
    for key in keys {
        assert!(collection(key).is_some(), "fixtures/empty.yaml: {key} is no collection");
        if !fields.contains_key(key) {
            fields.insert(key.to_owned(), json!([]));
            fields["scope"][key] = json!(["*"]);
        }
    }
}
