//! Is what was answered sent back as it was, but for what only the service sets?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_sent_back::SentBackClient;
use golden_sent_back::types::{Account, AccountRequest, Devices, DevicesRequest, PageRequest};
use serde_json::{Value, json};
use sinew_runtime::testing::{Scripted, Step};

#[tokio::test(start_paused = true)]
async fn what_was_read_is_changed_and_written() {
    let text = |words: &str| json!({"type": "text", "words": words, "length": words.len()});
    let image = json!({"type": "image", "url": "later than this client", "length": 1});
    let answered = json!({
        "id": 7, "kind": "page", "title": "old", "bodyText": "set by the service", "body_text": "b",
        "root": text("root"),
        "blocks": [text("one"), {"type": "rule"}, image],
        "by_name": {"a": [text("two")]},
        "parent": {"id": 6, "kind": "page", "title": "above", "body_text": "", "root": {"type": "rule"}},
        "owner": {"name": "ada", "since": "1843"},
        "unlisted": {"kept": true}
    });
    let script = Scripted::new([Step::json(200, answered.to_string()), Step::status(204)]);
    let client = SentBackClient::builder().base_url("http://wire.test").transport(script.clone()).build().unwrap();

    let mut page: PageRequest = client.get_page(7).await.unwrap().into();
    page.title = "new".to_owned();
    client.save_page(7, &page).await.unwrap();

    let text = |words: &str| json!({"type": "text", "words": words});
    let expected = json!({
        "kind": "page", "title": "new", "body_text": "b",
        "root": text("root"),
        // What this client does not know is none of its business to change.
        "blocks": [text("one"), {"type": "rule"}, image],
        "by_name": {"a": [text("two")]},
        "parent": {"kind": "page", "title": "above", "body_text": "", "root": {"type": "rule"}},
        "owner": {},
        "unlisted": {"kept": true}
    });
    let sent: Value = serde_json::from_slice(&script.seen()[1].body).unwrap();
    assert_eq!(sent, expected);
}

#[test]
fn what_was_never_answered_is_not_made_up() {
    // Whether there is a conversion: what is implemented for the type itself comes before what is implemented for any.
    struct Asked<T, U>(std::marker::PhantomData<(T, U)>);
    impl<T: Into<U>, U> Asked<T, U> {
        const IS: bool = true;
    }
    trait Otherwise {
        const IS: bool = false;
    }
    impl<T, U> Otherwise for Asked<T, U> {}
    let page = Asked::<golden_sent_back::types::Page, PageRequest>::IS;
    let (account, devices) = (Asked::<Account, AccountRequest>::IS, Asked::<Devices, DevicesRequest>::IS);
    assert_eq!((page, account, devices), (true, false, false), "neither the password nor the token of each");
}
