//! Do types that travel both ways differ where the document says so, and only there?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::any::TypeId;

use golden_directions::types::{
    Account, AccountRequest, AccountSettings, AccountSettingsRequest, AnsweredOnly, Circle, CircleRequest, Owner,
    SentOnly, Shape, ShapeRequest, Square, Team, TeamRequest,
};
use serde_json::json;

#[test]
fn what_the_service_sets_is_not_sent_and_a_password_is_not_answered() {
    let mut sent = AccountRequest::new("ada", "hunter2", Owner::new("ada@example.org"));
    sent.settings = Some(AccountSettingsRequest { theme: Some("dark".to_owned()) });
    sent.parents = Some(vec![sent.clone()]);
    let one = json!({"name": "ada", "password": "hunter2", "owner": {"mail": "ada@example.org"}, "settings": {"theme": "dark"}});
    let mut whole = one.clone();
    whole["parents"] = json!([one]);
    assert_eq!(serde_json::to_value(&sent).unwrap(), whole);
    let answered = json!({
        "id": 1, "name": "ada", "owner": {"mail": "ada@example.org"}, "made": "2026-11-23T08:32:58Z",
        "settings": {"theme": "dark", "version": 3}
    });
    let read: Account = serde_json::from_value(answered.clone()).unwrap();
    assert_eq!(read.settings, Some(AccountSettings { theme: Some("dark".to_owned()), version: Some(3) }));
    assert_eq!(serde_json::to_value(&read).unwrap(), answered);
}

#[test]
fn a_name_that_the_user_chose_holds_for_what_is_sent() {
    let sent = AccountRequest::new("ada", "hunter2", Owner::new("ada@example.org"));
    assert_eq!(sent.passphrase.expose(), "hunter2");
}

#[test]
fn what_holds_a_differing_type_differs_and_what_does_not_is_one() {
    let sent = TeamRequest::new(vec![AccountRequest::new("ada", "hunter2", Owner::new("a"))]);
    assert_eq!(serde_json::to_value(&sent).unwrap()["members"][0]["password"], "hunter2");
    let read: Team =
        serde_json::from_value(json!({"members": [{"id": 1, "name": "ada", "owner": {"mail": "a"}}]})).unwrap();
    assert_eq!(read.members[0].id, 1);
    // Both have the same owner.
    let owner = |sent: &TeamRequest, read: &Team| -> (Option<Owner>, Option<Owner>) {
        (sent.owner.clone(), read.owner.clone())
    };
    assert_eq!(owner(&sent, &read), (None, None));
}

#[test]
fn alternatives_that_are_the_same_are_one_type() {
    let sent = ShapeRequest::from(CircleRequest::new("circle", 2.0));
    assert_eq!(serde_json::to_value(&sent).unwrap(), json!({"kind": "circle", "radius": 2.0}));
    let read: Shape = serde_json::from_value(json!({"kind": "circle", "radius": 2.0, "area": 12.5})).unwrap();
    assert!(matches!(read, Shape::Circle(Circle { area: Some(_), .. })));
    let square = Square::new("square", 1.0);
    assert_eq!(
        (Shape::from(square.clone()), ShapeRequest::from(square.clone())),
        (Shape::Square(square.clone()), ShapeRequest::Square(square))
    );
}

#[test]
fn a_type_of_one_way_loses_the_fields_of_the_other() {
    let mut sent = SentOnly::new("text");
    sent.both = Some("said both ways, so believed in neither".to_owned());
    sent.secret = Some("s".to_owned());
    assert_eq!(
        serde_json::to_value(&sent).unwrap(),
        json!({"text": "text", "secret": "s", "both": "said both ways, so believed in neither"})
    );
    let read: AnsweredOnly = serde_json::from_value(json!({"id": 1})).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), json!({"id": 1}));
    assert_ne!(TypeId::of::<Account>(), TypeId::of::<AccountRequest>());
}
