//! Sets of numbers as sorted, disjoint, inclusive ranges.

/// A set of numbers: sorted, disjoint, not touching.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    /// The numbers from `first` to `last`, none if they are the wrong way round.
    pub fn of(first: u128, last: u128) -> Self {
        if first <= last { Self(vec![(first, last)]) } else { Self::default() }
    }

    /// The union of ranges in any order.
    pub fn collect(ranges: impl IntoIterator<Item = (u128, u128)>) -> Self {
        let mut all: Vec<_> = ranges.into_iter().filter(|(first, last)| first <= last).collect();
        all.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Whether there is no number in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges in order, first and last number of each.
    pub fn iter(&self) -> impl Iterator<Item = (u128, u128)> + '_ {
        self.0.iter().copied()
    }

    /// The numbers that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::collect(self.iter().chain(other.iter()))
    }

    /// The numbers that are in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(&&(a_first, a_last)), Some(&&(b_first, b_last))) = (a.peek(), b.peek()) {
            let (first, last) = (a_first.max(b_first), a_last.min(b_last));
            if first <= last {
                both.push((first, last));
            }
            if a_last < b_last {
                a.next();
            } else {
                b.next();
            }
        }
        Self(both)
    }

    /// Whether any number is in both.
    pub fn meets(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((a_first, a_last)), Some((b_first, b_last))) = (a.peek(), b.peek()) {
            if a_first <= b_last && b_first <= a_last {
                return true;
            }
            if a_last < b_last {
                a.next();
            } else {
                b.next();
            }
        }
        false
    }

    /// The numbers that are not in the other.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        let mut holes = other.0.iter().peekable();
        for &(first, last) in &self.0 {
            let mut next = Some(first);
            while let (Some(from), Some(&&(hole_first, hole_last))) = (next, holes.peek()) {
                if hole_first > last {
                    break;
                }
                if hole_last >= from {
                    if hole_first > from {
                        left.push((from, hole_first - 1));
                    }
                    // The last number of all has no successor.
                    next = hole_last.checked_add(1).filter(|after| *after <= last);
                }
                if hole_last > last {
                    break;
                }
                holes.next();
            }
            if let Some(from) = next {
                left.push((from, last));
            }
        }
        Self(left)
    }

    /// Whether every number of the other is in this set.
    pub fn contains_all(&self, other: &Self) -> bool {
        other.subtract(self).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    fn set(ranges: &[(u128, u128)]) -> Ranges {
        Ranges::collect(ranges.iter().copied())
    }

    #[test]
    fn touching_ranges_become_one() {
        assert_eq!(set(&[(5, 9), (0, 4)]), Ranges::of(0, 9));
    }

    #[test]
    fn subtracting_cuts_holes_across_several_ranges() {
        let left = set(&[(0, 10), (20, 30)]).subtract(&set(&[(3, 4), (8, 22), (30, 40)]));
        assert_eq!(left, set(&[(0, 2), (5, 7), (23, 29)]));
    }

    #[test]
    fn the_last_number_can_be_subtracted() {
        assert!(Ranges::of(5, u128::MAX).subtract(&Ranges::of(0, u128::MAX)).is_empty());
        assert_eq!(Ranges::of(0, u128::MAX).subtract(&Ranges::of(7, u128::MAX)), Ranges::of(0, 6));
    }

    #[test]
    fn set_laws_hold_on_every_small_set() {
        let sets: Vec<Ranges> = (0..64_u32)
            .map(|bits| Ranges::collect((0..6).filter(|bit| bits >> bit & 1 == 1).map(|bit| (bit, bit))))
            .collect();
        let bits = |set: &Ranges| -> u32 {
            set.iter()
                .flat_map(|(first, last)| first..=last)
                .map(|bit| 1 << u32::try_from(bit).unwrap())
                .sum()
        };
        for a in &sets {
            for b in &sets {
                assert_eq!(bits(&a.union(b)), bits(a) | bits(b));
                assert_eq!(bits(&a.intersect(b)), bits(a) & bits(b));
                assert_eq!(bits(&a.subtract(b)), bits(a) & !bits(b));
                assert_eq!(a.contains_all(b), bits(b) & !bits(a) == 0);
                assert_eq!(a.meets(b), bits(a) & bits(b) != 0);
            }
        }
    }
}
