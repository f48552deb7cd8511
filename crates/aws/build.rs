//! Lists the rule files, so that the binary holds every one of them without naming any.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let folder = root.join("rules/eks");
    println!("cargo::rerun-if-changed=../../rules");
    let mut list = String::from("&[\n");
    for area in sorted(&folder)?.iter().filter(|path| path.is_dir()) {
        for file in sorted(area)?.iter().filter(|path| path.extension().is_some_and(|ext| ext == "yaml")) {
            let shown = file.strip_prefix(&root).unwrap_or(file).display().to_string().replace('\\', "/");
            let area = area.file_name().unwrap_or_default().to_string_lossy();
            // Found when the crate is compiled: a target directory may serve several checkouts.
            let text = format!(
                "include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../..\", {:?}))",
                format!("/{shown}")
            );
            writeln!(list, "    RuleFile {{ area: {area:?}, file: {shown:?}, text: {text} }},")
                .map_err(io::Error::other)?;
        }
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("rules.rs"), list)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
