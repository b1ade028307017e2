//! Does each attempt go where it should, whatever state the endpoints are in?

use proptest::prelude::*;

use super::*;
use crate::encode::base::BaseUrl;
use crate::resilience::breaker::Evidence;
use crate::resilience::policy::Policy;

fn endpoints(count: usize, now: Instant) -> Vec<Arc<Endpoint>> {
    let endpoint = |index| {
        let base = BaseUrl::parse(&format!("http://e{index}.test")).expect("an address");
        Arc::new(Endpoint::new(base, None, &Policy::default(), now))
    };
    (0..count).map(endpoint).collect()
}

fn policy() -> OutlierPolicy {
    Policy::default().outlier
}

fn second() -> Duration {
    Duration::from_secs(1)
}

/// What is the matter with an endpoint.
#[derive(Clone, Copy, Debug)]
struct State {
    open: bool,
    ejected: bool,
    pushed_back: bool,
    tried: bool,
    priority: u16,
}

fn state() -> impl Strategy<Value = State> {
    (any::<[bool; 4]>(), 0..3_u16).prop_map(|([open, ejected, pushed_back, tried], priority)| State {
        open,
        ejected,
        pushed_back,
        tried,
        priority,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The rules in words: whoever is asked lets calls through and did not ask to be left alone; and nobody who could be
    /// asked as well stands better.
    #[test]
    fn the_best_that_lets_one_in_is_asked(states in prop::collection::vec(state(), 1..8), random: u64) {
        let now = Instant::now();
        let all = endpoints(states.len(), now);
        let mut tried = Tried::default();
        for (endpoint, state) in all.iter().zip(&states) {
            if state.open {
                endpoint.breaker.force(CircuitState::Open, true);
            }
            if state.ejected {
                endpoint.outlier.eject(now, policy());
            }
            if state.pushed_back {
                endpoint.pushback.ask(now, second());
            }
            if state.tried {
                tried.extend([&**endpoint]);
            }
            endpoint.set_rank(state.priority, 1);
        }
        let cluster = Cluster::new(all.clone(), None, policy());
        let choices = Choices::Many(&cluster, cluster.endpoints());
        let asking = Asking { now, lease: second(), shared: false, tried: &tried, random: &|| random };
        let out = states.iter().filter(|state| state.open || state.ejected).count();
        let panic = states.iter().any(|state| state.ejected) && out * 2 > states.len();
        let rank = |state: &State| (state.ejected && !panic, state.tried, state.priority);
        let best = states.iter().filter(|state| !state.open && !state.pushed_back).map(rank).min();
        match choices.enter(&asking) {
            Entry::Go(endpoint, _permit, change) => {
                prop_assert_eq!(change, None);
                let place = all.iter().position(|other| other.id == endpoint.id).expect("one of them");
                prop_assert!(!states[place].open && !states[place].pushed_back);
                prop_assert_eq!(Some(rank(&states[place])), best);
            }
            Entry::Wait(left) => {
                prop_assert_eq!((best, left), (None, second()));
                prop_assert!(states.iter().any(|state| !state.open));
            }
            Entry::Rejected(retry_in) => {
                prop_assert_eq!((best, retry_in), (None, None));
                prop_assert!(states.iter().all(|state| state.open));
            }
            Entry::Nowhere(_) => prop_assert!(false, "there are some"),
        }
    }
}

#[test]
fn each_pair_is_as_likely_as_any_other() {
    let now = Instant::now();
    let all = endpoints(5, now);
    // So different in load that the first of a pair always wins.
    for (endpoint, millis) in all.iter().zip([1, 10, 100, 1000, 10_000]) {
        endpoint.load.answered(now, Duration::from_millis(millis));
    }
    let random = crate::random::Random::from_seed(3);
    let tried = Tried::default();
    let asking = Asking { now, lease: second(), shared: false, tried: &tried, random: &|| random.next() };
    let mut counts = [0; 5];
    for _ in 0..10_000 {
        let picked = pick(&all, policy(), &asking, &[]).expect("one of them");
        counts[all.iter().position(|other| other.id == picked.id).expect("one of them")] += 1;
    }
    // Of the ten pairs four have the first in them, three the second, and so on.
    for (count, expected) in counts.into_iter().zip([4000_i32, 3000, 2000, 1000, 0]) {
        assert!((count - expected).abs() < 200, "{counts:?}");
    }
}

#[test]
fn whom_chance_keeps_away_from_one_that_came_back_goes_to_another() {
    let now = Instant::now();
    let rising = |ramp| {
        let mut policy = Policy::default();
        policy.breaker.ramp = Some(ramp);
        let base = BaseUrl::parse("http://back.test").expect("an address");
        let back = Arc::new(Endpoint::new(base, None, &policy, now));
        back.breaker.force(CircuitState::HalfOpen, false);
        let (probe, _) = back.breaker.enter(now, second(), &|| 0).expect("the probe");
        probe.settle(Evidence { outcome: Outcome::Success, took: second(), asked: None, random: 0 }, now);
        back
    };
    let back = rising(second() * 100);
    let other = endpoints(1, now).remove(0);
    // So that the one that came back is always taken first.
    other.set_rank(1, 1);
    back.set_rank(0, 1);
    let cluster = Cluster::new(vec![back.clone(), other.clone()], None, policy());
    let choices = Choices::Many(&cluster, cluster.endpoints());
    let tried = Tried::default();
    let unlucky = Asking { now, lease: second(), shared: false, tried: &tried, random: &|| u64::MAX };
    let lucky = Asking { random: &|| 0, ..unlucky };
    assert!(matches!(choices.enter(&unlucky), Entry::Go(endpoint, ..) if endpoint.id == other.id));
    assert!(matches!(choices.enter(&lucky), Entry::Go(endpoint, ..) if endpoint.id == back.id));
    // Where there is no other, it is told when to ask again: before the other circuit has its probe.
    other.breaker.force(CircuitState::Open, true);
    assert!(matches!(choices.enter(&unlucky), Entry::Rejected(Some(left)) if left == second() * 10));
    assert!(!choices.all_open(now), "the next one may be luckier");
    // Of several the one that may be asked first.
    let cluster = Cluster::new([100, 50, 70].map(|ramp| rising(second() * ramp)).to_vec(), None, policy());
    let choices = Choices::Many(&cluster, cluster.endpoints());
    assert!(matches!(choices.enter(&unlucky), Entry::Rejected(Some(left)) if left == second() * 5));
}

#[test]
fn the_soonest_probe_is_told_and_let_through() {
    let now = Instant::now();
    let all = endpoints(3, now);
    let fail = |endpoint: &Endpoint, asked: u64| {
        for _ in 0..5 {
            let (permit, _) = endpoint.breaker.enter(now, second(), &|| 0).expect("closed");
            let asked = Some(Duration::from_secs(asked));
            permit.settle(Evidence { outcome: Outcome::Failure, took: second(), asked, random: 0 }, now);
        }
    };
    for (endpoint, asked) in all.iter().zip([300, 100, 200]) {
        fail(endpoint, asked);
    }
    let cluster = Cluster::new(all, None, policy());
    let choices = Choices::Many(&cluster, cluster.endpoints());
    let tried = Tried::default();
    let asking = |now| Asking { now, lease: second(), shared: false, tried: &tried, random: &|| 7 };
    assert!(matches!(choices.enter(&asking(now)), Entry::Rejected(Some(left)) if left.as_secs() == 100));
    assert!(choices.all_open(now) && !choices.all_open(now + second() * 100));
    let later = now + second() * 100;
    let Entry::Go(probed, _permit, Some(_)) = choices.enter(&asking(later)) else { panic!("its probe is due") };
    assert_eq!(&**probed.origin(), "http://e1.test");
    assert!(matches!(choices.enter(&asking(later)), Entry::Rejected(Some(left)) if left == second()), "one probe");
}

/// However many threads find failures at once, no more than the share is out.
#[test]
fn threads_leave_no_more_than_the_share_out() {
    for _ in 0..50 {
        let now = Instant::now();
        let cluster = Cluster::new(endpoints(9, now), None, policy());
        std::thread::scope(|scope| {
            for endpoint in cluster.endpoints().iter() {
                let (endpoint, cluster) = (endpoint.clone(), &cluster);
                scope.spawn(move || {
                    let choices = Choices::Many(cluster, cluster.endpoints());
                    for _ in 0..20 {
                        choices.ended(&endpoint, Outcome::Failure, second(), now);
                    }
                });
            }
        });
        let out = cluster.endpoints().iter().filter(|endpoint| endpoint.outlier.left(now).is_some()).count();
        assert_eq!(out, 4, "half of nine");
    }
}

#[test]
fn what_is_on_its_way_is_counted_back_by_every_thread() {
    let now = Instant::now();
    let all = endpoints(1, now);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    let _counted = all[0].load.count();
                }
            });
        }
    });
    assert_eq!(all[0].load.in_flight(), 0);
}

