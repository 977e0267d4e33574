//! What a gateway is set up with.

use engine::gateway::Settings;
use serde::Deserialize;
use store::gateways::{Gateway, Kind, Trunk};
use utoipa::ToSchema;

use super::{super::check, check as checks};
use crate::{input::strict_at, problem::Problem};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayIn {
    name: String,
    /// At most 200 characters.
    remark: Option<String>,
    /// nni (default): a peer, nobody registers; uni: we register at it; ims: we register at an IMS core.
    #[schema(value_type = Option<String>)]
    kind: Option<Kind>,
    /// IP address or host name; for ims the home domain.
    host: String,
    /// 1 to 65,535; 5060 when not given, 5061 with tls.
    port: Option<u16>,
    /// udp (default), tcp or tls.
    transport: Option<String>,
    /// Needed where we register.
    username: Option<String>,
    /// Never given out again. Not given: the stored one stays; empty: none.
    password: Option<String>,
    enabled: Option<bool>,
    /// Settings that differ from the defaults.
    #[schema(value_type = Object)]
    settings: Option<serde_json::Value>,
    /// How it is spoken to, where that differs from the defaults.
    #[schema(value_type = TrunkDoc)]
    trunk: Option<serde_json::Value>,
}

/// How a gateway is spoken to.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes store::gateways::Trunk in the document")]
pub struct TrunkDoc {
    /// Further `host` or `host:port`, tried when the first says nothing or 503; at most 8.
    more: Option<Vec<String>>,
    /// host (default): A and AAAA; srv: NAPTR and SRV before them.
    lookup: Option<String>,
    /// 归属用户名: user of our address of record, where it is not the username.
    home_user: Option<String>,
    /// 归属域名: domain in our URIs, where it is not the host.
    home_domain: Option<String>,
    /// 呼出代理: where calls are sent instead of the host.
    outbound_proxy: Option<String>,
    /// 注册代理: where REGISTER is sent instead of there.
    register_proxy: Option<String>,
    /// 60 to 86,400 s; 3,600.
    register_expire_s: Option<u32>,
    /// OPTIONS this often: 0 (never) or 5 to 3,600 s; as often as the house asks when not given.
    options_ping_s: Option<u32>,
    /// The caller's number in From; otherwise the registered user. Yes, for ims no.
    caller_id_in_from: Option<bool>,
    /// none, preferred or asserted: the header with the caller's number besides. None, for ims preferred.
    identity: Option<String>,
    user_phone: Option<bool>,
    /// The network hides the caller's number. Needs an identity.
    withhold_caller: Option<bool>,
    /// pcma, pcmu, g722, the preferred first; the switch's own list when empty.
    codecs: Option<Vec<String>>,
    /// 10, 20, 30, 40 or 60.
    ptime_ms: Option<u16>,
    /// rfc4733, inband or info.
    dtmf: Option<String>,
    /// 100rel: never, supported or preferred.
    reliable: Option<String>,
    /// 0 (none) or 90 to 86,400 s.
    session_timer_s: Option<u32>,
    /// off or required.
    srtp: Option<String>,
    /// `{"from": "0", "to": "+49"}` replaces the start of called numbers; the first that fits; at most 50.
    #[schema(value_type = Option<Vec<Object>>)]
    called_rules: Option<Vec<()>>,
    /// The same for caller numbers.
    #[schema(value_type = Option<Vec<Object>>)]
    caller_rules: Option<Vec<()>>,
    /// Silence after which the next address is tried, 1 to 30 s.
    give_way_s: Option<u32>,
    /// Redirections followed in one call, 0 to 5.
    redirects: Option<u8>,
}

impl GatewayIn {
    /// # Errors
    /// `INVALID`, naming every value that cannot be taken. `has_password`: one is stored already.
    pub fn read(self, id: &str, has_password: bool) -> Result<Gateway, Problem> {
        let settings: Settings = match self.settings {
            Some(settings) => strict_at("/settings", settings)?,
            None => Settings::default(),
        };
        let trunk: Trunk = match self.trunk {
            Some(trunk) => strict_at("/trunk", trunk)?,
            None => Trunk::default(),
        };
        let transport = self.transport.as_deref().unwrap_or("udp");
        let transport = check::one_of("/transport", transport, &["udp", "tcp", "tls"])?;
        let usual = if transport == "tls" { 5061 } else { 5060 };
        let text = |pointer, text: Option<String>, most| {
            let text = text.map(|text| check::text(pointer, text, most));
            text.transpose()
        };
        let gateway = Gateway {
            id: check::chosen_id("/id", id)?,
            name: check::name("/name", &self.name)?,
            remark: text("/remark", self.remark, 200)?.unwrap_or_default(),
            kind: self.kind.unwrap_or(Kind::Nni),
            host: checks::host("/host", &self.host)?,
            port: self.port.unwrap_or(usual),
            transport: transport.into(),
            username: text("/username", self.username, 100)?.filter(|text| !text.is_empty()),
            password: text("/password", self.password, 200)?,
            enabled: self.enabled.unwrap_or(true),
            settings,
            trunk,
        };
        checks::limits(&gateway.settings)?;
        checks::whole(&gateway, has_password)?;
        Ok(gateway)
    }
}
