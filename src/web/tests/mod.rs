mod access;
mod contract;
mod idempotency;
mod kit;
mod walk;
