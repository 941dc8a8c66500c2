use super::*;
use pretty_assertions::assert_eq;
use tcpspec_core::segment::{Flags, Packet, Segment, decode, encode_segment};
use tcpspec_core::seq::SeqNum;

/// smoltcp, and a peer that sends what a test says.
struct Peer {
    stack: SmoltcpStack,
    now: Time,
    us: SocketAddr,
    target: SocketAddr,
}

const SYN_ACK: Flags = Flags::SYN.union(Flags::ACK);
const FIN_ACK: Flags = Flags::FIN.union(Flags::ACK);
const RST_ACK: Flags = Flags::RST.union(Flags::ACK);

impl Peer {
    fn new() -> Self {
        let [us, target] = ["198.18.0.1:4000", "192.0.2.1:80"].map(|text| text.parse().expect("an address"));
        Self { stack: SmoltcpStack::new(7), now: Time(1_000_000_000_000), us, target }
    }

    fn listening(backlog: u32, options: &[SocketOption]) -> (Self, SocketId) {
        let mut peer = Self::new();
        let listener = peer.stack.listen(peer.target, backlog, options).expect("a listener");
        (peer, listener)
    }

    /// With one accepted connection: its id and the numbers that both use next.
    fn established(options: &[SocketOption]) -> (Self, SocketId, SeqNum) {
        let (mut peer, listener) = Self::listening(4, options);
        let theirs = peer.opens(4000);
        let (id, from) = peer.stack.accept(listener).expect("a connection");
        assert_eq!(from, peer.us);
        (peer, id, theirs)
    }

    /// Shakes hands from that port.
    fn opens(&mut self, port: u16) -> SeqNum {
        self.us.set_port(port);
        let answer = self.sends(Flags::SYN, 100, SeqNum(0), b"");
        assert_eq!(answer[0].0, SYN_ACK);
        let theirs = answer[0].1 + 1;
        assert_eq!(self.sends(Flags::ACK, 101, theirs, b""), []);
        theirs
    }

    /// Sends a segment, and gives control bits and sequence numbers of what comes back.
    fn sends(&mut self, flags: Flags, seq: u32, ack: SeqNum, text: &[u8]) -> Vec<(Flags, SeqNum)> {
        let segment = Segment {
            flags,
            seq: SeqNum(seq),
            ack,
            window: u16::MAX,
            payload: text.to_vec(),
            ..Segment::between(self.us, self.target)
        };
        self.grants(Duration::ZERO, Some(&encode_segment(&segment)))
    }

    fn waits(&mut self, span: Duration) -> Vec<(Flags, SeqNum)> {
        self.grants(span, None)
    }

    fn grants(&mut self, span: Duration, packet: Option<&[u8]>) -> Vec<(Flags, SeqNum)> {
        self.now += span;
        let mut out = Vec::new();
        self.stack.run(self.now, packet, &mut out);
        let segments = out.iter().map(|packet| match decode(packet) {
            Ok(Packet::Tcp(received)) => (received.segment.flags, received.segment.seq),
            other => panic!("not a segment: {other:?}"),
        });
        segments.collect()
    }

    fn state(&self) -> Option<State> {
        self.stack.table(self.target, Some(self.us)).expect("a table").state
    }

    fn listens(&self) -> bool {
        self.stack.table(self.target, None).expect("a table").state == Some(State::Listen)
    }
}

#[test]
fn version_is_that_of_the_crate_in_use() {
    let lock =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).expect("a file");
    let entry = format!("name = \"smoltcp\"\nversion = \"{}\"\n", SmoltcpStack::VERSION);
    assert!(lock.contains(&entry), "{entry}");
}

