//! What a run leaves behind, line by line: the one definition of `run.jsonl`, for whoever writes it and
//! whoever reads it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tcpspec_core::requirement::{Level, Threshold};

/// The version of the format. A reader of another one refuses it: every change of a field raises it.
pub const FORMAT: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The first line: what is run, and where.
    Header(Box<Header>),
    /// One trial, as soon as its verdict is known.
    Trial(Box<Trial>),
    /// The last line. Without it the file was cut off.
    Footer(Footer),
}

/// What is run, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of tcpspec.
    pub tcpspec: String,
    /// What is tested.
    pub target: Target,
    /// Release of the kernel under the bench.
    pub kernel: String,
    /// Hexadecimal, as `--seed` takes it.
    pub seed: String,
    /// The command line, the program first.
    pub command: Vec<String>,
    /// `must`, `should`, `may`: what makes the run red.
    pub level: String,
    /// Where known deviations are listed: a file, or `none`.
    pub ledger: String,
    /// The deliberate fault between bench and target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When the run began: RFC 3339, UTC.
    pub started: String,
    /// How many trials the filters select: so many lines follow, unless the run is interrupted.
    pub selected: usize,
    /// Which share of a run it is, where several machines run one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// A share of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
    /// Trials of all shares together.
    pub selected: usize,
}

/// What is tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its profile's name.
    pub name: String,
    /// How the bench gets at it.
    pub kind: TargetKind,
    /// Its version, where it is known: of the kernel the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `v4`, `v6`: the families in which it has an address.
    pub families: Vec<String>,
    /// Of the kernel: the settings that move verdicts, as they are in its namespace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
}

/// How the bench gets at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// This machine's kernel.
    Kernel,
    /// A library in this process, on virtual time.
    Simulated,
    /// A host on an interface.
    Device,
}

/// What a trial said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Its id: stable over versions.
    pub id: String,
    /// `area/file/case`
    pub case: String,
    /// `v4`, `v6`
    pub family: String,
    /// The columns of the case's table, `{"state": "ESTABLISHED"}`; a row with a name of its own has it
    /// under `name`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub row: BTreeMap<String, String>,
    /// What the target must do.
    pub title: String,
    /// What the case shows, those first that concern this trial.
    pub requirements: Vec<Requirement>,
    /// What it said.
    pub verdict: Verdict,
    /// Whether that makes the run red.
    pub red: bool,
    /// What was found, the deciding one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why it was skipped, not run, or has no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The entries of the ledger that expect what was found, one for each class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<LedgerEntry>,
    /// Microseconds from its beginning to its verdict; on virtual time, of that.
    pub took_us: u64,
    /// 2 where it was repeated; 0 where it was not run.
    pub attempts: u32,
    /// Microseconds that the bench was late in it, at most.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub late_us: u64,
    /// Microseconds from the start of the run to its first event. None on virtual time, where each trial
    /// has a clock of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_us: Option<u64>,
    /// Its packets: a file beside this one, `pcap/….pcapng`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// The whole story, where it is no plain pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Box<Story>>,
}

/// A requirement, by name: the catalogue says more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// `MUST-13`
    pub id: String,
    /// `MUST`
    pub level: String,
    /// `RFC 9293 section 3.6.1`
    pub section: String,
}

/// What a trial says, the ledger consulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every step was seen.
    Pass,
    /// A MAY: which way the target goes.
    Info,
    /// A SHOULD was not followed.
    Deviation,
    /// What was found is in the ledger.
    Expected,
    /// Target or upper tester lack what the case needs.
    Skip,
    /// It is slow, and slow ones were not asked for.
    NotRun,
    /// A MUST was broken.
    Fail,
    /// The state that the case starts from was not reached.
    Inconclusive,
    /// The bench's own fault.
    Error,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Its class: `silent-where-answer-required`.
    pub code: String,
    /// What the class means.
    pub meaning: String,
    /// The requirement broken, where the finding has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// What the bench did.
    pub did: String,
    /// What the requirement demands.
    pub expected: String,
    /// What was seen.
    pub saw: String,
    /// Only the fields that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// The step that found it: `cases/reset/received.yaml:110:9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The rung of the ladder that shows it, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<usize>,
}

