//! What can go wrong while a document is read?

codes! {
    UNREADABLE_FILE = "SN0101", "the file cannot be read",
        "The document is missing, is a folder, is too large, or the system does not let it be read. Check the path; it is taken relative to the current folder.";
    NOT_UTF8 = "SN0102", "the file is not UTF-8",
        "OpenAPI documents are UTF-8. The message names the first byte that is not. Convert the file, for instance with `iconv -f latin1 -t utf-8`.";
    SYNTAX = "SN0103", "the file is neither valid JSON nor valid YAML",
        "Whether a document is JSON or YAML is decided by its content, not by its name: one that starts with `{` and a quoted key is JSON, all else is YAML. The message is that of the one parser that applies.";
    DANGLING_REFERENCE = "SN0104", "a reference leads nowhere",
        "A `$ref` names a place at which nothing stands. What uses it is skipped. Check the spelling of the pointer: in it, `/` is written `~1` and `~` is written `~0`.";
    EXTERNAL_REFERENCE = "SN0105", "a reference leads to a file that is not read",
        "Files are read from the folder of the document and below it. `--allow-files <folder>` allows another folder too (a symbolic link counts as what it leads to). Nothing is ever fetched: `--replace <address>=<file>`, or `[load] replace` in `client.toml`, names a local copy to read in place of an address, and one that ends with `/` a folder for all that starts with it.";
    CYCLIC_REFERENCE = "SN0106", "references lead back to themselves",
        "A chain of `$ref`s returns to its start without ever reaching anything. (A schema that contains itself is fine; a reference that is only another reference to itself is not.)";
    MALFORMED_REFERENCE = "SN0107", "a reference cannot be understood",
        "A `$ref` must be a text such as `#/components/schemas/User`. An anchor (`#name`) needs a schema that says `$anchor: name`.";
    DUPLICATE_KEY = "SN0108", "a key occurs twice in one mapping",
        "Parsers disagree about which of two equal keys counts, so neither is taken on trust. Remove or rename one.";
    TOO_DEEP = "SN0109", "the document is nested too deeply",
        "Documents that people write stay far below the limit; one beyond it is an accident or an attack.";
    TOO_LARGE = "SN0110", "the document is too large",
        "A small file that grows without measure by YAML aliases, or a file beyond the size limit, is refused before it takes the machine's memory.";
    NOT_OPENAPI = "SN0111", "this is no OpenAPI document",
        "An OpenAPI document is a mapping with a key `openapi`, whose value is the version of the specification, such as `3.1.0`.";
    UNSUPPORTED_VERSION = "SN0112", "this version of the specification cannot be read",
        "Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are read. Convert other documents first.";
    UNKNOWN_KEY = "SN0113", "a key that OpenAPI does not know",
        "The specification gives this key no meaning at this place, so it has no effect. It may be misspelled, or stand at the wrong depth. Keys of your own start with `x-`.";
    UNKNOWN_KEYWORD = "SN0114", "a schema keyword that is not known",
        "Neither JSON Schema nor OpenAPI gives this keyword a meaning, so it has no effect on the type. It may be misspelled. Keywords of your own start with `x-`.";
    WRONG_TYPE = "SN0115", "a value of the wrong type",
        "The specification demands a value of another type here. What contains it was skipped or the value ignored, as the message says.";
    INVALID_OPERATION = "SN0116", "an operation cannot be read",
        "Something in the operation is not as the specification demands. The operation is skipped; the others are not affected.";
    INVALID_COMPONENT = "SN0117", "a part of the document cannot be read",
        "Something in a component, a server or a tag is not as the specification demands. It is left out, with what depends on it.";
    UNKNOWN_METHOD = "SN0118", "a method that is not known",
        "Operations stand under `get`, `put`, `post`, `delete`, `options`, `head`, `patch` or `trace`, in lower case.";
    WEBHOOKS_IGNORED = "SN0119", "webhooks are not part of a client",
        "Webhooks and callbacks are requests that the service sends and a client never makes. Where operations are selected, or `webhooks = \"drop\"` in `client.toml` says so, their types are not generated.";
    REPAIRED = "SN0120", "something required was missing or malformed, and was filled in",
        "The specification demands a value here, or one of another form. What is meant is clear, so the document is read as if it were right.";
    SEVERAL_DOCUMENTS = "SN0121", "several YAML documents in one file",
        "A file holds one OpenAPI document. Put each document (what follows `---`) into a file of its own.";
    REFERENCE_PLACE = "SN0122", "a reference where the specification has none",
        "References stand for schemas, parameters, responses and the other components. Here the specification wants the thing itself. What is meant is clear, so the reference is followed all the same; other tools may not do so.";
    DUPLICATE_PARAMETER = "SN0123", "a parameter is declared twice",
        "In one list, a parameter is told from the others by its `name` and its `in` together (names of headers are the same in either case). Of two that are the same, the later one counts.";
    DUPLICATE_PATH = "SN0124", "two paths are the same",
        "Paths that differ only in the names between their braces, or in how a character is written, are the same path to a service. Operations of both are generated; which of them the service means, nobody can tell.";
    MALFORMED_PATH = "SN0125", "a path that is no template of one",
        "A path starts with `/`, its braces come in pairs with a name between them, no name comes twice, and it holds neither `?` nor `#`: what would follow is declared as parameters. It is generated as it is written.";
    INVALID_NAME = "SN0126", "a name with characters that it cannot have",
        "Names of components consist of letters, digits, `.`, `-` and `_`, names of headers and cookies of the characters of an HTTP token (RFC 9110, 5.6.2). Names of components are read all the same; a header or a cookie of such a name cannot be sent.";
    INVALID_MEDIA_TYPE = "SN0127", "this is no media type",
        "Under `content`, keys are media types such as `application/json`, or ranges of them such as `text/*` (RFC 9110, 8.3.1). No answer will ever bear another one.";
    INVALID_STATUS = "SN0128", "this is no status of an answer",
        "Under `responses`, keys are `default`, a status code from `100` to `599`, or a range of them such as `4XX`. What stands under another key never applies.";
    SCHEMA_OR_CONTENT = "SN0129", "a value that is described in two ways, or in none",
        "A parameter or a header has either a `schema` or a `content` with exactly one media type. Where both are there, the schema counts; where there are several media types, the first; where there is nothing, any value is admitted.";
    LATER_VERSION = "SN0130", "a word of another version of the specification",
        "The document states a version of OpenAPI that gives this no meaning, though another one does. It is read as that other version means it; other tools may ignore or refuse it.";
    REPEATED_NAME = "SN0131", "a name is given twice",
        "Tags are told apart by their names, headers by theirs in either case, and a list of values holds each once.";
    NOTHING_WRITTEN = "SN0132", "nothing is written where something is needed",
        "A key without a value (or `null`) stands where the specification wants a mapping or a list. It is read as if the key were not there; a schema that is nothing admits everything.";
    SERVER_VARIABLE = "SN0133", "a server variable that cannot be filled in",
        "Each `{name}` of a server's address is declared under `variables` with a `default`, which is one of its `enum` where there is one. The default is what is filled in; give an address of your own in `client.toml`: `[service] base-url = \"…\"`.";
    UNFIT_STYLE = "SN0134", "a style that cannot write such a value",
        "`deepObject` writes objects, `spaceDelimited` and `pipeDelimited` write lists (and objects from OpenAPI 3.1 on). For other values the specification does not say what is to be sent.";
    UNKNOWN_ENCODING = "SN0135", "an encoding of a property that does not exist",
        "The keys of `encoding` are names of properties of the body's schema. An encoding of anything else has no effect.";
    INVALID_ADDRESS = "SN0136", "this is no address",
        "The specification wants a URL here. The client does not use it: how tokens are obtained is up to the application.";
    UNFIT_VALUE = "SN0137", "a value that its own schema does not admit",
        "A value under `enum` or `const` is of a type that the `type` beside it does not admit, so no value satisfies both.";
    MISSING_KEY = "SN0138", "a key that the specification demands is missing",
        "What is missing has no effect on the client, so the object is read all the same.";
    ENDLESS_SCHEMA = "SN0139", "a schema that contains itself without end",
        "By `allOf`, or by properties that are required, the schema is a part of itself, so that no value of finite size satisfies it. Make the property optional or nullable, or take the reference out of `allOf`.";
    EXCLUSIVE_KEYS = "SN0140", "two keys that exclude each other",
        "In OpenAPI 3.2, `nodeType` of an `xml` object says what `attribute` and `wrapped` said before, and must not stand beside them. The older keys count as they always did.";
}
