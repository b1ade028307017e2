//! What can go wrong while a document's meaning is worked out, and turned into Rust?

codes! {
    UNSUPPORTED_PARAMETER = "SN0201", "a parameter of a form that is not supported",
        "The way in which the parameter is written into the request is not supported yet. What was done instead, the message says.";
    UNSUPPORTED_BODY = "SN0202", "a request body of a form that is not supported",
        "None of the media types that the request body admits is supported in the form that the document demands.";
    UNSUPPORTED_RESPONSE = "SN0203", "a response of a form that is not supported",
        "None of the media types of the response is supported in the form that the document demands.";
    UNSUPPORTED_SECURITY = "SN0204", "credentials of a form that is not supported",
        "The security scheme is not supported yet. Requests are sent without these credentials; set the header yourself.";
    UNKNOWN_SECURITY_SCHEME = "SN0205", "a security scheme that is not declared",
        "A security requirement names a scheme that `components.securitySchemes` does not declare.";
    DUPLICATE_OPERATION_ID = "SN0206", "an `operationId` occurs twice",
        "The specification demands that each `operationId` be unique. Choose another, or a name in `client.toml`.";
    NAME_COLLISION = "SN0207", "two things would have the same name",
        "Two names of the document become the same Rust name. One of them was changed; choose one yourself in `client.toml`.";
    PATH_PARAMETER = "SN0208", "path and parameters do not fit each other",
        "Each `{name}` of a path needs a parameter of that name with `in: path`, and the other way round.";
    DEGRADED_SCHEMA = "SN0209", "a schema that is taken as any JSON value",
        "The schema says something that is not supported as a type, or contradicts itself. It becomes `serde_json::Value`.";
    IGNORED_KEYWORD = "SN0210", "a keyword that does not change the type",
        "The keyword is understood, but a Rust type cannot say it. Values are not checked against it.";
    UNKNOWN_FORMAT = "SN0211", "a `format` that is not known",
        "The format has no type of its own here, so that of `type` alone is used.";
    CONTRADICTORY_SCHEMA = "SN0212", "a schema that contradicts itself",
        "No value, or none of the declared ones, satisfies the schema. Of contradictory parts of an `allOf`, the last is what the type is made of.";
    DISCRIMINATOR = "SN0213", "a discriminator that does not fit its branches",
        "A discriminator names a property whose values tell which branch applies; its mapping names schemas of the union.";
    INVALID_DEFAULT = "SN0214", "a default that its schema does not admit",
        "A default is what the service assumes where nothing is sent. It is shown in the documentation of what is generated, and has no other effect.";
    EMPTY_CLIENT = "SN0215", "no operation is left",
        "The document has neither operations nor schemas, or each operation was skipped for a reason told above. An empty client is never written. (A document that has schemas only becomes a crate of types.)";
    UNUSED_RESPONSE = "SN0216", "a response that is not generated",
        "The response is described in a way that is not used for a typed answer.";
    INVALID_SERVER = "SN0217", "a server address that cannot be used",
        "The address is no URL that a client could call. Give one in `client.toml`: `[service] base-url = \"…\"`.";
    IGNORED_PART = "SN0218", "a part of the document that is not used",
        "What is said there has no effect on the client.";
    UNKNOWN_PATTERN = "SN0219", "a pattern that cannot be checked",
        "`pattern` is a regular expression of ECMA-262. What Rust's regular expressions have no form for (looking ahead or back, references to groups), `validate()` of the generated crate does not check. It stands in the documentation, and the type is a plain text.";
    GROWS = "SN0230", "the document comes to too much",
        "References make a small document say a large one: the fields of one schema in each of thousands of others by `allOf`, or the same credentials, headers and parameters on each of thousands of operations. So does a key of a megabyte that holds thousands of values, since the place of each repeats it. No public document comes near the bound, so nothing is generated. Select the operations that you need, or say in an overlay what is meant.";
    UNUSED_PARAMETER = "SN0231", "a path parameter that the path does not have",
        "A parameter with `in: path` has its place where the path says its name in braces. There is none, so it cannot be sent and is left out; nothing else is lost.";
}
