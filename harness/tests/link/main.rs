//! The real link and the kernel target, against the kernel of this machine. Runs as root, and as an
//! ordinary user where user namespaces are allowed.
//!
//! A program of its own, because namespaces must be made before the process has a second thread:
//! the trials run one after another on the main thread.

mod bench;
mod frames;
mod namespaces;
mod neighbours;
mod peer;
mod speeds;
mod witness;

use libtest_mimic::{Arguments, Failed, Trial};
use tcpspec::link::EthernetLink;
use tcpspec::target::{KernelTarget, StateTable};

fn main() {
    match std::env::var(namespaces::PART).as_deref() {
        Ok("hold") => namespaces::hold_a_target(),
        Ok("refuse") => namespaces::be_refused(),
        _ => {}
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = vec![
        // First: it looks at the machine from outside every namespace.
        trial("killed_bench_leaves_nothing_behind", namespaces::killed_bench_leaves_nothing_behind),
        trial("syn_to_closed_port_draws_reset", frames::syn_to_closed_port_draws_reset),
        trial("burst_while_the_reader_sleeps_is_kept", frames::burst_while_the_reader_sleeps_is_kept),
        trial("burst_beyond_the_ring_is_counted", frames::burst_beyond_the_ring_is_counted),
        trial(
            "bulk_data_is_cut_to_the_mtu_with_good_checksums",
            frames::bulk_data_is_cut_to_the_mtu_with_good_checksums,
        ),
        trial("stamp_is_the_moment_of_arrival", frames::stamp_is_the_moment_of_arrival),
        trial("state_table_follows_a_connection", witness::state_table_follows_a_connection),
        trial(
            "state_table_tells_listeners_from_connections",
            witness::state_table_tells_listeners_from_connections,
        ),
        trial(
            "questions_are_answered_for_own_hosts_only",
            neighbours::questions_are_answered_for_own_hosts_only,
        ),
        trial("address_of_the_target_is_in_use", neighbours::address_of_the_target_is_in_use),
        trial("tagged_frames_reach_their_vlan_only", neighbours::tagged_frames_reach_their_vlan_only),
        trial("packets_that_cannot_be_sent_are_refused", frames::packets_that_cannot_be_sent_are_refused),
        trial(
            "half_open_connections_beyond_the_queue_show_as_cookies",
            witness::half_open_beyond_the_queue_show_as_cookies,
        ),
        trial("thread_comes_back_from_the_target", namespaces::thread_comes_back_from_the_target),
        trial("target_tells_its_release_and_settings", witness::target_tells_its_release_and_settings),
        trial(
            "unknown_interface_names_those_that_exist",
            neighbours::unknown_interface_names_those_that_exist,
        ),
        trial("link_of_a_vanished_target_is_down", frames::link_of_a_vanished_target_is_down),
        trial("refused_namespace_says_what_helps", namespaces::refused_namespace_says_what_helps),
        trial("speeds", speeds::speeds).with_ignored_flag(true),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// The link goes to the thread that drives the trials, the table with it; the target is shared.
const _: () = {
    const fn moves<T: Send>() {}
    const fn is_shared<T: Sync>() {}
    moves::<EthernetLink>();
    moves::<StateTable>();
    is_shared::<KernelTarget>();
};

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok::<(), Failed>(())
    })
}