#[test]
fn listener_takes_as_many_connections_as_its_backlog_has_room_for() {
    let (mut peer, listener) = Peer::listening(2, &[]);
    assert!(peer.listens());
    peer.opens(4000);
    peer.opens(4001);
    assert!(!peer.listens());
    peer.us.set_port(4002);
    assert_eq!(peer.sends(Flags::SYN, 100, SeqNum(0), b""), [(RST_ACK, SeqNum(0))]);
    let peers = [(); 3].map(|()| peer.stack.accept(listener).map(|(_, from)| from.port()));
    assert_eq!(peers, [Some(4000), Some(4001), None]);
    assert_eq!((peer.waits(Duration::ZERO), peer.listens()), (vec![], true));
    peer.opens(4002);
}

#[test]
fn address_in_use_is_refused_until_its_listener_is_closed() {
    let (mut peer, listener) = Peer::listening(1, &[]);
    assert_eq!(peer.stack.listen(peer.target, 1, &[]), Err(Failure::Other("EADDRINUSE".into())));
    peer.stack.close(listener);
    assert!(peer.stack.listen(peer.target, 1, &[]).is_ok());
}

#[test]
fn closed_listener_resets_what_nobody_accepted_and_keeps_what_was() {
    let (mut peer, listener) = Peer::listening(4, &[]);
    let theirs = peer.opens(4000);
    assert!(peer.stack.accept(listener).is_some());
    peer.opens(4001);
    peer.stack.close(listener);
    let resets: Vec<Flags> = peer.waits(Duration::ZERO).into_iter().map(|(flags, _)| flags).collect();
    assert_eq!((resets, peer.listens()), (vec![RST_ACK], false));
    peer.us.set_port(4000);
    assert_eq!(peer.state(), Some(State::Established));
    assert_eq!(peer.sends(FIN_ACK, 101, theirs, b""), [(Flags::ACK, theirs)]);
    assert_eq!(peer.state(), Some(State::CloseWait));
}

#[test]
fn text_is_seen_read_and_followed_by_the_end() {
    let (mut peer, id, theirs) = Peer::established(&[]);
    assert_eq!(peer.stack.receive(id, 9), Ok(Received::Nothing));
    peer.sends(FIN_ACK, 101, theirs, b"abc");
    assert_eq!(peer.stack.peek(id, 2), Ok(Received::Octets(b"ab".into())));
    assert_eq!(peer.stack.receive(id, 2), Ok(Received::Octets(b"ab".into())));
    assert_eq!(peer.stack.receive(id, 2), Ok(Received::Octets(b"c".into())));
    assert_eq!(peer.stack.receive(id, 2), Ok(Received::End));
    assert_eq!(peer.stack.condition(id), Condition::Established);
}

#[test]
fn reset_is_told_behind_the_text_before_it() {
    let (mut peer, id, theirs) = Peer::established(&[]);
    peer.sends(Flags::ACK, 101, theirs, b"abc");
    peer.sends(Flags::RST, 104, SeqNum(0), b"");
    assert_eq!((peer.state(), peer.stack.condition(id)), (None, Condition::Failed(Failure::Reset)));
    assert_eq!(peer.stack.receive(id, 9), Ok(Received::Octets(b"abc".into())));
    assert_eq!(peer.stack.receive(id, 9), Err(Failure::Reset));
    assert_eq!(peer.stack.send(id, b"x"), Err(Failure::Reset));
}

#[test]
fn last_ack_acknowledged_or_reset_is_no_failure() {
    for reset in [false, true] {
        let (mut peer, id, theirs) = Peer::established(&[]);
        peer.sends(FIN_ACK, 101, theirs, b"");
        peer.stack.shutdown(id).expect("it is open");
        assert_eq!(peer.waits(Duration::ZERO), [(FIN_ACK, theirs)]);
        assert_eq!(peer.state(), Some(State::LastAck));
        peer.sends(if reset { Flags::RST } else { Flags::ACK }, 102, theirs + 1, b"");
        assert_eq!((peer.state(), peer.stack.condition(id)), (None, Condition::Established));
        assert_eq!(peer.stack.send(id, b"x"), Err(Failure::Other("EPIPE".into())));
    }
}

