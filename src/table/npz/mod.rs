//! numpy's `.npz`: a zip of `.npy` files (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>), an array
//! for each column.
//!
//! ```text
//! "\x93NUMPY", version 1.0: header's length in 2 bytes; 2.0, 3.0: in 4
//! header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and blanks
//! the elements, in C order
//! ```
//!
//! | array | column |
//! |---|---|
//! | of shape (N,) | a value for each row |
//! | of shape (N, ...) | a list for each row, of its part in C order |
//! | `x` of any length beside `x.row_splits` of N + 1 | a list for each row: `x[splits[i]:splits[i + 1]]` |
//!
//! Objects are pickles, which are programs: they are refused. `S` and `U` have no byte or character 0 at their ends.

mod header;
mod read;
mod write;

pub(super) use read::{Npz, columns};
pub(super) use write::{NpzWriter, check_names, refuses};

/// Behind the name of a column whose lists have any length.
const SPLITS: &str = ".row_splits";
