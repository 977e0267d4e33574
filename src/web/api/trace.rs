//! `/calls/{id}/trace` (信令跟踪): the SIP messages of a call, as far as the switch remembers them.

use std::net::SocketAddr;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{ids::CallId, phone::mask};
use live::lines::{LegTrace, Traced};
use serde::Serialize;
use store::calls::Call;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{calls::call, gateways::at};
use crate::{caller::Caller, clock::At, house::House, problem::Problem};

/// Runs of digits from this length on may be a phone number.
const NUMBER_DIGITS: usize = 7;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get))
}

#[derive(Serialize, ToSchema)]
pub struct TraceOut {
    pub call_id: String,
    /// Phone numbers are masked in it.
    pub masked: bool,
    /// Those whom the switch spoke with, by their address, in the order in which they appear.
    pub peers: Vec<String>,
    /// In the order of the wire. Empty when the switch remembers nothing of the call.
    pub messages: Vec<MessageOut>,
}

#[derive(Serialize, ToSchema)]
pub struct MessageOut {
    pub at: At,
    /// Leg of the call, from 1 on: the customer's and the agent's in the order of their first message.
    pub leg: usize,
    /// The switch sent it; otherwise it received it.
    pub sent: bool,
    /// Where the other side is in `peers`.
    pub peer: usize,
    /// `INVITE`, or `200 OK` with the method that it answers.
    pub title: String,
    /// As on the wire, but for passwords' digests, keys and typed digits.
    pub text: String,
}

/// 信令跟踪 · The SIP messages of a call. An agent sees those of the own calls, with numbers masked.
#[utoipa::path(get, path = "/api/v1/calls/{id}/trace", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, body = TraceOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TraceOut>, Problem> {
    Ok(Json(of(&house, &caller, &id).await?))
}

/// # Errors
/// `NOT_FOUND` for a call that the caller may not see.
pub async fn of(house: &House, caller: &Caller, id: &str) -> Result<TraceOut, Problem> {
    let call = call(house, caller, id).await?;
    let number: CallId = id.parse().map_err(|_| Problem::not_found())?;
    let legs = house.live.lines().trace(number);
    let mut shown = ladder(id, legs);
    if caller.is_agent_only() {
        hide(&mut shown, &call);
    }
    Ok(shown)
}

/// The legs' messages in one order.
fn ladder(id: &str, mut legs: Vec<LegTrace>) -> TraceOut {
    legs.sort_by_key(|leg| leg.messages.first().map(|message| message.at));
    let mut peers = Vec::new();
    let mut messages = Vec::new();
    for (leg, traced) in legs.into_iter().enumerate() {
        // A response travels between those of its request; it does not say so itself.
        let mut spoken: Vec<(Option<String>, SocketAddr)> = Vec::new();
        for message in traced.messages {
            let cseq = header(&message.text, "cseq").map(str::to_owned);
            let of_request = spoken.iter().rev().find(|(known, _)| *known == cseq);
            let of_request = of_request.or(spoken.last()).map(|(_, peer)| *peer);
            let peer = message.peer.or(of_request);
            spoken.extend(message.peer.map(|peer| (cseq, peer)));
            let peer = peer.map_or_else(|| "?".into(), |it| it.to_string());
            let known = peers.iter().position(|known| *known == peer);
            let peer = known.unwrap_or_else(|| {
                peers.push(peer);
                peers.len() - 1
            });
            messages.push(MessageOut {
                at: at(message.at),
                leg: leg + 1,
                sent: message.sent,
                peer,
                title: title(&message),
                text: message.text,
            });
        }
    }
    // Stable: messages of one leg in one millisecond keep their order.
    messages.sort_by_key(|message| message.at.0);
    TraceOut {
        call_id: id.into(),
        masked: false,
        peers,
        messages,
    }
}

/// `INVITE`, `180 Ringing (INVITE)`.
fn title(message: &Traced) -> String {
    let first = message.text.lines().next().unwrap_or_default();
    let Some(status) = first.strip_prefix("SIP/2.0 ") else {
        return first.split(' ').next().unwrap_or_default().into();
    };
    let cseq = header(&message.text, "cseq");
    match cseq.and_then(|value| value.split_whitespace().nth(1)) {
        Some(method) => format!("{status} ({method})"),
        None => status.into(),
    }
}

/// The first header of that name, in lower case.
fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = text.lines().take_while(|line| !line.is_empty());
    let mut values = head.filter_map(|line| {
        let (known, value) = line.split_once(':')?;
        known
            .trim()
            .eq_ignore_ascii_case(name)
            .then_some(value.trim())
    });
    values.next()
}

fn hide(trace: &mut TraceOut, call: &Call) {
    let other = match call.direction.as_str() {
        "inbound" => &call.caller,
        _ => &call.callee,
    };
    trace.masked = true;
    for message in &mut trace.messages {
        message.text = without_numbers(&message.text, other);
    }
}

/// Every run of digits that may be a phone number masked, and the call's own number however short.
fn without_numbers(text: &str, number: &str) -> String {
    let digits = number.trim_start_matches('+');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest.len(), |length| start + length);
        shown.push_str(&rest[..start]);
        let run = &rest[start..end];
        let is_number = run.len() >= NUMBER_DIGITS || (!digits.is_empty() && run == digits);
        match is_number {
            true => shown.push_str(&mask(run)),
            false => shown.push_str(run),
        }
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use live::lines::LegId;

    use super::*;

    fn traced(ms: u64, sent: bool, port: u16, text: &str) -> Traced {
        Traced {
            at: UNIX_EPOCH + Duration::from_millis(ms),
            sent,
            peer: Some(([127, 0, 0, 1], port).into()),
            text: text.into(),
        }
    }

    #[test]
    fn two_legs_become_one_ladder() {
        let invite = "INVITE sip:8613800138000@x SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n";
        let ok = "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n";
        let phone = LegTrace {
            leg: LegId::default(),
            messages: vec![traced(30, true, 9, invite), traced(40, false, 9, ok)],
        };
        let without_peer = |message| Traced {
            peer: None,
            ..message
        };
        let customer = LegTrace {
            leg: LegId::default(),
            messages: vec![
                traced(10, true, 7, invite),
                without_peer(traced(50, false, 7, ok)),
            ],
        };
        let shown = ladder("cal_1", vec![phone, customer]);
        assert_eq!(shown.peers, ["127.0.0.1:7", "127.0.0.1:9"]);
        let order: Vec<_> = shown
            .messages
            .iter()
            .map(|m| (m.leg, m.peer, m.sent))
            .collect();
        assert_eq!(
            order,
            [(1, 0, true), (2, 1, true), (2, 1, false), (1, 0, false)]
        );
        assert_eq!(shown.messages[0].title, "INVITE");
        assert_eq!(shown.messages[2].title, "200 OK (INVITE)");
    }

    #[test]
    fn no_number_is_left_in_a_masked_message() {
        let text = "INVITE sip:+8613800138000@10.0.0.1:5060;a=55501 SIP/2.0\r\nFrom: <sip:55501@x>";
        let shown = without_numbers(text, "+55501");
        assert!(
            !shown.contains("13800138000") && !shown.contains("55501"),
            "{shown}"
        );
        assert!(shown.contains("@10.0.0.1:5060"), "{shown}");
    }
}
