//! The sockets that the application holds: by key for the kernel's events, by trial and name for
//! the bench's commands.

use super::socket::{Connection, Stamps};
use std::collections::HashMap;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use tcpspec_core::app::CommandId;

/// Names one socket for as long as it lives: its slot, and how often that slot was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    slot: u32,
    generation: u32,
}

impl Key {
    pub(super) fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32 }
    }

    pub(super) fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }
}

/// A socket, and who waits for something to happen on it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) trial: u64,
    pub(super) socket: Socket,
    /// In the order in which they came.
    pub(super) waits: Vec<Wait>,
    /// The kernel tells us of its events.
    pub(super) watched: bool,
}

#[derive(Debug)]
pub(super) enum Socket {
    Listener(TcpListener),
    Connection(Connection),
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Listener(listener) => listener.as_fd(),
            Self::Connection(connection) => connection.as_fd(),
        }
    }
}

/// A command that is not answered yet.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) number: u64,
    pub(super) id: CommandId,
    /// When it is answered in any case: nanoseconds of CLOCK_MONOTONIC.
    pub(super) deadline: Option<u64>,
    pub(super) what: Waiting,
    /// The last try.
    pub(super) tried: Stamps,
}

#[derive(Debug)]
pub(super) enum Waiting {
    Accept { name: String },
    Connected,
    Send { data: Vec<u8>, sent: usize, urgent: bool },
    Urgent,
    Receive { length: usize, data: Vec<u8> },
    End,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// A trial has few sockets: a list is the fastest map.
    names: HashMap<u64, Vec<(String, Key)>>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    held: Option<Box<Held>>,
}

impl Sockets {
    pub(super) fn find(&self, trial: u64, name: &str) -> Option<Key> {
        let names = self.names.get(&trial)?;
        names.iter().find(|(known, _)| known == name).map(|(_, key)| *key)
    }

    /// The caller has seen with [`Self::find`] that the name is free.
    pub(super) fn insert(&mut self, trial: u64, name: String, socket: Socket) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("fewer sockets than 2^32")
        });
        let entry = &mut self.slots[slot as usize];
        entry.held = Some(Box::new(Held { trial, socket, waits: Vec::new(), watched: false }));
        let key = Key { slot, generation: entry.generation };
        self.names.entry(trial).or_default().push((name, key));
        key
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Held> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        slot.held.as_deref_mut().filter(|_| slot.generation == key.generation)
    }

    /// Takes a socket out to work on it while others come and go. Its name and its key stay;
    /// [`Self::put_back`] must follow.
    pub(super) fn borrow(&mut self, key: Key) -> Option<Box<Held>> {
        self.get_mut(key)?;
        self.slots[key.slot as usize].held.take()
    }

    pub(super) fn put_back(&mut self, key: Key, held: Box<Held>) {
        self.slots[key.slot as usize].held = Some(held);
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Box<Held>> {
        let held = self.vacate(key)?;
        if let Some(names) = self.names.get_mut(&held.trial) {
            names.retain(|(_, named)| *named != key);
            if names.is_empty() {
                self.names.remove(&held.trial);
            }
        }
        Some(held)
    }

    /// Everything that a trial holds, latest first.
    pub(super) fn remove_trial(&mut self, trial: u64) -> Vec<Held> {
        let names = self.names.remove(&trial).unwrap_or_default();
        names.into_iter().rev().filter_map(|(_, key)| self.vacate(key)).map(|held| *held).collect()
    }

    fn vacate(&mut self, key: Key) -> Option<Box<Held>> {
        let held = self.borrow(key)?;
        let slot = &mut self.slots[key.slot as usize];
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(key.slot);
        Some(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn listener() -> Socket {
        Socket::Listener(TcpListener::bind("127.0.0.1:0").expect("a socket on loopback"))
    }

    #[test]
    fn a_key_of_a_removed_socket_does_not_name_the_next_one_in_its_slot() {
        let mut sockets = Sockets::default();
        let old = sockets.insert(1, "main".into(), listener());
        assert!(sockets.remove(old).is_some());
        let new = sockets.insert(2, "main".into(), listener());
        assert_eq!((old.slot, new.slot), (0, 0));
        assert!(sockets.get_mut(old).is_none());
        assert!(sockets.remove(old).is_none());
        assert_eq!((sockets.find(1, "main"), sockets.find(2, "main")), (None, Some(new)));
        assert_eq!(Key::from_bits(new.to_bits()), new);
    }

    #[test]
    fn a_trial_released_takes_all_of_its_sockets_and_no_other() {
        let mut sockets = Sockets::default();
        for (trial, name) in [(1, "listener"), (2, "listener"), (1, "main")] {
            sockets.insert(trial, name.into(), listener());
        }
        assert_eq!(sockets.remove_trial(1).len(), 2);
        assert_eq!(sockets.remove_trial(1).len(), 0);
        assert!(sockets.find(1, "main").is_none());
        assert!(sockets.find(2, "listener").is_some());
    }
}
