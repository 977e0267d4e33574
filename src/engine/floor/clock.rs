//! The wall clock was set: what was due in so long is still due in so long, and what has lasted so long
//! has lasted no longer. Hours and caps are judged by the new time; the books keep theirs.

use super::{Call, Floor, Phase, Times, agents::Agent, campaigns::Campaign, queues::Queue};
use crate::time::Millis;

impl Floor {
    pub(super) fn clock_moved(&mut self, by_ms: i64, now: Millis) {
        self.timers.shift(by_ms);
        for campaign in self.campaigns.values_mut() {
            campaign.shift(by_ms);
        }
        for gateway in self.gateways.values_mut() {
            gateway.state.shift(by_ms);
        }
        for queue in self.queues.values_mut() {
            queue.shift(by_ms);
        }
        for agent in self.agents.values_mut() {
            agent.shift(by_ms);
        }
        shift(self.outside.times(), by_ms);
        shift([&mut self.spared_until], by_ms);
        // A dial that is just being written keeps its time: what the gate saw is as old as that.
        let is_up = |call: &&mut Call| call.phase != Phase::Opening;
        for call in self.calls.values_mut().filter(is_up) {
            call.shift(by_ms);
        }
        self.touch_all(now);
    }
}

impl Campaign {
    fn shift(&mut self, by_ms: i64) {
        let times = [
            &mut self.draw_at,
            &mut self.next_pace,
            &mut self.last_pace,
            &mut self.last_line,
            &mut self.keep_at,
        ];
        shift(times, by_ms);
        // Another time, other places that are open.
        self.audience.look_again();
    }
}

impl Queue {
    fn shift(&mut self, by_ms: i64) {
        let places = self.gave_up.values_mut();
        shift(places.flat_map(|(since, at)| [since, at]), by_ms);
        shift([&mut self.refuses_until], by_ms);
    }
}

impl Agent {
    fn shift(&mut self, by_ms: i64) {
        self.machine.shift(by_ms);
        let times = [&mut self.absent_since, &mut self.signed_in_at];
        shift(times.into_iter().flatten(), by_ms);
        shift([&mut self.rests_until], by_ms);
    }
}

impl Call {
    fn shift(&mut self, by_ms: i64) {
        self.times.shift(by_ms);
        if let Some(before) = &mut self.before {
            before.shift(by_ms);
        }
        let later = [
            &mut self.gave_up,
            &mut self.waits_since,
            &mut self.way.left_at,
            &mut self.way.told_at,
            &mut self.way.rings_since,
            &mut self.way.talked_until,
        ];
        shift(later.into_iter().flatten(), by_ms);
        shift(
            self.parties.code.iter_mut().map(|code| &mut code.until),
            by_ms,
        );
        let dialling = self.parties.dialling.iter_mut();
        shift(dialling.map(|dialling| &mut dialling.until), by_ms);
        shift(self.log.times(), by_ms);
        if let Some(visit) = &mut self.way.ivr {
            visit.shift(by_ms);
        }
        if let Some(robot) = &mut self.way.robot {
            robot.dialogue.shift(by_ms);
        }
        if let Phase::Offered { until, .. } = &mut self.phase {
            shift([until], by_ms);
        }
        shift(self.parties.conferred.iter_mut(), by_ms);
        shift(self.also_rung.iter_mut().map(|rung| &mut rung.until), by_ms);
    }
}

impl Times {
    fn shift(&mut self, by_ms: i64) {
        let later = [
            &mut self.ringing,
            &mut self.answered,
            &mut self.greeted,
            &mut self.queued,
            &mut self.offered,
            &mut self.bridged,
        ];
        shift(later.into_iter().flatten(), by_ms);
        shift([&mut self.started], by_ms);
    }
}

fn shift<'a>(times: impl IntoIterator<Item = &'a mut Millis>, by_ms: i64) {
    for at in times {
        *at = at.plus(by_ms);
    }
}
