//! What do several futures give, run at the same time?

use std::future::poll_fn;
use std::task::Poll;

use crate::transport::BoxFuture;

/// Runs all of them within the calling task, and gives what they gave in their order.
pub(crate) async fn all<T>(mut futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut results: Vec<_> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut done = true;
        for (future, result) in futures.iter_mut().zip(&mut results).filter(|(_, result)| result.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *result = Some(value),
                Poll::Pending => done = false,
            }
        }
        if done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn they_run_at_once_and_keep_their_order() {
        let started = tokio::time::Instant::now();
        let sleep = |seconds: u64| -> BoxFuture<'static, u64> {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                seconds
            })
        };
        assert_eq!(all(vec![sleep(3), sleep(1), sleep(2)]).await, [3, 1, 2]);
        assert_eq!(started.elapsed(), Duration::from_secs(3));
        assert!(all::<u8>(Vec::new()).await.is_empty());
    }
}
