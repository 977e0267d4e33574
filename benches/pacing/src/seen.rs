//! What a dialler may see of the floor.

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum AState {
    Off,
    Idle,
    Talk,
    Wrap,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum CState {
    Ring,
    Detect,
    Wait,
}

/// What happened since the last decision, as a real dialer hears it.
#[derive(Clone, Copy, Debug)]
pub enum Ev {
    /// attempt over without a person: call, seconds since the dial, cause
    Ended(u32, f64, &'static str),
    /// picked up (person or machine): call, ring seconds
    Pickup(u32, f64),
    /// taken for a person: call
    Person(u32),
    /// call, agent, seconds the person waited
    Connected(u32, u32, f64),
    Abandoned(u32),
    /// agent, seconds
    TalkEnd(u32, f64),
    WrapEnd(u32, f64),
    Login(u32),
    Logout(u32),
}

/// The observable state. Elapsed times in seconds; a ringing call's from its dial.
#[derive(Default)]
pub struct Obs {
    pub t: f64,
    pub agents: Vec<(u32, AState, f64)>,
    pub calls: Vec<(u32, CState, f64)>,
    pub dials: usize,
    pub answered: usize,
    pub connected: usize,
    pub abandoned: usize,
    /// connected calls that the agent dispositioned as a machine (known after wrap-up)
    pub machines: usize,
    pub free_channels: usize,
    pub cps_room: usize,
    pub leads_left: usize,
    pub events: Vec<Ev>,
    pub idle: usize,
    pub talking: usize,
    pub wrapping: usize,
    pub ringing: usize,
    pub detecting: usize,
    pub waiting: usize,
}

impl Obs {
    pub fn in_flight(&self) -> usize {
        self.calls.len()
    }
    /// The most calls that can be placed right now.
    pub fn room(&self) -> usize {
        self.free_channels.min(self.cps_room).min(self.leads_left)
    }
}

/// What the dialer is told once, before the first decision.
#[derive(Clone, Copy, Default)]
pub struct Hello {
    pub cap: f64,
    pub patience: f64,
    pub ring_timeout: f64,
    pub channels: f64,
    pub cps: f64,
    pub close: f64,
}
