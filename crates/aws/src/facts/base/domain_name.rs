//! Domain names, compared label by label.

/// A domain's name in lower case, without the dot at its end.
pub(crate) fn domain(name: &str) -> String {
    name.trim_end_matches('.').trim_start_matches("*.").to_ascii_lowercase()
}

/// Whether a name is a domain's own, or beneath it.
pub(crate) fn within(name: &str, domain: &str) -> bool {
    name == domain || name.ends_with(&format!(".{domain}"))
}
