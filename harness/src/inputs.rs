//! What a run reads before it touches anything: cases, profile, ledger; and the bench that fits them.

use crate::cli::{RunArguments, exit};
use crate::evidence::event;
use crate::run::Stop;
use crate::runner::{Book, MakeStack, Places, Plan, PlanFor, Surroundings};
use crate::target::simulated::SmoltcpStack;
use crate::target::{Bench, DeviceBench, KernelBenchError, KernelFacts, KernelPreparation};
use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use tcpspec_core::case::{Capability, Family, Fixtures, Suite};
use tcpspec_core::engine::TrialConfig;
use tcpspec_core::fault::FaultCatalogue;
use tcpspec_core::ledger::{self, Date, Ledger};
use tcpspec_core::profile::{self, Kind, Profile};
use tcpspec_core::requirement::{Catalogue, Level};
use tcpspec_core::yaml::{Diagnostic, nearest, render};

/// What a run reads before it touches anything.
pub(crate) struct Inputs {
    /// The command that repeats a run like this, but for seed and trial.
    pub(crate) again: String,
    /// Records hold every packet.
    pub(crate) keep_packets: bool,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) suite: Arc<Suite>,
    fixtures: Arc<Fixtures>,
    pub(crate) profile: Profile,
    /// The families in which the target has an address.
    families: Vec<Family>,
    /// The target's known deviations, where the command line names none.
    ledger: Ledger,
    /// What entries of the ledger call the target, and its version.
    known_as: (String, String),
}

/// A target that needs no file: its profile and its ledger, with their names.
struct BuiltIn {
    name: &'static str,
    profile: (&'static str, &'static str),
    ledger: (&'static str, &'static str),
}

const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn { name: "kernel", profile: profile::LINUX, ledger: ledger::LINUX },
    BuiltIn { name: "smoltcp", profile: profile::SMOLTCP, ledger: ledger::SMOLTCP },
];

/// What is known of a target before anything is sent to it.
#[derive(Clone)]
struct Known {
    profile: Profile,
    families: Vec<Family>,
    ledger: Ledger,
    known_as: (String, String),
}

impl Known {
    /// `of_built_in_cases`: which the ledgers that this program carries speak of.
    fn read(target: &str, of_built_in_cases: bool) -> Result<Self, Stop> {
        let built_in = BUILT_IN.iter().find(|built_in| built_in.name == target);
        let profile = match built_in {
            Some(BuiltIn { profile: (file, text), .. }) => Profile::read(file, text),
            None => Profile::read(target, &read_profile(target)?),
        };
        let profile = profile.map_err(|found| invalid(&found))?;
        let ledger = match built_in {
            Some(BuiltIn { ledger: (file, text), .. }) if of_built_in_cases => Ledger::read(file, text),
            _ => Ok(Ledger::default()),
        };
        let ledger = ledger.map_err(|found| invalid(&found))?;
        let known_as = match (&profile.kind, built_in) {
            (Kind::Kernel, _) => ("kernel".into(), kernel_release()),
            (Kind::Simulated, _) => (profile.name.clone(), SmoltcpStack::VERSION.into()),
            (Kind::Device(_), _) => (profile.name.clone(), String::new()),
        };
        let families = families(&profile);
        Ok(Self { profile, families, ledger, known_as })
    }
}

impl Inputs {
    pub(crate) fn read(target: &str, cases: Option<&Path>) -> Result<Self, Stop> {
        Self::new(&|| Known::read(target, cases.is_none()), cases)
    }

    /// For a stack that somebody brings.
    pub(crate) fn of_simulated(
        profile: Profile,
        ledger: Ledger,
        version: String,
        make: &MakeStack,
        cases: Option<&Path>,
    ) -> Result<Self, Stop> {
        if !matches!(profile.kind, Kind::Simulated) {
            let message = format!("the profile of {} does not say `kind: simulated`", profile.name);
            return Err(Stop::new(exit::INVALID_FILE, message));
        }
        let stack = make(0);
        let families = Family::ALL.into_iter().filter(|family| stack.address(*family).is_some()).collect();
        let known_as = (profile.name.clone(), version);
        let known = Known { profile, families, ledger, known_as };
        Self::new(&|| Ok(known.clone()), cases)
    }

    fn new(target: &(dyn Fn() -> Result<Known, Stop> + Sync), cases: Option<&Path>) -> Result<Self, Stop> {
        // The rest on another processor, while this one finds the cases.
        let ((target, catalogue, fixtures), suite) = std::thread::scope(|scope| {
            let rest = || (target(), Catalogue::embedded(), fixtures(cases));
            match std::thread::Builder::new().spawn_scoped(scope, rest) {
                Ok(thread) => {
                    let suite = suite(cases);
                    (thread.join().unwrap_or_else(|panic| resume_unwind(panic)), suite)
                }
                Err(_) => (rest(), suite(cases)),
            }
        });
        let Known { profile, families, ledger, known_as } = target?;
        Ok(Self {
            again: "tcpspec".into(),
            keep_packets: false,
            catalogue: Arc::new(catalogue),
            suite: Arc::new(suite?),
            fixtures: Arc::new(fixtures?),
            profile,
            families,
            ledger,
            known_as,
        })
    }

