//! This machine's kernel as the target: its bench is made as for a run, and the step that fails is told.

use super::report::{Found, Report};
use super::{AGAIN, Asker, answers, clock, limits, rights};
use crate::inputs::Inputs;
use crate::link::{EthernetLink, Family, LinkError, RING_BYTES};
use crate::run::Stop;
use crate::target::{
    ATTEMPTS, Answer, Bench, KernelBench, KernelBenchError, KernelPreparation, NetlinkError, TargetError,
    knock,
};
use nix::errno::Errno;
use std::net::SocketAddr;
use tcpspec_core::segment::Endpoint;

/// What a bench is made of, in the order in which it is made.
const STEPS: [&str; 9] = [
    "rights",
    "namespaces",
    "veth",
    "offloads",
    "addresses",
    "buffer",
    "link",
    "application",
    "socket table",
];

/// Looks at everything that a run on the kernel needs.
///
/// # Errors
/// The built-in cases are invalid.
pub(super) fn examine(
    report: &mut Report,
    asker: &Asker,
    kernel: Result<KernelPreparation, KernelBenchError>,
    inputs: &Inputs,
) -> Result<(), Stop> {
    let plan = inputs.plan(0)?;
    match kernel.and_then(KernelPreparation::finish) {
        Ok(mut bench) => {
            STEPS.iter().for_each(|step| report.add(step, made(step, &mut bench, asker)));
            reach(report, &mut bench);
            report.check("conversation", &["socket table", "closed port"], || {
                answers::converse(&mut bench, &plan.questions.plain, AGAIN.into())
            });
        }
        Err(error) => {
            let (failed, found) = failed(&error, asker);
            for step in STEPS.iter().take_while(|step| **step != failed) {
                report.add(step, Found::Ok(made_before(step, asker)));
            }
            report.add(failed, found);
            let behind = STEPS.iter().skip_while(|step| **step != failed).skip(1);
            for step in behind.chain(&["stamps", "closed port", "conversation"]) {
                report.skip(step, failed);
            }
        }
    }
    report.check("descriptors", &[], || limits::descriptors(&plan, asker));
    report.check("clock", &[], || clock::look(inputs.profile.tolerance));
    Ok(())
}

/// A step of which the bench that was made tells more.
fn made(step: &str, bench: &mut KernelBench, asker: &Asker) -> Found {
    match step {
        "addresses" if bench.target().families().len() < Family::ALL.len() => Found::Warn {
            says: "IPv4 alone: this kernel has no IPv6, and trials over it are left out".into(),
            mend: "boot this machine without `ipv6.disable=1`".into(),
        },
        "buffer" => buffer(bench.parts().1),
        "socket table" => match bench.target_address(Family::V4) {
            // Its answer counts, not what it says.
            Some(address) => match bench.look_up(SocketAddr::new(address, 9), None) {
                Ok(_) => Found::Ok(made_before(step, asker)),
                Err(error) => Found::Bench { says: error.to_string(), mend: asker.as_root(DIAG) },
            },
            None => Found::Ok(made_before(step, asker)),
        },
        _ => Found::Ok(made_before(step, asker)),
    }
}

fn made_before(step: &str, asker: &Asker) -> String {
    match step {
        "rights" => rights::granted(asker),
        "namespaces" => "one for the bench, one for the target".into(),
        "veth" => "a pair of interfaces joins them".into(),
        "offloads" => "off at both ends, and seen to be off".into(),
        "addresses" => "IPv4 and IPv6".into(),
        "buffer" => "a packet socket with its receive ring".into(),
        "link" => "packets pass both ways".into(),
        "application" => "the upper tester runs in the target's namespace".into(),
        _ => "sock_diag tells the state of a connection".into(),
    }
}

/// The receive ring: a small one loses frames when many arrive while the bench sleeps.
pub(super) fn buffer(link: &EthernetLink) -> Found {
    let ring = link.socket().ring();
    let (octets, frames) = (ring.octets(), ring.slots());
    if octets >= RING_BYTES {
        return Found::Ok(format!("a ring of {} MiB for {frames} frames, as wanted", octets >> 20));
    }
    let (has, wanted) = (octets >> 10, RING_BYTES >> 10);
    Found::Warn {
        says: format!("a ring of {has} KiB for {frames} frames, of {wanted} KiB wanted: bursts may be lost"),
        mend: "tcpspec --test-threads 100".into(),
    }
}

