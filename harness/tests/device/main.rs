//! Devices: other hosts on a wire, with servers that none of us wrote and that nobody told that they
//! are being tested. Runs as root, and as an ordinary user where user namespaces are allowed.
//!
//! A program of its own, because namespaces must be made before a process has a second thread. Each test
//! is a process of its own besides, so that their waits overlap.

mod doctor;
mod dying;
mod lab;
mod limits;
mod links;
#[path = "../program/mask.rs"]
mod mask;
mod programs;
mod refusals;
mod relay;
mod runs;
mod services;
mod tools;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, geteuid};
use std::process::{Command, ExitCode, Stdio};

/// A device with 350 hosts around it takes a third of the neighbours that all namespaces of a machine have
/// room for.
const AT_ONCE: usize = 3;

/// With this a test ends that root alone can make.
const NEEDS_ROOT: i32 = 77;

/// Names the one test that this process is to run.
const ONE: &str = "TCPSPEC_DEVICE_TEST";

fn main() -> ExitCode {
    let tests = tests();
    if let Some(name) = std::env::var_os(ONE) {
        let test = tests.iter().find(|test| *test.name == name).expect("a test");
        stay_on_one_processor().expect("a processor of those that this process may use");
        (test.run)();
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, tests.into_iter().map(Test::trial).collect()).exit_code()
}

/// Of two segments that two processors of this machine send, the second may come first on a wire that is
/// a veth pair. A device may do that; what is tested here is the bench.
fn stay_on_one_processor() -> nix::Result<()> {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this)?;
    let allowed: Vec<usize> =
        (0..CpuSet::count()).filter(|one| allowed.is_set(*one).unwrap_or(false)).collect();
    let mut own = CpuSet::new();
    own.set(allowed[std::process::id() as usize % allowed.len()])?;
    sched_setaffinity(this, &own)
}

/// A test that needs these programs.
struct Test {
    name: &'static str,
    programs: &'static [&'static str],
    run: fn(),
}

fn tests() -> Vec<Test> {
    vec![
        trial(
            "ordinary_user_can_test_a_device",
            &["nginx", "xinetd"],
            services::ordinary_user_can_test_a_device,
        ),
        trial(
            "whole_suite_on_nginx_and_inetd_is_green",
            &["nginx", "xinetd"],
            services::whole_suite_on_nginx_and_inetd_is_green,
        ),
        trial(
            "web_server_of_busybox_alone_reaches_the_closing_states",
            &["busybox"],
            services::web_server_alone,
        ),
        trial("daytime_alone_reaches_the_closing_states", &["xinetd"], services::daytime_alone),
        trial("echo_alone_takes_what_says_nothing_or_asks_for_an_echo", &["xinetd"], services::echo_alone),
        trial(
            "service_that_is_another_is_noticed",
            &["xinetd"],
            services::service_that_is_another_is_noticed,
        ),
        trial("device_in_a_vlan_is_reached", &["nginx", "xinetd"], links::device_in_a_vlan_is_reached),
        trial(
            "device_behind_a_router_is_reached",
            &["nginx", "xinetd"],
            links::device_behind_a_router_is_reached,
        ),
        trial(
            "hosts_with_mac_addresses_of_their_own_are_told_apart",
            &["xinetd"],
            links::hosts_with_mac_addresses_of_their_own,
        ),
        trial(
            "address_of_somebody_else_is_left_out",
            &["xinetd"],
            links::address_of_somebody_else_is_left_out,
        ),
        trial(
            "few_addresses_are_used_again_with_other_ports",
            &["nginx", "xinetd"],
            limits::few_addresses_are_used_again,
        ),
        trial(
            "no_more_connections_than_the_device_stands",
            &["nginx", "xinetd"],
            limits::no_more_connections_than_the_device_stands,
        ),
        trial(
            "case_that_takes_more_than_the_device_stands_is_skipped",
            &["xinetd"],
            limits::case_that_takes_more_is_skipped,
        ),
        trial("bench_without_rights_says_so", &[], refusals::bench_without_rights_says_so),
        trial("interface_that_is_missing_or_down_is_told", &[], refusals::interface_that_is_missing_or_down),
        trial(
            "interface_that_spoils_what_arrives_is_told",
            &[],
            refusals::interface_that_spoils_what_arrives,
        ),
        trial("unfinished_checksums_are_told", &["xinetd"], refusals::unfinished_checksums_are_told),
        trial("addresses_that_are_all_taken_are_told", &[], refusals::addresses_that_are_all_taken),
        trial(
            "device_that_does_not_answer_is_unreachable",
            &["xinetd"],
            refusals::device_that_does_not_answer,
        ),
        trial("doctor_of_a_device_that_is_well_says_so", &["xinetd"], doctor::well),
        trial(
            "commands_of_the_doctor_mend_what_is_wrong_with_the_bench",
            &["xinetd"],
            doctor::commands_mend_what_is_wrong_with_the_bench,
        ),
        trial(
            "doctor_warns_of_what_costs_some_verdicts",
            &["xinetd"],
            doctor::what_costs_some_verdicts_is_a_warning,
        ),
        trial(
            "doctor_names_an_interface_that_is_missing_or_has_no_carrier",
            &[],
            doctor::interface_that_is_missing_or_has_no_carrier,
        ),
        trial("doctor_without_rights_tells_every_line_all_the_same", &[], doctor::bench_without_rights),
        trial("doctor_finds_addresses_of_others", &["xinetd"], doctor::addresses_of_others),
        trial("doctor_of_a_dead_host_ends_soon", &[], doctor::dead_host),
        trial(
            "doctor_finds_ports_that_are_not_as_the_profile_says",
            &["xinetd"],
            doctor::ports_that_are_not_as_the_profile_says,
        ),
        trial("doctor_asks_the_router_before_a_device", &["xinetd"], doctor::device_behind_a_router),
        trial("doctor_finds_a_service_that_is_another", &["xinetd"], doctor::service_that_is_another),
        trial("device_that_dies_is_a_failure_and_no_error", &["nginx", "xinetd"], dying::device_that_dies),
        trial(
            "device_that_a_trial_stops_is_reset_and_the_trial_named",
            &["xinetd"],
            dying::device_that_a_trial_stops,
        ),
        trial("program_that_dies_is_no_dead_device", &["xinetd"], dying::program_that_dies),
        trial(
            "service_that_takes_no_more_connections_is_no_dead_device",
            &["xinetd"],
            dying::service_that_takes_no_more,
        ),
    ]
}

fn trial(name: &'static str, programs: &'static [&'static str], run: fn()) -> Test {
    Test { name, programs, run }
}

impl Test {
    fn trial(self) -> Trial {
        Trial::ignorable_test(self.name, move || match tools::missing(self.programs) {
            Some(why) => tools::not_run(&why),
            None => self.in_a_process(),
        })
    }

    fn in_a_process(&self) -> Result<Completion, Failed> {
        let program = std::env::current_exe()?;
        let output = Command::new(program).env(ONE, self.name).stdin(Stdio::null()).output()?;
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        match output.status.code() {
            Some(0) => Ok(Completion::Completed),
            Some(NEEDS_ROOT) if !geteuid().is_root() => tools::not_run("it needs root"),
            _ => Err(Failed::from(said.concat())),
        }
    }
}
