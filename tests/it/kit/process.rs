//! A child process that does not outlive its test.

use std::{
    process::{Child, Command, ExitStatus},
    time::Duration,
};

use super::wait;

#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// # Panics
    /// When the program cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
        Self::of(child)
    }

    pub fn of(child: Child) -> Self {
        Self { child }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `None` while it runs.
    pub fn exit(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child")
    }

    /// SIGKILL: it cannot put anything in order.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by name, such as `TERM` or `INT`.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn ended(&mut self, what: &str, limit: Duration) -> ExitStatus {
        wait::until(what, limit, || {
            let exit = self.exit();
            async move { exit }
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal by name to a process that the test knows by its id.
///
/// # Panics
/// When there is no `kill` program.
pub fn signal(id: u32, name: &str) {
    Command::new("kill")
        .args([format!("-{name}"), id.to_string()])
        .status()
        .expect("kill runs");
}

/// Whether a process that is nobody's child here has ended; whoever inherited it may not have noticed
/// yet.
pub fn has_ended(id: u32) -> bool {
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    };
    matches!(state(), None | Some('Z' | 'X'))
}

/// Waits until such a process has ended, up to a minute. It is called where things are dropped, so it
/// does not panic.
pub fn wait_for_end(id: u32) {
    for _ in 0..2_400 {
        if has_ended(id) {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    eprintln!("process {id} does not end");
}
