//! Segments of a target that the test plays itself.

use super::bench::Bench;
use crate::engine::connection::Connection;
use crate::segment::{Flags, Segment, TcpOption};

/// `ACK`, `FIN ACK`, … as a case writes them.
pub(super) fn flags(words: &str) -> Flags {
    words.parse().expect("control bits")
}

impl Bench {
    pub(super) fn connection(&self, name: &str) -> &Connection {
        self.engine.connections.iter().find(|it| it.name == name).expect("a connection of the case")
    }

    /// What a conforming target would send now with these control bits on `main`: with current numbers
    /// and everything acknowledged.
    pub(super) fn target(&self, words: &str) -> Segment {
        self.target_of("main", words)
    }

    /// The same, on the connection of this name.
    pub(super) fn target_of(&self, name: &str, words: &str) -> Segment {
        let connection = self.connection(name);
        let flags = flags(words);
        let with_ack = flags.contains(Flags::ACK);
        let mut segment = Segment {
            seq: connection.snd_nxt,
            ack: if with_ack { connection.sent_end } else { Default::default() },
            flags,
            window: super::peer::WINDOW,
            ..Segment::between(connection.target, connection.bench)
        };
        if connection.timestamps() && !flags.contains(Flags::RST) {
            let (value, echo) = (connection.ts_val, connection.ts_recent);
            segment.options = vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamps { value, echo }];
        }
        segment
    }

    /// So many octets that the application has written on `main`, in a segment with current numbers.
    pub(super) fn text(&self, words: &str, length: usize) -> Segment {
        let connection = self.connection("main");
        let iss = connection.iss.expect("the connection is open");
        let start = connection.snd_nxt.distance_from(iss + 1) as usize;
        let payload = connection.written[start..start + length].to_vec();
        Segment { payload, ..self.target(words) }
    }
}
