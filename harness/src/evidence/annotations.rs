//! What is red in a run as GitHub's workflow commands: shown at the line of the case, or of the ledger.

use super::event::Trial;
use super::markdown::why;
use super::read::Stream;

/// A command for each trial that is red, and for what no trial can be blamed for. The service shows ten of
/// a step.
pub(crate) fn github(run: &Stream) -> String {
    let trials = run.trials.iter().filter(|trial| trial.red).map(of_trial);
    let accusations = run.footer.accusations.iter().map(|it| accusation(it));
    let complaints = run.footer.complaints.iter().map(|it| command("warning", None, "bench", it));
    trials.chain(accusations).chain(complaints).collect()
}

fn of_trial(trial: &Trial) -> String {
    let place = trial.story.as_ref().and_then(|story| split_place(&story.place));
    let requirement = trial.requirements.first().map(|it| format!("{} ", it.id)).unwrap_or_default();
    let again = trial.story.as_ref().map(|story| format!("\n{}", story.again)).unwrap_or_default();
    let message = format!("{requirement}{}{again}", why(trial));
    command("error", place, &trial.id, &message)
}

/// An entry of the ledger that no longer holds begins with its place.
fn accusation(text: &str) -> String {
    match text.split_once(": ").and_then(|(place, rest)| Some((split_place(place)?, rest))) {
        Some((place, rest)) => command("error", Some(place), "ledger", rest),
        None => command("error", None, "target", text),
    }
}

/// `cases/ledger/linux.yaml:12`
fn split_place(place: &str) -> Option<(&str, u32)> {
    let (file, line) = place.rsplit_once(':')?;
    Some((file, line.parse().ok()?))
}

fn command(name: &str, place: Option<(&str, u32)>, title: &str, message: &str) -> String {
    let place = place.map(|(file, line)| format!("file={},line={line},", property(file)));
    format!("::{name} {}title={}::{}\n", place.unwrap_or_default(), property(title), data(message))
}

/// As the service wants what stands behind the colons.
fn data(text: &str) -> String {
    let shown = text.chars().filter(|character| !character.is_control() || *character == '\n');
    shown.collect::<String>().replace('%', "%25").replace('\n', "%0A")
}

/// As it wants what stands before them.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
