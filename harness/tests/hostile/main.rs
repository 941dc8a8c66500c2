//! Targets that mean harm: whatever they send, a run ends by itself, in time, within its memory, and
//! blames the target for nothing that the bench did not see.
//!
//! A program of its own, because namespaces must be made before the process has a second thread:
//! the trials run one after another on the main thread.

#[path = "../device/lab.rs"]
mod lab;
mod manners;
#[path = "../device/relay.rs"]
mod relay;
#[path = "../device/runs.rs"]
mod runs;
mod target;
#[path = "../device/tools.rs"]
mod tools;

use lab::Lab;
use libtest_mimic::{Arguments, Completion, Trial};
use manners::Manner;
use runs::Run;
use std::time::Duration;
use target::{Frozen, Honest, Hostile};

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = vec![
        trial("answers_of_garbage", || accompanied_by(Manner::Garbage)),
        trial("nonsense_on_the_right_connection", || answered_by(Manner::Nonsense)),
        trial("retransmissions_that_never_end", || answered_by(Manner::Retransmissions)),
        trial("storm_of_icmp_errors", || accompanied_by(Manner::Icmp)),
        trial("storm_of_arp_and_neighbour_discovery", || accompanied_by(Manner::Neighbours)),
        trial("silence_after_the_handshake", silence_after_the_handshake),
        trial("flood_of_large_segments_on_every_connection", || answered_by(Manner::LargeSegments)),
        trial("flood_beside_a_good_target_is_an_error_and_no_failure", flood_beside_a_good_target),
        trial("claim_of_every_address_is_told", claim_of_every_address_is_told),
        trial("garbage_from_the_beginning_is_no_target", garbage_from_the_beginning),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// Some trials against a target that opens connections and then has these manners.
fn answered_by(manner: Manner) {
    let lab = Lab::without_addresses();
    let run = disturbed(&lab, manner);
    assert_eq!(run.code, Some(RED), "{}", run.text);
    assert_eq!(run.count("pass"), 0, "{}", run.text);
}

/// Some trials against a real stack with a real service, of which somebody with its addresses has these
/// manners besides.
fn accompanied_by(manner: Manner) {
    let lab = Lab::new();
    let honest = Honest::start(lab.device());
    let run = disturbed(&lab, manner);
    honest.end();
    assert!(matches!(run.code, Some(GREEN | RED | BENCH_FAULT)), "{:?}\n{}", run.code, run.text);
}

fn disturbed(lab: &Lab, manner: Manner) -> Run {
    let hostile = Hostile::start(lab.device(), manner);
    let run = lab.tcpspec(&profile(), &FEW);
    let sent = hostile.end();
    println!("{manner:?}: {sent}, {}", told(&run));
    assert_sound(&run);
    assert!(sent.frames > 500, "{sent}");
    run
}

fn silence_after_the_handshake() {
    let lab = Lab::without_addresses();
    let hostile = Hostile::start(lab.device(), Manner::Dead);
    let run = lab.tcpspec(&profile(), &FEW[..1]);
    let sent = hostile.end();
    println!("Dead: {sent}, {}", told(&run));
    assert_sound(&run);
    assert_eq!((run.code, run.count("error")), (Some(RED), 0), "{}", run.text);
}

/// A real stack with a real service, and somebody else on its wire who never stops; and a machine that
/// is so busy that the bench cannot read all of it.
fn flood_beside_a_good_target() {
    let lab = Lab::new();
    let honest = Honest::start(lab.device());
    let quiet = lab.tcpspec(&profile(), &FEW);
    assert!(quiet.count("pass") > 5 && quiet.count("error") == 0, "{}", quiet.text);
    let hostile = Hostile::start(lab.device(), Manner::Flood);
    let mut running = lab.begin_tcpspec(&profile(), &FEW);
    let frozen = Frozen::now_and_then(running.id());
    running.until_silent();
    frozen.end();
    let run = running.end();
    let sent = hostile.end();
    honest.end();
    println!("Flood: {sent}, {}", told(&run));
    assert_sound(&run);
    let blamed = ["fail", "inconclusive", "deviation"].map(|word| (run.count(word), quiet.count(word)));
    assert!(blamed.iter().all(|(flooded, quiet)| flooded <= quiet), "{blamed:?}\n{}", run.text);
    assert!(run.count("error") > 0 && run.text.contains("bench-lost-frames"), "{}", run.text);
}

fn claim_of_every_address_is_told() {
    let lab = Lab::without_addresses();
    let hostile = Hostile::start(lab.device(), Manner::Claims);
    let run = lab.tcpspec(&profile(), &FEW);
    hostile.end();
    assert_sound(&run);
    run.assert_refused(UNABLE, &["are in use by others"]);
}

fn garbage_from_the_beginning() {
    let lab = Lab::without_addresses();
    let hostile = Hostile::start(lab.device(), Manner::OnlyGarbage);
    let run = lab.tcpspec(&profile(), &FEW);
    hostile.end();
    assert_sound(&run);
    run.assert_refused(UNREACHABLE, &["does not answer a SYN to its echo service"]);
}

/// What holds whatever a target does.
fn assert_sound(run: &Run) {
    assert!(!run.text.contains("panicked") && !run.text.contains("a bug in"), "{}", run.text);
    assert!(run.code.is_some(), "killed: {}", run.text);
    assert!(run.took < LONGEST, "it took {:?}\n{}", run.took, run.text);
    assert!(run.peak_memory < MOST_MEMORY, "{} MB\n{}", run.peak_memory >> 20, run.text);
}

fn told(run: &Run) -> String {
    format!("{:?} after {:.1?}, at most {} MB", run.verdicts(), run.took, run.peak_memory >> 20)
}

fn profile() -> String {
    String::from(
        "name: hostile\nkind: device\ninterface: bench\naddress: {v4: 192.0.2.7, v6: 2001:db8::7}\n\
         bench: {v4: 192.0.2.100-192.0.2.199, v6: 2001:db8::100-2001:db8::1ff}\nservices: {echo: 7}\n\
         claims: [challenge-ack, delayed-ack, sack, timestamps, window-scale]\n\
         timers: {msl: 1s, rto-min: 200ms, delayed-ack: 200ms}\n",
    )
}

fn trial(name: &str, test: fn()) -> Trial {
    Trial::ignorable_test(name, move || match tools::missing(&[]) {
        Some(why) => tools::not_run(&why),
        None => {
            test();
            Ok(Completion::Completed)
        }
    })
}

/// Trials that wait for seconds, not for minutes.
const FEW: [&str; 4] =
    ["service/echo/text-comes", "service/echo/ten", "reset/received/rst-at", "acceptance/syn/syn-outside"];

/// Two attempts, each at most 20 s longer than all that a trial waits for, and the questions at the end.
const LONGEST: Duration = Duration::from_secs(75);

/// The bench's own bound with a thousand trials, and what a build without optimization takes more.
const MOST_MEMORY: u64 = 120 << 20;

const GREEN: i32 = 0;
const RED: i32 = 1;
const BENCH_FAULT: i32 = 3;
const UNABLE: i32 = 6;
const UNREACHABLE: i32 = 7;
