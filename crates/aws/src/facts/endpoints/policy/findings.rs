//! What a policy denies and what cannot be decided, each reason once with all its actions.

use std::collections::BTreeMap;

use privek_core::known::{self, Known, Missing};
use privek_core::sets::addresses::told;

/// Where the action was in a reason.
const ACTION: &str = "\u{0}";

/// What was found about the needs that a policy is held against.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// In the order of the needs: for whom, the reason without the action, and the actions.
    denied: Vec<(String, String, Vec<String>)>,
    /// By reason, the actions.
    undecided: BTreeMap<String, Vec<String>>,
    missing: Vec<Missing>,
}

impl Findings {
    /// An action of somebody is denied; `who` where others may.
    pub fn denied(&mut self, purpose: &str, action: &str, why: &str, who: Option<&str>) {
        let mut why = why.replace(action, ACTION);
        if let Some(who) = who {
            why = format!("{why} (called by {who})");
        }
        let found = self.denied.iter_mut().find(|(of, reason, _)| of == purpose && *reason == why);
        match found {
            Some((_, _, actions)) if actions.iter().any(|known| known == action) => {}
            Some((_, _, actions)) => actions.push(action.to_owned()),
            None => self.denied.push((purpose.to_owned(), why, vec![action.to_owned()])),
        }
    }

    /// An action is neither denied nor allowed for certain.
    pub fn undecided(&mut self, action: &str, why: &str) {
        let actions = self.undecided.entry(why.to_owned()).or_default();
        if !actions.iter().any(|known| known == action) {
            actions.push(action.to_owned());
        }
    }

    /// What an action that is denied depends on.
    pub fn missing(&mut self, missing: &[Missing]) {
        self.missing.extend(missing.iter().cloned());
    }

    /// Whether all is allowed by the policy of this endpoint.
    pub fn known(&self, endpoint: &str) -> Known<bool> {
        let undecided = self.undecided.iter().map(|(why, actions)| {
            let actions = told(actions);
            Missing::unmodelled(format!("the decision of the policy of {endpoint} on {actions}: {why}"))
        });
        known::disproved(!self.denied.is_empty(), self.missing.iter().cloned().chain(undecided))
    }

    /// What is denied, in words.
    pub fn problems(self) -> Vec<String> {
        let words = |(purpose, why, actions): (String, String, Vec<String>)| {
            let purpose = if purpose.is_empty() { purpose } else { format!("{purpose}: ") };
            format!("{purpose}{}", why.replace(ACTION, &told(&actions)))
        };
        self.denied.into_iter().map(words).collect()
    }
}
