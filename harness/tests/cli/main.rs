//! The command line as people and scripts use it: the real program, what it says and how it ends.

mod baseline;
mod coverage;
mod doctor;
mod evidence;
mod explain;
mod faults;
mod files;
mod formats;
mod gates;
#[path = "../program/mask.rs"]
mod mask;
mod mistakes;
mod output;
mod paper;
mod pipelines;
#[path = "../program/mod.rs"]
mod program;
mod rights;
mod schema;
mod seeds;
mod selection;
mod tap;
mod terminal;

/// A trial whose finding the built-in ledger knows, and which shows numbers that follow from the seed.
const KNOWN: &str = "reset/received/rst-right-of-the-window-is-ignored:v4:state=ESTABLISHED:seq=1";

/// A trial in which the kernel does not do what a SHOULD says.
const DEVIATING: &str = "reset/received/rst-beside-rcv-nxt-in-time-wait:v4";

/// Four trials that wait for a second each, in silence.
const SILENT: &str = "closed/closed-port/reset-draws-nothing:v4";

/// A case file with a trial that is run, one that is slow, and one that this target cannot show.
const CASES: &str = "about: Three ways to be run\n\ncases:\n  \
    ordinary:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    given: CLOSED\n    steps:\n      \
    - {send: ACK, ack: 7}\n      - {expect: RST, seq: 7}\n  \
    slow:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    slow: true\n    given: CLOSED\n    steps:\n      \
    - {send: ACK, ack: 7}\n      - {expect: RST, seq: 7}\n  \
    impossible:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    needs: [daytime]\n    given: CLOSED\n    steps:\n      \
    - {send: ACK, ack: 7}\n      - {expect: RST, seq: 7}\n";
