//! What does a call cost beside others that do the same work?
//!
//! `cargo bench -p sinew-runtime --features testing,hyper --bench beside`. Every contender builds an address from a path
//! parameter, sends an `accept` and a bearer token, bounds the time, checks the status and decodes a JSON body of two
//! fields; the server is a thread of its own on loopback that allocates nothing.
//!
//! The contenders take turns in short rounds and a figure is the median over the rounds, beside bare reqwest in the same
//! round: whatever else the machine is doing, it does to all of them. CPU time is the client's thread alone (`getrusage`),
//! allocations are the process's (`stats_alloc`, whose counting costs a few nanoseconds for each and does so for all).
//!
//! `--only <contender> <calls>` makes that many calls and says nothing, to be looked at by a profiler: instructions, as
//! `valgrind --tool=callgrind --separate-threads=yes` counts them, do not depend on what else the machine is doing.

// A benchmark that cannot be set up has nothing to tell.
#![allow(missing_docs, clippy::expect_used, clippy::cast_precision_loss, clippy::print_stdout)]

mod common;

use std::alloc::System;
use std::hint::black_box;
use std::pin::Pin;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use common::{Item, SERVICE, bare, get, serve, server_thread};
use sinew_runtime::generated::Client;
use sinew_runtime::{ClientBuilder, Policy};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Call = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Item> + Send>> + Send + Sync>;

/// Those who take turns; the first is the measure of all. The box around each call is one allocation for all of them.
fn contenders(url: &str) -> Vec<(&'static str, Call)> {
    let reqwest = reqwest::Client::builder().no_proxy().user_agent("bench").build().expect("a client");
    let plain = (reqwest.clone(), url.to_owned());
    let retried = (
        reqwest_middleware::ClientBuilder::new(reqwest)
            .with(reqwest_retry::RetryTransientMiddleware::new_with_policy(
                reqwest_retry::policies::ExponentialBackoff::builder().build_with_max_retries(2),
            ))
            .build(),
        url.to_owned(),
    );
    let ours = |policy| ClientBuilder::<Client>::new(&SERVICE).base_url(url).bearer(common::TOKEN).policy(policy);
    let default = ours(Policy::default()).build().expect("a client");
    let standard = ours(Policy::standard()).build().expect("a client");
    let lean = ours(Policy::default()).hyper_transport().build().expect("a client");
    let lean_standard = ours(Policy::standard()).hyper_transport().build().expect("a client");
    vec![
        (
            "reqwest",
            Box::new(move || {
                let (client, url) = plain.clone();
                Box::pin(async move { bare(&client, &url).await })
            }),
        ),
        (
            "reqwest-middleware + reqwest-retry",
            Box::new(move || {
                let (client, url) = retried.clone();
                Box::pin(async move { common::with_middleware(&client, &url).await })
            }),
        ),
        (
            "sinew, default policy",
            Box::new(move || {
                let client = default.clone();
                Box::pin(async move { get(&client).await })
            }),
        ),
        (
            "sinew, standard policy",
            Box::new(move || {
                let client = standard.clone();
                Box::pin(async move { get(&client).await })
            }),
        ),
        (
            "sinew over hyper, default policy",
            Box::new(move || {
                let client = lean.clone();
                Box::pin(async move { get(&client).await })
            }),
        ),
        (
            "sinew over hyper, standard policy",
            Box::new(move || {
                let client = lean_standard.clone();
                Box::pin(async move { get(&client).await })
            }),
        ),
    ]
}

/// The CPU time of this thread so far.
fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("Linux");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Time for each call, per contender and round: `measure` makes one round of one contender.
fn turns(contenders: &[(&str, Call)], rounds: usize, mut measure: impl FnMut(&Call) -> f64) -> Vec<Vec<f64>> {
    let mut figures = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        for at in 0..contenders.len() {
            // Each round begins with another one.
            let at = (at + round) % contenders.len();
            let figure = measure(&contenders[at].1);
            // The first round warms up.
            if round > 0 {
                figures[at].push(figure);
            }
        }
    }
    figures
}

/// Medians, and the medians of the ratios to the first contender.
fn show(what: &str, unit: &str, contenders: &[(&str, Call)], figures: &[Vec<f64>]) {
    println!("\n{what}");
    for ((name, _), own) in contenders.iter().zip(figures) {
        let ratios = own.iter().zip(&figures[0]).map(|(own, first)| first / own).collect();
        let over = own.iter().zip(&figures[0]).map(|(own, first)| own - first).collect();
        println!(
            "  {name:<36} {:>8.2} {unit}   {:>+7.2} {unit}   {:.3} of reqwest's rate",
            median(own.clone()),
            median(over),
            median(ratios)
        );
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let rounds = if quick { 5 } else { 60 };
    let url = server_thread(serve());
    let contenders = contenders(&url);

    let alone = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Some(at) = arguments.iter().position(|argument| argument == "--only") {
        let (which, calls) = (&arguments[at + 1], arguments[at + 2].parse().expect("a number"));
        let (_, call) = contenders.iter().find(|(name, _)| name == which).expect("one of the contenders");
        for _ in 0..calls {
            black_box(alone.block_on(call()));
        }
        return;
    }
    println!("allocations for each call");
    for (name, call) in &contenders {
        for _ in 0..200 {
            alone.block_on(call());
        }
        let region = Region::new(ALLOCATOR);
        for _ in 0..1000 {
            black_box(alone.block_on(call()));
        }
        let change = region.change();
        println!(
            "  {name:<36} {:>8.2} allocations  {:>6.2} reallocations  {:>8.0} bytes",
            change.allocations as f64 / 1000.0,
            change.reallocations as f64 / 1000.0,
            change.bytes_allocated as f64 / 1000.0
        );
    }

    const CALLS: u32 = 1000;
    let mut times = Vec::new();
    let used = turns(&contenders, rounds, |call| {
        let (began, before) = (Instant::now(), cpu());
        for _ in 0..CALLS {
            black_box(alone.block_on(call()));
        }
        times.push(began.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
        cpu().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(CALLS)
    });
    show("CPU time of the client for each call, one after the other", "µs", &contenders, &used);

    let elapsed = turns(&contenders, rounds, |call| {
        let began = Instant::now();
        for _ in 0..CALLS {
            black_box(alone.block_on(call()));
        }
        began.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
    });
    show("time for each call, one after the other", "µs", &contenders, &elapsed);

    const TASKS: u32 = 64;
    const EACH: u32 = 32;
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    // Connections of the first runtime are of no use to the second.
    let contenders = self::contenders(&url);
    let elapsed = turns(&contenders, rounds, |call| {
        let began = Instant::now();
        many.block_on(async {
            let mut set = tokio::task::JoinSet::new();
            for _ in 0..TASKS {
                // A round's futures are made here and spawned, since the maker is borrowed.
                let calls: Vec<_> = (0..EACH).map(|_| call()).collect();
                set.spawn(async move {
                    for call in calls {
                        black_box(call.await);
                    }
                });
            }
            while let Some(done) = set.join_next().await {
                done.expect("no panic");
            }
        });
        began.elapsed().as_secs_f64() * 1e6 / f64::from(TASKS * EACH)
    });
    show("time for each call, 64 tasks on two threads", "µs", &contenders, &elapsed);
}
