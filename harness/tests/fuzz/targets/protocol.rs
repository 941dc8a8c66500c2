//! Lines between bench and upper tester: what is understood is said again and understood the same.

use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use tcpspec::upper_tester::protocol::{FromAgent, ToAgent};

pub(crate) fn run(line: &[u8]) {
    said_again::<ToAgent<'_>>(line);
    said_again::<FromAgent>(line);
}

fn said_again<T: Serialize + for<'a> Deserialize<'a> + PartialEq + Debug>(line: &[u8]) {
    match serde_json::from_slice::<T>(line) {
        Ok(message) => {
            let again = serde_json::to_vec(&message).expect("a message can be written");
            assert!(!again.contains(&b'\n'));
            assert_eq!(serde_json::from_slice::<T>(&again).expect("what was written can be read"), message);
        }
        Err(error) => drop(error.to_string()),
    }
}
