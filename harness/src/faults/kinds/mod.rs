//! The faults, group by group. Each entry is a name of `cases/faults.yaml` and the rules that make it so.

mod acceptance;
mod answers;
mod data;
mod grid;
mod icmp;
mod ip;
mod numbers;
mod options;
mod states;
mod timing;
mod window;
mod words;

use super::middle::Middle;

/// A name and how to make the fault.
pub(super) type Kind = (&'static str, fn() -> Middle);

/// Every fault, group by group in the order of the file.
pub(super) fn all() -> impl Iterator<Item = &'static Kind> {
    let groups: [&[Kind]; 11] = [
        numbers::KINDS,
        answers::KINDS,
        states::KINDS,
        acceptance::KINDS,
        options::KINDS,
        data::KINDS,
        timing::KINDS,
        window::KINDS,
        icmp::KINDS,
        ip::KINDS,
        grid::KINDS,
    ];
    groups.into_iter().flatten()
}
