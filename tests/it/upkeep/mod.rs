//! The care of a data folder, by the program as an operator runs it.

mod copies;
mod doctor;
mod program;
mod rights;
mod serving;
