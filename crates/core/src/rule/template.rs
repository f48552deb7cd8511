//! Texts with values filled in: the one file that knows minijinja.
//!
//! A variable or field that does not exist is an error. An unknown value reads `unknown`, and so
//! does everything below it.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as Jinja};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use crate::subject::UNKNOWN;

use super::field_path::{FieldPath, Scope};

/// Words of the provider, and how each is spelt.
pub(super) type Spelling = &'static [(&'static str, &'static str)];

/// Compiled templates by name.
#[derive(Debug)]
pub(super) struct Templates {
    environment: Environment<'static>,
}

/// Why a template does not compile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotATemplate {
    pub message: String,
    /// The line within the template, from one.
    pub line: usize,
}

impl Templates {
    /// No templates yet; `spelling` is the provider's.
    pub(super) fn new(spelling: Spelling) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.add_filter("sh", |text: String| quote(&text));
        environment.add_filter("blocked_by", move |blockers: Jinja| blocked_by(&blockers, spelling));
        Self { environment }
    }

    /// Compiles a template and gives the paths of the variables that it uses.
    pub(super) fn add(&mut self, name: &str, source: &str) -> Result<BTreeSet<FieldPath>, NotATemplate> {
        self.environment
            .add_template_owned(name.to_owned(), source.to_owned())
            .map_err(|error| NotATemplate { message: text(&error), line: error.line().unwrap_or(1) })?;
        if let Some(filter) = filters(source).into_iter().find(|filter| !self.has_filter(filter)) {
            let line = source.lines().position(|line| line.contains(filter)).map_or(1, |at| at + 1);
            return Err(NotATemplate { message: format!("unknown filter `{filter}`"), line });
        }
        let template = self
            .environment
            .get_template(name)
            .map_err(|error| NotATemplate { message: text(&error), line: 1 })?;
        let variables: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
        Ok(variables.iter().map(|variable| FieldPath::parse(variable)).collect())
    }

    /// The text with the values of this scope.
    ///
    /// # Errors
    /// A sentence about the mistake in the template.
    pub(super) fn render(&self, name: &str, scope: &Scope<'_>) -> Result<String, String> {
        let values = Jinja::from_pairs(scope.iter().map(|(name, value)| (*name, to_jinja(value))));
        let rendered = self.environment.get_template(name).and_then(|template| template.render(values));
        rendered.map(|text| text.trim().to_owned()).map_err(|error| text(&error))
    }

    fn has_filter(&self, name: &str) -> bool {
        let probe = self.environment.render_str(&format!("{{{{ '' | {name} }}}}"), ());
        !probe.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter)
    }
}

/// The names after a `|` outside quotes, inside `{{ }}` and `{% %}`.
fn filters(source: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut rest = source;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let tag = &rest[start + 2..];
        let end = tag.find("}}").into_iter().chain(tag.find("%}")).min().unwrap_or(tag.len());
        let mut quoted = None;
        for (at, letter) in tag[..end].char_indices() {
            match (quoted, letter) {
                (None, '\'' | '"') => quoted = Some(letter),
                (Some(quote), _) if quote == letter => quoted = None,
                (None, '|') => {
                    let name = tag[at + 1..end].trim_start();
                    let length =
                        name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
                    found.insert(&name[..length]);
                }
                _ => {}
            }
        }
        rest = &tag[end..];
    }
    found
}

/// The objects of these blockers, counted by kind, with the id of one that is the only one of its kind: `blocked by 1
/// security group (sg-0a1) and 2 route tables`.
fn blocked_by(blockers: &Jinja, spelling: Spelling) -> Result<String, Error> {
    let mut seen = BTreeSet::new();
    let mut kinds: Vec<(String, String, usize)> = Vec::new();
    for blocker in blockers.try_iter()? {
        let kind = blocker.get_attr("kind")?.to_string();
        let id = blocker.get_attr("id")?.to_string();
        if !seen.insert((kind.clone(), id.clone())) {
            continue;
        }
        match kinds.iter_mut().find(|(known, ..)| *known == kind) {
            Some((.., count)) => *count += 1,
            None => kinds.push((kind, id, 1)),
        }
    }
    let named = |(kind, id, count): &(String, String, usize)| {
        let objects = counted(*count, &in_words(kind, spelling));
        let of_one = *count == 1 && !id.is_empty() && !matches!(kind.as_str(), "" | "unknown");
        if of_one { format!("{objects} ({id})") } else { objects }
    };
    let objects: Vec<String> = kinds.iter().map(named).collect();
    let objects = match objects.split_last() {
        None => counted(0, "object"),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    };
    Ok(format!("blocked by {objects}"))
}

