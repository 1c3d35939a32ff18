//! What an installation is moved by from one store into another: tables as both have them, rows of plain values, and
//! sums that tell whether two tables hold the same.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What is in a column of a row. A truth is 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The columns of a row, in the order of its table's.
pub type Row = Vec<Value>;

/// A table that is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it is called where it is moved to.
    pub name: String,
    /// What holds its rows where it is moved from.
    pub source: String,
    /// Its columns, each in either store.
    pub columns: Vec<Column>,
    /// Whether its rows refer to those of other tables, so that they can only be put beside them.
    pub refers: bool,
    /// Whether rows are only ever added to it.
    pub only_added_to: bool,
}

/// A column that is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called where it is moved to.
    pub name: String,
    /// What it is called where it is moved from.
    pub source: String,
    /// What it holds.
    pub holds: Holds,
    /// Whether it is part of what rows are known by.
    pub is_key: bool,
    /// Whether no two rows may have the same in it, though it is not what they are known by and may be empty.
    pub is_unique: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Whole numbers.
    Numbers,
    /// Truths.
    Truths,
    /// Text.
    Texts,
    /// Bytes.
    Bytes,
}

/// What a table holds, however it is ordered: the number of its rows, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The number of rows.
    pub rows: u64,
    hashes: u128,
}

impl Sum {
    /// Adds a row.
    pub fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            // The length of what follows keeps apart what would be the same one after the other.
            let (kind, bytes): (u8, &[u8]) = match value {
                Value::Null => (0, &[]),
                Value::Number(number) => (1, &number.to_be_bytes()),
                Value::Text(text) => (2, text.as_bytes()),
                Value::Bytes(bytes) => (3, bytes),
            };
            hash.update([kind]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let half = hash.first_chunk().copied().unwrap_or_default();
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(u128::from_be_bytes(half));
    }

    /// What these rows hold.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut sum = Self::default();
        rows.into_iter().for_each(|row| sum.add(row));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[Row]) -> Sum {
        Sum::of(rows)
    }

    #[test]
    fn a_sum_tells_rows_apart_and_not_their_order() {
        let (one, two) = (Value::Number(1), Value::Number(2));
        let text = |text: &str| Value::Text(text.to_owned());
        let rows = [vec![one.clone(), text("a")], vec![two.clone(), text("b")]];
        let turned = [rows[1].clone(), rows[0].clone()];
        assert_eq!(sum(&rows), sum(&turned));
        for other in [
            vec![vec![one.clone(), text("b")], vec![two.clone(), text("a")]],
            vec![rows[0].clone(), rows[0].clone()],
            vec![rows[0].clone()],
            vec![rows[0].clone(), vec![two.clone(), Value::Bytes(b"b".to_vec())]],
            vec![rows[0].clone(), vec![two.clone(), Value::Null]],
        ] {
            assert_ne!(sum(&rows), sum(&other), "{other:?}");
        }
        assert_ne!(sum(&[vec![text("ab"), text("c")]]), sum(&[vec![text("a"), text("bc")]]));
    }
}
