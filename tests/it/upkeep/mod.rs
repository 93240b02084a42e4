//! The care of a data folder, by the program as an operator runs it.

mod program;
mod serving;
