//! The places of a fact: one nearly always, so one stands here without a heap allocation.
//!
//! `SmallVec` would do, but for its lifetimes: it does not let a fact about a long-lived tree pass for one about a shorter life,
//! so a model could not keep facts.

use super::{Says, Spot};

/// Where a fact comes from, first the place that decides.
#[derive(Clone, Debug, Default)]
pub enum Spots<'a> {
    /// Nowhere in particular.
    #[default]
    None,
    /// One place.
    One(Spot<'a>),
    /// Several.
    Many(Vec<Spot<'a>>),
}

impl<'a> Spots<'a> {
    /// No place.
    pub fn new() -> Self {
        Self::None
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Spot<'a>] {
        match self {
            Self::None => &[],
            Self::One(spot) => std::slice::from_ref(spot),
            Self::Many(spots) => spots,
        }
    }

    /// The key that a value is written under, or would be, in the subject's own file: a place with words of its own is somewhere else.
    pub fn spelling(&self) -> Option<&'a str> {
        let own = |spot: &&Spot<'a>| spot.says.is_nothing() || matches!(spot.says, Says::Default(..));
        self.iter().find(own).or(self.first()).and_then(Spot::spelling)
    }

    /// One more, at the end.
    pub fn push(&mut self, spot: Spot<'a>) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(spot),
            Self::One(first) => Self::Many(vec![first, spot]),
            Self::Many(mut spots) => {
                spots.push(spot);
                Self::Many(spots)
            }
        };
    }

    /// One more, at this position.
    pub fn insert(&mut self, at: usize, spot: Spot<'a>) {
        let mut spots: Vec<Spot<'a>> = std::mem::take(self).into_iter().collect();
        spots.insert(at.min(spots.len()), spot);
        *self = spots.into();
    }

    /// Only those for which this holds.
    pub fn retain(&mut self, keep: impl Fn(&Spot<'a>) -> bool) {
        *self = std::mem::take(self).into_iter().filter(keep).collect();
    }

    /// Without those at these positions.
    pub fn cut(&mut self, range: std::ops::Range<usize>) {
        if !range.is_empty() {
            let kept = std::mem::take(self).into_iter().enumerate();
            *self = kept.filter(|(at, _)| !range.contains(at)).map(|(_, spot)| spot).collect();
        }
    }

    /// Only the first so many.
    pub fn truncate(&mut self, length: usize) {
        if length < self.len() {
            *self = std::mem::take(self).into_iter().take(length).collect();
        }
    }
}

impl<'a> From<Spot<'a>> for Spots<'a> {
    fn from(spot: Spot<'a>) -> Self {
        Self::One(spot)
    }
}

impl<'a> From<Vec<Spot<'a>>> for Spots<'a> {
    fn from(mut spots: Vec<Spot<'a>>) -> Self {
        match spots.len() {
            0 | 1 => spots.pop().map_or(Self::None, Self::One),
            _ => Self::Many(spots),
        }
    }
}

impl<'a> std::ops::Deref for Spots<'a> {
    type Target = [Spot<'a>];

    fn deref(&self) -> &[Spot<'a>] {
        self.as_slice()
    }
}

impl std::ops::DerefMut for Spots<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::None => &mut [],
            Self::One(spot) => std::slice::from_mut(spot),
            Self::Many(spots) => spots,
        }
    }
}

impl<'a> FromIterator<Spot<'a>> for Spots<'a> {
    fn from_iter<I: IntoIterator<Item = Spot<'a>>>(spots: I) -> Self {
        let mut all = Self::None;
        all.extend(spots);
        all
    }
}

impl<'a> Extend<Spot<'a>> for Spots<'a> {
    fn extend<I: IntoIterator<Item = Spot<'a>>>(&mut self, spots: I) {
        spots.into_iter().for_each(|spot| self.push(spot));
    }
}

impl<'a> IntoIterator for Spots<'a> {
    type Item = Spot<'a>;
    type IntoIter = std::iter::Chain<std::option::IntoIter<Spot<'a>>, std::vec::IntoIter<Spot<'a>>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Self::None => (None, Vec::new()),
            Self::One(spot) => (Some(spot), Vec::new()),
            Self::Many(spots) => (None, spots),
        };
        one.into_iter().chain(many)
    }
}

impl<'s, 'a> IntoIterator for &'s Spots<'a> {
    type Item = &'s Spot<'a>;
    type IntoIter = std::slice::Iter<'s, Spot<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}
