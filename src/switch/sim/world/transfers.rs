//! Transfers that one end asks the other for.

use super::{Stage, World};
use crate::{CommandId, EventKind, LegId, Refused};

impl World {
    pub(in crate::sim) fn refer(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        to: String,
        replaces: Option<LegId>,
    ) -> Result<(), Refused> {
        let replaced = match replaces {
            Some(other) => Some(self.leg(end, other)?.far),
            None => None,
        };
        let leg = self.leg(end, id)?;
        let (far, stage) = (leg.far, leg.stage);
        let busy = self.leg(1 - end, far)?.asked_transfer;
        if stage != Stage::Answered || busy {
            let why = "only answered legs can be transferred, and once at a time";
            self.fail(end, id, command, why);
            return Ok(());
        }
        self.leg(1 - end, far)?.asked_transfer = true;
        let asked = EventKind::TransferAsked {
            to,
            replaces: replaced,
        };
        self.tell(1 - end, far, asked);
        Ok(())
    }

    pub(in crate::sim) fn transfer_result(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        sip_status: u16,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        let (far, done) = (leg.far, sip_status >= 200);
        if !leg.asked_transfer {
            self.fail(end, id, command, "no transfer was asked for");
            return Ok(());
        }
        leg.asked_transfer = !done;
        self.tell(
            1 - end,
            far,
            EventKind::TransferProgress { sip_status, done },
        );
        Ok(())
    }
}
