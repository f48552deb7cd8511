//! Files that are made of others, which `tests/bless` writes in the order in which they are made of each other.

/// The names that `tests/bless` gives; each is one run of the tests.
const NAMES: [&str; 7] = ["members", "schemas", "inputs", "documents", "matrix", "readme", "golden"];

/// Whether these files are to be written instead of compared.
pub fn asked(name: &str) -> bool {
    assert!(NAMES.contains(&name), "{name} is none of {NAMES:?}");
    let Ok(asked) = std::env::var("PRIVEK_BLESS") else { return false };
    assert!(NAMES.contains(&asked.as_str()), "PRIVEK_BLESS is one of {NAMES:?}; `tests/bless` sets it");
    asked == name
}
