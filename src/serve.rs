//! The server: store, switch, floor, web, and a worker process beside them.

use std::{fs::File, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use embedded::Embedded;
use live::{Live, Running};
use store::Db;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tracing::{info, warn};

use crate::{
    caps,
    config::{self, Config, Role},
    files::Files,
    interrupted::Folders,
    keeper::Keeper,
    mover::Mover,
    phone_book::Extensions,
    phone_client, prompts, shutdown,
    trunks::{Loaded, Locator, Trunks},
    worker,
};

/// How soon a recording has the name that its queue gives it.
const NAMES: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_secs(3_600);
const FAREWELL: Duration = Duration::from_secs(3);
/// What the floor has decided is written within this time; a database that is away longer is not
/// waited for. The next start closes what is still open.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// A server that runs in this process.
pub struct Server {
    pub live: Live,
    pub http: SocketAddr,
    pub sip: SocketAddr,
    /// The administrator's password, when this start made the administrator.
    pub password: Option<String>,
    running: Running,
    switch: Arc<Embedded>,
    db: Db,
    web_stop: oneshot::Sender<()>,
    web: JoinHandle<()>,
    worker_stop: watch::Sender<bool>,
    worker: JoinHandle<()>,
    _lock: File,
    _name: store::node::Name,
}

/// Serves until the process is asked to end.
///
/// # Errors
/// When it cannot start, or when the floor ends by itself: whoever keeps this process starts it
/// again, and what was open is closed then.
pub async fn run(config: Config) -> Result<()> {
    let server = Server::start(config).await?;
    announce(&server);
    let broken = tokio::select! {
        () = shutdown::asked() => false,
        () = server.live.over() => true,
    };
    info!("ending");
    server.stop().await;
    ensure!(!broken, "the floor ended by itself; see the log");
    Ok(())
}

/// One line that programs wait for, and the password that is shown once.
fn announce(server: &Server) {
    use std::io::Write;
    let mut out = std::io::stdout();
    if let Some(password) = &server.password {
        // A closed pipe has nobody to tell.
        let _ = writeln!(
            out,
            "first start: sign in as admin with the password {password}"
        );
    }
    let _ = writeln!(out, "ready http=http://{} sip={}", server.http, server.sip);
}

impl Server {
    /// # Errors
    /// When the data directory is in use, the database cannot be reached, or an address is taken.
    pub async fn start(config: Config) -> Result<Self> {
        let files = Files::raise();
        files.compare(&config.rtp.range()?);
        let lock = lock(&config.data)?;
        let db = Db::open(&config.database())
            .await
            .context("cannot open the database")?;
        let name = store::node::take(&db, &config.node)
            .await
            .with_context(|| format!("another server goes by the name {}", config.node))?;
        // Everything that may fail comes before the floor: it dials as soon as it runs.
        let listener = TcpListener::bind(config.http.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.http.listen))?;
        let http = listener.local_addr()?;
        let prompts = config.data.join("prompts");
        prompts::lay_out(&prompts)?;
        let phones = Arc::new(Extensions::default());
        phones
            .load(&db)
            .await
            .context("cannot read the extensions")?;
        let mut trunks = trunks(&config, &db);
        let loaded = trunks.load().await.context("cannot read the gateways")?;
        let switch = start_switch(&config, &loaded, Arc::clone(&phones), files).await?;
        // Only now: a start that fails must not swallow the password.
        let password = web::first_admin(&db)
            .await
            .context("cannot make the administrator")?;
        let phone_caps = caps::stored(&db, &config)
            .await
            .context("cannot read the limits of phones")?;
        let folders = Folders {
            data: config.data.clone(),
            keys: config.recordings.keys()?,
        };
        let completed = folders.complete(&db, &config.node).await;
        completed.context("cannot complete what was being recorded")?;
        let running = live::start(live::Config {
            db: db.clone(),
            switch: Arc::clone(&switch) as Arc<dyn switch::Switch>,
            node: config.node.clone(),
            recordings: config.data.join("recordings"),
            outside: caps::outside(phone_caps),
        })
        .await
        .context("cannot start the floor")?;
        let reloads = running.reloads.clone();
        tokio::spawn(trunks.follow(reloads, phones, Arc::clone(&switch), loaded));
        tokio::spawn(caps::follow(
            running.reloads.clone(),
            db.clone(),
            Arc::clone(&switch),
            running.live.clone(),
            caps::of(&config),
        ));
        tokio::spawn(mover(&config, &db).keep(NAMES));
        tokio::spawn(keeper(&config, &db).keep(HOUR * config.recordings.look_every_h as u32));
        let (web_stop, web) =
            start_web(&config, files, listener, db.clone(), running.live.clone())?;
        let (worker_stop, stopped) = watch::channel(false);
        let keeps_worker = config.role == Role::All;
        let worker = tokio::spawn(async move {
            if keeps_worker {
                worker::keep(config, stopped).await;
            }
        });
        Ok(Self {
            live: running.live.clone(),
            http,
            sip: switch.sip_address(),
            password,
            running,
            switch,
            db,
            web_stop,
            web,
            worker_stop,
            worker,
            _lock: lock,
            _name: name,
        })
    }

    /// Ends it in order: no new dials, calls hung up, everything written, pages answered.
    pub async fn stop(self) {
        self.live.drain().await;
        let _ = self.worker_stop.send(true);
        let _ = self.web_stop.send(());
        self.switch.shutdown(FAREWELL).await;
        if tokio::time::timeout(LAST_WRITES, self.running.stop())
            .await
            .is_err()
        {
            warn!("not everything could be written; the next start closes what is open");
        }
        if tokio::time::timeout(FAREWELL, self.web).await.is_err() {
            warn!("some connections were cut");
        }
        if let Err(error) = self.worker.await {
            warn!(%error, "the worker's keeper ended badly");
        }
        self.db.close().await;
    }
}

