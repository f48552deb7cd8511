//! Destinations of output: standard output, or a file that is written as a whole or not at all. Files are
//! opened before anything is read, so that a typo in a path does not cost a collection.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use privek_core::render::text::Style;

use crate::cli::OutputArgs;

/// Wider lines are harder to read.
const WIDEST: usize = 120;

/// For a terminal, a pipe and a file alike.
pub const PLAIN: Style = Style { width: 80, color: false };

/// A file to be written, which is known to be writable.
#[derive(Debug)]
pub struct Sink {
    path: PathBuf,
    /// A device or a pipe, which is written to as it is.
    special: Option<File>,
}

impl Sink {
    /// Makes sure that the file can be written later, and leaves it as it is.
    pub fn open(path: &Path) -> Result<Self, anyhow::Error> {
        let cannot = || format!("cannot write {}", path.display());
        if path.is_dir() {
            bail!("cannot write {}: the path is a directory; name a file", path.display());
        }
        if path.exists() && !path.is_file() {
            let special = OpenOptions::new().write(true).open(path).with_context(cannot)?;
            return Ok(Self { path: path.to_owned(), special: Some(special) });
        }
        // Through a symbolic link, so that it stays one.
        let path = if path.exists() { path.canonicalize().with_context(cannot)? } else { path.to_owned() };
        // Nothing may be left behind by a run that is interrupted while it reads AWS.
        let (probe, _) = temporary(&path).with_context(cannot)?;
        std::fs::remove_file(probe).with_context(cannot)?;
        Ok(Self { path, special: None })
    }

    /// Writes the text; a file is there afterwards as a whole, or as it was.
    pub fn write(self, text: &str) -> Result<(), anyhow::Error> {
        let cannot = || format!("cannot write {}", self.path.display());
        if let Some(mut special) = self.special {
            return special.write_all(text.as_bytes()).with_context(cannot);
        }
        let (name, mut file) = temporary(&self.path).with_context(cannot)?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::rename(&name, &self.path));
        if written.is_err() {
            let _ = std::fs::remove_file(&name);
        }
        written.with_context(cannot)
    }
}

/// A new file beside this one.
fn temporary(path: &Path) -> std::io::Result<(PathBuf, File)> {
    let Some(name) = path.file_name() else { return Err(std::io::ErrorKind::InvalidInput.into()) };
    let name = format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id());
    let path = path.with_file_name(name);
    let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    Ok((path, file))
}

/// Opens the file, if one was named.
pub fn open(path: Option<&PathBuf>) -> Result<Option<Sink>, anyhow::Error> {
    path.map(|path| Sink::open(path)).transpose()
}

/// Writes the text to the file, or hands it back for standard output.
pub fn put(text: String, sink: Option<Sink>) -> Result<String, anyhow::Error> {
    match sink {
        Some(sink) => sink.write(&text).map(|()| String::new()),
        None => Ok(text),
    }
}

/// Width and colour for where the output goes.
pub fn style(args: &OutputArgs) -> Style {
    styled(args.output.is_none(), args.no_color)
}

/// Width and colour for standard output, where it goes there.
pub fn styled(to_stdout: bool, no_color_flag: bool) -> Style {
    let terminal = to_stdout && std::io::stdout().is_terminal();
    if !terminal {
        return Style { width: 80, color: false };
    }
    let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    Style { width: width.clamp(40, WIDEST), color: !no_color_flag && !no_color() }
}

/// <https://no-color.org>: present and not empty.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        std::fs::write(&path, "old").unwrap();
        let sink = Sink::open(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        sink.write("new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_run_that_fails_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        std::fs::write(&path, "old").unwrap();
        drop(Sink::open(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_an_error_that_names_it() {
        let error = Sink::open(Path::new("/no/such/directory/report.json")).unwrap_err();
        assert!(format!("{error:#}").contains("/no/such/directory/report.json"), "{error:#}");
        let directory = tempfile::tempdir().unwrap();
        assert!(Sink::open(directory.path()).unwrap_err().to_string().contains("is a directory"));
    }
}
