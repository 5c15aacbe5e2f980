//! The column of each box: right of all that need it.

/// Returns the column of each box, from the right: 0 is that of boxes which need nothing. An arrow leads to a lower column,
/// but for one of each circle. No column has more boxes than `rows`.
pub(super) fn ranks(count: usize, arrows: &[(usize, usize)], rows: usize) -> Vec<usize> {
    let forward = forward(count, arrows);
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in &forward {
        needs[*from].push(*to);
    }
    let mut ranks = vec![0; count];
    let mut filled: Vec<usize> = Vec::new();
    for index in needed_first(&needs) {
        let least = needs[index].iter().map(|to| ranks[*to] + 1).max();
        let mut rank = least.unwrap_or_default();
        while filled.get(rank).is_some_and(|filled| *filled >= rows) {
            rank += 1;
        }
        ranks[index] = rank;
        filled.resize(filled.len().max(rank + 1), 0);
        filled[rank] += 1;
    }
    ranks
}

/// The arrows, with those turned round that close a circle. A box that needs itself has none.
fn forward(count: usize, arrows: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in arrows.iter().filter(|(from, to)| from != to) {
        needs[*from].push(*to);
    }
    let mut forward = Vec::new();
    let mut states = vec![Visit::New; count];
    for start in 0..count {
        // The boxes on the way, each with how many of its arrows were followed.
        let mut way = vec![(start, 0)];
        if states[start] != Visit::New {
            continue;
        }
        states[start] = Visit::OnTheWay;
        while let Some((at, next)) = way.pop() {
            let Some(to) = needs[at].get(next) else {
                states[at] = Visit::Done;
                continue;
            };
            way.push((at, next + 1));
            match states[*to] {
                Visit::OnTheWay => forward.push((*to, at)),
                Visit::Done => forward.push((at, *to)),
                Visit::New => {
                    forward.push((at, *to));
                    states[*to] = Visit::OnTheWay;
                    way.push((*to, 0));
                }
            }
        }
    }
    forward
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visit {
    New,
    OnTheWay,
    Done,
}

/// All boxes, each after those that it needs; those with few boxes before them come first.
fn needed_first(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut depths = vec![None; needs.len()];
    for start in 0..needs.len() {
        let mut way = vec![start];
        while let Some(at) = way.last().copied() {
            let open = needs[at].iter().find(|to| depths[**to].is_none());
            if let Some(open) = open {
                way.push(*open);
                continue;
            }
            let deepest = needs[at].iter().filter_map(|to| depths[*to]).max();
            depths[at] = Some(deepest.map_or(0, |depth: usize| depth + 1));
            way.pop();
        }
    }
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|index| depths[*index]);
    order
}