/// One server a data directory: two would dial the same leads.
fn lock(data: &Path) -> Result<File> {
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let path = data.join("paceline.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.try_lock()
        .with_context(|| format!("another server works in {}", data.display()))?;
    Ok(file)
}

fn keeper(config: &Config, db: &Db) -> Keeper {
    Keeper {
        db: db.clone(),
        recordings: config.data.join("recordings"),
        messages: config.data.join("voicemails"),
        delete_orphans: config.recordings.delete_orphans,
    }
}

fn mover(config: &Config, db: &Db) -> Mover {
    Mover {
        db: db.clone(),
        node: config.node.clone(),
        recordings: config.data.join("recordings"),
        behind: String::new(),
    }
}

fn trunks(config: &Config, db: &Db) -> Trunks {
    let locator = Locator::new(&config.sip.name_servers, config.sip.listen.ip());
    Trunks::new(db.clone(), locator, config.sip.gateway_ping())
}

async fn start_switch(
    config: &Config,
    loaded: &Loaded,
    phones: Arc<Extensions>,
    files: Files,
) -> Result<Arc<Embedded>> {
    let mut switch = embedded::Config::new(
        config.sip.listen,
        config.sip.realm.clone(),
        config.rtp.range()?,
    );
    // A phone that registers anew this often can be rung again soon after we were restarted.
    switch.sip.registration.max_s = 120;
    switch.sip.registration.default_s = 120;
    switch.sip.also_tcp = config.sip.tcp;
    switch.sip.max_streams = files.streams();
    switch.sip.announce = config.sip.announce.unwrap_or(config.sip.listen.ip());
    switch.sip.trunk_port = trunk_port(&config.sip);
    switch.sip.tls = match &config.sip.tls {
        Some(tls) => Some(read_tls(tls)?),
        None => None,
    };
    let ping = Duration::from_secs(config.sip.phone_ping_s);
    switch.sip.phone_ping = Some(ping).filter(|every| !every.is_zero());
    switch.sip.max_new_calls_per_s = config.sip.max_new_calls_per_s;
    switch.sip.phone_limits = caps::limits(caps::of(config));
    switch.media.ip = config.rtp.ip.unwrap_or(config.sip.listen.ip());
    switch.media.prompts = Some(config.data.join("prompts"));
    switch.media.rtp_timeout = Duration::from_secs(config.rtp.timeout_s);
    switch.media.recording_key = config.recordings.keys()?.map(|keys| keys.sealing().clone());
    switch.overload = Duration::from_millis(config.rtp.late_ms);
    switch.announce_rtp = config.rtp.announce;
    switch.gateways.clone_from(&loaded.gateways);
    switch.phones = phones;
    let switch = Embedded::start(switch)
        .await
        .context("cannot start SIP and RTP")?;
    for (gateway, why) in &loaded.unresolved {
        warn!(gateway, why, "the gateway has no address");
    }
    switch.set_unresolved(loaded.unresolved.clone());
    Ok(switch)
}

/// The port of the gateways. One that is taken although nobody has asked for it ends no start: gateways go on
/// with the other, as those do that were told so before there was one.
fn trunk_port(sip: &config::Sip) -> Option<u16> {
    let port = sip.own_trunk_port()?;
    let address = SocketAddr::new(sip.listen.ip(), port);
    match std::net::UdpSocket::bind(address) {
        Err(error) if sip.trunk_port.is_none() => {
            let others = sip.listen;
            warn!(%error, "gateways are not spoken to from {address} but from {others}; sip.trunk_port names another port, or 0");
            None
        }
        _ => Some(port),
    }
}

fn read_tls(files: &crate::config::SipTls) -> Result<sip::Tls> {
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
    };
    Ok(sip::Tls {
        port: files.port,
        certificate: read(&files.certificate)?,
        key: read(&files.key)?,
        authorities: files.authorities.as_deref().map(read).transpose()?,
    })
}

fn start_web(
    config: &Config,
    files: Files,
    listener: TcpListener,
    db: Db,
    live: Live,
) -> Result<(oneshot::Sender<()>, JoinHandle<()>)> {
    let mut settings = web::Config::new(config.data.clone());
    settings.listen = config.http.listen;
    settings.tls = config.http.tls;
    settings.max_connections = files.pages();
    settings.realm = config.sip.realm.clone();
    settings.phone_caps = caps::of(config);
    settings.keys = config.recordings.keys()?;
    settings.phone_client = Some(Arc::new(phone_client::Phones::new()?));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = async move {
        let stopped = async {
            let _ = stopped.await;
        };
        if let Err(error) = web::serve_on(listener, settings, db, live, stopped).await {
            tracing::error!(error = ?error, "the web server ended");
        }
    };
    Ok((stop, tokio::spawn(serving)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_nobody_asked_for_may_be_taken() {
        // Nobody else is at that address.
        let mut sip = config::Sip {
            listen: SocketAddr::from(([127, 0, 50, 80], 5060)),
            ..config::Sip::default()
        };
        assert_eq!(trunk_port(&sip), Some(5080));
        let other = std::net::UdpSocket::bind("127.0.50.80:5080").expect("it is free");
        assert_eq!(trunk_port(&sip), None);
        sip.trunk_port = Some(5080);
        assert_eq!(
            trunk_port(&sip),
            Some(5080),
            "the start tells that it is taken"
        );
        drop(other);
        sip.trunk_port = Some(0);
        assert_eq!(trunk_port(&sip), None);
    }
}
