//! The oracle sees what is wrong: each defect is caught, and by a property that is about it.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test reports and fails"
)]

use broker_sim::{Defect, run};

/// Seeds within which a defect that does harm must be caught.
const SEEDS: u64 = 1000;

/// Runs seeds with the defect until a property fails, which must be one of `properties`.
fn catch(defect: Defect, properties: &[&str]) {
    let failed = (0..SEEDS).find_map(|seed| run(seed, 3, Some(defect)).err());
    let failure = failed.unwrap_or_else(|| panic!("{defect:?} was not seen in {SEEDS} seeds"));
    println!("{defect:?}: {failure}");
    let property = failure.violation.property;
    assert!(
        properties.contains(&property),
        "{}\ncaught by {property}",
        failure.trace
    );
}

macro_rules! defects {
    ($($name:ident: $defect:ident by $properties:expr,)+) => {
        $(#[test] fn $name() {
            catch(Defect::$defect, &$properties);
        })+

        #[test]
        fn every_defect_has_a_test() {
            assert_eq!([$(Defect::$defect),+].len(), Defect::ALL.len());
        }
    };
}

defects! {
    bytes_that_are_lost_are_seen: BytesLost by ["well_formed", "delivered", "acknowledged", "liveness", "neighbours"],
    a_close_that_is_forgotten_is_seen: CloseForgotten by ["takeover", "contract", "liveness"],
    messages_that_change_places_are_seen: EntriesSwapped by ["ordered", "retained"],
    a_message_that_is_doubled_is_seen: EntryDoubled by ["doubled"],
    a_message_that_is_lost_is_seen: EntryDropped by ["acknowledged", "delivered", "wills", "shared"],
    an_entry_for_each_subscriber_is_seen: EntryPerSubscriber by ["entries"],
    a_connection_that_is_never_read_again_is_seen: ResumeForgotten by ["liveness", "neighbours"],
    a_retained_message_that_is_lost_is_seen: RetainedForgotten by ["retained"],
    a_batch_that_is_lost_is_seen: BatchLost by ["acknowledged", "liveness", "takeover", "retained", "unasked", "doubled", "shared", "returned", "wills", "well_formed", "leaks"],
    an_acknowledgement_before_the_disk_is_seen: DurableEarly by ["acknowledged", "takeover", "retained", "unasked", "doubled", "shared", "liveness"],
    flights_that_a_start_does_not_find_are_seen: FlightsForgotten by ["doubled", "well_formed", "liveness", "acknowledged"],
    receipts_that_a_start_does_not_find_are_seen: ReceiptsForgotten by ["doubled", "liveness"],
    a_removal_that_is_lost_is_seen: RemovalLost by ["doubled", "leaks"],
    a_session_that_a_start_forgets_is_seen: SessionForgotten by ["takeover"],
    a_watermark_that_is_forgotten_is_seen: WatermarkForgotten by ["liveness"],
    routes_that_are_out_of_date_are_seen: RoutesStale by ["acknowledged", "delivered", "wills", "shared"],
    a_suback_that_is_too_early_is_seen: SubackEarly by ["acknowledged", "delivered", "retained", "wills", "shared"],
}
