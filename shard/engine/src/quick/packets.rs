//! Usual publishes that another shard passed on.

use wire_message::Instant;
use wire_mqtt::PlainPublish;

use super::Quick;
use crate::engine::Engine;
use crate::entry::Packets;
use crate::output::Outputs;
use crate::parcel::Parcel;

impl Engine {
    /// Delivers publishes that another shard sent to sessions of this one.
    pub(crate) fn packets_forwarded(&mut self, packets: &Packets, now: Instant, out: &mut Outputs) {
        for (packet, plain) in packets.iter() {
            if self
                .packet_forwarded(packets, packet, &plain, out)
                .is_none()
            {
                self.forwarded_unusually(packets, &plain, now, out);
            }
        }
    }

    /// Delivers one of them if its topic is known to match one filter or none; `None` if it is not,
    /// and nothing was done.
    #[inline]
    fn packet_forwarded(
        &mut self,
        packets: &Packets,
        packet: &[u8],
        plain: &PlainPublish<'_>,
        out: &mut Outputs,
    ) -> Option<()> {
        let Self {
            clients,
            routes,
            index,
            refused,
            ..
        } = self;
        let (topic, local) = routes.current_local(plain.topic, index)?;
        if local.len() > 1 {
            return None;
        }
        let Some(filter) = local.first().copied() else {
            return Some(());
        };
        let message = packets.message(plain, topic);
        let mut quick = Quick::new(packet, *plain, packets.version, message);
        index.filter(filter).for_each_subscriber(|subscriber| {
            if let Some(session) = clients.deliver_quickly(&mut quick, &subscriber, out) {
                refused.push(session);
            }
        });
        clients.count_quick_deliveries(&quick);
        Some(())
    }

    /// Delivers one of them by the way of all others.
    fn forwarded_unusually(
        &mut self,
        packets: &Packets,
        plain: &PlainPublish<'_>,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some(message) = packets.checked(plain) else {
            return;
        };
        let mut parcel = Parcel::borrowed(message, now);
        self.deliver_forwarded(&mut parcel, (true, false), &[], now, out);
    }
}
