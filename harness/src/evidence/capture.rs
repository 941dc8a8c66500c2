//! The packets of one trial as a capture: what Wireshark then shows is the story of the trial.

use super::clock::RecordClock;
use super::event::Trial;
use super::pcapng::{Packet, Section};
use crate::report::rungs;
use tcpspec_core::verdict::{Outcome, Record, Sender};

/// Trials that get a file of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Captures {
    /// Those in which something was found
    #[default]
    Fail,
    /// Every one that was run
    All,
    /// None
    None,
}

impl Captures {
    pub(super) fn wants(self, outcome: &Outcome) -> bool {
        let wanted = match self {
            Self::All => true,
            Self::Fail => !outcome.findings.is_empty(),
            Self::None => false,
        };
        wanted && !outcome.record.packets.is_empty()
    }
}

/// The name of a trial's capture: its id with what no file system or shell minds. Two ids never have
/// the same.
pub(crate) fn file_name(id: &str) -> String {
    let mut name: String = id
        .chars()
        .map(|character| match character {
            // A case has no full stop in its id, and no id a tilde.
            '/' => '.',
            ':' => '~',
            other if other.is_ascii_alphanumeric() || "._+-=".contains(other) => other,
            _ => '_',
        })
        .collect();
    if name.len() > LONGEST {
        let end = format!("~{:016x}", crate::runner::fnv(id));
        name.truncate(LONGEST - end.len());
        name.push_str(&end);
    }
    format!("{name}.pcapng")
}

/// A file system has room for 255 octets.
const LONGEST: usize = 200;

/// What stands at the head of the file.
pub(super) fn section(trial: &Trial, kernel: &str) -> Section {
    Section {
        hardware: std::env::consts::ARCH.into(),
        os: format!("Linux {kernel}"),
        application: format!("tcpspec {}", env!("CARGO_PKG_VERSION")),
        comment: format!("{}\n{}\n{}", trial.id, trial.title, verdict(trial)),
    }
}

/// The packets in the order in which they crossed the wire, each with the step under way; what was found
/// stands beside the packet that shows it, the verdict beside the last.
pub(super) fn packets<'r>(record: &'r Record, trial: &Trial, clock: RecordClock) -> Vec<Packet<'r>> {
    let rungs = rungs(record);
    let mut kept: Vec<_> = record.packets.iter().collect();
    kept.sort_by_key(|packet| packet.at);
    let last = kept.len().saturating_sub(1);
    let packet = |(place, kept): (usize, &'r tcpspec_core::verdict::KeptPacket)| {
        let mut lines = Vec::new();
        let rung = rungs.iter().position(|rung| rung.index == kept.event);
        if let Some(rung) = rung.map(|place| &rungs[place]) {
            lines.extend(
                rung.event
                    .origin
                    .as_ref()
                    .map(|origin| format!("{}:{}  {}", origin.place.file, origin.place.line, origin.text)),
            );
            lines.push(rung.told.text());
        }
        let found = trial.findings.iter().filter(|finding| finding.rung.is_some() && finding.rung == rung);
        lines.extend(found.map(|finding| {
            format!("✗ {}: expected {}; saw {}", finding.code, finding.expected, finding.saw)
        }));
        if place == last {
            lines.push(verdict(trial));
        }
        Packet {
            at: clock.nanoseconds(kept.at),
            outbound: kept.from == Sender::Bench,
            octets: &kept.octets,
            comment: lines.join("\n"),
        }
    };
    kept.into_iter().enumerate().map(packet).collect()
}

fn verdict(trial: &Trial) -> String {
    let word = trial.verdict.word();
    match trial.findings.first() {
        Some(found) => {
            format!("verdict: {word}: {}: expected {}; saw {}", found.code, found.expected, found.saw)
        }
        None => format!("verdict: {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn names_of_captures_are_safe_and_stable() {
        assert_eq!(
            file_name("reset/received/rst-beside:v6:state=FIN-WAIT-1:seq=+1"),
            "reset.received.rst-beside~v6~state=FIN-WAIT-1~seq=+1.pcapng"
        );
        assert_eq!(file_name("a/../b c\n'ü"), "a....b_c___.pcapng");
        let [one, other] = ["x", "y"].map(|end| file_name(&format!("area/file/{}{end}", "long-".repeat(80))));
        assert_eq!((one.len(), other.len()), (LONGEST + 7, LONGEST + 7));
        assert_ne!(one, other);
    }
}