#[test]
fn time_wait_is_over_when_smoltcp_wakes() {
    let (mut peer, id, theirs) = Peer::established(&[]);
    peer.stack.shutdown(id).expect("it is open");
    peer.waits(Duration::ZERO);
    peer.sends(FIN_ACK, 101, theirs + 1, b"");
    let began = peer.now;
    assert_eq!(
        (peer.state(), peer.stack.next_wake()),
        (Some(State::TimeWait), Some(began + Duration::from_secs(10)))
    );
    peer.waits(Duration::from_secs(10));
    assert_eq!((peer.state(), peer.stack.next_wake()), (None, None));
    assert_eq!(peer.stack.condition(id), Condition::Established);
}

#[test]
fn connect_ends_refused_established_or_timed_out() {
    let open = |options: &[SocketOption]| {
        let mut peer = Peer::new();
        let id = peer.stack.connect(peer.target, peer.us, options).expect("it begins");
        let syn = peer.waits(Duration::ZERO);
        assert_eq!((syn[0].0, peer.stack.condition(id)), (Flags::SYN, Condition::Connecting));
        (peer, id, syn[0].1 + 1)
    };
    let (mut peer, id, theirs) = open(&[]);
    assert_eq!(peer.stack.send(id, b"x"), Ok(0));
    peer.sends(RST_ACK, 0, theirs, b"");
    assert_eq!(peer.stack.condition(id), Condition::Failed(Failure::Refused));
    let (mut peer, id, theirs) = open(&[]);
    peer.sends(SYN_ACK, 0, theirs, b"");
    assert_eq!(peer.stack.condition(id), Condition::Established);
    let (mut peer, id, _) = open(&[SocketOption::UserTimeout(Duration::from_secs(5))]);
    peer.waits(Duration::from_secs(5));
    assert_eq!(peer.stack.condition(id), Condition::Failed(Failure::TimedOut));
}

#[test]
fn abort_resets_and_is_no_failure_of_the_peer_s() {
    let (mut peer, id, theirs) = Peer::established(&[]);
    peer.stack.abort(id);
    assert_eq!((peer.waits(Duration::ZERO), peer.state()), (vec![(RST_ACK, theirs)], None));
}

#[test]
fn options_smoltcp_does_not_have_are_refused() {
    let mut peer = Peer::new();
    let option = SocketOption::MaximumSegment(536);
    let refused = Failure::Other("ENOPROTOOPT (MaximumSegment(536))".into());
    assert_eq!(peer.stack.listen(peer.target, 1, &[option]), Err(refused.clone()));
    let (mut peer, id, _) = Peer::established(&[SocketOption::ReceiveBuffer(1000)]);
    assert_eq!(peer.stack.set(id, option), Err(refused));
    assert_eq!(peer.stack.set(id, SocketOption::NoDelay(true)), Ok(()));
}

#[test]
fn keep_alive_asks_when_it_is_on_and_gives_up_after_its_probes() {
    let idle = SocketOption::KeepAliveIdle(Duration::from_secs(2));
    let (mut peer, id, theirs) = Peer::established(&[idle]);
    assert_eq!((peer.stack.next_wake(), peer.waits(Duration::from_secs(9))), (None, vec![]));
    assert_eq!(peer.stack.set(id, SocketOption::KeepAlive(true)), Ok(()));
    assert_eq!(peer.waits(Duration::ZERO), [(Flags::ACK, theirs - 1)]);

    let every = |seconds| SocketOption::KeepAliveInterval(Duration::from_secs(seconds));
    let options = [SocketOption::KeepAlive(true), idle, every(2), SocketOption::KeepAliveCount(2)];
    let (mut peer, id, theirs) = Peer::established(&options);
    for _ in 0..2 {
        assert_eq!(peer.waits(Duration::from_secs(2)), [(Flags::ACK, theirs - 1)]);
    }
    assert_eq!(peer.stack.condition(id), Condition::Established);
    peer.waits(Duration::from_secs(2));
    assert_eq!(peer.stack.condition(id), Condition::Failed(Failure::TimedOut));
    // smoltcp has one interval only.
    assert!(peer.stack.set(id, every(1)).is_err());
}
