//! Whole shifts of chance: hours of virtual time, thousands of calls, held against what must
//! always be true. A failure names its seed: `play(seed)` repeats it to the last command.

mod books;
mod in_call;
mod people;
mod phones;
mod plan;
mod switch;
mod world;

use world::World;

/// Each seed is another shift, with other people, faults and orders.
const SEEDS: std::ops::Range<u64> = 0..24;

#[test]
fn whatever_happens_in_a_shift_the_books_add_up() {
    let shifts: Vec<World> = SEEDS.map(play).collect();
    let calls: usize = shifts.iter().map(World::calls).sum();
    assert!(
        calls > 5_000,
        "only {calls} calls: the shifts are too quiet"
    );
    let sum = |what: fn(&World) -> usize| shifts.iter().map(what).sum::<usize>();
    let (stops, lost) = (
        sum(|world| world.books.stops),
        sum(|world| world.books.lost),
    );
    assert!(stops > 4 && lost > 20, "{lost} lost, {stops} caps reached");
    let moved_on = sum(|world| world.moved_on);
    assert!(moved_on > 50, "{moved_on} dials went on by another gateway");
}

#[test]
fn the_same_shift_gives_the_same_commands() {
    let (one, other) = (play(3), play(3));
    assert!(one.commands == other.commands, "the shifts differ");
}

/// How long a large shift lasts; milliseconds.
const LARGE_SHIFT: i64 = 3 * 60_000;

#[test]
fn two_hundred_agents_are_no_other_matter() {
    let size = plan::Size {
        agents: 200,
        channels: 600,
        cps: 50,
        leads: 1_500,
    };
    let calls = [100, 101, 102, 103, 104, 105].map(|seed| {
        let mut world = World::new(seed, Some(size));
        world.play_for(LARGE_SHIFT);
        world.calls()
    });
    assert!(calls.iter().sum::<usize>() > 300, "only {calls:?} calls");
}

/// Plays a shift to its end, and says its seed when something breaks.
fn play(seed: u64) -> World {
    let played = std::panic::catch_unwind(|| {
        let mut world = World::new(seed, None);
        world.play();
        world
    });
    played.unwrap_or_else(|_| panic!("the shift of seed {seed} broke a promise; see above"))
}
