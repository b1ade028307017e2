//! Is nothing left behind by a call that is dropped, wherever it is: between endpoints, fetching a token, on its way
//! through redirects, in a stream?

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use sinew_runtime::generated::{Client, Method, Operation, Reply};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ClientBuilder, Download, OAuth, Policy};

use crate::endpoints::Places;
use crate::support::{LIST, builder, get, ok};

static GUARDED: Operation = Operation::new("guarded", Method::Get, "/guarded").auth(&[&["bearer"]]);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One slot, and a second request beside one that makes its caller wait.
fn policy(hedged: bool) -> Policy {
    let mut policy = Policy::standard();
    (policy.bulkhead.enabled, policy.bulkhead.most) = (true, 1);
    (policy.hedge.enabled, policy.hedge.after) = (hedged, Some(ms(150)));
    policy
}

fn built(builder: ClientBuilder<Client>, hedged: bool) -> Client {
    builder.policy(policy(hedged)).build().expect("a client")
}

type Work<'c> = Pin<Box<dyn Future<Output = ()> + Send + 'c>>;

/// Polls a piece of work so often and drops it, for each number of polls until it is done; then nothing may be left.
async fn dropped_everywhere(name: &str, client: impl Fn() -> Client, work: impl for<'c> Fn(&'c Client) -> Work<'c>) {
    let mut done = false;
    for polls in 0..300 {
        if done {
            return;
        }
        let client = client();
        let mut running = work(&client);
        for _ in 0..polls {
            done = poll_fn(|context| Poll::Ready(running.as_mut().poll(context).is_ready())).await;
            if done {
                break;
            }
            tokio::time::advance(ms(50)).await;
        }
        drop(running);
        let place = format!("{name}, after {polls} polls");
        assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)), "{place}");
        for endpoint in client.endpoints() {
            assert_eq!((endpoint.in_flight, endpoint.circuit), (0, CircuitState::Closed), "{place}: {endpoint:?}");
        }
        // Whatever was taken, a turn to fetch a token included, was given back: the next one goes its way.
        tokio::time::timeout(Duration::from_secs(100), work(&client)).await.expect(&place);
        assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)), "{place}");
    }
    panic!("{name}: it is never done");
}

fn getting(client: &Client) -> Work<'_> {
    Box::pin(async move { drop(get(client).await) })
}

fn guarded(client: &Client) -> Work<'_> {
    Box::pin(async move { drop(client.request(&GUARDED).answering(Reply::empty).await) })
}

fn streamed(client: &Client) -> Work<'_> {
    Box::pin(async move {
        if let Ok(download) = client.request(&LIST).streaming(Download::from_reply).await {
            drop(download.bytes().await);
        }
    })
}

#[tokio::test(start_paused = true)]
async fn between_endpoints() {
    for hedged in [false, true] {
        for steps in [
            || [Step::refuse(), ok().after(ms(300))],
            || [Step::status(503), Step::status(503)],
            || [ok().after(ms(300)), ok().after(ms(300))],
            || [Step::status(503).header("retry-after", "1"), Step::status(200).body("1").truncated()],
        ] {
            let client = || built(Places::new(steps()).builder(), hedged);
            dropped_everywhere("several endpoints", client, getting).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_a_token_is_fetched() {
    let token = || Step::json(200, r#"{"access_token": "t", "token_type": "bearer", "expires_in": 3600}"#);
    for hedged in [false, true] {
        for first in [token().after(ms(300)), Step::refuse(), Step::status(503).after(ms(100))] {
            let client = || {
                // Taken back once: it is fetched again within the attempt.
                let script = Scripted::new([first.clone(), Step::status(401), token().after(ms(100))]);
                let source = OAuth::client_credentials("https://login.test/token", "id", "secret");
                built(builder(&script.otherwise(ok().after(ms(100)))).bearer(source), hedged)
            };
            dropped_everywhere("a token", client, guarded).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn on_the_way_through_redirects() {
    let to = |location: &str| Step::status(307).header("location", location).after(ms(100));
    for hedged in [false, true] {
        let client = || {
            let script = Scripted::new([to("/a"), to("/b"), ok().after(ms(300))]).otherwise(ok());
            built(builder(&script).follow_redirects(3), hedged)
        };
        dropped_everywhere("redirects", client, getting).await;
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_stream() {
    for last in [None, Some(())] {
        let client = || {
            let step = Step::status(200).body("one").chunk_after(ms(200), "two").chunk_after(ms(200), "three");
            let script = Scripted::always(if last.is_some() { step.truncated() } else { step });
            built(builder(&script), false)
        };
        dropped_everywhere("a stream", client, streamed).await;
    }
}
