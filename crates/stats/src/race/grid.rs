//! A table of values, rows by columns, that has no outside.
//!
//! In: a position. Out: its value, or the default for a position that does not exist.

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid<T> {
    columns: usize,
    cells: Vec<T>,
}

impl<T: Copy + Default> Grid<T> {
    /// A table full of `value`.
    pub(super) fn new(rows: usize, columns: usize, value: T) -> Self {
        Self {
            columns,
            cells: vec![value; rows.saturating_mul(columns)],
        }
    }

    pub(super) fn get(&self, row: usize, column: usize) -> T {
        self.row(row).get(column).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, row: usize, column: usize, value: T) {
        if column < self.columns
            && let Some(cell) = self.cells.get_mut(row * self.columns + column)
        {
            *cell = value;
        }
    }

    /// All columns of a row; empty for a row that does not exist.
    pub(super) fn row(&self, row: usize) -> &[T] {
        let start = row.saturating_mul(self.columns);
        self.cells
            .get(start..start.saturating_add(self.columns))
            .unwrap_or_default()
    }
}
