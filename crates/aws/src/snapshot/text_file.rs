//! Text in a file, in the encodings that redirection writes.

use std::fs;
use std::path::Path;

use super::error::SnapshotError;

/// A file's text; Windows `PowerShell` redirects into UTF-16.
pub(super) fn read(path: &Path) -> Result<String, SnapshotError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SnapshotError::NotThere { path: name.clone() },
        _ => SnapshotError::Unreadable { path: name.clone(), why: error.to_string() },
    })?;
    let wide = |word: fn([u8; 2]) -> u16| {
        let words: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| word([pair[0], pair[1]])).collect();
        String::from_utf16(&words).ok()
    };
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => wide(u16::from_le_bytes),
        Some([0xfe, 0xff]) => wide(u16::from_be_bytes),
        _ => String::from_utf8(bytes).ok(),
    };
    text.ok_or(SnapshotError::NotText { path: name })
}
