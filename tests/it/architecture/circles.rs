//! Import circles among the modules of the library: who names whom, down to single files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Breach, Source};

/// A path of names, from the crate's root.
type Path = Vec<String>;

/// Where a module first names another one.
struct Edge {
    path: String,
    line: usize,
}

/// Each module that imports itself by way of others is a breach, told once for each circle.
pub(super) fn circles(sources: &[Source]) -> Vec<Breach> {
    let edges = edges(sources);
    let mut told: BTreeSet<Path> = BTreeSet::new();
    let mut breaches = Vec::new();
    for module in edges.keys() {
        let Some(circle) = shortest_circle(&edges, module) else { continue };
        if circle.iter().any(|module| told.contains(module)) {
            continue;
        }
        told.extend(circle.iter().cloned());
        let Edge { path, line } = &edges[module][&circle[0]];
        let names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
        let what = format!("`{}` imports itself by way of {}", module.join("::"), names.join(", "));
        breaches.push(Breach { path: path.clone(), line: *line, what });
    }
    breaches
}

/// Who names whom, and where first.
fn edges(sources: &[Source]) -> BTreeMap<Path, BTreeMap<Path, Edge>> {
    let of_library = sources.iter().filter_map(|source| Some((source.module()?, source)));
    let modules: BTreeMap<Path, &Source> = of_library.collect();
    let mut edges: BTreeMap<Path, BTreeMap<Path, Edge>> = BTreeMap::new();
    for (module, source) in &modules {
        for (line, seen) in source.paths_seen() {
            let Some(seen) = resolved(module, &seen, &modules) else { continue };
            if seen != *module {
                let edge = Edge { path: source.path.clone(), line };
                edges.entry(module.clone()).or_default().entry(seen).or_insert(edge);
            }
        }
    }
    edges
}

/// The innermost module that a path leads through, if that is one of ours.
fn resolved(own: &Path, seen: &[&str], modules: &BTreeMap<Path, &Source>) -> Option<Path> {
    let up = seen.iter().take_while(|name| **name == "super").count();
    let (base, rest) = match *seen.first()? {
        "crate" => (&[][..], &seen[1..]),
        "self" => (&own[..], &seen[1..]),
        "super" => (&own[..own.len().checked_sub(up)?], &seen[up..]),
        _ => (&own[..], seen),
    };
    let is_child = !["crate", "self", "super"].contains(&seen[0]);
    let mut path = base.to_vec();
    path.extend(rest.iter().map(|name| (*name).to_owned()));
    while !path.is_empty() && !modules.contains_key(&path) {
        path.pop();
    }
    // What begins with a name of its own is a crate's or a type's, unless it is a module below.
    let is_ours = !path.is_empty() && (!is_child || path.len() > own.len());
    is_ours.then_some(path)
}

/// The shortest way from a module back to itself.
fn shortest_circle(edges: &BTreeMap<Path, BTreeMap<Path, Edge>>, from: &Path) -> Option<Vec<Path>> {
    let mut ways = VecDeque::from([vec![from.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in edges.get(&way[way.len() - 1]).into_iter().flat_map(BTreeMap::keys) {
            let way: Vec<_> = way.iter().chain([next]).cloned().collect();
            if next == from {
                return Some(way[1..].to_vec());
            }
            if seen.insert(next.clone()) {
                ways.push_back(way);
            }
        }
    }
    None
}
