//! How is Sinew run from a terminal?

fn main() {}
