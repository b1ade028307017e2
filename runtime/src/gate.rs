//! How many calls are on their way, and may another one go?

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::resilience::gradient::Gradient;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How many calls of a client may be on their way at once (a bulkhead: one slow service must not take every task of
/// its caller with it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadPolicy {
    /// Whether there is a limit.
    pub enabled: bool,
    /// The limit. A call that waits for its next attempt does not count, one whose body is still read does.
    pub most: u32,
    /// How long a call waits for its turn before it fails as [`ErrorKind::Busy`](crate::ErrorKind::Busy).
    pub wait: Duration,
    /// Whether the limit follows the times that calls take (Gradient2), between `least` and `most`.
    pub adaptive: bool,
    /// Where such a limit begins.
    pub first: u32,
    /// The lowest it gets.
    pub least: u32,
}

/// Counts the calls of a client. Clones of the client share it.
#[derive(Debug)]
pub(crate) struct Gate {
    in_flight: AtomicUsize,
    idle: Notify,
    slots: Option<Arc<Semaphore>>,
    adaptive: Option<Arc<Adaptive>>,
}

/// A limit that moves.
#[derive(Debug)]
struct Adaptive {
    gradient: Mutex<Gradient>,
    /// Slots that are to be taken away and were not free yet: whoever gives one back pays.
    debt: AtomicUsize,
}

/// Why there is no slot.
pub(crate) enum NoSlot {
    Busy,
    Closed,
}

impl Gate {
    pub(crate) fn new(policy: BulkheadPolicy) -> Self {
        let gradient = Gradient::new(policy.first, policy.least, policy.most);
        let first = if policy.adaptive { gradient.limit() } else { policy.most };
        let adaptive = (policy.enabled && policy.adaptive)
            .then(|| Arc::new(Adaptive { gradient: Mutex::new(gradient), debt: AtomicUsize::new(0) }));
        let slots = policy.enabled.then(|| {
            let most = usize::try_from(first).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(most))
        });
        Self { in_flight: AtomicUsize::new(0), idle: Notify::new(), slots, adaptive }
    }

    /// Counts a call for as long as what is given back lives.
    pub(crate) fn count(&self) -> Counted<&Self> {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        Counted(self)
    }

    /// Counts it once more, for what outlives the call.
    pub(crate) fn count_on(self: &Arc<Self>) -> Counted<Arc<Self>> {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        Counted(self.clone())
    }

    /// Whether there is a limit to wait at.
    pub(crate) fn is_limited(&self) -> bool {
        self.slots.is_some()
    }

    /// A slot, at once or after a wait; none is needed where there is no limit.
    pub(crate) async fn slot(&self, wait: Duration) -> Result<Slot, NoSlot> {
        let Some(slots) = &self.slots else { return Ok(Slot { permit: None, adaptive: None }) };
        let slot = |permit| Slot { permit: Some(permit), adaptive: self.adaptive.clone() };
        if let Ok(permit) = slots.clone().try_acquire_owned() {
            return Ok(slot(permit));
        }
        match tokio::time::timeout(wait, slots.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(slot(permit)),
            Ok(Err(_)) => Err(NoSlot::Closed),
            Err(_) if slots.is_closed() => Err(NoSlot::Closed),
            Err(_) => Err(NoSlot::Busy),
        }
    }

    /// Whether it wants to know how long attempts take.
    pub(crate) fn is_adaptive(&self) -> bool {
        self.adaptive.is_some()
    }

    /// An attempt took so long; or the service turned it away for load, or did not answer in time.
    pub(crate) fn learn(&self, took: Duration, dropped: bool) {
        let (Some(adaptive), Some(slots)) = (&self.adaptive, &self.slots) else { return };
        let mut gradient = adaptive.gradient.lock().unwrap_or_else(PoisonError::into_inner);
        let before = gradient.limit();
        if dropped {
            gradient.dropped();
        } else {
            let free = u32::try_from(slots.available_permits()).unwrap_or(u32::MAX);
            let owed = u32::try_from(adaptive.debt.load(Ordering::Acquire)).unwrap_or(u32::MAX);
            gradient.answered(took, (before.saturating_add(owed)).saturating_sub(free));
        }
        // Under the lock, so that the slots are what the limit says, one change after the other.
        match (before, gradient.limit()) {
            (before, after) if after > before => {
                let unpaid = (before..after).filter(|_| !adaptive.pay()).count();
                slots.add_permits(unpaid);
            }
            (before, after) => {
                let surplus = usize::try_from(before - after).unwrap_or(0);
                adaptive.debt.fetch_add(surplus - slots.forget_permits(surplus), Ordering::AcqRel);
            }
        }
    }

    /// Nobody gets a slot any more, those who wait included.
    pub(crate) fn close(&self) {
        if let Some(slots) = &self.slots {
            slots.close();
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(crate) fn free(&self) -> Option<usize> {
        self.slots.as_ref().map(|slots| slots.available_permits())
    }

    /// Waits until no call is on its way.
    pub(crate) async fn idle(&self) {
        loop {
            // Asked for before the count is read, so that the last call cannot end unnoticed in between.
            let idle = self.idle.notified();
            if self.in_flight() == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// A call that is on its way.
#[derive(Debug)]
pub(crate) struct Counted<G: Deref<Target = Gate>>(G);

impl<G: Deref<Target = Gate>> Drop for Counted<G> {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

/// A slot of the bulkhead.
#[derive(Debug)]
pub(crate) struct Slot {
    permit: Option<OwnedSemaphorePermit>,
    adaptive: Option<Arc<Adaptive>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take().filter(|_| self.adaptive.as_ref().is_some_and(|it| it.pay())) {
            permit.forget();
        }
    }
}

impl Adaptive {
    /// Pays one slot of the debt, if there is any.
    fn pay(&self) -> bool {
        self.debt.fetch_update(Ordering::AcqRel, Ordering::Acquire, |debt| debt.checked_sub(1)).is_ok()
    }
}

/// What a reply holds on to while its body is read.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) _slot: Option<Slot>,
    pub(crate) _counted: Counted<Arc<Gate>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever order slots are taken, given back, and the limit moved in: in the end there are as many as it says.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_limit_that_moves_loses_no_slot_and_makes_none() {
        let policy = BulkheadPolicy {
            enabled: true,
            most: 60,
            wait: Duration::from_secs(10),
            adaptive: true,
            first: 20,
            least: 4,
        };
        let gate = Arc::new(Gate::new(policy));
        let tasks: Vec<_> = (0..40_u64)
            .map(|task| {
                let gate = gate.clone();
                tokio::spawn(async move {
                    for round in 0..200 {
                        let Ok(slot) = gate.slot(Duration::from_secs(10)).await else { panic!("closed or too busy") };
                        tokio::task::yield_now().await;
                        match (task + round) % 3 {
                            0 => gate.learn(Duration::ZERO, true),
                            _ => gate.learn(Duration::from_millis(1 + round % 7), false),
                        }
                        drop(slot);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        let adaptive = gate.adaptive.as_ref().expect("adaptive");
        let limit = adaptive.gradient.lock().expect("not poisoned").limit();
        assert_eq!(adaptive.debt.load(Ordering::Acquire), 0);
        assert_eq!(gate.free(), Some(usize::try_from(limit).expect("small")));
    }
}
