//! The whole product on one machine: a server, a carrier and phones as real SIP user agents on
//! loopback, a spreadsheet, two campaigns and a trickle of inbound calls.

mod client;
mod home;
mod moments;
mod people;
mod screen;
mod sheet;
mod story;
mod summary;
mod world;

use std::sync::Arc;

use anyhow::{Result, ensure};
use clap::Args;

use crate::{serve::Server, shutdown};

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Shorter rings and talks
    #[arg(long)]
    pub fast: bool,
    /// Leave it running when the campaigns are through, to look around in the console
    #[arg(long)]
    pub keep: bool,
    /// Where the demo keeps its data [default: a directory that is removed at the end]
    #[arg(long)]
    pub data: Option<std::path::PathBuf>,
    /// Console and API [default: a free port on 127.0.0.1]
    #[arg(long)]
    pub http: Option<std::net::SocketAddr>,
    /// The same seed gives the same people
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Runs the demo to its end, or until Ctrl-C.
///
/// # Errors
/// When a part does not start, or when the totals do not add up.
pub async fn run(options: Options) -> Result<()> {
    let home = home::Home::make(&options)?;
    home.log();
    screen::say("starting the server, a carrier and the agents' phones");
    let server = Server::start(home.config(&options)).await?;
    let told = tokio::select! {
        told = play(&options, &server, &home) => told,
        () = shutdown::asked() => {
            screen::say("stopped");
            Ok(())
        }
    };
    server.stop().await;
    home.leave();
    told
}

async fn play(options: &Options, server: &Server, home: &home::Home) -> Result<()> {
    let mut world = world::World::start(options, server.sip).await?;
    let password = server.password.clone().unwrap_or_default();
    screen::say(&format!(
        "console   http://{}   user admin   password {password}",
        server.http
    ));
    let client = client::Client::sign_in(server.http, "admin", &password).await?;
    let staff = people::hire(&client, server.http).await?;
    let boss = people::appoint(&client).await?;
    world
        .plug_in(staff.iter().map(|agent| &agent.phone).chain([&boss]))
        .await?;
    let story = story::set_up(&client, &world, &staff, home, options).await?;
    let moments = Arc::<moments::Moments>::default();
    let people = people::Shift::start(staff, &client, &moments, &server.live, options).await?;
    let inbound = world.callers(options);
    screen::watch(&server.live, &story).await;
    drop(inbound);
    story.end(&client).await?;
    world.quiet().await;
    people.stop();
    let summary = summary::Summary::read(&client, &story, &world, &server.live).await?;
    summary.print();
    screen::say(&moments.told());
    ensure!(summary.adds_up(), "the totals do not add up; see above");
    if options.keep {
        screen::say("left running; Ctrl-C ends it");
        shutdown::asked().await;
    }
    world.stop().await;
    Ok(())
}
