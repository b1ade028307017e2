//! Is a download that trickles ended, and none that has another reason to be slow?

use std::time::Duration;

use sinew_runtime::generated::{Client, Method, Operation};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, Download, Error, ErrorKind, Phase, Policy, ServerEvent};
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, sleep};

use crate::support::{LIST, builder};

static EVENTS: Operation = Operation::new("watch", Method::Get, "/watch").accept("text/event-stream");

/// A hundred bytes a second on average over ten seconds, one call at a time.
fn client(step: Step) -> Client {
    let mut policy = Policy::default();
    (policy.body_rate.least, policy.body_rate.over) = (100, Duration::from_secs(10));
    (policy.bulkhead.enabled, policy.bulkhead.most) = (true, 1);
    builder(&Scripted::always(step)).policy(policy).build().expect("a client")
}

/// A body of so many chunks of so many bytes, one a second.
fn body(chunks: usize, bytes: usize) -> Step {
    (0..chunks).fold(Step::status(200), |step, _| step.chunk_after(Duration::from_secs(1), vec![b'x'; bytes]))
}

async fn download(client: &Client) -> Download {
    client.request(&LIST).streaming(Download::from_reply).await.expect("a head")
}

#[tokio::test(start_paused = true)]
async fn what_trickles_is_ended_as_what_is_silent_is() {
    let client = client(body(60, 99));
    let reading = download(&client).await;
    let started = Instant::now();
    let error = reading.bytes().await.expect_err("too slow");
    assert_eq!(started.elapsed().as_secs(), 10);
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Body));
    assert!(error.to_string().contains("the body brought less than 100 bytes a second over 10 s"), "{error}");
    assert_eq!((client.in_flight(), client.free_slots(), client.circuit()), (0, Some(1), CircuitState::Closed));
    // As a reader sees it.
    let mut reader = download(&client).await.into_async_read();
    let error = reader.read_to_end(&mut Vec::new()).await.expect_err("too slow");
    let ours = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
    assert_eq!(ours.map(Error::kind), Some(ErrorKind::Timeout));
    // Silence is told as silence where that comes first.
    let mut policy = Policy::default();
    (policy.body_rate.least, policy.idle_timeout) = (1, Duration::from_secs(3));
    let step = Step::status(200).body("1").chunk_after(Duration::from_secs(60), "2");
    let silent = builder(&Scripted::always(step)).policy(policy).build().expect("a client");
    let error = download(&silent).await.bytes().await.expect_err("silent");
    assert!(error.to_string().contains("silent for 3 s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_brings_enough_is_left_alone() {
    // Just enough, for six spans.
    let client = self::client(body(60, 100));
    assert_eq!(download(&client).await.bytes().await.expect("all of it").len(), 6000);
    // Nothing for nine seconds, and then much.
    let step = (0..6).fold(Step::status(200), |step, _| step.chunk_after(Duration::from_secs(9), vec![b'x'; 1000]));
    assert_eq!(download(&self::client(step)).await.bytes().await.expect("all of it").len(), 6000);
    // A reader that takes its time is not the service's fault.
    let client = self::client(body(20, 100));
    let mut reader = download(&client).await.into_async_read();
    let mut read = 0;
    loop {
        match reader.read(&mut [0; 50]).await.expect("nobody is too slow") {
            0 => break,
            bytes => read += bytes,
        }
        sleep(Duration::from_secs(30)).await;
    }
    assert_eq!(read, 2000);
    // A small body may be as slow as it likes, if it is done before it is judged; and the head is no part of it.
    let step = Step::status(200).chunk_after(Duration::from_secs(9), "1").after(Duration::from_secs(25));
    assert_eq!(download(&self::client(step)).await.bytes().await.expect("all of it"), "1");
}

#[tokio::test(start_paused = true)]
async fn events_come_when_there_are_some() {
    let step = (0..5).fold(Step::status(200).header("content-type", "text/event-stream"), |step, _| {
        step.chunk_after(Duration::from_secs(25), "data: 1\n\n")
    });
    let client = client(step);
    let mut events = client.request(&EVENTS).events(ServerEvent::text).await.expect("a stream");
    let mut count = 0;
    while let Some(event) = events.next().await {
        event.expect("an event");
        count += 1;
        if count == 5 {
            break;
        }
    }
    assert_eq!(count, 5);
}
