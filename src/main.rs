//! The command line: `moim serve` and its companions.

fn main() {}
