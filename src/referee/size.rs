//! The size of a segment (RFC 9293 section 3.7.1).

use super::offers::Offer;
use super::rules::{BEYOND_DEFAULT_MSS, BEYOND_MSS, Violation};
use super::watch::Sight;
use crate::segment::encode_options;

/// Eff.snd.MSS = min(SendMSS + 20, MMS_S) - TCPhdrsize - IPoptionsize: options count against the
/// MSS that we announced. One octet may always be sent: an MSS that leaves none would end all
/// communication.
///
/// IP options and extension headers are not known here and counted as none.
pub(super) fn check(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, .. } = sight;
    let length = segment.payload.len();
    let (ip_header, default) = match segment.ip.source.is_ipv6() {
        true => (IPV6_HEADER, DEFAULT_MSS_IPV6),
        false => (IPV4_HEADER, DEFAULT_MSS_IPV4),
    };
    let link_mss = sight.link_mtu.saturating_sub(ip_header + TCP_HEADER);
    let (rule, send_mss, whose) = match connection.ours.map(|ours| ours.mss) {
        // Zero is no size: some read it as no option.
        None | Some(Offer::Doubtful | Offer::Always(0)) => (BEYOND_MSS, link_mss, "the link carries"),
        Some(Offer::Always(mss)) if mss <= link_mss => (BEYOND_MSS, mss, "we announced"),
        Some(Offer::Never) if default <= link_mss => {
            (BEYOND_DEFAULT_MSS, default, "is the default, as we announced none")
        }
        Some(_) => (BEYOND_MSS, link_mss, "the link carries"),
    };
    let options = encode_options(&segment.options).len();
    let most = usize::from(send_mss).saturating_sub(options).max(1);
    if length > most {
        let violation = rule.broken(
            format!("at most {most} octets of text: an MSS of {send_mss} {whose}, less {options} of options"),
            format!("{length} octets"),
        );
        found.push(violation.field("len", format!("at most {most}"), length));
    }
}

const TCP_HEADER: u16 = 20;
const IPV4_HEADER: u16 = 20;
const IPV6_HEADER: u16 = 40;
const DEFAULT_MSS_IPV4: u16 = 536;
const DEFAULT_MSS_IPV6: u16 = 1220;
