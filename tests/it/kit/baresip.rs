//! baresip as an agent's phone: it registers with digest, answers by itself, speaks a tone, and keeps
//! what it hears.

use std::{
    fs::{self, File},
    io::Write,
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{ports, process::Process, sound};

/// The tone that the agent's side speaks with.
pub const AGENT_HERTZ: f64 = 600.0;

/// It hangs up when its tone ends.
const SPEAKS_S: usize = 180;

#[derive(Debug)]
pub struct Baresip {
    process: Process,
    dir: TempDir,
    /// Where it takes orders.
    control: u16,
    /// Where it takes calls.
    pub sip: u16,
}

impl Baresip {
    /// Registers `extension` with the registrar at `registrar_port` on loopback.
    ///
    /// # Panics
    /// When baresip cannot be started.
    pub fn start(extension: &str, password: &str, registrar_port: u16) -> Self {
        Self::speaking(AGENT_HERTZ, extension, password, registrar_port)
    }

    /// The same with a tone of its own.
    ///
    /// # Panics
    /// When baresip cannot be started.
    pub fn speaking(hertz: f64, extension: &str, password: &str, registrar_port: u16) -> Self {
        Self::run(
            hertz,
            extension,
            password,
            registrar_port,
            ";answermode=auto",
        )
    }

    /// One whose sound is encrypted (SDES-SRTP), or there is no call.
    ///
    /// # Panics
    /// When baresip cannot be started.
    pub fn encrypting(extension: &str, password: &str, registrar_port: u16) -> Self {
        let account = ";answermode=auto;mediaenc=srtp-mand";
        Self::run(AGENT_HERTZ, extension, password, registrar_port, account)
    }

    /// One that rings until it is told to `accept`.
    ///
    /// # Panics
    /// When baresip cannot be started.
    pub fn ringing(extension: &str, password: &str, registrar_port: u16) -> Self {
        let account = ";answermode=manual";
        Self::run(AGENT_HERTZ, extension, password, registrar_port, account)
    }

    fn run(hertz: f64, extension: &str, password: &str, registrar: u16, account: &str) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let write = |name: &str, text: String| {
            fs::write(dir.path().join(name), text).expect("it is writable");
        };
        let tone = sound::tone(hertz, 0.3, 0, SPEAKS_S * sound::RATE as usize);
        sound::write_wav(&dir.path().join("tone.wav"), &tone);
        let control = ports::range(2);
        // It takes the SIP port and the next one.
        let sip = ports::range(2);
        write("config", config(dir.path(), control, sip));
        write(
            "accounts",
            format!(
                "<sip:{extension}@127.0.0.1:{registrar};transport=udp>;auth_user={extension};\
                 auth_pass={password};audio_codecs=PCMA;regint=30{account}\n"
            ),
        );
        let process = Process::start(
            Command::new("baresip")
                .arg("-f")
                .arg(dir.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(dir.path().join("stderr.log")).expect("it is writable")),
        );
        Self {
            process,
            dir,
            control,
            sip,
        }
    }

    /// Everything it has heard in its longest call so far.
    pub fn heard(&self) -> Vec<i16> {
        let heard = |name: &str| name.starts_with("dump-") && name.ends_with("-dec.wav");
        fs::read_dir(self.dir.path())
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| heard(&entry.file_name().to_string_lossy()))
            .map(|entry| samples(&entry.path()))
            .max_by_key(Vec::len)
            .unwrap_or_default()
    }

    /// What it has heard lately, in the call that it heard of last.
    pub fn hears(&self) -> Vec<i16> {
        let heard = self.heard_last();
        heard[heard.len().saturating_sub(sound::LATELY)..].to_vec()
    }

    fn heard_last(&self) -> Vec<i16> {
        let heard = |name: &str| name.starts_with("dump-") && name.ends_with("-dec.wav");
        let files = fs::read_dir(self.dir.path())
            .into_iter()
            .flatten()
            .flatten();
        files
            .filter(|entry| heard(&entry.file_name().to_string_lossy()))
            .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
            .map(|entry| samples(&entry.path()))
            .unwrap_or_default()
    }

    /// Gives an order as its keyboard would: `hold`, `resume`, `hangup`, `transfer 8002`.
    ///
    /// # Panics
    /// When it takes none.
    pub fn order(&self, command: &str, params: &str) {
        let asked = serde_json::json!({ "command": command, "params": params }).to_string();
        let mut control = TcpStream::connect(("127.0.0.1", self.control)).expect("it listens");
        // A netstring.
        let text = format!("{}:{asked},", asked.len());
        control.write_all(text.as_bytes()).expect("it reads");
    }

    /// Ends it at once, as if somebody had pulled the plug.
    pub fn vanish(&mut self) {
        self.process.kill();
    }
}

/// The file may still grow and its header lie about its length, so the samples are taken as they lie.
fn samples(wav: &Path) -> Vec<i16> {
    const HEADER: usize = 44;
    let bytes = fs::read(wav).unwrap_or_default();
    bytes
        .get(HEADER..)
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

fn config(dir: &Path, control: u16, sip: u16) -> String {
    let rtp = ports::range(20);
    let rtp_last = rtp + 19;
    let dir = dir.display();
    format!(
        "poll_method epoll
sip_listen 127.0.0.1:{sip}
sip_trans_def udp
net_interface 127.0.0.1
audio_player aufile,{dir}/play.wav
audio_source aufile,{dir}/tone.wav
audio_alert aufile,{dir}/alert.wav
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports {rtp}-{rtp_last}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module uuid.so
module srtp.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
snd_path {dir}
"
    )
}
