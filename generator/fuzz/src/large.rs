//! Which documents are made so that reading them takes for ever?
//!
//! Each is small to write down and grows with one number: what costs its square, or worse, shows here long before anybody's real
//! document does. Shared by `tests/bounds.rs`, which says what must come of each, and by `cargo xtask bounds`, which says what
//! each costs.

use std::fmt::Write as _;

/// A kind of document.
#[derive(Clone, Copy)]
pub struct Large {
    /// What it is called.
    pub name: &'static str,
    /// The number that real size is shown at.
    pub full: usize,
    /// Writes it at a size.
    pub make: fn(usize) -> String,
}

/// All of them.
pub const ALL: &[Large] = &[
    large("references-that-grow", 3_000, references_that_grow),
    large("references-that-grow-in-responses", 3_000, responses_that_grow),
    large("references-that-grow-in-paths", 3_000, paths_that_grow),
    large("references-in-a-chain", 100_000, references_in_a_chain),
    large("references-in-a-chain-of-responses", 50_000, responses_in_a_chain),
    large("references-in-a-circle", 100_000, references_in_a_circle),
    large("references-to-nothing", 100_000, references_to_nothing),
    large("references-to-nothing-in-operations", 50_000, operations_to_nothing),
    large("all-of-in-a-chain", 10_000, all_of_in_a_chain),
    large("all-of-in-a-chain-with-fields", 10_000, all_of_with_fields),
    large("all-of-in-diamonds", 10_000, all_of_in_diamonds),
    large("all-of-in-a-circle", 10_000, all_of_in_a_circle),
    large("all-of-wide", 50_000, all_of_wide),
    large("all-of-shared", 5_000, all_of_shared),
    large("one-of-in-diamonds", 10_000, one_of_in_diamonds),
    large("one-of-wide", 20_000, one_of_wide),
    large("one-of-wide-of-named", 20_000, one_of_wide_of_named),
    large("one-of-wide-of-lists", 20_000, one_of_wide_of_lists),
    large("one-of-shared", 3_000, one_of_shared),
    large("any-of-wide-with-discriminator", 20_000, any_of_with_discriminator),
    large("any-of-wrappers-in-a-chain", 20_000, wrappers_in_a_chain),
    large("words", 300_000, words),
    large("words-that-collide", 100_000, words_that_collide),
    large("numbers", 300_000, numbers),
    large("fields", 100_000, fields),
    large("fields-required", 100_000, fields_required),
    large("fields-that-collide", 100_000, fields_that_collide),
    large("fields-in-circles", 20_000, fields_in_circles),
    large("fields-back-to-the-start", 30_000, fields_back_to_the_start),
    large("parameters", 20_000, parameters),
    large("parameters-that-collide", 20_000, parameters_that_collide),
    large("parameters-of-a-path", 20_000, parameters_of_a_path),
    large("operations", 100_000, operations),
    large("operations-of-one-name", 50_000, operations_of_one_name),
    large("operations-of-tags", 50_000, operations_of_tags),
    large("operations-with-shared-failures", 2_000, shared_failures),
    large("operations-with-shared-headers", 3_000, shared_headers),
    large("operations-with-shared-links", 3_000, shared_links),
    large("operations-with-shared-credentials", 3_000, shared_credentials),
    large("schemas-of-one-name", 50_000, schemas_of_one_name),
    large("statuses", 20_000, statuses),
    large("media-types", 20_000, media_types),
    large("parts", 20_000, parts),
    large("templates", 20_000, templates),
    large("key-around-all", 50_000, key_around_all),
    large("unknown-keys", 100_000, unknown_keys),
    large("patterns", 50_000, patterns),
    large("tuples", 50_000, tuples),
    large("tags", 100_000, tags),
    large("links", 20_000, links),
    large("webhooks", 30_000, webhooks),
    large("text", 10_000_000, text),
    large("nested", 10_000, nested),
    large("nested-aliases", 40, nested_aliases),
    large("merge-keys", 2_000, merge_keys),
];

const fn large(name: &'static str, full: usize, make: fn(usize) -> String) -> Large {
    Large { name, full, make }
}

/// A document of these paths and components. It is one line: that is what showing places is dearest in.
fn document(paths: &str, components: &str) -> String {
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"Large","version":"1"}},"paths":{{{paths}}},"components":{{{components}}}}}"#
    )
}