#[test]
fn a_loser_teaches_nothing_but_patience() {
    let now = Instant::now();
    let cluster = Cluster::new(endpoints(2, now), None, OutlierPolicy { failures: 1, ..policy() });
    let choices = Choices::Many(&cluster, cluster.endpoints());
    let endpoint = &cluster.endpoints()[0];
    choices.ended(endpoint, Outcome::Success, second(), now);
    assert_eq!(choices.ended(endpoint, Outcome::Neutral, Duration::ZERO, now), None);
    assert_eq!((endpoint.load.average(now), endpoint.outlier.left(now)), (Some(second()), None));
    assert!(choices.ended(endpoint, Outcome::Failure, second(), now).is_some());
    assert!(choices.has_another(Some(endpoint), now) && choices.has_another(None, now));
    let one = Choices::One(endpoint);
    assert_eq!(one.ended(endpoint, Outcome::Failure, second(), now), None);
    assert!(!one.has_another(None, now));
}

/// Of two that answer alike the one that bears more is asked, and of two that bear alike the faster one; where both come
/// to the same, either.
#[test]
fn time_is_weighed_by_what_one_bears() {
    let now = Instant::now();
    let (none, random) = (Tried::default(), crate::random::Random::from_seed(5));
    let asking = Asking { now, lease: second(), shared: false, tried: &none, random: &|| random.next() };
    for (micros, weights, picked) in [
        ([10, 10], [1, 2], [false, true]),
        ([10, 10], [2, 1], [true, false]),
        ([10, 11], [3, 3], [true, false]),
        ([11, 10], [1, 1], [false, true]),
        ([10, 30], [1, 2], [true, false]),
        ([10, 30], [1, 4], [false, true]),
        ([10, 30], [1, 3], [true, true]),
        ([10, 10], [2, 2], [true, true]),
    ] {
        let all = endpoints(2, now);
        for ((endpoint, micros), weight) in all.iter().zip(micros).zip(weights) {
            endpoint.load.answered(now, Duration::from_micros(micros));
            endpoint.set_rank(1, weight);
        }
        let mut seen = [false; 2];
        for _ in 0..100 {
            let found = pick(&all, policy(), &asking, &[]).expect("one of them");
            seen[usize::from(found.id == all[1].id)] = true;
        }
        assert_eq!(seen, picked, "{micros:?} {weights:?}");
    }
}

