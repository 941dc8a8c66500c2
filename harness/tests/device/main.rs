//! Devices: other hosts on a wire, with servers that none of us wrote and that nobody told that they
//! are being tested. Runs as root, and as an ordinary user where user namespaces are allowed.
//!
//! A program of its own, because namespaces must be made before the process has a second thread:
//! the trials run one after another on the main thread.

mod dying;
mod lab;
mod limits;
mod links;
mod programs;
mod refusals;
mod relay;
mod runs;
mod services;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::Path;

/// What every laboratory is made of.
const TOOLS: [&str; 6] = ["ip", "ethtool", "sysctl", "nsenter", "setpriv", "unshare"];

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = vec![
        // First: it begins outside every namespace.
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
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test that needs these programs. Where one is missing it is not run, unless TCPSPEC_REQUIRE_ALL
/// says that all must be.
fn trial(name: &str, programs: &'static [&str], test: fn()) -> Trial {
    Trial::ignorable_test(name, move || {
        let missing = TOOLS.iter().chain(programs).find(|program| !is_installed(program));
        match missing {
            Some(program) if std::env::var_os("TCPSPEC_REQUIRE_ALL").is_some_and(|value| value == "1") => {
                Err(Failed::from(format!("{program} is not installed, and TCPSPEC_REQUIRE_ALL is set")))
            }
            Some(program) => Ok(Completion::ignored_with(format!("not run: {program} is not installed"))),
            None => {
                test();
                Ok(Completion::Completed)
            }
        }
    })
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.into_iter().any(|folder| Path::new(&folder).join(program).is_file())
}
