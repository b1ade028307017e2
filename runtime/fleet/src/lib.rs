//! What do policies do to a service that has a bad day?
//!
//! A fleet of clients, each with circuit and budget of its own as in a process of its own, calls one service at a steady rate.
//! The service is well, then gone, then back with a part of its capacity, then well again. Time is tokio's paused clock and
//! chance is seeded, so that the same fleet has the same day each time, and five minutes take seconds.

mod report;
mod service;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use report::{markdown, svg};
use sinew_runtime::generated::{Client, Method, Operation, Reply};
use sinew_runtime::{ClientBuilder, Policy};

use crate::service::Played;

static SERVICE: sinew_runtime::generated::Service =
    sinew_runtime::generated::Service::new("fleet-service", "http://fleet.test");
static GET: Operation = Operation::new("get", Method::Get, "/things");

/// A fleet, and the service that it calls.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// How many clients there are.
    pub clients: usize,
    /// How long each waits from call to call.
    pub every: Duration,
    /// How many requests the service works on at once.
    pub workers: usize,
    /// How long it works on one.
    pub work: Duration,
    /// Seconds at which it goes, comes back in part, and is well again; and when the day is over.
    pub outage: u64,
    /// See `outage`.
    pub brown_out: u64,
    /// See `outage`.
    pub recovery: u64,
    /// See `outage`.
    pub end: u64,
    /// Where chance begins.
    pub seed: u64,
}

impl Fleet {
    /// 1,000 clients with 500 calls a second, and a service that bears 700.
    pub const fn large() -> Self {
        Self {
            clients: 1000,
            every: Duration::from_secs(2),
            workers: 35,
            work: Duration::from_millis(50),
            outage: 30,
            brown_out: 120,
            recovery: 180,
            end: 330,
            seed: 7,
        }
    }

    /// A tenth of it.
    pub const fn small() -> Self {
        Self { clients: 100, workers: 4, work: Duration::from_millis(57), ..Self::large() }
    }

    /// Calls in a second.
    pub fn rate(&self) -> f64 {
        // Both far below 2^52.
        f64::from(u32::try_from(self.clients).unwrap_or(u32::MAX)) / self.every.as_secs_f64()
    }

    /// Lets the fleet live through its day.
    pub fn live(self, name: &'static str, policy: &Policy, watched: bool) -> Day {
        let built = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        // A runtime without input and output asks nothing of the system that could be refused.
        let Ok(runtime) = built else { return Day { name, seconds: Vec::new(), waits: Vec::new() } };
        runtime.block_on(self.day(name, policy, watched))
    }

    async fn day(self, name: &'static str, policy: &Policy, watched: bool) -> Day {
        let service = Played::new(self);
        let seconds = usize::try_from(self.end).unwrap_or(usize::MAX) + 1;
        let done = Arc::new(Mutex::new(vec![Calls::default(); seconds]));
        let mut chance = Chance(self.seed);
        let began = tokio::time::Instant::now();
        for _ in 0..self.clients {
            let builder =
                ClientBuilder::<Client>::new(&SERVICE).base_url("http://fleet.test").transport(service.clone());
            let Ok(client) = builder.policy(policy.clone()).seed(chance.next()).build() else { continue };
            if !watched {
                client.force_closed();
            }
            let (done, every) = (done.clone(), self.every);
            let mut chance = Chance(chance.next());
            tokio::spawn(async move {
                tokio::time::sleep(chance.below(every)).await;
                while began.elapsed().as_secs() < self.end {
                    let (client, done) = (client.clone(), done.clone());
                    // The next call does not wait for this one: those who call do not know how the service is.
                    tokio::spawn(async move {
                        let (asked, started) = (tokio::time::Instant::now(), began.elapsed().as_secs());
                        let result = client.request(&GET).answering(Reply::json::<u8>).await;
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        if let Some(second) = usize::try_from(started).ok().and_then(|at| done.get_mut(at)) {
                            second.began += 1;
                            if result.is_ok() {
                                let took = asked.elapsed().as_millis();
                                second.waits.push(u32::try_from(took).unwrap_or(u32::MAX));
                            }
                        }
                    });
                    // A tenth more or less, so that nobody stays in step by accident.
                    tokio::time::sleep(every * 9 / 10 + chance.below(every / 5)).await;
                }
            });
        }
        tokio::time::sleep_until(began + Duration::from_secs(self.end + 130)).await;
        let done = done.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = service.arrivals();
        let second = |(at, calls): (usize, &Calls)| Second {
            calls: calls.began,
            answered: u32::try_from(calls.waits.len()).unwrap_or(u32::MAX),
            requests: requests.get(at).copied().unwrap_or(0),
        };
        let waits = done.iter().map(|calls| calls.waits.clone()).collect();
        Day { name, seconds: done.iter().take(seconds - 1).enumerate().map(second).collect(), waits }
    }
}

/// The calls that began in one second.
#[derive(Clone, Default)]
struct Calls {
    began: u32,
    /// How many milliseconds each waited that was answered.
    waits: Vec<u32>,
}

/// What happened in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Calls that began.
    pub calls: u32,
    /// Those of them that were answered in the end.
    pub answered: u32,
    /// Requests that came to the service, or found it gone.
    pub requests: u32,
}

/// A day as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The policy's name.
    pub name: &'static str,
    /// Its seconds.
    pub seconds: Vec<Second>,
    waits: Vec<Vec<u32>>,
}

impl Day {
    /// What happened between two seconds.
    pub fn between(&self, from: u64, to: u64) -> Second {
        let range = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(self.seconds.len());
        self.seconds[range(from)..range(to)].iter().fold(Second::default(), |sum, second| Second {
            calls: sum.calls + second.calls,
            answered: sum.answered + second.answered,
            requests: sum.requests + second.requests,
        })
    }

    /// The most requests in one second of these.
    pub fn worst(&self, from: u64, to: u64) -> u32 {
        (from..to).map(|at| self.between(at, at + 1).requests).max().unwrap_or(0)
    }

    /// How many milliseconds half of the calls that began between two seconds and were answered waited at most.
    pub fn median_wait(&self, from: u64, to: u64) -> u32 {
        let range = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(self.waits.len());
        let mut waits = self.waits[range(from)..range(to)].concat();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied().unwrap_or(0)
    }

    /// How many seconds after `from` 95 of 100 calls are answered, for five seconds on end.
    pub fn well_again(&self, from: u64) -> Option<u64> {
        let end = u64::try_from(self.seconds.len()).unwrap_or(0);
        let well = |at: u64| {
            let five = self.between(at, at + 5);
            five.answered * 100 >= five.calls * 95
        };
        (from..end.saturating_sub(5)).find(|at| well(*at)).map(|at| at - from)
    }
}

/// The three policies that are compared: none, the platform's, the recommended one.
pub fn days(fleet: Fleet) -> [Day; 3] {
    [
        fleet.live("no retries, no circuit", &Policy::default().with_attempts(1), false),
        fleet.live("Policy::default()", &Policy::default(), true),
        fleet.live("Policy::standard()", &Policy::standard(), true),
    ]
}

/// `SplitMix64`.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, span: Duration) -> Duration {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
        Duration::from_millis(self.next() % millis)
    }
}
