//! Whole files.

mod broken;
mod coverage;
mod fixtures;
mod groups;
mod reference;
mod samples;
mod waits;

/// Ways into some states, in the form of `cases/fixtures/states.yaml`.
const STATES: &str = "\
states:
  CLOSED:
    passive: []
    closed: {needs: [closed], steps: []}
  LISTEN:
    passive: [{app: listen}]
  SYN-SENT:
    active:
      - app: connect
      - {expect: SYN, as: target-syn}
  ESTABLISHED:
    passive:
      from: LISTEN
      steps:
        - send: SYN
        - {expect: SYN ACK, as: target-syn}
        - send: ACK
        - app: accept
    active:
      from: SYN-SENT
      steps:
        - send: SYN ACK
        - expect: ACK
        - app: expect connected
    echo:
      needs: [echo]
      steps:
        - send: SYN
        - {expect: SYN ACK, as: target-syn}
        - send: ACK
    probe:
      - {send: ACK, seq: RCV.NXT - 1, data: 1}
      - {expect: ACK, seq: SND.NXT, ack: RCV.NXT}
  FIN-WAIT-1:
    passive: {from: ESTABLISHED, steps: [{app: shutdown}, {expect: FIN ACK, as: target-fin}]}
  CLOSE-WAIT:
    passive:
      from: ESTABLISHED
      steps:
        - {send: FIN ACK, as: fin}
        - {expect: ACK, ack: fin.end}
  TIME-WAIT:
    passive:
      from: FIN-WAIT-1
      steps:
        - {send: FIN ACK, ack: target-fin.end}
        - expect: ACK
";