    /// What the kernel target needs, without a command line.
    pub(crate) fn read_for_kernel() -> Result<Self, Stop> {
        Self::read("kernel", None)
    }

    /// The whole suite.
    pub(crate) fn plan(&self, seed: u64) -> Result<Plan, Stop> {
        self.plan_of(Arc::clone(&self.suite), seed)
    }

    /// Another suite on the same target.
    pub(crate) fn plan_of(&self, suite: Arc<Suite>, seed: u64) -> Result<Plan, Stop> {
        let capabilities = Arc::new(capabilities(&self.profile));
        let unset = std::net::IpAddr::from([0, 0, 0, 0]);
        let config = TrialConfig {
            seed,
            bench: unset,
            target: unset,
            bench_port: 0,
            target_port: 0,
            link_mtu: 1500,
            table: false,
            timers: self.profile.timers,
            tolerance: self.profile.tolerance,
            level: Level::Must,
            catalogue: Arc::clone(&self.catalogue),
            fixtures: Arc::clone(&self.fixtures),
            capabilities: Arc::clone(&capabilities),
            agent: matches!(self.profile.kind, Kind::Kernel | Kind::Simulated),
            keep_packets: self.keep_packets,
        };
        let places = Places::of(&self.profile, &capabilities);
        let surroundings = Arc::new(Surroundings { config, families: self.families.clone() });
        Plan::make(PlanFor {
            suite,
            catalogue: Arc::clone(&self.catalogue),
            profile: self.profile.clone(),
            surroundings,
            places,
            seed,
            again: format!("{} --seed {seed:x}", self.again),
        })
        .map_err(|found| invalid(&found))
    }

    /// The target as the evidence of a run names it; `facts` where it is the kernel.
    pub(crate) fn described(&self, facts: Option<&KernelFacts>) -> event::Target {
        let version = facts.map_or(&self.known_as.1, |facts| &facts.release);
        event::Target {
            name: self.profile.name.clone(),
            kind: match self.profile.kind {
                Kind::Kernel => event::TargetKind::Kernel,
                Kind::Simulated => event::TargetKind::Simulated,
                Kind::Device(_) => event::TargetKind::Device,
            },
            version: Some(version.clone()).filter(|version| !version.is_empty()),
            families: self.families.iter().map(ToString::to_string).collect(),
            sysctls: facts.map(|facts| facts.sysctls.clone()).unwrap_or_default(),
        }
    }

    /// Where the ledger of a run comes from, as its evidence names it.
    pub(crate) fn ledger_name(&self, run: &RunArguments) -> String {
        match &run.ledger {
            Some(name) => name.clone(),
            None if run.fault.is_some() => "none".into(),
            None => self.ledger.entries().first().map_or("none".into(), |entry| entry.place.file.to_string()),
        }
    }

    pub(crate) fn ledger(&self, run: &RunArguments) -> Result<Book, Stop> {
        let ledger = match run.ledger.as_deref() {
            Some("none") => Ledger::default(),
            Some(file) => {
                let text = read_file(Path::new(file), "ledger")?;
                Ledger::read(file, &text).map_err(|found| invalid(&found))?
            }
            // It says nothing of a target with a fault.
            None if run.fault.is_some() => Ledger::default(),
            None => self.ledger.clone(),
        };
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let (target, version) = self.known_as.clone();
        Ok(Book { ledger, target, version, today: Date::from_unix_seconds(since_epoch.as_secs()) })
    }

    pub(crate) fn bench(
        &self,
        kernel: Option<Result<KernelPreparation, KernelBenchError>>,
        hosts: usize,
    ) -> Result<Box<dyn Bench>, Stop> {
        let unable = |error: KernelBenchError| Stop::new(exit::BENCH_UNABLE, error.to_string());
        match &self.profile.kind {
            Kind::Kernel => {
                let preparation = kernel.ok_or_else(|| {
                    Stop::new(exit::USAGE, "the kernel target is chosen with `--target kernel`")
                })?;
                let bench = preparation.and_then(KernelPreparation::finish).map_err(unable)?;
                Ok(Box::new(bench))
            }
            Kind::Device(device) => {
                let bench = DeviceBench::open(&self.profile, device, hosts).map_err(|error| {
                    let code = if error.is_unreachable() { exit::UNREACHABLE } else { exit::BENCH_UNABLE };
                    Stop::new(code, error.to_string())
                })?;
                Ok(Box::new(bench))
            }
            Kind::Simulated => Err(Stop::new(exit::USAGE, "a simulated target has no bench")),
        }
    }
}

