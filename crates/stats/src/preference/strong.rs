//! Whether everybody has beaten everybody, at least through others.
//!
//! In: who beat whom. Out: whether every contender is reached from every other one along wins. Exactly then
//! strengths have finite values (L. R. Ford, American Mathematical Monthly 64, 1957).

/// Whether the graph of wins is strongly connected; `beats[a]` lists whom a has beaten.
pub(super) fn is_strongly_connected(beats: &[Vec<usize>]) -> bool {
    let mut beaten_by = vec![Vec::new(); beats.len()];
    for (winner, losers) in beats.iter().enumerate() {
        for loser in losers {
            if let Some(list) = beaten_by.get_mut(*loser) {
                list.push(winner);
            }
        }
    }
    reaches_all(beats) && reaches_all(&beaten_by)
}

fn reaches_all(edges: &[Vec<usize>]) -> bool {
    let mut seen = vec![false; edges.len()];
    let mut open = vec![0];
    let mut n_seen = 0;
    while let Some(at) = open.pop() {
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        n_seen += 1;
        open.extend(edges.get(at).into_iter().flatten());
    }
    n_seen == edges.len()
}
