mod access;
mod contract;
mod events;
mod idempotency;
mod kit;
mod pages;
mod walk;