/// One field, required and found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// `ack`, `option mss`
    pub field: String,
    /// Required.
    pub expected: String,
    /// Found.
    pub found: String,
}

/// An entry of the ledger that expects a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// The class that it expects.
    pub finding: String,
    /// Why it is accepted.
    pub reason: String,
    /// Where that is documented, or was measured.
    pub source: String,
    /// Its last day, `2027-03-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// `cases/ledger/linux.yaml:12`
    pub place: String,
}

/// Everything needed to see why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Why it matters.
    pub effect: String,
    /// Where the case is written: `cases/closing/passive.yaml:41`.
    pub place: String,
    /// The command that repeats exactly this trial.
    pub again: String,
    /// Everything that happened, in the order in which it did.
    pub ladder: Vec<Rung>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Nanoseconds since the first one.
    pub at_ns: u64,
    /// What kind of thing.
    pub kind: RungKind,
    /// The connection concerned; none: the trial as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// In one line: `SYN ACK seq=0 ack=1 win=64240 mss=1460`, numbers relative where they can be.
    pub label: String,
    /// The fields of the segment, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Box<Segment>>,
    /// Why no step looked at it, where none did: `a repetition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The step under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// Which way something went, or where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RungKind {
    /// The bench sent it.
    Sent,
    /// It arrived at the bench.
    Received,
    /// The application on the target was asked, or answered; or the target's socket table did.
    AtTarget,
    /// Nothing came until now, where something was expected or silence demanded.
    Nothing,
    /// A remark of the bench.
    Remark,
}

/// The fields of a segment as they were on the wire, numbers as they stood there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Address and port.
    pub source: String,
    /// Address and port.
    pub destination: String,
    /// `SYN ACK`
    pub flags: String,
    /// SEG.SEQ.
    pub seq: u32,
    /// What stands in the field of SEG.ACK.
    pub ack: u32,
    /// Unscaled.
    pub window: u16,
    /// The urgent pointer.
    pub urgent: u16,
    /// The options in their order, octets in hexadecimal, kind and length included.
    pub options: String,
    /// Octets of text.
    pub length: usize,
    /// The checksum, where it was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_checksum: Option<u16>,
    /// The data offset in 32-bit words, where it was another than the options need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odd_data_offset: Option<u8>,
    /// Time to live, hop limit.
    pub ttl: u8,
    /// DSCP and ECN.
    pub tos: u8,
}

/// A step of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `cases/reset/received.yaml:110`
    pub place: String,
    /// Its text in short.
    pub text: String,
    /// Whether it belongs to the way into the first state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preparing: bool,
}

/// How the run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Footer {
    /// How many trials had which verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// What the bench could not do well.
    pub complaints: Vec<String>,
    /// What the target did that no trial can be blamed for, and entries of the ledger that no longer
    /// hold: what else makes the run red.
    pub accusations: Vec<String>,
    /// Of a share of a run: the entries of the ledger of which it has found nothing, and no trial of which is
    /// run nowhere. What all shares name so is stale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfound: Vec<Unfound>,
    /// The signal that ended the run before its end: `SIGINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
    /// The code with which tcpspec exits; none where a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// Milliseconds that the run took.
    pub duration_ms: u64,
}

/// An entry of the ledger of which nothing was found in a share of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unfound {
    /// `cases/ledger/linux.yaml:12`
    pub place: String,
    /// The class that it expects.
    pub finding: String,
    /// Its trials that passed in this share; the others are in other shares, or were skipped.
    pub passed: usize,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Trial {
    /// The strength of its strongest requirement.
    #[must_use]
    pub fn strength(&self) -> Threshold {
        let levels =
            self.requirements.iter().filter_map(|requirement| requirement.level.parse::<Level>().ok());
        levels.map(Level::strength).max().unwrap_or(Threshold::May)
    }
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::Info,
        Self::Deviation,
        Self::Expected,
        Self::Skip,
        Self::NotRun,
        Self::Fail,
        Self::Inconclusive,
        Self::Error,
    ];

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Deviation => "deviation",
            Self::Expected => "expected",
            Self::Skip => "skip",
            Self::NotRun => "not-run",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
        }
    }
}
