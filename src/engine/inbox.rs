//! What arrived on a connection and no step has looked at yet.

use crate::segment::Received;
use crate::time::Time;
use std::collections::VecDeque;

/// A segment that arrived.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) stamp: Time,
    pub(super) received: Received,
    /// Index of its event in the record.
    pub(super) event: usize,
    /// It answers a segment sent from or to another port: it says nothing about this connection.
    pub(super) aside: bool,
    /// On such another port: exactly this came before, since we last sent something there.
    pub(super) again: bool,
}

/// What waits to be looked at, in the order of its stamps.
#[derive(Debug)]
pub(super) struct Inbox {
    own: VecDeque<Arrival>,
    asides: VecDeque<Arrival>,
    pub(super) scope: Scope,
}

/// Where a step looks for what it awaits: on the connection itself, on the other ports from or to
/// which it sent, or on both. Wherever something was asked since a step last looked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    own: bool,
    asides: bool,
    looked: bool,
}

impl Inbox {
    /// Nothing has come.
    pub(super) fn new() -> Self {
        Self { own: VecDeque::new(), asides: VecDeque::new(), scope: Scope::OWN }
    }

    pub(super) fn push(&mut self, arrival: Arrival) {
        let queue = if arrival.aside { &mut self.asides } else { &mut self.own };
        queue.push_back(arrival);
    }

    /// The next arrival that a step looks at.
    pub(super) fn front(&self) -> Option<&Arrival> {
        let own = self.own.front().filter(|_| self.scope.own);
        let aside = self.asides.front().filter(|_| self.scope.asides);
        own.into_iter().chain(aside).min_by_key(|arrival| arrival.stamp)
    }

    /// Takes it out.
    pub(super) fn pop_front(&mut self) -> Option<Arrival> {
        match self.front()?.aside {
            true => self.asides.pop_front(),
            false => self.own.pop_front(),
        }
    }

    /// Every arrival that a step looks at.
    pub(super) fn arrivals(&self) -> impl Iterator<Item = &Arrival> {
        let own = self.own.iter().filter(|_| self.scope.own);
        own.chain(self.asides.iter().filter(|_| self.scope.asides))
    }

    /// The last one that came on the connection itself.
    pub(super) fn last(&self) -> Option<&Arrival> {
        self.own.back()
    }
}

impl Scope {
    /// The connection itself, until something is asked.
    pub(super) const OWN: Self = Self { own: true, asides: false, looked: true };
    /// Everything, until something is asked.
    pub(super) const ALL: Self = Self { own: true, asides: true, looked: true };

    /// Something was asked, there or on the connection itself.
    pub(super) fn asked(&mut self, aside: bool) {
        if self.looked {
            *self = Self { own: false, asides: false, looked: false };
        }
        self.own |= !aside;
        self.asides |= aside;
    }

    /// A step has looked: what is asked from now on is another question.
    pub(super) fn looked(&mut self) {
        self.looked = true;
    }
}
