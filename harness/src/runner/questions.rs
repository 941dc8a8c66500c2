//! What asks a target whether it is still what it was: trials of no case, with no verdict of their own.

use super::job::{Job, Surroundings};
use super::places::Places;
use super::sandwich::{ANY, PLAIN, Questions};
use std::sync::Arc;
use tcpspec_core::case::{Capability, CaseFile, Script};
use tcpspec_core::profile::Profile;
use tcpspec_core::requirement::Level;

/// The questions that can be asked of this target, for each of its families.
pub(super) fn questions(profile: &Profile, places: &Places, surroundings: &Arc<Surroundings>) -> Questions {
    let ask = |text: &'static str, needs: &[Capability], index| {
        jobs(&script(text)?, needs, index, profile, places, surroundings)
    };
    let is_device = profile.device().is_some();
    let mut plain = PLAIN_CONVERSATIONS.iter().filter(|(need, _)| need.is_some() == is_device);
    let plain = plain.find_map(|(need, text)| ask(text, need.as_slice(), PLAIN)).unwrap_or_default();
    // With an upper tester an own listener would say more of that than of the stack.
    let wanted = if is_device { &ANY_ANSWER[..] } else { &ANY_ANSWER[2..] };
    let any = wanted.iter().filter_map(|text| ask(text, &[], ANY)).flatten().collect();
    Questions { plain, any }
}

fn jobs(
    script: &Arc<Script>,
    needs: &[Capability],
    index: usize,
    profile: &Profile,
    places: &Places,
    surroundings: &Arc<Surroundings>,
) -> Option<Vec<Job>> {
    let place = places.choose(script, needs, &surroundings.config.fixtures).ok()?;
    let longest_wait = script.longest_wait(&|name| profile.variable(name), &profile.tolerance);
    let job = |family| Job {
        index,
        family,
        seed: surroundings.config.seed,
        script: Arc::clone(script),
        level: Level::Must,
        longest_wait,
        private_application: false,
        target_port: place.port.unwrap_or(*profile.ports.target.start()),
        capabilities: Arc::clone(&place.capabilities),
        marks_host: false,
        connections: 1,
        fault: None,
        surroundings: Arc::clone(surroundings),
    };
    Some(surroundings.families.iter().copied().map(job).collect())
}

fn script(text: &'static str) -> Option<Arc<Script>> {
    CaseFile::read("runner/questions.yaml", text).ok()?.cases().first()?.script(0).ok().map(Arc::new)
}

/// Handshake, text, close, with whoever can be talked to: the upper tester, or a service. Only what
/// any stack does is asked for: it is no test.
const PLAIN_CONVERSATIONS: [(Option<Capability>, &str); 5] = [
    (None, IT_IS_TOLD_TO_CLOSE),
    (Some(Capability::Discard), IT_SAYS_NOTHING),
    (Some(Capability::Echo), WE_CLOSE_FIRST),
    (Some(Capability::Http), IT_CLOSES_FIRST),
    (Some(Capability::Daytime), IT_CLOSES_FIRST),
];

/// Its FIN acknowledges our text at once, where an ACK alone may be delayed (RFC 9293 section 3.8.6.3).
const IT_IS_TOLD_TO_CLOSE: &str = "about: x\n\ncases:\n  plain:\n    given: ESTABLISHED\n    steps:\n    \
    - {send: PSH ACK, data: 10, as: text}\n    - {app: receive 10}\n    - {app: close}\n    \
    - {expect: FIN ACK, ack: text.end, drain: yes, within: 5s}\n    - {send: ACK}\n";
/// A service that says something is another, however late it does: its FIN stands where it began.
const IT_SAYS_NOTHING: &str = "about: x\n\ncases:\n  plain:\n    given: ESTABLISHED\n    steps:\n    \
    - {send: PSH ACK, data: 10, as: text}\n    - {expect: ACK, ack: text.end, within: 5s}\n    \
    - {send: FIN ACK, as: fin}\n    - {expect: FIN ACK, seq: ISS + 1, ack: fin.end, within: 5s}\n    \
    - {send: ACK}\n";
const WE_CLOSE_FIRST: &str = "about: x\n\ncases:\n  plain:\n    given: ESTABLISHED\n    steps:\n    \
    - {send: PSH ACK, data: 10, as: text}\n    - {expect: ACK, ack: text.end, within: 5s}\n    \
    - {send: FIN ACK, as: fin}\n    - {expect: [ACK, FIN ACK], ack: fin.end, drain: yes, within: 5s}\n";
const IT_CLOSES_FIRST: &str = "about: x\n\ncases:\n  plain:\n    given: FIN-WAIT-2\n    steps:\n    \
    - {send: FIN ACK, as: fin}\n    - {expect: ACK, ack: fin.end, within: 5s}\n";

/// Half a handshake, which the driver's farewell resets; an ACK for a listener (RFC 9293 section
/// 3.10.7.2); an ACK for nobody (section 3.10.7.1).
const ANY_ANSWER: [&str; 3] = [
    "about: x\n\ncases:\n  syn:\n    given: SYN-RECEIVED\n    steps: []\n",
    "about: x\n\ncases:\n  ack:\n    given: LISTEN\n    steps: [{send: ACK, ack: 1}, {expect: RST}]\n",
    "about: x\n\ncases:\n  ack:\n    given: CLOSED\n    steps: [{send: ACK, ack: 1}, {expect: RST}]\n",
];

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use tcpspec_core::case::Fixtures;

    /// The services at which each of the conversations can be held.
    fn places(services: &str) -> Vec<u16> {
        let text = format!(
            "name: d\nkind: device\nclaims: []\ninterface: eth1\naddress: {{v4: 192.0.2.7}}\n\
             bench: {{v4: 192.0.2.10}}\nservices: {{{services}}}\n"
        );
        let profile = Profile::read("p.yaml", &text).expect("a profile");
        let places = Places::of(&profile, &crate::inputs::capabilities(&profile));
        let fixtures = Fixtures::embedded().expect("fixtures");
        let port = |(need, text): &(Option<Capability>, &'static str)| {
            let script = script(text).expect("a script");
            places.choose(&script, std::slice::from_ref(need.as_ref()?), &fixtures).ok()?.port
        };
        PLAIN_CONVERSATIONS.iter().filter_map(port).collect()
    }

    #[test]
    fn every_question_can_be_asked() {
        let texts = PLAIN_CONVERSATIONS.iter().map(|(_, text)| *text).chain(ANY_ANSWER);
        let wrong = |text| match CaseFile::read("runner/questions.yaml", text) {
            Ok(file) => file.cases()[0].script(0).err().unwrap_or_default(),
            Err(wrong) => wrong,
        };
        let unread: Vec<_> = texts.flat_map(wrong).map(|wrong| wrong.message).collect();
        assert_eq!(unread, Vec::<String>::new());
    }

    #[test]
    fn the_quietest_service_is_talked_to() {
        assert_eq!(places("daytime: 13, http: 80, echo: 7, discard: 9, closed: 81"), [9, 7, 80, 13]);
        assert_eq!(places("discard: 9"), [9]);
    }
}
