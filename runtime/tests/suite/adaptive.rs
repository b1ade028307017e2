//! Does the limit of calls at once follow what the service bears?

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{BoxFuture, ErrorKind, IncomingBody, OutgoingBody, Policy, Transport, TransportError};

use crate::support::{builder, get, ok};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn adaptive() -> Policy {
    let mut policy = Policy::standard().with_attempts(1).with_breaker(255, Duration::from_secs(60));
    policy.breaker.ratio.enabled = false;
    (policy.bulkhead.enabled, policy.bulkhead.adaptive) = (true, true);
    (policy.bulkhead.first, policy.bulkhead.least, policy.bulkhead.most) = (20, 4, 100);
    policy
}

/// Bears so many requests at once; each above that makes all of them slower.
#[derive(Clone)]
struct Bearing(Arc<AtomicUsize>, usize, Scripted);

impl Transport for Bearing {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        Box::pin(async move {
            struct Leaves<'a>(&'a AtomicUsize);
            impl Drop for Leaves<'_> {
                fn drop(&mut self) {
                    self.0.fetch_sub(1, Ordering::SeqCst);
                }
            }
            let inside = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            let _leaves = Leaves(&self.0);
            let queued = u64::try_from(inside.saturating_sub(self.1)).expect("a few");
            tokio::time::sleep(ms(20) * u32::try_from(1 + queued / 4).expect("a few")).await;
            self.2.send(request).await
        })
    }
}

async fn crowd(client: &Client, callers: usize, each: usize) -> usize {
    let calls: Vec<_> = (0..callers)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut busy = 0;
                for _ in 0..each {
                    match get(&client).await {
                        Ok(_) => {}
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
                            busy += 1;
                            tokio::time::sleep(ms(20)).await;
                        }
                    }
                }
                busy
            })
        })
        .collect();
    let mut busy = 0;
    for call in calls {
        busy += call.await.expect("no panic");
    }
    busy
}

#[tokio::test(start_paused = true)]
async fn the_limit_grows_to_what_is_borne_and_stays_near_it() {
    let mut limits = Vec::new();
    for bears in [10, 40] {
        let bearing = Bearing(Arc::default(), bears, Scripted::always(ok()));
        let client = builder(&bearing.2).transport(bearing.clone()).policy(adaptive()).build().expect("a client");
        assert_eq!(client.free_slots(), Some(20));
        crowd(&client, 5, 20).await;
        assert_eq!(client.free_slots(), Some(20), "a few callers say nothing about more");
        let busy = crowd(&client, 120, 100).await;
        let limit = client.free_slots().expect("a limit");
        limits.push(limit);
        assert!(busy > 0 && client.in_flight() == 0);
    }
    // The long run learns from what it allows, so the limit settles somewhat above what is borne without any wait.
    assert!((10..=45).contains(&limits[0]) && (limits[0] + 10..=100).contains(&limits[1]), "{limits:?}");
}

#[tokio::test(start_paused = true)]
async fn the_limit_shrinks_when_the_service_says_so_down_to_the_least() {
    for step in [Step::status(503), Step::status(429), Step::hang()] {
        let script = Scripted::always(step);
        let mut policy = adaptive().with_attempt_timeout(ms(500));
        policy.breaker.given_up = 0;
        let client = builder(&script).policy(policy).build().expect("a client");
        for _ in 0..100 {
            let _ = get(&client).await;
        }
        assert_eq!((client.free_slots(), client.in_flight()), (Some(4), 0));
    }
    let script = Scripted::always(Step::status(404));
    let client = builder(&script).policy(adaptive()).build().expect("a client");
    for _ in 0..100 {
        let _ = get(&client).await;
    }
    assert_eq!(client.free_slots(), Some(20), "a 404 says nothing about load");
}

/// Slots that are taken while the limit shrinks are given back to nobody.
#[tokio::test(start_paused = true)]
async fn slots_come_out_right_whatever_is_dropped_when() {
    for polls in 0..12 {
        let script = Scripted::always(Step::status(503).after(ms(250)));
        let client = builder(&script).policy(adaptive()).build().expect("a client");
        let mut calls: Vec<_> = (0..20).map(|_| Box::pin(get(&client).into_future())).collect();
        for _ in 0..polls {
            for call in &mut calls {
                std::future::poll_fn(|context| {
                    let _ = call.as_mut().poll(context);
                    std::task::Poll::Ready(())
                })
                .await;
            }
            // Every other one is given up half-way.
            if polls > 3 {
                calls.truncate(10);
            }
            tokio::time::advance(ms(60)).await;
            if polls * 60 > 240 {
                break;
            }
        }
        drop(calls);
        assert_eq!(client.in_flight(), 0);
        for _ in 0..60 {
            let _ = get(&client).await;
        }
        assert_eq!(client.free_slots(), Some(4), "{polls} polls");
        script.push(ok());
        get(&client).await.expect("a slot");
        assert_eq!(client.free_slots(), Some(4));
    }
}
