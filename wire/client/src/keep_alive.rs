//! Keeping the connection alive.

use core::time::Duration;

use wire_message::Instant;
use wire_mqtt::Packet;

use crate::{Client, ClientError, State, VerbError};

impl Client {
    /// When to call [`Self::handle_timeout`]; ask again after every other call.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.state != State::Connected || self.keep_alive_s == 0 {
            return None;
        }
        let keep_alive = Duration::from_secs(self.keep_alive_s.into());
        Some(self.pinged.unwrap_or(self.last_sent) + keep_alive)
    }

    /// Does what is due at `now`: writes a PINGREQ, or finds that the last one was not answered.
    ///
    /// Early or repeated calls are harmless.
    ///
    /// # Errors
    ///
    /// [`ClientError::Silent`]; the connection is closed on the client's side.
    ///
    /// # Specification
    ///
    /// \[v5 3.1.2-20\], \[v311 3.1.2-23\].
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Vec<u8>) -> Result<(), ClientError> {
        if self.next_timeout().is_none_or(|due| due > now) {
            return Ok(());
        }
        if self.pinged.is_some() {
            self.connection_lost();
            return Err(ClientError::Silent);
        }
        // It is connected, and PINGREQ always fits.
        let _ = self.ping(now, out);
        Ok(())
    }

    /// Writes a PINGREQ.
    ///
    /// # Errors
    ///
    /// [`VerbError::NotConnected`].
    pub fn ping(&mut self, now: Instant, out: &mut Vec<u8>) -> Result<(), VerbError> {
        if self.state != State::Connected {
            return Err(VerbError::NotConnected);
        }
        self.write(&Packet::Pingreq, out)?;
        self.last_sent = now;
        self.pinged.get_or_insert(now);
        Ok(())
    }
}
