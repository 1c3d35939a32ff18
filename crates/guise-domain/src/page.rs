//! Pages of a list, by keyset: each page starts below the last id of the one before.

/// Which page of a list to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at the most.
    pub count: u32,
    /// Only items with ids below this one; from the newest when absent.
    pub before: Option<i64>,
}

/// One page, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, by id, descending.
    pub items: Vec<T>,
    /// `before` of the next page; absent on the last.
    pub next: Option<i64>,
}