/// Of the kernel that runs this program.
pub(crate) fn kernel_release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// The families in which the target has an address.
fn families(profile: &Profile) -> Vec<Family> {
    match profile.device() {
        Some(device) => {
            let v4 = device.address.v4.map(|_| Family::V4);
            v4.into_iter().chain(device.address.v6.map(|_| Family::V6)).collect()
        }
        None if matches!(profile.kind, Kind::Simulated) => Family::ALL.to_vec(),
        // A kernel without IPv6 has no such directory.
        None if Path::new("/proc/sys/net/ipv6").exists() => Family::ALL.to_vec(),
        None => vec![Family::V4],
    }
}

/// What this target, and whoever plays its application, can do.
pub(crate) fn capabilities(profile: &Profile) -> BTreeSet<Capability> {
    use Capability as C;
    let mut able: BTreeSet<_> = profile.claims.iter().filter_map(|claim| claim.parse().ok()).collect();
    match &profile.kind {
        Kind::Kernel | Kind::Simulated => able.extend([
            C::Listen,
            C::Accept,
            C::Connect,
            C::Send,
            C::Receive,
            C::Shutdown,
            C::Close,
            C::Abort,
            C::Kill,
            C::SetOption,
            C::HoldOpen,
            C::Closed,
        ]),
        Kind::Device(device) => {
            let services = [
                (C::Echo, device.services.echo),
                (C::Discard, device.services.discard),
                (C::Daytime, device.services.daytime),
                (C::Http, device.services.http),
                (C::Closed, device.services.closed),
            ];
            able.extend(services.into_iter().filter(|(_, port)| port.is_some()).map(|(service, _)| service));
        }
    }
    able
}

/// The cases of a folder, or the built-in ones.
pub(crate) fn suite(cases: Option<&Path>) -> Result<Suite, Stop> {
    let suite = match cases {
        None => Suite::embedded(),
        Some(folder) => Suite::read(case_files(folder)?),
    };
    suite.map_err(|found| invalid(&found))
}

/// The ways into the states: those beside other cases, or the built-in ones.
pub(crate) fn fixtures(cases: Option<&Path>) -> Result<Fixtures, Stop> {
    let beside = cases.map(|folder| folder.join("fixtures/states.yaml")).filter(|path| path.is_file());
    let fixtures = match beside {
        Some(path) => Fixtures::read(&path.display().to_string(), &read_file(&path, "fixtures")?),
        None => Fixtures::embedded(),
    };
    fixtures.map_err(|found| invalid(&found))
}

fn case_files(folder: &Path) -> Result<Vec<(String, String)>, Stop> {
    let mut files = Vec::new();
    let faults = folder.join("faults.yaml");
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, "cases", &error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !NOT_AREAS.iter().any(|name| path.ends_with(name)) {
                    folders.push(path);
                }
            } else if path != faults && path.extension().is_some_and(|extension| extension == "yaml") {
                files.push((path.display().to_string(), read_file(&path, "cases")?));
            }
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Stop::new(exit::INVALID_FILE, format!("{} holds no .yaml file", folder.display())));
    }
    Ok(files)
}

/// A profile on disk; who names none probably meant one that is built in.
fn read_profile(target: &str) -> Result<String, Stop> {
    let names = BUILT_IN.iter().map(|built_in| built_in.name);
    read_file(Path::new(target), "profile").map_err(|stop| match nearest(target, names) {
        Some(name) if !Path::new(target).exists() => {
            Stop::new(exit::USAGE, format!("there is no target `{target}`; did you mean `{name}`?"))
        }
        _ => stop,
    })
}

pub(crate) fn read_file(path: &Path, what: &str) -> Result<String, Stop> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, what, &error))
}

fn unreadable(path: &Path, what: &str, error: &std::io::Error) -> Stop {
    Stop::new(exit::INVALID_FILE, format!("cannot read the {what} {}: {error}", path.display()))
}

/// Diagnostics as people read them.
pub(crate) fn invalid(found: &[Diagnostic]) -> Stop {
    let texts: Vec<_> =
        found.iter().map(|problem| render(problem, &source_of(&problem.place.file))).collect();
    Stop::new(exit::INVALID_FILE, texts.join("\n\n"))
}

/// The text of a file that a diagnostic points into: built in, or on disk.
pub(crate) fn source_of(file: &str) -> String {
    let of_targets = BUILT_IN.iter().flat_map(|built_in| [built_in.profile, built_in.ledger]);
    let mut built_in =
        of_targets.chain([Fixtures::SOURCE, FaultCatalogue::SOURCE]).chain(tcpspec_core::requirement::FILES);
    if let Some((_, text)) = built_in.find(|(name, _)| *name == file) {
        return text.to_owned();
    }
    let suite = Suite::embedded().ok();
    let text = suite.as_ref().and_then(|suite| suite.text(file)).map(str::to_owned);
    text.or_else(|| std::fs::read_to_string(file).ok()).unwrap_or_default()
}

/// Folders of a `cases` directory that hold no cases.
const NOT_AREAS: [&str; 4] = ["requirements", "profiles", "ledger", "fixtures"];