/// The name of a kind of object in words: `network-acl` is a network ACL.
fn in_words(kind: &str, spelling: Spelling) -> String {
    match kind {
        "" => return "object".to_owned(),
        "unknown" => return "unknown object".to_owned(),
        // Whose answer it is, only the blocker's id says.
        "dns" => return "DNS answer".to_owned(),
        _ => {}
    }
    let words = kind.split('-').map(|word| {
        let own = spelling.iter().find(|(known, _)| *known == word);
        own.map_or(word, |(_, spelt)| spelt)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn counted(count: usize, name: &str) -> String {
    match (count, name.strip_suffix("family")) {
        (1, _) => format!("1 {name}"),
        (_, Some(before)) => format!("{count} {before}families"),
        (_, None) => format!("{count} {name}s"),
    }
}

/// A word for a POSIX shell, quoted only where it has to be.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%$".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn text(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn to_jinja(value: &Value) -> Jinja {
    match value {
        Value::Null => Jinja::from(()),
        Value::Bool(value) => Jinja::from(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Jinja::from(number),
            (_, Some(number)) => Jinja::from(number),
            _ => Jinja::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Jinja::from(text.as_str()),
        Value::Array(items) => items.iter().map(to_jinja).collect(),
        Value::Object(fields) if fields.contains_key(UNKNOWN) => Jinja::from_object(Unknown),
        Value::Object(fields) => {
            Jinja::from_pairs(fields.iter().map(|(name, field)| (name.as_str(), to_jinja(field))))
        }
    }
}

/// Reads `unknown`, as do its fields; as a list it has one unknown member.
#[derive(Debug)]
struct Unknown;

impl Object for Unknown {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, _key: &Jinja) -> Option<Jinja> {
        Some(Jinja::from_object(Self))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(1)
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(source: &str, vpc: &Value) -> Result<String, String> {
        let mut templates = Templates::new(&[("acl", "ACL"), ("nat", "NAT")]);
        templates.add("t", source).map_err(|error| error.message)?;
        templates.render("t", &vec![("vpc", vpc)])
    }

    #[test]
    fn an_unknown_value_and_what_is_below_it_read_unknown() {
        let vpc = json!({"dns": {"$unknown": []}});
        let source = "{{ vpc.dns }} {{ vpc.dns.servers }} {{ vpc.dns.servers | join(', ') }}";
        assert_eq!(render(source, &vpc).unwrap(), "unknown unknown unknown");
    }

    #[test]
    fn a_missing_field_is_an_error() {
        assert!(render("{{ vpc.idd }}", &json!({"id": "vpc-1"})).unwrap_err().contains("undefined"));
    }

    #[test]
    fn a_mistyped_filter_is_found_before_it_is_used() {
        assert_eq!(render("{{ vpc.id | joim }}", &json!({})).unwrap_err(), "unknown filter `joim`");
    }

    fn blocked(objects: &[(&str, &str)]) -> String {
        let blockers: Vec<Value> = objects.iter().map(|(kind, id)| json!({"kind": kind, "id": id})).collect();
        render("{{ vpc.blockers | blocked_by }}.", &json!({"blockers": blockers})).unwrap()
    }

    #[test]
    fn blocking_objects_are_counted_once_each_by_kind_in_the_order_of_the_blockers() {
        let (acl, group) = (("network-acl", "acl-1"), ("security-group", "sg-1"));
        assert_eq!(blocked(&[acl, acl]), "blocked by 1 network ACL (acl-1).");
        let tables = [("route-table", "rtb-1"), ("route-table", "rtb-2")];
        assert_eq!(
            blocked(&[group, tables[0], group, tables[1], tables[0]]),
            "blocked by 1 security group (sg-1) and 2 route tables."
        );
        assert_eq!(
            blocked(&[tables[0], acl, group, tables[1]]),
            "blocked by 2 route tables, 1 network ACL (acl-1) and 1 security group (sg-1)."
        );
        assert_eq!(blocked(&[]), "blocked by 0 objects.");
        assert_eq!(blocked(&[("", "a")]), "blocked by 1 object.");
    }

    #[test]
    fn kinds_of_blocking_objects_are_written_as_the_provider_writes_them() {
        for (kind, one, two) in [
            ("route-table", "1 route table", "2 route tables"),
            ("nat-gateway", "1 NAT gateway", "2 NAT gateways"),
            ("dns", "1 DNS answer", "2 DNS answers"),
            ("address-family", "1 address family", "2 address families"),
            ("network", "1 network", "2 networks"),
        ] {
            assert_eq!(blocked(&[(kind, "a")]), format!("blocked by {one} (a)."));
            assert_eq!(blocked(&[(kind, "a"), (kind, "b")]), format!("blocked by {two}."));
        }
    }

    #[test]
    fn unknown_blockers_are_an_unknown_object() {
        let vpc = json!({"blockers": {"$unknown": []}});
        assert_eq!(render("{{ vpc.blockers | blocked_by }}", &vpc).unwrap(), "blocked by 1 unknown object");
    }

    #[test]
    fn words_are_quoted_for_the_shell_where_they_need_it() {
        let vpc = json!({"name": "o'neill's vpc"});
        assert_eq!(render("{{ vpc.name | sh }}", &vpc).unwrap(), r"'o'\''neill'\''s vpc'");
    }
}
