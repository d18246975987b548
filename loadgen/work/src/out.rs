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
}

impl Out {
    /// Empties both buffers and keeps their memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.actions.clear();
    }

    /// Notes that the last `bytes` bytes are for `client`.
    #[inline]
    pub(crate) fn sent(&mut self, client: ClientNumber, bytes: usize) {
        if bytes == 0 {
            return;
        }
        if let Some(Action::Send {
            client: last,
            bytes: queued,
        }) = self.actions.last_mut()
            && *last == client
        {
            *queued += bytes;
            return;
        }
        self.actions.push(Action::Send { client, bytes });
    }
}
