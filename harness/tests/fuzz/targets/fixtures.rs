//! The ways into the states.

use super::text::refused;
use tcpspec_core::case::Fixtures;

pub(crate) fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Err(problems) = Fixtures::read(FILE, text) {
        refused(&problems, FILE, text);
    }
}

const FILE: &str = "cases/fixtures/states.yaml";
