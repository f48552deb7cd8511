//! An error and those behind it, as texts for people.

use std::error::Error;

/// The errors behind an error. An [`std::io::Error`] hides its payload from `source`.
pub(super) fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
    .collect()
}

/// The texts of an error and of those behind it, without repetitions.
pub(super) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = causes(error).into_iter().map(ToString::to_string).collect();
    texts.dedup();
    texts
}

/// The text of the last error of the chain, which caused all of them.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    chain(error).pop().unwrap_or_default()
}

/// One line of bounded length. What follows "Encoded authorization failure message" is for AWS's eyes.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 400;
    let text = text.split("Encoded authorization failure message").next().unwrap_or_default();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|character| !character.is_control()));
    }
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_bounded_line_without_the_encoded_part() {
        let message = one_line("You are not\nauthorized.  Encoded authorization failure message: c2VjcmV0");
        assert_eq!(message, "You are not authorized.");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), 401);
    }
}
