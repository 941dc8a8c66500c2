//! Where on the target a trial takes place: a port of its own, one where nothing listens, or that of
//! an ordinary service which stands in for the application.

use std::collections::BTreeSet;
use std::sync::Arc;
use tcpspec_core::case::{Capability, Fixtures, Script};
use tcpspec_core::profile::Profile;
use tcpspec_core::state::State;

/// A place for trials, and what can be done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The service; `None`: nobody listens, or an agent does.
    service: Option<Capability>,
    /// The target's port; `None`: each trial has its own, or the service is not there.
    pub port: Option<u16>,
    /// What the target, and whoever plays its application, can do here.
    pub capabilities: Arc<BTreeSet<Capability>>,
}

/// The places of a target, those that suit more cases first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places(Vec<Place>);

/// The services, the quietest first: discard never says anything, the last two close first.
const SERVICES: [Capability; 4] =
    [Capability::Discard, Capability::Echo, Capability::Http, Capability::Daytime];

impl Places {
    /// The places of the target that `profile` describes and that can do all of `capabilities`.
    #[must_use]
    pub fn of(profile: &Profile, capabilities: &BTreeSet<Capability>) -> Self {
        let Some(device) = profile.device() else {
            let capabilities = Arc::new(capabilities.clone());
            return Self(vec![Place { service: None, port: None, capabilities }]);
        };
        let without_services = || capabilities.iter().copied().filter(|one| !SERVICES.contains(one));
        let nobody = Place {
            service: None,
            port: device.services.closed,
            capabilities: Arc::new(without_services().collect()),
        };
        let service = |service| {
            let port = match service {
                Capability::Discard => device.services.discard,
                Capability::Echo => device.services.echo,
                Capability::Http => device.services.http,
                _ => device.services.daytime,
            };
            let here = without_services().filter(|one| *one != Capability::Closed).chain([service]);
            Place { service: Some(service), port, capabilities: Arc::new(here.collect()) }
        };
        Self(SERVICES.into_iter().map(service).chain([nobody]).collect())
    }

    /// The first place where a trial of `script`, whose case needs `needs` besides, can take place.
    ///
    /// # Errors
    /// There is none: what is lacking where the least is.
    pub fn choose(
        &self,
        script: &Script,
        needs: &[Capability],
        fixtures: &Fixtures,
    ) -> Result<&Place, BTreeSet<Capability>> {
        let mut least: Option<BTreeSet<Capability>> = None;
        for place in &self.0 {
            let missing = place.missing(script, needs, fixtures);
            if missing.is_empty() {
                return Ok(place);
            }
            if least.as_ref().is_none_or(|least| missing.len() < least.len()) {
                least = Some(missing);
            }
        }
        Err(least.unwrap_or_default())
    }
}

