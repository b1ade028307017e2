//! What can go wrong while the crate is written?

codes! {
    UNWRITABLE = "SN0401", "the output cannot be written",
        "The system does not let a file or folder be written. Nothing was changed.";
    STALE_OUTPUT = "SN0402", "the generated crate is not up to date",
        "The crate on disk differs from what its document gives. Run the generator again and commit the result.";
    FOREIGN_FILE = "SN0403", "a file that was not generated stands in the way",
        "Only files that the generator wrote are replaced or removed. Move the file elsewhere.";
}
