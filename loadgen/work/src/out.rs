//! What a crew wants done.

use core::net::{IpAddr, SocketAddr};

use crate::{ClientNumber, Credit};

/// Something that the caller must now do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a transport, and answer with `Input::Connected` or `Input::ConnectFailed`.
    Connect {
        /// For whom.
        client: ClientNumber,
        /// To whom.
        broker: SocketAddr,
        /// From where; anywhere without it.
        local: Option<IpAddr>,
    },
    /// Send the next bytes of [`Out::bytes`], and answer with `Input::Writable` when they are sent.
    Send {
        /// By whom.
        client: ClientNumber,
        /// How many.
        bytes: usize,
    },
    /// Close the transport, and answer with `Input::Closed`.
    Close {
        /// Whose.
        client: ClientNumber,
        /// At once, whatever is queued; otherwise when all that is queued was sent.
        abrupt: bool,
    },
    /// Stop reading.
    Pause(ClientNumber),
    /// Read again.
    Resume(ClientNumber),
    /// Bring a credit to another worker.
    Credits {
        /// Which one.
        worker: u16,
        /// What.
        credit: Credit,
    },
}

/// What a crew wants done, in the caller's buffers; the caller clears them before the next call or
/// whenever it has carried out what is in them.
#[derive(Debug, Default)]
pub struct Out {
    /// What to send; the actions [`Action::Send`] take it from the front, in order.
    pub bytes: Vec<u8>,
    /// What to do.
    pub actions: Vec<Action>,
    /// Bytes at the start of [`Self::bytes`] that an action names.
    assigned: usize,
}

impl Out {
    /// Empties both buffers and keeps their memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.actions.clear();
    }

    /// Begins a call: all bytes that are there belong to actions that are there.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.assigned = self.bytes.len();
    }

    /// Bytes that no action names.
    #[inline]
    pub(crate) fn unassigned(&self) -> usize {
        self.bytes.len() - self.assigned
    }

    /// Gives the bytes that no action names to `client`, and returns their number.
    #[inline]
    pub(crate) fn assign(&mut self, client: ClientNumber) -> usize {
        let bytes = self.unassigned();
        self.assigned = self.bytes.len();
        if bytes == 0 {
            return 0;
        }
        if let Some(Action::Send {
            client: last,
            bytes: queued,
        }) = self.actions.last_mut()
            && *last == client
        {
            *queued += bytes;
        } else {
            self.actions.push(Action::Send { client, bytes });
        }
        bytes
    }

    /// Removes the bytes that no action names.
    pub(crate) fn discard(&mut self) {
        self.bytes.truncate(self.assigned);
    }
}
