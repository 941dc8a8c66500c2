//! Not a test but a measurement: `cargo test --release --test link -- --ignored`.

use super::bench::{BOTH, at_target, create, host, receive};
use super::peer::{Peer, listen, syn};
use std::thread;
use std::time::{Duration, Instant};
use tcpspec::link::Link;
use tcpspec::target::KernelTarget;

pub(crate) fn speeds() {
    println!();
    for _ in 0..5 {
        let start = Instant::now();
        let preparation = KernelTarget::prepare().unwrap_or_else(|error| panic!("{error}"));
        let prepared = start.elapsed();
        let made = preparation.finish().unwrap_or_else(|error| panic!("{error}"));
        let (prepared, made_in) = (prepared.as_secs_f64() * 1e3, start.elapsed().as_secs_f64() * 1e3);
        println!("create() {made_in:.1} ms, of which prepare() {prepared:.1} ms");
        drop(made);
    }
    let (target, mut link) = create();
    for family in BOTH {
        const ROUNDS: u32 = 50_000;
        let there = at_target(&target, family, 9);
        let packets: Vec<_> = (0..100).map(|n| syn(host(&target, n, family, 4000), there, 1)).collect();
        let start = Instant::now();
        for round in 0..ROUNDS {
            link.send(&packets[round as usize % 100]).expect("sent");
            let mut answered = false;
            while !answered {
                link.receive(&mut |_, _| answered = true).expect("received");
            }
        }
        println!("{family} SYN -> RST {:.0} rounds/s", f64::from(ROUNDS) / start.elapsed().as_secs_f64());
    }
    let before = link.counters().expect("counters").foreign;
    thread::sleep(Duration::from_secs(3));
    receive(&mut link, 1);
    println!("foreign {before} -> {}", link.counters().expect("counters").foreign);
    let mut table = target.state_table().expect("a state table");
    for family in BOTH {
        const LOOKUPS: u32 = 20_000;
        let (here, there) = (host(&target, 0, family, 4000), at_target(&target, family, 7000));
        let _listener = listen(&target, there);
        Peer::new(&mut link, here, there).connect();
        for (what, here) in [("hit", here), ("miss", host(&target, 1, family, 1))] {
            let start = Instant::now();
            for _ in 0..LOOKUPS {
                table.lookup(there, here).expect("looked up");
            }
            println!(
                "{family} lookup ({what}) {:.2} µs",
                start.elapsed().as_secs_f64() * 1e6 / f64::from(LOOKUPS)
            );
        }
    }
}
