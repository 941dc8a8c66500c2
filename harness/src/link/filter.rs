//! The kernel-side filter: keeps the machine's other traffic out of the ring.

use super::Hosts;
use libc::{
    BPF_ABS, BPF_B, BPF_H, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W,
    sock_filter,
};
use std::net::IpAddr;

/// A program that lets through ARP, IPv4 for `hosts`, neighbour discovery, and IPv6 for `hosts` as far
/// as the first 32 bits tell. A coarse sieve: what it lets through is looked at
/// again.
pub(super) fn for_hosts(hosts: &Hosts) -> Vec<sock_filter> {
    let mut v4 = Vec::new();
    let mut v6 = Vec::new();
    for range in hosts.ranges() {
        match (range.start(), range.end()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => v4.push((first.to_bits(), last.to_bits())),
            (IpAddr::V6(first), IpAddr::V6(last)) => v6.push((high(first.to_bits()), high(last.to_bits()))),
            _ => {}
        }
    }
    let v4 = accept_within(IPV4_DESTINATION, &coarse(v4));
    let mut v6 = accept_within(IPV6_DESTINATION, &coarse(v6));
    // Questions go to groups, whose first octet is ff; an answer goes to whoever asked, host or not.
    let neighbours = [
        load(BPF_B, IPV6_DESTINATION),
        jump(BPF_JEQ, 0xff, 0, 1),
        accept(),
        load(BPF_B, IPV6_NEXT_HEADER),
        jump(BPF_JEQ, ICMPV6, 0, 3),
        load(BPF_B, ICMPV6_TYPE),
        jump(BPF_JEQ, NEIGHBOUR_ADVERTISEMENT, 0, 1),
        accept(),
    ];
    v6.splice(0..0, neighbours);

    let mut program = vec![
        load(BPF_H, ETHERTYPE),
        jump(BPF_JEQ, ARP, 0, 1),
        accept(),
        // A tag that the kernel left in place: rare, and looked at later.
        jump(BPF_JEQ, VLAN, 0, 1),
        accept(),
        jump(BPF_JEQ, IPV4, 1, 0),
        skip(v4.len()),
    ];
    program.extend(v4);
    program.extend([load(BPF_H, ETHERTYPE), jump(BPF_JEQ, IPV6, 1, 0), reject()]);
    program.extend(v6);
    program
}

/// Accepts if the 32 bits at `offset` lie in one of `ranges`, else rejects.
fn accept_within(offset: u32, ranges: &[(u32, u32)]) -> Vec<sock_filter> {
    let mut program = vec![load(BPF_W, offset)];
    for (first, last) in ranges {
        program.extend([jump(BPF_JGE, *first, 0, 2), jump(BPF_JGT, *last, 1, 0), accept()]);
    }
    program.push(reject());
    program
}

/// Merges ranges that touch; beyond what a program can hold, one range covers all.
fn coarse(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    match (merged.first(), merged.last()) {
        (Some(first), Some(last)) if merged.len() > MOST_RANGES => vec![(first.0, last.1)],
        _ => merged,
    }
}

fn high(bits: u128) -> u32 {
    (bits >> 96) as u32
}

fn load(size: u32, offset: u32) -> sock_filter {
    instruction(BPF_LD | size | BPF_ABS, offset, 0, 0)
}

/// Compares the loaded value with `k` and skips `yes` or `no` instructions.
fn jump(comparison: u32, k: u32, yes: u8, no: u8) -> sock_filter {
    instruction(BPF_JMP | comparison | BPF_K, k, yes, no)
}

fn skip(instructions: usize) -> sock_filter {
    instruction(BPF_JMP | BPF_JA, instructions as u32, 0, 0)
}

fn accept() -> sock_filter {
    instruction(BPF_RET | BPF_K, u32::MAX, 0, 0)
}

