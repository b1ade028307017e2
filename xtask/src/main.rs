//! Which chores does the workspace know?
fn main() {}
