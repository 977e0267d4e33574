//! Raises a media thread above the rest of the machine, where that is allowed.

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// Of the 99 real-time levels a low one: above every normal thread, below the kernel's own.
const LEVEL: u8 = 10;

/// Asks for `SCHED_FIFO` for the calling thread. Refused without `CAP_SYS_NICE`: then the thread
/// runs as any other and may be late on a busy machine.
pub fn raise() {
    let level = match LEVEL.try_into() {
        Ok(level) => ThreadPriority::Crossplatform(level),
        Err(_) => return,
    };
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), level, policy) {
        tracing::info!(?error, "media thread runs at normal priority");
    }
}
