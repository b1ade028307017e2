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

/// Every attempt waits for its client to be closed, which hardly ever happens, so waiting must cost little: calls that wait
/// at once do so in different places.
const PLACES: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Closing {
    /// 0 while it is open.
    stage: AtomicU8,
    next: AtomicUsize,
    places: [Notify; PLACES],
}

impl Closing {
    /// Whether that stage has been reached.
    pub(crate) fn is(&self, stage: Stage) -> bool {
        self.stage.load(Ordering::Acquire) >= stage as u8
    }

    /// Goes on to a stage; never back.
    pub(crate) fn reach(&self, stage: Stage) {
        self.stage.fetch_max(stage as u8, Ordering::AcqRel);
        self.places.iter().for_each(Notify::notify_waiters);
    }

    /// Waits until a stage has been reached.
    pub(crate) fn reached(&self, stage: Stage) -> impl Future<Output = ()> + Send {
        let place = &self.places[self.next.fetch_add(1, Ordering::Relaxed) % PLACES];
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
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn all_who_wait_are_told_once_their_stage_is_reached() {
        let closing = Arc::new(Closing::default());
        let wait = |stage| {
            let closing = closing.clone();
            tokio::spawn(async move { closing.reached(stage).await })
        };
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