/// Which circuits are open, and what that makes of all of them.
#[test]
fn circuits_are_told_together() {
    use CircuitState::{Closed, HalfOpen, Open};
    let now = Instant::now();
    for (states, together, another, all_open) in [
        (&[][..], Closed, false, false),
        (&[Open], Open, false, true),
        (&[Open, Open], Open, false, true),
        (&[Closed, Open], Closed, false, false),
        (&[Open, Closed], Closed, true, false),
        (&[HalfOpen, Open], HalfOpen, false, false),
    ] {
        let all = endpoints(states.len(), now);
        for (endpoint, state) in all.iter().zip(states) {
            endpoint.breaker.force(*state, *state != HalfOpen);
        }
        let cluster = Cluster::new(Vec::new(), None, policy());
        cluster.replace(all.clone());
        let route = Route::Many(Arc::new(cluster));
        assert_eq!(
            route.endpoints().iter().map(|one| one.id).collect::<Vec<_>>(),
            all.iter().map(|one| one.id).collect::<Vec<_>>()
        );
        let choices = route.choices();
        assert_eq!(choices.circuit(), together, "{states:?}");
        if let Some(first) = all.first() {
            assert_eq!(choices.has_another(Some(first), now), another, "{states:?}");
            assert_eq!(choices.has_another(None, now), states.iter().any(|state| *state != Open), "{states:?}");
        }
        assert_eq!(choices.all_open(now), all_open, "{states:?}");
        if let [one] = &*all {
            let route = Route::One(one.clone());
            assert_eq!((route.choices().circuit(), route.choices().all_open(now)), (together, all_open));
            assert_eq!(route.endpoints().len(), 1);
        }
    }
    let one = endpoints(1, now);
    assert!(!Choices::One(&one[0]).all_open(now));
}