/// A SYN to a port where nothing listens, in each family, and when the kernel says that its answer came.
fn reach(report: &mut Report, bench: &mut KernelBench) {
    let mut knocks = Vec::new();
    let began = crate::clock::monotonic();
    for family in bench.target().families().to_vec() {
        let Some((host, target)) = bench.fresh_host(family, 1).zip(bench.target_address(family)) else {
            continue;
        };
        let (us, them) = (Endpoint::new(host.address, 20_000), Endpoint::new(target, 9));
        knocks.push((family, knock(bench.link(), us, them, ATTEMPTS)));
    }
    let took = crate::clock::monotonic().since(began);
    let after = |knock: &answers::Knock| match knock {
        (family, Ok(Answer::Open(after) | Answer::Refused(after))) => Some((*family, *after)),
        _ => None,
    };
    let trips: Vec<_> = knocks.iter().filter_map(after).collect();
    report.check("stamps", &["link"], || {
        let steps = bench.link().counters().map(|counters| counters.clock_steps);
        // An answer is never before its question, nor after it was read: but for a clock that was set.
        match (steps, trips.iter().find(|(_, after)| after.is_zero() || *after > took)) {
            (Ok(0), None) => Found::Ok("what arrives is stamped by the kernel, not by its reader".into()),
            (Err(error), _) => Found::Bench { says: error.to_string(), mend: AGAIN.into() },
            (Ok(_), _) => Found::Bench {
                says: "the wall clock, in which the kernel stamps what arrives, was set meanwhile".into(),
                mend: AGAIN.into(),
            },
        }
    });
    let wrong = knocks.iter().find_map(|(family, knock)| match knock {
        Ok(Answer::Refused(_)) => None,
        Ok(Answer::Open(_)) => Some(format!("IP{family}: a SYN opened a connection with nobody")),
        Ok(Answer::Nothing) => Some(format!("IP{family}: a SYN to a closed port drew nothing")),
        Err(error) => Some(error.to_string()),
    });
    report.check("closed port", &["link"], || match wrong {
        None => Found::Ok(format!("the target resets a SYN: {}", answers::round_trips(trips))),
        Some(says) => Found::Target { says, mend: AGAIN.into() },
    });
}

/// The step at which the bench could not be made, and why.
fn failed(error: &KernelBenchError, asker: &Asker) -> (&'static str, Found) {
    let says = error.to_string();
    let bench = |mend: String| Found::Bench { says: says.clone(), mend };
    match error {
        KernelBenchError::Target(TargetError::Namespace(error)) => rights::refused(error, asker),
        KernelBenchError::Target(TargetError::Netlink(NetlinkError { doing, errno })) => {
            let is_veth = doing.starts_with("making") || doing.starts_with("opening");
            let mend = match errno {
                Errno::EOPNOTSUPP if is_veth => asker.as_root("modprobe veth"),
                Errno::EACCES => asker.as_root("sysctl -w net.ipv6.conf.default.disable_ipv6=0"),
                Errno::EMFILE => MORE_FILES.into(),
                _ => AGAIN.into(),
            };
            (if is_veth { "veth" } else { "addresses" }, bench(mend))
        }
        KernelBenchError::Target(TargetError::Offload(_)) => ("offloads", bench(asker.as_root("tcpspec"))),
        KernelBenchError::Target(TargetError::Link(LinkError::NotPermitted { .. })) => {
            ("buffer", bench(asker.as_root("tcpspec")))
        }
        KernelBenchError::Target(TargetError::Link(LinkError::NoRing { .. })) => {
            ("buffer", bench("end what holds this machine's memory: `ps aux --sort=-rss | head`".into()))
        }
        KernelBenchError::Target(TargetError::Link(LinkError::Setup { errno: Errno::EMFILE, .. })) => {
            ("buffer", bench(MORE_FILES.into()))
        }
        KernelBenchError::Target(TargetError::Link(LinkError::Setup { .. })) => {
            ("buffer", bench("boot a kernel with CONFIG_PACKET, Linux 4.20 or later".into()))
        }
        KernelBenchError::Target(TargetError::Link(_) | TargetError::Unreadable { .. }) => {
            ("link", bench(AGAIN.into()))
        }
        KernelBenchError::UpperTester(_) => {
            ("application", bench(format!("put tcpspec back, executable, as {}", asker.program.display())))
        }
        KernelBenchError::Target(TargetError::StateTable(_)) => ("socket table", bench(asker.as_root(DIAG))),
        KernelBenchError::NoThread(_) => {
            ("namespaces", bench(asker.as_root("prlimit --pid $$ --nproc=unlimited")))
        }
    }
}

const DIAG: &str = "modprobe --all inet_diag tcp_diag";
const MORE_FILES: &str = "ulimit -n $(ulimit -H -n)";
