//! From one end to another, and back.

use super::{End, Missing, Network, Path, Ports, Verdict};

impl Network<'_> {
    /// What is known about every path from one end to the other; never empty.
    pub fn trace(&self, from: &End, to: &End, ports: &Ports) -> Vec<Path> {
        vec![Path {
            from: from.label.clone(),
            to: to.label.clone(),
            verdict: Verdict::Unknown,
            hops: Vec::new(),
            return_hops: Vec::new(),
            blockers: Vec::new(),
            missing: vec![Missing::unmodelled(format!("{ports} is not traced yet"))],
            assumptions: Vec::new(),
        }]
    }
}
