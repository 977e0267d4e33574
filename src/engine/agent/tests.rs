use super::*;

const CALL: CallId = CallId(1);

fn ready() -> Machine {
    let mut agent = Machine::default();
    agent.sign_in(Millis(0)).unwrap();
    agent.ready(Millis(1)).unwrap();
    agent
}

#[test]
fn a_queue_call_runs_from_ready_to_ready() {
    let mut agent = ready();
    agent.offer(CALL, Millis(2)).unwrap();
    assert_eq!(agent.state().sub_name(), Some("ringing"));
    agent.answer(Millis(3)).unwrap();
    agent.call_over(Some(10_000), Millis(4)).unwrap();
    assert_eq!(
        agent.state(),
        &State::WrapUp {
            call: CALL,
            until: Some(Millis(10_004))
        }
    );
    agent.wrap_up_over(Millis(10_004)).unwrap();
    assert!(agent.is_ready());
}

#[test]
fn a_break_asked_for_on_the_call_begins_after_it() {
    let mut agent = ready();
    agent.offer(CALL, Millis(2)).unwrap();
    agent.answer(Millis(3)).unwrap();
    agent
        .not_ready(Unready::Break, Some("lunch".into()), Millis(4))
        .unwrap();
    agent.call_over(Some(0), Millis(5)).unwrap();
    assert_eq!(
        agent.state(),
        &State::WrapUp {
            call: CALL,
            until: None
        }
    );
    agent.wrap_up_over(Millis(6)).unwrap();
    assert_eq!(agent.state().reason(), Some("lunch"));
}

#[test]
fn an_offer_that_rings_out_too_often_puts_the_agent_on_a_break() {
    let mut agent = ready();
    agent.offer(CALL, Millis(2)).unwrap();
    agent.offer_over(false, Millis(3)).unwrap();
    assert!(agent.is_ready());
    agent.offer(CALL, Millis(4)).unwrap();
    agent.offer_over(true, Millis(5)).unwrap();
    assert_eq!(agent.state().sub_name(), Some("break"));
}

#[test]
fn a_dial_from_unready_returns_to_unready() {
    let mut agent = Machine::default();
    agent.sign_in(Millis(0)).unwrap();
    agent.dial(CALL, Millis(1)).unwrap();
    agent.answer(Millis(2)).unwrap();
    agent.call_over(None, Millis(3)).unwrap();
    assert_eq!(agent.state().sub_name(), Some("wait"));
}

#[test]
fn steps_that_do_not_fit_change_nothing() {
    let mut agent = ready();
    agent.offer(CALL, Millis(2)).unwrap();
    let before = agent.clone();
    assert!(agent.sign_out(Millis(3)).is_err());
    assert!(agent.sign_in(Millis(3)).is_err());
    assert!(agent.wrap_up_over(Millis(3)).is_err());
    assert!(agent.offer(CallId(2), Millis(3)).is_err());
    assert!(agent.preview("led_1".into(), None, Millis(3)).is_err());
    assert_eq!(agent, before);
    assert!(Machine::default().ready(Millis(0)).is_err());
}