#[test]
fn where_nobody_is_left_out_failures_leave_nobody_out() {
    let now = Instant::now();
    let policy = OutlierPolicy { enabled: false, failures: 1, ..policy() };
    let cluster = Cluster::new(endpoints(4, now), None, policy);
    let choices = Choices::Many(&cluster, cluster.endpoints());
    for endpoint in cluster.endpoints().iter() {
        assert_eq!(choices.ended(endpoint, Outcome::Failure, second(), now), None);
        assert_eq!(endpoint.outlier.left(now), None);
    }
}

/// A third of three is one less than a whole one: nobody may be left out, and if one is, that is too many.
#[test]
fn shares_are_not_rounded_up() {
    let now = Instant::now();
    let policy = OutlierPolicy { failures: 1, share: 33, ..policy() };
    let cluster = Cluster::new(endpoints(3, now), None, policy);
    let (all, tried) = (cluster.endpoints(), Tried::default());
    let choices = Choices::Many(&cluster, cluster.endpoints());
    assert_eq!(choices.ended(&all[0], Outcome::Failure, second(), now), None);
    // Left out though it was, it is asked, as the one that goes first.
    all[0].outlier.eject(now, policy).expect("left out");
    for (endpoint, priority) in all.iter().zip(0..) {
        endpoint.set_rank(priority, 1);
    }
    let asking = Asking { now, lease: second(), shared: false, tried: &tried, random: &|| 0 };
    let asked = |policy| pick(&all, policy, &asking, &[]).expect("one of them").id;
    assert_eq!(asked(policy), all[0].id);
    assert_ne!(asked(OutlierPolicy { share: 34, ..policy }), all[0].id);
}

#[test]
fn what_was_asked_of_others_binds_alone_only_where_it_is_shared() {
    let now = Instant::now();
    let (all, tried) = (endpoints(2, now), Tried::default());
    for (endpoint, seconds) in all.iter().zip([3, 2]) {
        endpoint.pushback.ask(now, second() * seconds);
    }
    let asking = Asking { now, lease: second(), shared: false, tried: &tried, random: &|| 0 };
    let shared = Asking { shared: true, ..asking };
    assert!(matches!(Choices::One(&all[0]).enter(&asking), Entry::Go(..)));
    assert!(matches!(Choices::One(&all[0]).enter(&shared), Entry::Wait(left) if left == second() * 3));
    let cluster = Cluster::new(all, None, policy());
    let choices = Choices::Many(&cluster, cluster.endpoints());
    assert!(matches!(choices.enter(&asking), Entry::Wait(left) if left == second() * 2), "the first to take it");
}

#[test]
fn only_failures_in_a_row_leave_one_out_and_whoever_fails_or_is_given_up_is_slow() {
    let now = Instant::now();
    let cluster = Cluster::new(endpoints(2, now), None, OutlierPolicy { failures: 2, ..policy() });
    let choices = Choices::Many(&cluster, cluster.endpoints());
    let endpoint = &cluster.endpoints()[0];
    for outcome in [Outcome::Failure, Outcome::Success, Outcome::Failure] {
        assert_eq!(choices.ended(endpoint, outcome, Duration::ZERO, now), None);
    }
    assert!(choices.ended(endpoint, Outcome::Failure, Duration::ZERO, now).is_some());
    for outcome in [Outcome::Failure, Outcome::Neutral] {
        let cluster = Cluster::new(endpoints(2, now), None, policy());
        let endpoint = &cluster.endpoints()[0];
        Choices::Many(&cluster, cluster.endpoints()).ended(endpoint, outcome, second(), now);
        assert_eq!(endpoint.load.average(now), Some(second()), "{outcome:?}");
    }
}
