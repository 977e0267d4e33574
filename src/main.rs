//! The command line; wiring only.

mod caps;
mod config;
mod demo;
mod files;
mod interrupted;
mod keeper;
mod key;
mod log;
mod mover;
mod pacer;
mod phone_book;
mod phone_client;
mod prompts;
mod serve;
mod shutdown;
mod simulate;
mod trunks;
mod worker;

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Parser, Subcommand};
use config::{Config, Overrides};

/// The worker makes strings on one thread and lets go of them on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A dialler for call centres: spreadsheets become answered calls handed to agents.
#[derive(Debug, Parser)]
#[command(name = "paceline", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole product on this machine: server, carrier, phones, two campaigns
    Demo(demo::Options),
    /// Run the server
    Serve(Overrides),
    /// Run the worker that imports, filters, allocates and reports (the server starts one itself)
    Worker(worker::Options),
    /// Pace an outside simulator's floor with the engine's pacer
    Pacer(pacer::Options),
    /// Play a shift on a virtual clock: what it comes to, and what it would
    Simulate(simulate::Options),
    /// Make a key that recordings are sealed with, in a new file that only you may read
    Key(key::Options),
    /// Read the settings and say what is wrong with them
    CheckConfig(Overrides),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed pipe has nobody to tell.
            let _ = writeln!(std::io::stderr(), "paceline: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    // The HTTP client is built without a provider of its own; that there is one already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = match cli.command {
        Command::Demo(options) => runtime.block_on(demo::run(options)),
        Command::Serve(overrides) => {
            log::start(std::io::stderr, std::io::stderr().is_terminal());
            runtime.block_on(serve::run(Config::load(&overrides)?))
        }
        Command::Worker(options) => {
            log::start(std::io::stderr, std::io::stderr().is_terminal());
            runtime.block_on(worker::run(options))
        }
        Command::Pacer(options) => pacer::run(&options),
        Command::Simulate(options) => runtime.block_on(simulate::run(options)),
        Command::Key(options) => key::run(&options),
        Command::CheckConfig(overrides) => Config::load(&overrides).map(|config| {
            let shown = config.without_secrets();
            // As above.
            let _ = writeln!(std::io::stdout(), "the settings are in order: {shown:#?}");
        }),
    };
    // A read of standard input that never ends must not keep the process.
    runtime.shutdown_background();
    done
}
