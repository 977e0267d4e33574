//! The protocol's short rows: `[17,"ring",4.1]`, `["pickup",17,9.2]`. More may follow and is passed
//! over.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::Value;

/// An agent or a call: number, state, seconds in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub id: u64,
    pub state: String,
    pub s: f64,
}

/// Something that happened: its name and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    rest: Vec<Value>,
}

impl Event {
    /// The number of a call or an agent.
    pub fn id(&self, place: usize) -> Option<u64> {
        self.rest.get(place).and_then(Value::as_u64)
    }

    /// Seconds; finite and not negative.
    pub fn seconds(&self, place: usize) -> Option<f64> {
        let value = self.rest.get(place).and_then(Value::as_f64);
        value.filter(|s| s.is_finite() && *s >= 0.0)
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(SeenVisitor)
    }
}

struct SeenVisitor;

impl<'de> Visitor<'de> for SeenVisitor {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[number, state, seconds]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Seen, A::Error> {
        let missing = |place| A::Error::invalid_length(place, &"[number, state, seconds]");
        let id = row.next_element()?.ok_or_else(|| missing(0))?;
        let state = row.next_element()?.ok_or_else(|| missing(1))?;
        let s: f64 = row.next_element()?.ok_or_else(|| missing(2))?;
        while row.next_element::<IgnoredAny>()?.is_some() {}
        if !(0.0..1e9).contains(&s) {
            return Err(A::Error::custom("seconds must be 0 or more"));
        }
        Ok(Seen { id, state, s })
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut row = Vec::<Value>::deserialize(from)?.into_iter();
        match row.next() {
            Some(Value::String(name)) => Ok(Self {
                name,
                rest: row.collect(),
            }),
            _ => Err(D::Error::custom("an event starts with its name")),
        }
    }
}
