//! The streams that are open, by who is at their other end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rsipstack::transport::SipConnection;

use crate::Hop;

/// Of several to one end, the newest.
#[derive(Default)]
pub(super) struct Flows(Mutex<Table>);

#[derive(Default)]
struct Table {
    open: HashMap<Hop, (u64, SipConnection)>,
    opened: u64,
}

impl Flows {
    pub(super) fn to(&self, hop: Hop) -> Option<SipConnection> {
        let table = self.table();
        table.open.get(&hop).map(|(_, flow)| flow.clone())
    }

    pub(super) fn open(self: &Arc<Self>, to: Hop, connection: SipConnection) -> Flow {
        let mut table = self.table();
        table.opened += 1;
        let number = table.opened;
        table.open.insert(to, (number, connection));
        Flow {
            flows: self.clone(),
            to,
            number,
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them; dropped, it is not found any more.
pub(super) struct Flow {
    flows: Arc<Flows>,
    to: Hop,
    number: u64,
}

impl Drop for Flow {
    fn drop(&mut self) {
        let mut table = self.flows.table();
        let is_newest = |(number, _): &(u64, SipConnection)| *number == self.number;
        if table.open.get(&self.to).is_some_and(is_newest) {
            table.open.remove(&self.to);
        }
    }
}