fn reject() -> sock_filter {
    instruction(BPF_RET | BPF_K, 0, 0, 0)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

const ETHERTYPE: u32 = 12;
const IPV4_DESTINATION: u32 = 14 + 16;
const IPV6_DESTINATION: u32 = 14 + 24;
const IPV6_NEXT_HEADER: u32 = 14 + 6;
const ICMPV6_TYPE: u32 = 14 + 40;
const ICMPV6: u32 = libc::IPPROTO_ICMPV6 as u32;
const NEIGHBOUR_ADVERTISEMENT: u32 = 136;
const ARP: u32 = libc::ETH_P_ARP as u32;
const IPV4: u32 = libc::ETH_P_IP as u32;
const IPV6: u32 = libc::ETH_P_IPV6 as u32;
const VLAN: u32 = libc::ETH_P_8021Q as u32;
/// Three instructions a range and family; the kernel takes 4,096.
const MOST_RANGES: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    /// A few lines of the kernel's interpreter: enough for the instructions used here.
    fn accepts(program: &[sock_filter], frame: &[u8]) -> bool {
        let mut at = 0;
        let mut value = 0_u32;
        loop {
            let step = program[at];
            at += 1;
            let (code, k) = (u32::from(step.code), step.k as usize);
            let compared = |truth: bool| usize::from(if truth { step.jt } else { step.jf });
            match code {
                c if c == BPF_LD | BPF_B | BPF_ABS => value = u32::from(frame[k]),
                c if c == BPF_LD | BPF_H | BPF_ABS => {
                    value = u32::from(u16::from_be_bytes([frame[k], frame[k + 1]]))
                }
                c if c == BPF_LD | BPF_W | BPF_ABS => {
                    value = u32::from_be_bytes(frame[k..k + 4].try_into().expect("four octets"));
                }
                c if c == BPF_JMP | BPF_JEQ | BPF_K => at += compared(value == step.k),
                c if c == BPF_JMP | BPF_JGE | BPF_K => at += compared(value >= step.k),
                c if c == BPF_JMP | BPF_JGT | BPF_K => at += compared(value > step.k),
                c if c == BPF_JMP | BPF_JA => at += k,
                c if c == BPF_RET | BPF_K => return k != 0,
                c => panic!("instruction {c:#x} is not used here"),
            }
        }
    }

    fn frame(ethertype: u32, destination: &str) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend((ethertype as u16).to_be_bytes());
        frame.resize(80, 0);
        match destination.parse() {
            Ok(IpAddr::V4(v4)) => frame[30..34].copy_from_slice(&v4.octets()),
            Ok(IpAddr::V6(v6)) => frame[38..54].copy_from_slice(&v6.octets()),
            Err(_) => {}
        }
        frame
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("a literal address")
    }

    #[test]
    fn only_what_may_be_for_a_host_passes() {
        let hosts = Hosts::none()
            .with_range(ip("198.18.0.0"), ip("198.19.255.255"))
            .with_addresses([ip("192.0.2.9"), ip("2001:db8:1::1")]);
        let program = for_hosts(&hosts);
        let passed: Vec<bool> = [
            (ARP, ""),
            (VLAN, ""),
            (0x88cc, ""),
            (IPV4, "198.18.0.0"),
            (IPV4, "198.19.255.255"),
            (IPV4, "198.20.0.0"),
            (IPV4, "192.0.2.9"),
            (IPV4, "192.0.2.10"),
            (IPV6, "2001:db8:1::1"),
            (IPV6, "2001:db9::1"),
            (IPV6, "ff02::1"),
        ]
        .map(|(ethertype, destination)| accepts(&program, &frame(ethertype, destination)))
        .to_vec();
        assert_eq!(passed, [true, true, false, true, true, false, true, false, true, false, true]);
    }

    #[test]
    fn without_hosts_only_questions_and_answers_about_neighbours_pass() {
        let program = for_hosts(&Hosts::none());
        let passed = [(ARP, ""), (IPV4, "198.18.0.1"), (IPV6, "2001:db8::1"), (IPV6, "ff02::1:ff00:1")]
            .map(|(ethertype, destination)| accepts(&program, &frame(ethertype, destination)));
        assert_eq!(passed, [true, false, false, true]);
        let mut answer = frame(IPV6, "2001:db8::1");
        (answer[20], answer[54]) = (58, 136);
        let mut echo = answer.clone();
        echo[54] = 128;
        assert_eq!([accepts(&program, &answer), accepts(&program, &echo)], [true, false]);
    }

    #[test]
    fn thousands_of_scattered_hosts_still_make_a_program_that_the_kernel_takes() {
        let hosts = Hosts::none()
            .with_addresses((0..3_000).map(|n| IpAddr::from(std::net::Ipv4Addr::from_bits(n * 7))));
        let program = for_hosts(&hosts);
        assert!(program.len() < 4_096, "{} instructions", program.len());
        assert!(accepts(&program, &frame(IPV4, "0.0.0.7")));
    }
}
