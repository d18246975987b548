//! Members of shared groups that stay away for a while, their sessions kept.

use wire_mqtt::ReasonCode;

use super::{Client, Kind};
use crate::history::{ClientNumber, Subscription};
use crate::outside::Outside;
use crate::violation::Violation;

impl Client {
    /// The group that the client is a connected member of, with a session that stays.
    pub(crate) fn membership(&self, outside: &Outside) -> Option<String> {
        let is_lasting = self.memory.expiry_s > 1_000 && self.is_connected();
        let session = self
            .memory
            .session
            .filter(|_| self.kind == Kind::Member && is_lasting)?;
        let mut subscriptions = outside.history.sessions[session.0].subscriptions.iter();
        let is_member = |one: &&Subscription| one.is_wanted() && one.granted.is_some();
        subscriptions
            .find(is_member)
            .and_then(|one| one.group.clone())
    }

    /// Says goodbye and stays away.
    pub(crate) fn stay_away(&mut self, outside: &mut Outside) -> Result<ClientNumber, Violation> {
        self.is_away = true;
        self.say_goodbye(false, ReasonCode::Success, outside)?;
        Ok(self.number)
    }

    /// May come back.
    pub(crate) const fn come_back(&mut self) {
        self.is_away = false;
    }
}
