mod access;
mod calls;
mod contract;
mod events;
mod idempotency;
mod kit;
mod pages;
mod walk;
