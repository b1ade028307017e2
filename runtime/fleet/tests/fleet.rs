//! Is a service that has a bad day left in peace, and called again when it is back?

use sinew_fleet::{Day, Fleet, days};
use sinew_runtime::Policy;

const FLEET: Fleet = Fleet::small();

fn standard() -> Day {
    FLEET.live("standard", &Policy::standard(), true)
}

#[test]
fn the_same_fleet_has_the_same_day() {
    let short = Fleet { clients: 20, end: 60, ..FLEET };
    let live = || short.live("standard", &Policy::standard(), true);
    assert_eq!(live(), live());
    let other = Fleet { seed: 8, ..short }.live("standard", &Policy::standard(), true);
    assert_ne!(live(), other);
}

#[test]
fn a_service_that_is_gone_is_not_stormed() {
    let clients = u32::try_from(FLEET.clients).expect("a few");
    for day in days(FLEET) {
        let gone = day.between(FLEET.outage, FLEET.brown_out);
        // Each client may find out for itself: five failures in a row, and those that were on their way.
        assert!(gone.requests * 10 <= gone.calls * 12 + clients * 50, "{}: {gone:?}", day.name);
        let whole = day.between(0, FLEET.end);
        assert!(whole.requests * 10 <= whole.calls * 12, "{}: {whole:?}", day.name);
    }
}

#[test]
fn probes_do_not_come_in_step() {
    let day = standard();
    // Once all circuits are open, what comes is probes.
    let probes = day.between(FLEET.outage + 20, FLEET.brown_out);
    let worst = day.worst(FLEET.outage + 20, FLEET.brown_out);
    assert!(probes.requests >= 50, "{probes:?}");
    assert!(worst * 5 <= probes.requests, "{worst} of {} in one second", probes.requests);
}

#[test]
fn who_comes_back_is_called_again_and_borne() {
    for day in days(FLEET) {
        let well = day.between(0, FLEET.outage - 1);
        assert_eq!(well.answered, well.calls, "{}", day.name);
        let after = day.well_again(FLEET.recovery);
        assert!(after.is_some_and(|after| after <= 90), "{}: {after:?}", day.name);
        let last = day.between(FLEET.end - 20, FLEET.end);
        assert!(last.answered * 100 >= last.calls * 99, "{}: {last:?}", day.name);
        // It is never asked for more than twice what it bears.
        assert!(day.worst(FLEET.recovery, FLEET.end) <= 140, "{}", day.worst(FLEET.recovery, FLEET.end));
    }
}

#[test]
fn the_recommended_policy_costs_no_answers_and_spares_the_service() {
    let [none, promised, recommended] = days(FLEET);
    let answered = |day: &Day| day.between(0, FLEET.end).answered;
    // Within a percent of what is answered if everybody waits his 30 s, and more than the platform's policy gives.
    assert!(answered(&recommended) * 100 >= answered(&none) * 99, "{} {}", answered(&recommended), answered(&none));
    assert!(answered(&recommended) > answered(&promised), "{} {}", answered(&recommended), answered(&promised));
    let gone = recommended.between(FLEET.outage, FLEET.brown_out);
    assert!(gone.requests * 10 <= gone.calls * 3, "{gone:?}");
    // A fifth more at most, and the one retry in ten seconds that each client has.
    let first = recommended.between(FLEET.outage, FLEET.outage + 5);
    let clients = u32::try_from(FLEET.clients).expect("a few");
    assert!(first.requests * 10 <= first.calls * 12 + clients * 10, "{first:?}");
    let brown = recommended.between(FLEET.brown_out, FLEET.recovery);
    assert!(brown.answered * 100 >= brown.calls * 70, "{brown:?}");
    assert!(recommended.well_again(FLEET.recovery).is_some_and(|after| after <= 10));
}
