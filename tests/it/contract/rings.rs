//! Rings: files that import each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::house::TEST_SUPPORT;
use super::resolve::{Import, Manner};
use super::tree::folder;

/// The files that may import each other inside one folder.
const MOST: usize = 4;

/// File → the files that it imports, and where.
type Graph<'i> = BTreeMap<&'i str, BTreeMap<&'i str, &'i Import>>;

/// The rings across folders, and those of more than four files inside one.
pub fn forbidden(imports: &[Import]) -> Vec<String> {
    let graph = graph(imports);
    all(&graph).into_iter().filter_map(|ring| said(&graph, &ring)).collect()
}

/// Declarations do not count, nor do names of modules: what is used of a module is an import by itself. What
/// supports tests may import everything, so that it would be in a ring with every file that has tests inside.
fn graph(imports: &[Import]) -> Graph<'_> {
    let mut graph = Graph::new();
    let supports = |file: &str| file.split('/').any(|part| part == TEST_SUPPORT);
    for import in imports.iter().filter(|import| matches!(import.manner, Manner::Item | Manner::Lost)) {
        if let Some(file) = import.file().filter(|file| !supports(file)) {
            graph.entry(&import.from).or_default().entry(file).or_insert(import);
        }
    }
    graph
}

/// The sets of files of which each reaches each, in order.
fn all<'i>(graph: &Graph<'i>) -> Vec<BTreeSet<&'i str>> {
    let reached: BTreeMap<_, _> = graph.keys().map(|file| (*file, reach(graph, file))).collect();
    let mut rings = BTreeSet::new();
    for (file, far) in &reached {
        if far.contains(file) {
            let back = |other: &&&str| reached.get(**other).is_some_and(|far| far.contains(file));
            rings.insert(far.iter().filter(back).copied().collect::<BTreeSet<_>>());
        }
    }
    rings.into_iter().collect()
}

fn reach<'i>(graph: &Graph<'i>, from: &str) -> BTreeSet<&'i str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}

fn said(graph: &Graph<'_>, ring: &BTreeSet<&str>) -> Option<String> {
    let folders: BTreeSet<_> = ring.iter().map(|file| folder(file)).collect();
    let rule = if folders.len() > 1 {
        format!("files of {} folders import each other; none may across folders", folders.len())
    } else if ring.len() > MOST {
        format!("{} files of one folder import each other; {MOST} may at most", ring.len())
    } else {
        return None;
    };
    let files = ring.iter().copied().collect::<Vec<_>>().join(", ");
    let way = shortest(graph, ring, folders.len() > 1).join("; ");
    Some(format!("{rule}: {files}. The shortest ring: {way}"))
}

/// The imports of the shortest ring, of those that leave a folder if `across`.
fn shortest(graph: &Graph<'_>, ring: &BTreeSet<&str>, across: bool) -> Vec<String> {
    let edges =
        ring.iter().flat_map(|from| graph[from].iter().map(move |(to, import)| (*from, *to, *import)));
    edges
        .filter(|(from, to, _)| ring.contains(to) && (!across || folder(from) != folder(to)))
        .filter_map(|(from, to, import)| {
            let mut way = vec![import];
            way.extend(back(graph, to, from)?);
            Some(way)
        })
        .min_by_key(Vec::len)
        .into_iter()
        .flatten()
        .map(|import| {
            let (from, line, path) = (&import.from, import.line, &import.path);
            format!("{from}:{line} imports {path} ({})", import.file().unwrap_or_default())
        })
        .collect()
}

/// The fewest imports that lead from one file to another.
fn back<'i>(graph: &Graph<'i>, from: &'i str, to: &str) -> Option<Vec<&'i Import>> {
    let mut came: BTreeMap<&str, &Import> = BTreeMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(file) = open.pop_front() {
        for (next, import) in graph.get(file).into_iter().flatten() {
            if *next != from && !came.contains_key(next) {
                came.insert(next, import);
                open.push_back(next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while at != from {
        let import = came.get(at)?;
        way.push(*import);
        at = &import.from;
    }
    way.reverse();
    Some(way)
}