impl Place {
    fn missing(&self, script: &Script, needs: &[Capability], fixtures: &Fixtures) -> BTreeSet<Capability> {
        let mut wanted = script.capabilities();
        wanted.extend(needs);
        if script.given.iter().any(|given| given.state == State::Closed) {
            wanted.insert(Capability::Closed);
        }
        // A case that is not made for a service counts on an application that says nothing unasked.
        let is_meant = self.service.is_none_or(|service| needs.contains(&service));
        if !is_meant && self.service != Some(Capability::Discard) && script.speaks() {
            wanted.insert(Capability::Discard);
        }
        let mut missing: BTreeSet<_> = wanted.difference(&self.capabilities).copied().collect();
        missing.extend(self.service.filter(|_| self.port.is_none()));
        for given in &script.given {
            missing.extend(fixtures.missing(given.state, given.by, &self.capabilities).unwrap_or_default());
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use tcpspec_core::case::CaseFile;

    fn device(services: &str) -> (Places, Fixtures) {
        let text = format!(
            "name: d\nkind: device\nclaims: []\ninterface: eth1\naddress: {{v4: 192.0.2.7}}\n\
             bench: {{v4: 192.0.2.10}}\nservices: {{{services}}}\n"
        );
        let profile = Profile::read("p.yaml", &text).expect("a profile");
        let places = Places::of(&profile, &crate::run::capabilities(&profile));
        (places, Fixtures::embedded().expect("fixtures"))
    }

    fn choose(services: &str, needs: &[Capability], given: &str, steps: &str) -> Result<u16, Vec<String>> {
        let text = format!("about: x\n\ncases:\n  one:\n    given: {given}\n    steps: {steps}\n");
        let file = CaseFile::read("cases/area/file.yaml", text).expect("a file");
        let script = file.cases()[0].script(0).expect("a script");
        let (places, fixtures) = device(services);
        let chosen = places.choose(&script, needs, &fixtures);
        chosen
            .map(|place| place.port.unwrap_or_default())
            .map_err(|missing| missing.iter().map(ToString::to_string).collect())
    }

    const ALL: &str = "echo: 7, discard: 9, daytime: 13, http: 80, closed: 81";

    #[test]
    fn a_state_is_reached_at_the_first_service_whose_way_leads_there() {
        let at = |given: &str| choose(ALL, &[], given, "[]");
        let states = ["CLOSED", "LISTEN", "SYN-RECEIVED", "ESTABLISHED", "LAST-ACK"];
        assert_eq!(states.map(at), [Ok(81), Ok(9), Ok(9), Ok(9), Ok(9)]);
        let states = ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "TIME-WAIT"];
        assert_eq!(states.map(at), [Ok(80), Ok(80), Ok(80), Ok(80)]);
        assert_eq!(choose("daytime: 13", &[], "TIME-WAIT", "[]"), Ok(13));
    }

    #[test]
    fn a_case_that_needs_a_service_gets_its_port() {
        let at = |service| choose(ALL, &[service], "LISTEN", "[{send: ACK, ack: 1, data: 10}]");
        assert_eq!(
            [Capability::Echo, Capability::Discard, Capability::Daytime, Capability::Http].map(at),
            [Ok(7), Ok(9), Ok(13), Ok(80)]
        );
    }

    #[test]
    fn a_case_that_speaks_needs_a_service_that_only_listens() {
        let speaks = |services: &str| choose(services, &[], "ESTABLISHED", "[{send: ACK, data: 10}]");
        let quiet = |services: &str| choose(services, &[], "ESTABLISHED", "[{send: ACK}]");
        assert_eq!(speaks(ALL), Ok(9));
        assert_eq!((speaks("echo: 7"), quiet("echo: 7")), (Err(vec!["discard".into()]), Ok(7)));
        assert_eq!((speaks("http: 80"), quiet("http: 80")), (Err(vec!["discard".into()]), Ok(80)));
    }

    #[test]
    fn what_is_lacking_is_told_for_the_place_that_lacks_the_least() {
        let lacks = |services: &str, given: &str, steps: &str| {
            choose(services, &[], given, steps).expect_err("it lacks something").join(" ")
        };
        assert_eq!(
            [
                lacks("echo: 7", "CLOSED", "[]"),
                lacks("closed: 81", "ESTABLISHED", "[]"),
                lacks("discard: 9", "TIME-WAIT", "[]"),
                lacks(ALL, "CLOSE-WAIT", "[]"),
                lacks(ALL, "SYN-SENT", "[]"),
                lacks(ALL, "ESTABLISHED", "[{app: send 10}]"),
                lacks(ALL, "ESTABLISHED", "[{send: FIN ACK}, {expect: ACK}]"),
            ],
            ["closed", "discard", "daytime", "hold-open", "connect", "send", "hold-open"]
        );
    }

    #[test]
    fn connections_of_one_trial_are_at_one_place() {
        let given = "{a: CLOSED, b: ESTABLISHED}";
        assert_eq!(choose(ALL, &[], given, "[]"), Err(vec!["closed".into()]));
    }
}
