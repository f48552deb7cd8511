//! Text at a given width, for people: wrapping, indentation, pasteable commands, colour.

use unicode_width::UnicodeWidthStr;

/// How wide the page is and whether it may carry colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether SGR escapes are written.
    pub color: bool,
}

/// What a word's colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Must change.
    Bad,
    /// Should change.
    Warning,
    /// Is well.
    Good,
    /// Stands out.
    Strong,
    /// Steps back.
    Quiet,
}

impl Style {
    /// The text in its colour, if there is colour.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Bad => "1;31",
            Tone::Warning => "1;33",
            Tone::Good => "1;32",
            Tone::Strong => "1",
            Tone::Quiet => "2",
        };
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// A page that grows line by line.
#[derive(Clone, Debug)]
pub struct Page {
    /// Width and colour.
    pub style: Style,
    text: String,
}

impl Page {
    /// An empty page.
    pub fn new(style: Style) -> Self {
        Self { style, text: String::new() }
    }

    /// The finished text.
    pub fn finish(self) -> String {
        self.text
    }

    /// One line as it is.
    pub fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// An empty line; none at the top and never two.
    pub fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading between empty lines.
    pub fn heading(&mut self, text: &str) {
        self.blank();
        let painted = self.style.paint(Tone::Strong, text);
        self.line(&painted);
        self.blank();
    }

    /// A wrapped paragraph that starts with a label; the following lines stand below the text.
    pub fn paragraph(&mut self, label: &str, text: &str) {
        self.painted(label, None, text);
    }

    /// Like [`Page::paragraph`], with the label's word in colour.
    pub fn painted(&mut self, label: &str, tone: Option<Tone>, text: &str) {
        let indent = label.width();
        let width = self.style.width.saturating_sub(indent).max(20);
        let lines = wrap(text, width);
        for (index, line) in lines.iter().enumerate() {
            let head = match (index, tone) {
                (0, Some(tone)) => {
                    let word = label.trim();
                    label.replacen(word, &self.style.paint(tone, word), 1)
                }
                (0, None) => label.to_owned(),
                _ => " ".repeat(indent),
            };
            self.line(&format!("{head}{line}"));
        }
    }

    /// A command that can be pasted: continued with ` \` between arguments where it is too long.
    pub fn command(&mut self, indent: usize, command: &str) {
        let margin = " ".repeat(indent);
        for line in command.lines() {
            let width = self.style.width.saturating_sub(indent).max(20);
            for (index, part) in continued(&printable(line), width).iter().enumerate() {
                let deeper = if index == 0 { "" } else { "    " };
                self.line(&format!("{margin}{deeper}{part}"));
            }
        }
    }
}

/// The text in lines of at most `width` columns; a longer word (an id, an address) stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in printable(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// Names come from tags and files: control characters in them must not reach a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() && char != '\n' && char != '\t' { '\u{fffd}' } else { char })
        .collect()
}

/// A shell command in lines that end with ` \`, broken only between arguments, and before
/// options where possible. Commands with comments or here-documents are left alone.
fn continued(command: &str, width: usize) -> Vec<String> {
    let Some(words) = words(command) else { return vec![command.to_owned()] };
    if command.width() <= width {
        return vec![command.to_owned()];
    }
    // An option and its values stay together.
    let mut groups: Vec<String> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let joins = index > 0 && (!word.starts_with('-') || index == 1);
        match groups.last_mut() {
            Some(group) if joins && group.width() + word.width() + 7 <= width => {
                group.push(' ');
                group.push_str(word);
            }
            _ => groups.push((*word).to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for group in groups {
        match lines.last_mut() {
            // Four columns of indentation and two for the backslash.
            Some(line) if line.width() + group.width() + 7 <= width => {
                line.push(' ');
                line.push_str(&group);
            }
            _ => lines.push(group),
        }
    }
    let last = lines.len().saturating_sub(1);
    for line in lines.iter_mut().take(last) {
        line.push_str(" \\");
    }
    lines
}

/// The words of a shell command with their quotes, or nothing where breaking it is not safe.
fn words(command: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut escaped = false;
    for (index, char) in command.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (char, quote) {
            ('\\', None | Some('"')) => {
                escaped = true;
                start.get_or_insert(index);
            }
            ('\'' | '"', None) => {
                quote = Some(char);
                start.get_or_insert(index);
            }
            (closing, Some(open)) if closing == open => quote = None,
            ('#', None) if start.is_none() => return None,
            (space, None) if space.is_whitespace() => {
                if let Some(from) = start.take() {
                    words.push(&command[from..index]);
                }
            }
            _ => {
                start.get_or_insert(index);
            }
        }
    }
    if quote.is_some() || escaped || command.contains("<<") {
        return None;
    }
    if let Some(from) = start {
        words.push(&command[from..]);
    }
    Some(words)
}

/// `1 blocker`, `2 blockers`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(lines: &[String]) -> String {
        lines.join("\n").replace(" \\\n", " ")
    }

    #[test]
    fn wrapping_keeps_every_word_and_the_width() {
        let text = "an operator in 172.24.0.0/24 does not reach the control plane on tcp/443";
        let lines = wrap(text, 24);
        assert!(lines.iter().all(|line| line.chars().count() <= 24), "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole() {
        let lines = wrap("see https://docs.aws.amazon.com/eks/latest/userguide/x.html now", 20);
        assert!(lines.contains(&"https://docs.aws.amazon.com/eks/latest/userguide/x.html".to_owned()));
    }

    #[test]
    fn wide_letters_take_two_columns_and_those_that_are_not_seen_are_words_too() {
        assert_eq!(wrap("東京の 検証用 vpc", 13), ["東京の 検証用", "vpc"]);
        assert_eq!(wrap("\u{200b} a", 13), ["\u{200b} a"]);
        assert_eq!(wrap("", 13), [""]);
    }

    #[test]
    fn control_characters_of_names_do_not_reach_the_terminal() {
        assert!(!wrap("a\u{1b}[31mred", 80).join("").contains('\u{1b}'));
    }

    #[test]
    fn a_long_command_continues_at_options_and_is_the_same_command() {
        let command = "aws ec2 authorize-security-group-ingress --group-id sg-0123456789abcdef0 \
                       --ip-permissions 'IpProtocol=tcp, FromPort=443' --region ap-northeast-1";
        let lines = continued(command, 60);
        assert!(lines.len() > 1);
        assert!(lines[1..].iter().all(|line| line.starts_with("--")), "{lines:?}");
        assert_eq!(joined(&lines), command);
    }

    #[test]
    fn quoted_arguments_are_never_broken() {
        let command = format!("aws x --policy '{}' --y", "{\"a b\": 1} ".repeat(12));
        let lines = continued(&command, 40);
        assert_eq!(joined(&lines), command);
        assert!(lines.iter().any(|line| line.matches("a b").count() == 12));
    }

    #[test]
    fn a_short_command_and_one_with_a_comment_stay_as_they_are() {
        assert_eq!(continued("aws sts get-caller-identity", 80).len(), 1);
        let commented = format!("aws x {} # and more", "--long-option ".repeat(10));
        assert_eq!(continued(&commented, 40), vec![commented.clone()]);
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        assert_eq!(Style { width: 80, color: false }.paint(Tone::Bad, "x"), "x");
        assert!(Style { width: 80, color: true }.paint(Tone::Bad, "x").contains("\u{1b}["));
    }
}
