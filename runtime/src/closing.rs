//! How far has a client been closed, and who is to be told?

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How far a client has been closed, if it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No further attempt begins.
    Closing = 1,
    /// No attempt goes on.
    Cut = 2,
}

/// Every attempt waits for its client to be closed, which hardly ever happens, so waiting must cost little: threads wait in
/// different places, as far as there are enough, and do not take each other's memory away.
const PLACES: usize = 8;

/// Apart from its neighbours by what processors fetch at once.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Place(Notify);

#[derive(Debug, Default)]
pub(crate) struct Closing {
    /// 0 while it is open.
    stage: AtomicU8,
    places: [Place; PLACES],
}

impl Closing {
    /// Whether that stage has been reached.
    pub(crate) fn is(&self, stage: Stage) -> bool {
        self.stage.load(Ordering::Acquire) >= stage as u8
    }

    /// Goes on to a stage; never back.
    pub(crate) fn reach(&self, stage: Stage) {
        self.stage.fetch_max(stage as u8, Ordering::AcqRel);
        self.places.iter().for_each(|place| place.0.notify_waiters());
    }

    /// Waits until a stage has been reached.
    pub(crate) fn reached(&self, stage: Stage) -> impl Future<Output = ()> + Send {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed) % PLACES);
        let Place(place) = &self.places[OWN.with(|own| *own)];
        async move {
            loop {
                // Made before the look, so that it hears of a stage that is reached in between.
                let told = place.notified();
                if self.is(stage) {
                    return;
                }
                told.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_who_wait_are_told_once_their_stage_is_reached() {
        let closing: &'static Closing = Box::leak(Box::default());
        // One after the other each in a thread of its own, so that there are some in every place.
        let wait = |stage| tokio::spawn(std::thread::spawn(move || closing.reached(stage)).join().expect("no panic"));
        let first: Vec<_> = (0..20).map(|_| wait(Stage::Closing)).collect();
        let second: Vec<_> = (0..20).map(|_| wait(Stage::Cut)).collect();
        tokio::task::yield_now().await;
        closing.reach(Stage::Closing);
        for one in first {
            one.await.expect("it is told");
        }
        tokio::task::yield_now().await;
        assert!(second.iter().all(|one| !one.is_finished()) && closing.is(Stage::Closing) && !closing.is(Stage::Cut));
        closing.reach(Stage::Cut);
        closing.reach(Stage::Closing);
        for one in second {
            one.await.expect("it is told");
        }
        assert!(closing.is(Stage::Cut), "never back");
        wait(Stage::Cut).await.expect("at once");
    }
}