/// A list of what each number makes.
fn each(count: usize, one: impl Fn(usize) -> String) -> String {
    let mut all = String::new();
    for at in 0..count {
        if at > 0 {
            all.push(',');
        }
        all.push_str(&one(at));
    }
    all
}

/// A path whose answer is this schema.
fn answering(path: &str, schema: &str) -> String {
    format!(r#""{path}":{{"get":{{"responses":{{"200":{}}}}}}}"#, answer(schema))
}

fn answer(schema: &str) -> String {
    format!(r#"{{"description":"","content":{{"application/json":{{"schema":{schema}}}}}}}"#)
}

fn named(name: impl std::fmt::Display) -> String {
    format!(r##"{{"$ref":"#/components/schemas/{name}"}}"##)
}

/// A document of schemas, the first of which is the answer of an operation.
fn of_schemas(count: usize, one: impl Fn(usize) -> String) -> String {
    let schemas = each(count, |at| format!(r#""S{at}":{}"#, one(at)));
    document(&answering("/", &named("S0")), &format!(r#""schemas":{{{schemas}}}"#))
}

fn next(at: usize, count: usize) -> usize {
    (at + 1) % count
}

fn references_that_grow(count: usize) -> String {
    of_schemas(count, |at| named(format!("S{}/properties/a", next(at, count))))
}

fn responses_that_grow(count: usize) -> String {
    let responses =
        each(count, |at| format!(r##""R{at}":{{"$ref":"#/components/responses/R{}/content"}}"##, next(at, count)));
    let paths = each(count, |at| {
        format!(r##""/{at}":{{"get":{{"responses":{{"200":{{"$ref":"#/components/responses/R{at}"}}}}}}}}"##)
    });
    document(&paths, &format!(r#""responses":{{{responses}}}"#))
}

fn paths_that_grow(count: usize) -> String {
    document(&each(count, |at| format!(r##""/{at}":{{"$ref":"#/paths/~1{}/get"}}"##, next(at, count))), "")
}

fn references_in_a_chain(count: usize) -> String {
    of_schemas(
        count,
        |at| if at + 1 == count { r#"{"type":"string"}"#.to_owned() } else { named(format!("S{}", at + 1)) },
    )
}

fn responses_in_a_chain(count: usize) -> String {
    let responses = each(count, |at| {
        if at + 1 == count {
            format!(r#""R{at}":{}"#, answer("true"))
        } else {
            format!(r##""R{at}":{{"$ref":"#/components/responses/R{}"}}"##, at + 1)
        }
    });
    let paths = r##""/":{"get":{"responses":{"200":{"$ref":"#/components/responses/R0"}}}}"##;
    document(paths, &format!(r#""responses":{{{responses}}}"#))
}

fn references_in_a_circle(count: usize) -> String {
    of_schemas(count, |at| named(format!("S{}", next(at, count))))
}

fn references_to_nothing(count: usize) -> String {
    let fields = each(count, |at| format!(r#""f{at}":{}"#, named(format!("Missing{at}"))));
    of_schemas(1, |_| format!(r#"{{"type":"object","properties":{{{fields}}}}}"#))
}

fn operations_to_nothing(count: usize) -> String {
    let one = |at| {
        format!(
            r##""/{at}":{{"get":{{"parameters":[{{"$ref":"#/components/parameters/P{at}"}}],"responses":{{"200":{{"$ref":"#/components/responses/R{at}"}}}}}}}}"##
        )
    };
    document(&each(count, one), r#""parameters":{},"responses":{}"#)
}

fn all_of_in_a_chain(count: usize) -> String {
    of_schemas(count, |at| {
        if at + 1 == count {
            r#"{"type":"object","properties":{"a":{"type":"string"}}}"#.to_owned()
        } else {
            format!(r#"{{"allOf":[{}]}}"#, named(format!("S{}", at + 1)))
        }
    })
}

/// Each link is used for itself, so that each is laid together anew.
fn all_of_with_fields(count: usize) -> String {
    let schemas = each(count, |at| {
        let fields = format!(r#""type":"object","properties":{{"f{at}":{{"type":"string"}}}}"#);
        if at + 1 == count {
            format!(r#""S{at}":{{{fields}}}"#)
        } else {
            format!(r#""S{at}":{{"allOf":[{}],{fields}}}"#, named(format!("S{}", at + 1)))
        }
    });
    let paths = each(count, |at| answering(&format!("/{at}"), &named(format!("S{at}"))));
    document(&paths, &format!(r#""schemas":{{{schemas}}}"#))
}

fn all_of_in_diamonds(count: usize) -> String {
    let schemas = each(count, |at| {
        if at + 1 == count {
            format!(r#""S{at}":{{"type":"object"}}"#)
        } else {
            let next = named(format!("S{}", at + 1));
            format!(r#""S{at}":{{"allOf":[{next},{{"allOf":[{next}]}}],"properties":{{"f{at}":{{"type":"string"}}}}}}"#)
        }
    });
    document(&answering("/", &named("S0")), &format!(r#""schemas":{{{schemas}}}"#))
}

fn all_of_in_a_circle(count: usize) -> String {
    of_schemas(count, |at| {
        let (next, back) = (named(format!("S{}", next(at, count))), named(format!("S{}", at / 2)));
        format!(r#"{{"allOf":[{next},{back}],"properties":{{"f{at}":{{"type":"string"}},"next":{next}}}}}"#)
    })
}

fn all_of_wide(count: usize) -> String {
    let parts = each(count, |at| {
        format!(r#"{{"type":"object","required":["f{at}"],"properties":{{"f{at}":{{"type":"string"}}}}}}"#)
    });
    of_schemas(1, |_| format!(r#"{{"allOf":[{parts}]}}"#))
}

/// The fields of one schema, in each of as many others.
fn all_of_shared(count: usize) -> String {
    let fields = each(count, |at| format!(r#""f{at}":{{"type":"string"}}"#));
    let schemas = each(count, |at| format!(r#""S{at}":{{"allOf":[{},{{"description":"{at}"}}]}}"#, named("Base")));
    let paths = each(count, |at| answering(&format!("/{at}"), &named(format!("S{at}"))));
    document(&paths, &format!(r#""schemas":{{"Base":{{"type":"object","properties":{{{fields}}}}},{schemas}}}"#))
}

fn one_of_in_diamonds(count: usize) -> String {
    of_schemas(count, |at| {
        if at + 1 >= count {
            r#"{"type":"string"}"#.to_owned()
        } else {
            let (one, other) = (named(format!("S{}", at + 1)), named(format!("S{}", (at + 2).min(count - 1))));
            format!(r#"{{"oneOf":[{one},{other},{{"type":"integer"}}]}}"#)
        }
    })
}

fn one_of_wide(count: usize) -> String {
    let branches = each(count, |at| {
        format!(r#"{{"type":"object","required":["f{at}"],"properties":{{"f{at}":{{"type":"string"}}}}}}"#)
    });
    of_schemas(1, |_| format!(r#"{{"oneOf":[{branches}]}}"#))
}

fn one_of_wide_of_named(count: usize) -> String {
    let branches = each(count - 1, |at| named(format!("S{}", at + 1)));
    of_schemas(count, |at| match at {
        0 => format!(r#"{{"oneOf":[{branches}]}}"#),
        at => format!(r#"{{"type":"object","properties":{{"a":{{"type":"string"}},"f{at}":{{"type":"string"}}}}}}"#),
    })
}

fn one_of_wide_of_lists(count: usize) -> String {
    let branches = each(count, |at| format!(r#"{{"type":"array","items":{{"type":"string","format":"f{at}"}}}}"#));
    of_schemas(1, |_| format!(r#"{{"oneOf":[{branches}]}}"#))
}

/// The branches of one union, in each of as many others.
fn one_of_shared(count: usize) -> String {
    let branches = each(count, |at| format!(r#"{{"type":"object","properties":{{"f{at}":{{"type":"string"}}}}}}"#));
    let schemas = each(count, |at| {
        format!(r#""S{at}":{{"allOf":[{}],"properties":{{"g{at}":{{"type":"string"}}}}}}"#, named("Base"))
    });
    let paths = each(count, |at| answering(&format!("/{at}"), &named(format!("S{at}"))));
    document(&paths, &format!(r#""schemas":{{"Base":{{"oneOf":[{branches}]}},{schemas}}}"#))
}

fn any_of_with_discriminator(count: usize) -> String {
    let branches = each(count - 1, |at| named(format!("S{}", at + 1)));
    let mapping = each(count, |at| format!(r##""v{at}":"#/components/schemas/S{}""##, at + 1));
    of_schemas(count, |at| match at {
        0 => format!(r#"{{"anyOf":[{branches}],"discriminator":{{"propertyName":"kind","mapping":{{{mapping}}}}}}}"#),
        _ => r#"{"type":"object","required":["kind"],"properties":{"kind":{"type":"string"}}}"#.to_owned(),
    })
}

fn wrappers_in_a_chain(count: usize) -> String {
    of_schemas(count, |at| {
        if at + 1 == count {
            r#"{"type":"object","properties":{"a":{"type":"string"}}}"#.to_owned()
        } else {
            format!(r#"{{"anyOf":[{},{{"type":"null"}}]}}"#, named(format!("S{}", at + 1)))
        }
    })
}

fn words(count: usize) -> String {
    let words = each(count, |at| format!(r#""word{at}""#));
    of_schemas(1, |_| format!(r#"{{"type":"string","enum":[{words}]}}"#))
}

fn numbers(count: usize) -> String {
    let numbers = each(count, |at| at.to_string());
    of_schemas(1, |_| format!(r#"{{"enum":[{numbers}]}}"#))
}

/// Texts of signs that no identifier has: all different, and all one name.
fn signs(at: usize) -> String {
    let mut text = String::from("a");
    let mut rest = at;
    for _ in 0..18 {
        text.push(if rest.is_multiple_of(2) { '_' } else { ' ' });
        rest /= 2;
    }
    text
}

fn words_that_collide(count: usize) -> String {
    let words = each(count, |at| format!(r#""{}""#, signs(at)));
    of_schemas(1, |_| format!(r#"{{"type":"string","enum":[{words}]}}"#))
}

fn record(fields: &str, required: &str) -> String {
    of_schemas(1, |_| format!(r#"{{"type":"object","properties":{{{fields}}},"required":[{required}]}}"#))
}

fn fields(count: usize) -> String {
    record(&each(count, |at| format!(r#""f{at}":{{"type":"string"}}"#)), "")
}

fn fields_required(count: usize) -> String {
    record(
        &each(count, |at| format!(r#""f{at}":{{"type":"string"}}"#)),
        &each(count * 2, |at| format!(r#""f{}""#, count * 2 - at)),
    )
}

fn fields_that_collide(count: usize) -> String {
    record(&each(count, |at| format!(r#""{}":{{"type":"string"}}"#, signs(at))), "")
}

fn fields_in_circles(count: usize) -> String {
    of_schemas(count, |at| {
        let fields = each(8, |step| format!(r#""f{step}":{}"#, named(format!("S{}", (at + step * step + 1) % count))));
        format!(r#"{{"type":"object","properties":{{{fields}}}}}"#)
    })
}

/// Each requires its neighbour and the first: a circle from every schema, each a step longer.
fn fields_back_to_the_start(count: usize) -> String {
    of_schemas(count, |at| {
        let fields = format!(r#""next":{},"first":{}"#, named(format!("S{}", next(at, count))), named("S0"));
        format!(r#"{{"type":"object","required":["next","first"],"properties":{{{fields}}}}}"#)
    })
}

fn with_parameters(name: impl Fn(usize) -> String, count: usize) -> String {
    let list = each(count, |at| {
        format!(
            r#"{{"name":"{}","in":"query","required":{},"schema":{{"type":"string"}}}}"#,
            name(at),
            at.is_multiple_of(2)
        )
    });
    format!(r#""parameters":[{list}]"#)
}

fn parameters(count: usize) -> String {
    let parameters = with_parameters(|at| format!("p{at}"), count);
    document(&format!(r#""/":{{"get":{{{parameters},"responses":{{"204":{{"description":""}}}}}}}}"#), "")
}

fn parameters_that_collide(count: usize) -> String {
    let parameters = with_parameters(signs, count);
    document(&format!(r#""/":{{"get":{{{parameters},"responses":{{"204":{{"description":""}}}}}}}}"#), "")
}

fn parameters_of_a_path(count: usize) -> String {
    let parameters = with_parameters(|at| format!("p{at}"), count);
    let one = |method: &str| format!(r#""{method}":{{{parameters},"responses":{{"204":{{"description":""}}}}}}"#);
    document(&format!(r#""/":{{{parameters},{},{},{}}}"#, one("get"), one("put"), one("delete")), "")
}

fn operations(count: usize) -> String {
    document(&each(count, |at| answering(&format!("/p{at}/{{id}}"), r#"{"type":"string"}"#)), "")
}

fn operations_of_one_name(count: usize) -> String {
    let one = |at| {
        format!(
            r#""/{at}":{{"get":{{"operationId":"get{}","responses":{{"204":{{"description":""}}}}}}}}"#,
            "!".repeat(at % 7)
        )
    };
    document(&each(count, one), "")
}

fn operations_of_tags(count: usize) -> String {
    let one =
        |at| format!(r#""/{at}":{{"get":{{"tags":["{}"],"responses":{{"204":{{"description":""}}}}}}}}"#, signs(at));
    document(&each(count, one), "")
}

fn shared_failures(count: usize) -> String {
    let responses = each(300, |at| format!(r#""{}":{}"#, 300 + at, answer(r#"{"type":"object"}"#)));
    let paths = each(count, |at| {
        let own = format!(r#""200":{}"#, answer(&format!(r#"{{"type":"string","format":"f{at}"}}"#)));
        let shared = each(300, |at| format!(r##""{}":{{"$ref":"#/components/responses/{}"}}"##, 300 + at, 300 + at));
        format!(r#""/{at}":{{"get":{{"responses":{{{own},{shared}}}}}}}"#)
    });
    document(&paths, &format!(r#""responses":{{{responses}}}"#))
}

fn shared_headers(count: usize) -> String {
    let headers = each(count, |at| format!(r#""X-{at}":{{"schema":{{"type":"string"}}}}"#));
    let paths = each(count, |at| {
        format!(r##""/{at}":{{"get":{{"responses":{{"200":{{"$ref":"#/components/responses/R"}}}}}}}}"##)
    });
    document(&paths, &format!(r#""responses":{{"R":{{"description":"","headers":{{{headers}}}}}}}"#))
}

fn shared_links(count: usize) -> String {
    let links =
        each(count, |at| format!(r#""l{at}":{{"operationId":"o{at}","parameters":{{"p":"$response.body#/a"}}}}"#));
    let paths = each(count, |at| {
        format!(
            r##""/{at}/{{p}}":{{"get":{{"operationId":"o{at}","parameters":[{{"$ref":"#/components/parameters/P"}}],"responses":{{"200":{{"$ref":"#/components/responses/R"}}}}}}}}"##
        )
    });
    let object = r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}"#;
    let parameter = r#""P":{"name":"p","in":"path","required":true,"schema":{"type":"string"}}"#;
    let answer = format!(
        r##""R":{{"description":"","links":{{{links}}},"content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/A"}}}}}}}}"##
    );
    let components = format!(r#""schemas":{{"A":{object}}},"parameters":{{{parameter}}},"responses":{{{answer}}}"#);
    document(&paths, &components)
}

fn shared_credentials(count: usize) -> String {
    let schemes = each(count, |at| format!(r#""c{at}":{{"type":"apiKey","in":"header","name":"X-{at}"}}"#));
    let wanted = each(count, |at| format!(r#"{{"c{at}":[]}}"#));
    let paths = each(count, |at| format!(r#""/{at}":{{"get":{{"responses":{{"204":{{"description":""}}}}}}}}"#));
    let whole = document(&paths, &format!(r#""securitySchemes":{{{schemes}}}"#));
    whole.replacen('{', &format!(r#"{{"security":[{wanted}],"#), 1)
}

fn schemas_of_one_name(count: usize) -> String {
    let schemas =
        each(count, |at| format!(r#""{}":{{"type":"object","properties":{{"a":{{"type":"string"}}}}}}"#, signs(at)));
    let paths = each(count, |at| answering(&format!("/{at}"), &named(signs(at).replace(' ', "%20"))));
    document(&paths, &format!(r#""schemas":{{{schemas}}}"#))
}

fn statuses(count: usize) -> String {
    let responses = each(count, |at| format!(r#""{}":{}"#, 100 + at, answer(r#"{"type":"object"}"#)));
    document(&format!(r#""/":{{"get":{{"responses":{{{responses}}}}}}}"#), "")
}

fn media_types(count: usize) -> String {
    let content = each(count, |at| format!(r#""application/x{at}+json":{{"schema":{{"type":"object"}}}}"#));
    let operation = format!(
        r#"{{"requestBody":{{"content":{{{content}}}}},"responses":{{"200":{{"description":"","content":{{{content}}}}}}}}}"#
    );
    document(&format!(r#""/":{{"post":{operation}}}"#), "")
}

fn parts(count: usize) -> String {
    let parts = each(count, |at| format!(r#""{}":{{"type":"string","format":"binary"}}"#, signs(at)));
    let encoding = each(count, |at| format!(r#""{}":{{"contentType":"image/png"}}"#, signs(at)));
    let body = format!(
        r#"{{"content":{{"multipart/form-data":{{"schema":{{"type":"object","properties":{{{parts}}}}},"encoding":{{{encoding}}}}}}}}}"#
    );
    document(&format!(r#""/":{{"post":{{"requestBody":{body},"responses":{{"204":{{"description":""}}}}}}}}"#), "")
}

fn templates(count: usize) -> String {
    let mut path = String::new();
    for at in 0..count {
        let _ = write!(path, "/{{a{at}}}");
    }
    document(&answering(&path, r#"{"type":"string"}"#), "")
}

fn key_around_all(count: usize) -> String {
    let fields = each(count, |at| format!(r#""f{at}":{{"type":"string"}}"#));
    let schema = format!(r#"{{"type":"object","properties":{{{fields}}}}}"#);
    document(&answering(&format!("/{}", "k".repeat(count * 20)), &schema), "")
}

fn unknown_keys(count: usize) -> String {
    let one = |at| format!(r#""/{at}":{{"get":{{"summery":"","responses":{{"204":{{"descripton":""}}}}}}}}"#);
    document(&each(count, one), "")
}

fn patterns(count: usize) -> String {
    let patterns = each(count, |at| format!(r#""^x{at}":{{"type":"string"}}"#));
    of_schemas(1, |_| {
        format!(r#"{{"type":"object","patternProperties":{{{patterns}}},"additionalProperties":{{"type":"string"}}}}"#)
    })
}

fn tuples(count: usize) -> String {
    let items = each(count, |at| format!(r#"{{"type":"object","properties":{{"f{at}":{{"type":"string"}}}}}}"#));
    of_schemas(1, |_| format!(r#"{{"type":"array","prefixItems":[{items}],"items":false}}"#))
}

fn tags(count: usize) -> String {
    let tags = each(count, |at| format!(r#"{{"name":"t{at}","parent":"t{}"}}"#, next(at, count)));
    document(&answering("/", "true"), "").replacen('{', &format!(r#"{{"tags":[{tags}],"#), 1)
}

fn links(count: usize) -> String {
    let links = each(count, |at| format!(r#""l{at}":{{"operationId":"nobody{at}"}}"#));
    let response = format!(r#"{{"description":"","links":{{{links}}}}}"#);
    document(&format!(r#""/":{{"get":{{"responses":{{"204":{response}}}}}}}"#), "")
}

fn webhooks(count: usize) -> String {
    let hooks = each(count, |at| {
        let body = format!(
            r#"{{"content":{{"application/json":{{"schema":{{"type":"object","required":["f{at}"],"properties":{{"f{at}":{{"type":"string"}}}}}}}}}}}}"#
        );
        format!(r#""h{at}":{{"post":{{"requestBody":{body},"responses":{{"204":{{"description":""}}}}}}}}"#)
    });
    document("", "").replacen('{', &format!(r#"{{"webhooks":{{{hooks}}},"#), 1)
}

fn text(count: usize) -> String {
    let mut long = String::with_capacity(count + 16);
    while long.len() < count {
        long.push_str("[`x` https://a.b/ <c> *d* ");
    }
    document(&answering("/", &format!(r#"{{"type":"string","description":"{long}","pattern":"{long}"}}"#)), "")
}

fn nested(count: usize) -> String {
    let schema = format!("{}true{}", r#"{"items":"#.repeat(count), "}".repeat(count));
    document(&answering("/", &schema), "")
}

/// In YAML, so that each level doubles what the one before it is.
fn nested_aliases(count: usize) -> String {
    let mut text = String::from("openapi: 3.1.0\ninfo: {title: Large, version: '1'}\nx-a0: &a0 [x, x]\n");
    for at in 1..count {
        let _ = writeln!(text, "x-a{at}: &a{at} [*a{before}, *a{before}]", before = at - 1);
    }
    text + "paths: {}\n"
}

fn merge_keys(count: usize) -> String {
    let mut text = String::from("openapi: 3.1.0\ninfo: {title: Large, version: '1'}\npaths: {}\nx-m0: &m0 {k0: 1}\n");
    for at in 1..count {
        let _ = writeln!(text, "x-m{at}: &m{at} {{<<: *m{before}, k{at}: 1}}", before = at - 1);
    }
    text
}
