//! The sending end of a bounded queue, for a thread that must never wait.

use std::{
    collections::VecDeque,
    sync::mpsc::{SyncSender, TrySendError},
};

/// Sends what fits, keeps what must not be lost, drops the rest.
#[derive(Debug)]
pub struct Outlet<T> {
    sender: SyncSender<T>,
    kept: VecDeque<T>,
}

impl<T> Outlet<T> {
    pub fn new(sender: SyncSender<T>) -> Self {
        Self {
            sender,
            kept: VecDeque::new(),
        }
    }

    /// Sends now or, when the queue is full, with a later [`Self::flush`].
    pub fn push(&mut self, item: T) {
        self.kept.push_back(item);
        self.flush();
    }

    /// Sends now or never; `false` when it was never.
    pub fn offer(&mut self, item: T) -> bool {
        self.flush();
        self.kept.is_empty() && self.sender.try_send(item).is_ok()
    }

    /// Sends what was kept, as far as it fits. What nobody will read any more is dropped.
    pub fn flush(&mut self) {
        while let Some(item) = self.kept.pop_front() {
            if let Err(TrySendError::Full(item)) = self.sender.try_send(item) {
                self.kept.push_front(item);
                return;
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_lost_waits_and_what_may_be_is_dropped() {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let mut outlet = Outlet::new(sender);
        outlet.push(1);
        outlet.push(2);
        assert!(!outlet.offer(3));
        assert_eq!(receiver.try_recv(), Ok(1));
        outlet.flush();
        assert!(outlet.is_empty());
        assert_eq!(receiver.try_recv(), Ok(2));
        assert!(outlet.offer(4));
    }
}
