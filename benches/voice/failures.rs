//! Calls that failed, by what was said of them.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Failures(BTreeMap<String, u32>);

impl Failures {
    pub fn add(&mut self, why: String) {
        *self.0.entry(why).or_default() += 1;
    }

    pub fn count(&self) -> u32 {
        self.0.values().sum()
    }

    pub fn print(&self) {
        for (why, count) in &self.0 {
            println!("\n{count} calls: {why}");
        }
    }
}
