//! The ledger of fields: each member of each answer that AWS may give is read by a fact, or `rules/eks/fields.yaml`
//! says why not.

mod decided;
mod models;
mod reads;
mod shapes;

use std::collections::BTreeSet;

use crate::support::bless;
use crate::support::files::{repository, text};

use decided::{Decided, FILE, Pattern};
use shapes::KeptField;

/// What becomes of the members.
#[derive(Debug, Default)]
struct Ledger {
    used: usize,
    excused: usize,
    wrong: Vec<String>,
    /// Patterns that excuse something.
    needed: BTreeSet<Pattern>,
    /// Members that are kept for something besides the facts, with their fields and patterns.
    kept: Vec<(String, KeptField, Pattern)>,
}

impl Ledger {
    /// Enters one member. `field` is `None` where the snapshot does not keep it.
    fn enter(&mut self, decided: &Decided, member: (&str, &str), field: Option<&KeptField>, is_read: bool) {
        let (operation, path) = member;
        let about = |pattern: &&Pattern| pattern.holds(operation, path);
        let unread = decided.of_unkept().find(about);
        let kept = decided.of_kept().find(about);
        let member = format!("{operation}/{path}");
        let named = |pattern: Option<&Pattern>| pattern.is_some_and(|pattern| pattern.0 == member);
        match (is_read, field, unread, kept) {
            (true, ..) if named(unread) || named(kept) => {
                self.wrong.push(format!("{operation}/{path} is read by a fact; delete it in {FILE}"));
            }
            (true, ..) => self.used += 1,
            (false, Some(_), _, Some(pattern)) | (false, None, Some(pattern), _) => {
                self.excused += 1;
                self.needed.insert(pattern.clone());
                self.kept.extend(field.map(|field| (member, field.clone(), pattern.clone())));
            }
            (false, Some(KeptField { shape, field }), ..) => self.wrong.push(format!(
                "{operation}/{path} is kept ({shape}.{field}) and no fact reads it: delete the field, or read it"
            )),
            (false, None, None, _) => self.wrong.push(format!(
                "{operation}/{path} is new: read it in a fact, or say in {FILE} why not"
            )),
        }
    }

    /// Patterns that excuse nothing, and readers that do not read.
    fn check(&mut self, decided: &Decided) {
        for pattern in decided.of_unkept().chain(decided.of_kept()) {
            if !self.needed.contains(pattern) {
                self.wrong.push(format!("{}: nothing unread matches; delete it in {FILE}", pattern.0));
            }
        }
        for (member, KeptField { field, .. }, pattern) in &self.kept {
            let reason = decided.kept.iter().find(|reason| reason.members.contains(pattern));
            let reason = reason.expect("a pattern has its reason");
            let name = member.rsplit(['.', '/']).next().unwrap_or(member);
            let reads = |file: &String| {
                let text = text(file);
                let accessed = [
                    format!(".{field}"),
                    format!(".r#{field}"),
                    format!("\"{name}\""),
                    format!("collection!({field})"),
                ];
                accessed.iter().any(|accessed| text.contains(accessed))
            };
            if !reason.by.iter().any(reads) {
                self.wrong.push(format!("{member}: {:?} do not read {field}", reason.by));
            }
        }
        for because in decided.reasons() {
            if because.trim().is_empty() {
                self.wrong.push(format!("{FILE} has a reason that is empty"));
            }
        }
    }
}

#[test]
fn each_member_of_awss_answers_is_read_or_excused() {
    let members = models::recorded();
    let kept = shapes::kept(&members);
    let reads = reads::reads();
    let decided = Decided::read();
    let mut ledger = Ledger::default();
    for (operation, paths) in &members {
        for path in paths {
            let field = kept.get(&(operation.clone(), path.clone()));
            let is_read = field.is_some_and(|field| reads.contains(field));
            ledger.enter(&decided, (operation, path), field, is_read);
        }
    }
    ledger.check(&decided);
    let all: usize = members.values().map(BTreeSet::len).sum();
    let (wrong, used, excused) = (&ledger.wrong, ledger.used, ledger.excused);
    assert!(
        wrong.is_empty(),
        "{all} members: {used} are read, {excused} are excused, and {} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(ledger.used + ledger.excused, all);
}

#[test]
fn the_recorded_members_are_those_of_the_installed_service_models() {
    let found = models::written(&models::installed());
    if bless::asked("members") {
        return std::fs::write(repository().join(models::RECORDED), found).expect("a writable file");
    }
    assert!(
        found == text(models::RECORDED),
        "{} is old: run `tests/bless members`, and decide about each member that is new",
        models::RECORDED
    );
}
