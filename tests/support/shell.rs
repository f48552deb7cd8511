//! Commands as a shell and the AWS CLI read them: words, and options with their values.

use std::collections::BTreeMap;

/// A command's options, each with its values.
pub struct Options(BTreeMap<String, Vec<String>>);

impl Options {
    /// Options and the values behind each.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let mut all = BTreeMap::<String, Vec<String>>::new();
        let mut name = None;
        for word in words {
            if word.starts_with("--") {
                if all.insert(word.clone(), Vec::new()).is_some() {
                    return Err(format!("{word} twice"));
                }
                name = Some(word.clone());
            } else {
                let name = name.as_ref().ok_or_else(|| format!("{word} belongs to no option"))?;
                all.entry(name.clone()).or_default().push(word.clone());
            }
        }
        Ok(Self(all))
    }

    /// The one value of an option.
    pub fn one(&mut self, name: &str) -> Result<String, String> {
        self.maybe(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    /// The one value of an option that may be absent.
    pub fn maybe(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(mut values) if values.len() == 1 => Ok(values.pop()),
            Some(values) => Err(format!("{name} has {} values", values.len())),
        }
    }

    /// The values of an option, one at least.
    pub fn several(&mut self, name: &str) -> Result<Vec<String>, String> {
        self.0.remove(name).filter(|values| !values.is_empty()).ok_or_else(|| format!("{name} is missing"))
    }

    /// Whether an option without a value is there.
    pub fn flag(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some_and(|values| values.is_empty())
    }

    /// An error that names the options which nobody asked for.
    pub fn all_used(&self) -> Result<(), String> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(format!("options that do not belong here: {:?}", self.0.keys()))
        }
    }
}

/// Splits a command as a shell does: quotes, and `"$(…)"` as one word.
pub fn words(command: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut depth = 0_u32;
    for letter in command.chars() {
        match (letter, quote) {
            ('(', Some('"')) => depth += 1,
            (')', Some('"')) => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (letter, quote) {
            (_, Some(mark)) if letter == mark && depth == 0 => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            ('$' | '`' | ';' | '|' | '&' | '<' | '>', None) => return Err(format!("a shell's `{letter}`")),
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("a quote that does not end".to_owned());
    }
    words.extend(word);
    Ok(words)
}
