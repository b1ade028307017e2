//! What can go wrong with `client.toml`?

codes! {
    SETTINGS_SYNTAX = "SN0301", "`client.toml` is not valid TOML",
        "The message is that of the TOML parser.";
    SETTINGS_UNKNOWN_KEY = "SN0302", "a setting that does not exist",
        "Settings are read strictly, so that a misspelled one never goes unnoticed.";
    SETTINGS_WRONG_VALUE = "SN0303", "a setting with a value that it cannot have",
        "The value is of the wrong type, or not one of those that the setting knows.";
    SETTINGS_INVALID_NAME = "SN0304", "a setting that is no valid name",
        "Type names are Rust identifiers in upper camel case, functions and modules such in snake case, packages names that cargo accepts; keywords are none of these.";
    SETTINGS_UNMATCHED = "SN0305", "a setting about something that the document does not have",
        "The key names an operation, a schema or a tag that is not in the document, so the setting would have no effect. It may be misspelled, or the service may have dropped it.";
    SETTINGS_UNREADABLE = "SN0306", "`client.toml` cannot be read",
        "The file exists, but the system does not let it be read, or it is not UTF-8.";
    SETTINGS_CONFLICT = "SN0307", "settings that contradict each other",
        "Two settings cannot both be followed.";
    SELECTION_UNMATCHED = "SN0308", "a selection of something that the document does not have",
        "A pattern in `[select]`, or one given to the command, fits no operation, so it would have no effect. In a pattern `*` stands for anything; in one of a path it stands for one segment, and `**` for any number of them.";
    SELECTION_EMPTY = "SN0309", "no operation is selected",
        "Every list of the selection must fit an operation, by any of its patterns, and no pattern of what is dropped may. No operation passes, and an empty client is never written.";
    OVERLAY_UNREADABLE = "SN0310", "an overlay cannot be read",
        "An overlay that `client.toml` names is taken relative to its folder, and must lie inside it.";
    OVERLAY_INVALID = "SN0311", "an overlay that cannot be applied",
        "Overlays follow the OpenAPI Overlay Specification 1.0 or 1.1: a list of actions, each with a `target` (a JSONPath as in RFC 9535) and one of `update`, `remove` and `copy`. Nothing is generated from a document that is not changed as it was meant to be.";
    OVERLAY_UNMATCHED = "SN0312", "an action of an overlay that changes nothing",
        "The `target` fits no part of the document: it may be misspelled, or the service may have changed its document. In a JSONPath, names with other characters than letters, digits and `_` are quoted: `$.paths['/users/{id}'].get`.";
    NO_GROUP_FEATURES = "SN0313", "a crate whose groups get no features",
        "`group-features` makes a feature of each group of operations, so that who depends on the crate compiles only those that are used. That needs at least two groups, and no more than a registry takes features of a crate: with one there is nothing to leave out, with more than 290 the crate could not be published. The crate is made as without the setting. `[operations.\"…\"] group` puts operations into other groups.";
}
