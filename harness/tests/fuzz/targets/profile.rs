//! Profiles: whatever is wrong with one is said at its place.

use super::text::refused;
use tcpspec_core::profile::Profile;

pub(crate) fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let profile = match Profile::read(FILE, text) {
        Ok(profile) => profile,
        Err(problems) => return refused(&problems, FILE, text),
    };
    let Some(device) = profile.device() else { return };
    for pool in [&device.bench.v4, &device.bench.v6] {
        let first: Vec<_> = pool.iter().take(100).collect();
        assert_eq!(first.len() as u128, pool.len().min(100));
        assert_eq!(first.is_empty(), pool.is_empty());
        assert!(first.iter().all(|address| pool.contains(*address)));
        let target = [device.address.v4.map(Into::into), device.address.v6.map(Into::into)];
        assert!(target.into_iter().flatten().all(|target| !pool.contains(target)), "{profile:?}");
    }
}

const FILE: &str = "profile.yaml";
