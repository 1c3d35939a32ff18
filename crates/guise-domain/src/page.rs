//! Pages of a list, by keyset: each page starts below the last id of the one before.

/// Which page of a list to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at the most.
    pub count: u32,
    /// Only items with ids below this one; from the newest when absent.
    pub before: Option<i64>,
}

impl PageRequest {
    /// What a store reads a page by: the highest id, and one item more than the page has, which tells whether there is
    /// another page.
    #[must_use]
    pub fn bounds(self) -> (i64, i64) {
        let highest = self.before.map_or(i64::MAX, |before| before.saturating_sub(1));
        (highest, i64::from(self.count) + 1)
    }

    /// The page made of what was read so.
    #[must_use]
    pub fn page<T>(self, mut items: Vec<T>, id: impl Fn(&T) -> i64) -> Page<T> {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let more = items.len() > count;
        items.truncate(count);
        let next = if more { items.last().map(id) } else { None };
        Page { items, next }
    }
}

/// One page, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, by id, descending.
    pub items: Vec<T>,
    /// `before` of the next page; absent on the last.
    pub next: Option<i64>,
}
