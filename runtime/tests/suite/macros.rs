//! Do the macros give generated types what they promise?

use serde::Serialize;
use sinew_runtime::generated::{Parameter, ParameterValue};

#[derive(Clone, Debug, PartialEq)]
enum Status {
    Draft,
    Other(String),
}

impl Status {
    fn as_str(&self) -> &str {
        match self {
            Self::Draft => "draft",
            Self::Other(text) => text,
        }
    }
}

impl From<&str> for Status {
    fn from(text: &str) -> Self {
        String::from(text).into()
    }
}

impl From<String> for Status {
    fn from(text: String) -> Self {
        if text == "draft" { Self::Draft } else { Self::Other(text) }
    }
}

sinew_runtime::generated::string_enum!(Status);

#[derive(Serialize)]
struct Filter {
    size: i32,
    tags: Vec<Status>,
    none: Option<i32>,
}

sinew_runtime::generated::json_parameter!(Filter);

#[test]
fn string_enums_keep_what_they_do_not_know() {
    for (text, status) in [("draft", Status::Draft), ("new", Status::Other("new".to_owned()))] {
        assert_eq!(text.parse::<Status>(), Ok(status.clone()));
        assert_eq!((status.to_string().as_str(), status.as_ref()), (text, text));
        let json = serde_json::to_string(&status).expect("a text");
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Status>(&json).expect("a text"), status);
        assert!(status.parameter() == ParameterValue::Text(text.to_owned()));
    }
}

#[test]
fn json_parameters_are_what_their_json_is() {
    let filter = Filter { size: 1, tags: vec![Status::Draft], none: None };
    let text = |text: &str| ParameterValue::Text(text.to_owned());
    assert!(
        filter.parameter()
            == ParameterValue::Object(vec![
                ("none".to_owned(), ParameterValue::Absent),
                ("size".to_owned(), text("1")),
                ("tags".to_owned(), ParameterValue::List(vec![text("draft")])),
            ])
    );
}

#[test]
fn types_of_features_are_parameters() {
    let time: jiff::Timestamp = "2026-11-23T08:32:58Z".parse().expect("a timestamp");
    let id = uuid::Uuid::nil();
    let price: rust_decimal::Decimal = "12.50".parse().expect("a decimal");
    let date: jiff::civil::Date = "2026-11-23".parse().expect("a date");
    let values: [(&dyn Parameter, &str); 4] = [
        (&time, "2026-11-23T08:32:58Z"),
        (&id, "00000000-0000-0000-0000-000000000000"),
        (&price, "12.50"),
        (&date, "2026-11-23"),
    ];
    for (value, text) in values {
        assert!(value.parameter() == ParameterValue::Text(text.to_owned()), "{text}");
    }
}
