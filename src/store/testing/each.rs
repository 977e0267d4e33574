//! What must hold of any values, tried on values that are made up.

use std::fmt::Debug;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::{runtime::Handle, task::block_in_place};

/// Smaller values that are tried once one was found that fails.
const SMALLER: u32 = 60;

/// Tries `holds`, which panics where something is wrong, on so many values: the same ones each time. A
/// value that fails is made as small as it can be. Wants a runtime of several threads.
///
/// # Panics
/// When it does not hold of a value; that is in the message.
pub async fn each<S>(cases: u32, values: S, holds: impl AsyncFn(S::Value))
where
    S: Strategy,
    S::Value: Debug,
{
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: SMALLER,
        ..Config::default()
    };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, dice);
    let here = Handle::current();
    let end = block_in_place(|| {
        runner.run(&values, |value| {
            here.block_on(holds(value));
            Ok(())
        })
    });
    if let Err(error) = end {
        panic!("{error}");
    }
}
