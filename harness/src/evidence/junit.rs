//! `junit.xml` from the stream of a run, in the dialect that Jenkins' schema describes and that others read.

use super::event::{Footer, Header, Trial, Verdict};
use super::read::{Events, ReadError};
use super::story::story;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::io::{self, Write};
use std::path::Path;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum JunitError {
    /// The stream is not whole.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Reads the stream at `path`, twice, and writes the report.
///
/// # Errors
/// The stream is not whole, or the report cannot be written.
pub fn write(path: &Path, out: &mut dyn Write) -> Result<(), JunitError> {
    let mut totals = Totals::default();
    let mut events = Events::open(path)?;
    while let Some(trial) = events.next_trial()? {
        totals.count(&trial);
    }
    let footer = events.footer()?;
    let mut events = Events::open(path)?;
    let mut xml = Writer::new_with_indent(out, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suite = begin(&mut xml, &events.header, &footer, &totals)?;
    while let Some(trial) = events.next_trial()? {
        testcase(&mut xml, &trial)?;
    }
    if !footer.complaints.is_empty() || !footer.accusations.is_empty() {
        let lines = footer.complaints.iter().map(|it| format!("bench: {it}\n"));
        let lines = lines.chain(footer.accusations.iter().map(|it| format!("target: {it}\n")));
        text(&mut xml, BytesStart::new("system-out"), &lines.collect::<String>())?;
    }
    for name in suite {
        xml.write_event(Event::End(BytesEnd::new(name)))?;
    }
    xml.get_mut().write_all(b"\n")?;
    Ok(())
}

#[derive(Default)]
struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Totals {
    fn count(&mut self, trial: &Trial) {
        self.tests += 1;
        match Outcome::of(trial) {
            Outcome::Passed => {}
            Outcome::Failed => self.failures += 1,
            Outcome::Undecided => self.errors += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }
}

/// The four things that can be said.
enum Outcome {
    Passed,
    Failed,
    Undecided,
    Skipped,
}

impl Outcome {
    fn of(trial: &Trial) -> Self {
        match trial.verdict {
            Verdict::Skip | Verdict::NotRun => Self::Skipped,
            Verdict::Inconclusive | Verdict::Error => Self::Undecided,
            Verdict::Fail => Self::Failed,
            Verdict::Deviation if trial.red => Self::Failed,
            Verdict::Pass | Verdict::Info | Verdict::Deviation | Verdict::Expected => Self::Passed,
        }
    }
}

type Xml<'w> = Writer<&'w mut dyn Write>;

/// The suite up to its first case; the elements that are open then.
fn begin(
    xml: &mut Xml<'_>,
    header: &Header,
    footer: &Footer,
    totals: &Totals,
) -> io::Result<[&'static str; 2]> {
    let counts = [
        ("tests", totals.tests.to_string()),
        ("failures", totals.failures.to_string()),
        ("errors", totals.errors.to_string()),
    ];
    let name = format!("tcpspec {}", header.target.name);
    let with_counts = |element: &'static str| {
        let mut start = BytesStart::new(element);
        attribute(&mut start, "name", &name);
        counts.iter().for_each(|(name, count)| attribute(&mut start, name, count));
        // The schema has room for three digits here, and for any number in a case.
        let (seconds, rest) = (footer.duration_ms / 1000, footer.duration_ms % 1000);
        attribute(&mut start, "time", &format!("{seconds}.{rest:03}"));
        start
    };
    xml.write_event(Event::Start(with_counts("testsuites")))?;
    let mut suite = with_counts("testsuite");
    attribute(&mut suite, "skipped", &totals.skipped.to_string());
    attribute(&mut suite, "timestamp", &header.started);
    xml.write_event(Event::Start(suite))?;
    xml.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in properties(header, footer) {
        let mut property = BytesStart::new("property");
        attribute(&mut property, "name", &name);
        attribute(&mut property, "value", &value);
        xml.write_event(Event::Empty(property))?;
    }
    xml.write_event(Event::End(BytesEnd::new("properties")))?;
    Ok(["testsuite", "testsuites"])
}

fn properties(header: &Header, footer: &Footer) -> Vec<(String, String)> {
    let target = &header.target;
    let mut all = vec![
        ("tcpspec", header.tcpspec.clone()),
        ("target", target.name.clone()),
        ("target.version", target.version.clone().unwrap_or_default()),
        ("kernel", header.kernel.clone()),
        ("seed", header.seed.clone()),
        ("level", header.level.clone()),
        ("command", header.command.join(" ")),
    ];
    all.extend(header.fault.clone().map(|fault| ("fault", fault)));
    all.extend(footer.interrupted.clone().map(|signal| ("interrupted", signal)));
    let mut all: Vec<_> = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    all.extend(target.sysctls.iter().map(|(name, value)| (format!("sysctl.{name}"), value.clone())));
    all
}

fn testcase(xml: &mut Xml<'_>, trial: &Trial) -> io::Result<()> {
    let mut start = BytesStart::new("testcase");
    // `area.file` is to a server what a class in its package is.
    let (class, name) = trial.id.rsplit_once('/').unwrap_or(("", &trial.id));
    attribute(&mut start, "name", name);
    attribute(&mut start, "classname", &class.replace('/', "."));
    attribute(&mut start, "time", &seconds(trial.took_us));
    let first = trial.findings.first();
    let kind = first.map_or(trial.verdict.word(), |finding| &finding.code);
    let message = match (first, &trial.reason) {
        (Some(finding), _) => format!("expected {}; saw {}", finding.expected, finding.saw),
        (None, reason) => reason.clone().unwrap_or_default(),
    };
    let element = match Outcome::of(trial) {
        Outcome::Passed if trial.findings.is_empty() => {
            return xml.write_event(Event::Empty(start));
        }
        Outcome::Passed => None,
        Outcome::Failed => Some("failure"),
        Outcome::Undecided => Some("error"),
        Outcome::Skipped => Some("skipped"),
    };
    xml.write_event(Event::Start(start))?;
    match element.map(BytesStart::new) {
        None => {
            let said = format!("{}\n{}", trial.verdict.word(), story(trial));
            text(xml, BytesStart::new("system-out"), &said)?;
        }
        Some(mut element) => {
            if trial.story.is_some() || !trial.findings.is_empty() {
                attribute(&mut element, "type", kind);
                attribute(&mut element, "message", &message);
                text(xml, element, &story(trial))?;
            } else {
                attribute(&mut element, "message", &message);
                xml.write_event(Event::Empty(element))?;
            }
        }
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn text(xml: &mut Xml<'_>, start: BytesStart<'_>, text: &str) -> io::Result<()> {
    let end = start.to_end().into_owned();
    xml.write_event(Event::Start(start))?;
    xml.write_event(Event::Text(BytesText::new(&printable(text))))?;
    xml.write_event(Event::End(end))
}

/// A line break in an attribute would be read back as a blank.
fn attribute(start: &mut BytesStart<'_>, name: &str, value: &str) {
    let value = printable(value).replace(['\n', '\r', '\t'], " ");
    start.push_attribute((name, value.as_str()));
}

/// The text without what XML 1.0 cannot hold, not even escaped (section 2.2).
fn printable(text: &str) -> String {
    let is_char = |c: &char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_char(&c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

fn seconds(microseconds: u64) -> String {
    format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000)
}
