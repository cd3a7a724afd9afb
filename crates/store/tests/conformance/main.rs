//! The contract of `doorward_core::store` as one suite, run on SQLite and on PostgreSQL, and what each of the two
//! databases promises beyond it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[macro_use]
mod fixtures;

mod apps;
mod backends;
mod clocks;
mod epochs;
mod identities;
mod isolation;
mod limits;
mod only_postgres;
mod only_sqlite;
mod outbox;
mod registrations;
mod retention;
mod schema;
mod sessions;
mod tokens;
mod triggers;
mod upgrade;
mod users;

/// Lists the tests of the contract once and runs each on both databases.
macro_rules! conformance {
    ($($area:ident { $($sentence:ident)* })*) => {
        mod on_sqlite {
            $(mod $area { $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $sentence() {
                    crate::backends::on_sqlite(crate::$area::$sentence).await;
                }
            )* })*
        }
        mod on_postgres {
            $(mod $area { $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $sentence() {
                    crate::backends::on_postgres(crate::$area::$sentence).await;
                }
            )* })*
        }
    };
}

conformance! {
    apps {
        an_app_keeps_the_object_id_that_it_was_given_first
        nodes_that_adopt_an_app_side_by_side_agree_on_its_object_id
        the_database_answers
        one_connection_answers_many_reads
    }
    registrations {
        a_registration_is_found_by_address_and_by_id
        an_address_is_taken_whether_pending_or_confirmed
        addresses_are_compared_byte_for_byte
        a_registration_is_confirmed_once
        s16_of_200_racers_one_registers_an_address
        a_dropped_transaction_leaves_nothing
        a_transaction_with_a_failed_statement_cannot_be_committed
        a_transaction_reads_what_it_has_written
        a_new_password_ends_sessions_and_voids_links
        a_reserved_address_is_taken_and_otherwise_unknown
        a_reservation_becomes_what_it_was_for
        a_released_address_is_free
        a_lapsed_reservation_gives_way_and_cannot_be_settled
        s16_of_200_racers_one_keeps_an_address
        every_reservation_is_released_at_start_up
    }
    tokens {
        a_token_is_found_as_it_was_issued
        a_token_is_consumed_once
        s31_a_newer_token_voids_none
        s31_spending_a_token_voids_all_others_of_the_registration
        an_expired_token_stays_expired
        s32_a_token_of_one_purpose_is_refused_for_the_other
        a_token_issued_under_other_methods_is_refused
        a_token_works_until_the_millisecond_that_it_expires
        s29_of_200_racers_one_consumes_a_confirm_token
        s29_of_200_racers_one_consumes_a_reset_token
        a_consumption_that_is_rolled_back_leaves_the_token_usable
        of_mails_issued_side_by_side_one_is_stored
        no_mail_is_promised_to_an_unknown_registration
        no_token_is_issued_to_an_unknown_or_reserved_registration
    }
    sessions {
        the_first_login_makes_the_user_and_later_logins_find_it
        concurrent_first_logins_make_one_user
        a_pending_registration_opens_no_session
        a_login_that_verified_an_old_password_is_stale
        a_login_that_races_a_reset_leaves_no_session_of_the_old_password
        a_login_that_races_disabling_leaves_no_session
        a_login_that_races_deletion_leaves_no_session
        a_session_ends_once_and_alone
        all_sessions_of_a_user_end_together
    }
    identities {
        an_external_id_is_one_user_of_its_app
        an_identity_has_the_name_that_its_provider_gave_last
        an_identity_has_the_profile_that_its_provider_gave_last
        the_planned_user_stays_the_same_until_it_is_made
        of_concurrent_first_logins_one_makes_the_user
        concurrent_changes_of_a_name_lose_no_login
        a_user_without_an_address_is_disabled_and_deleted_like_any_other
        logins_that_race_deletion_leave_no_session_behind
        an_identity_that_never_became_a_users_is_swept
        t20_no_identity_of_one_app_opens_a_session_in_another
    }
    limits {
        a_bucket_gives_its_burst_and_refills
        a_permit_that_was_rolled_back_was_not_taken
        a_permit_that_came_back_can_be_taken_again
        s59_a_bucket_tightens_until_a_permit_comes_back
        s60_of_200_racers_as_many_get_a_permit_as_there_are
        what_is_full_again_is_forgotten
        counting_buckets_stops_where_it_is_told_to
        an_account_knows_the_eight_networks_that_were_seen_last
    }
    triggers {
        an_event_is_claimed_as_it_was_queued
        events_of_one_user_are_delivered_in_order_and_others_beside_them
        a_claim_that_lapsed_is_taken_over
        what_is_postponed_keeps_its_place
        deliveries_for_apps_of_other_servers_are_not_claimed
        an_event_that_comes_while_another_is_delivered_is_not_lost
        workers_that_claim_side_by_side_deliver_everything_once
        an_event_of_a_change_that_was_rolled_back_is_not_delivered
        a_transaction_sees_the_user_that_it_has_made
        what_waits_is_never_swept
    }
    users {
        a_user_is_found_with_its_identity
        a_disabled_user_loses_its_sessions_and_links_until_it_is_enabled
        deleting_a_user_deletes_all_that_it_had
        unknown_users_are_neither_disabled_nor_deleted
        confirming_and_resetting_and_deleting_in_parallel_never_fails
    }
    outbox {
        a_mail_is_due_immediately_and_claimed_with_all_that_writing_it_takes
        the_oldest_due_mails_are_claimed_first
        workers_that_claim_side_by_side_never_hold_the_same_mail
        a_lapsed_claim_is_taken_over_and_cannot_be_recorded_by_its_loser
        an_extended_claim_does_not_lapse
        a_failed_attempt_is_due_again_at_its_time
        every_outcome_shows_as_its_state
        a_request_while_a_mail_waits_changes_nothing
        a_request_after_a_mail_was_sent_or_failed_sends_it_again_under_a_new_id
        a_request_for_a_link_that_is_not_young_stores_another
        a_link_of_another_purpose_method_or_key_is_not_sent_again
        a_mail_that_is_sent_again_waits_behind_first_ones
        what_was_voided_no_longer_waits
        what_waited_for_too_long_ends_in_bulk
        a_claim_is_held_until_another_worker_takes_it
        the_text_of_a_function_goes_when_its_mail_is_finished
        released_claims_are_due_immediately
        the_next_due_mail_is_known
        any_reason_can_be_recorded
        a_sealed_mail_is_claimed_as_it_was_promised
    }
    epochs {
        s84_an_epoch_ends_links_sessions_and_waiting_mails
        s84_a_mail_in_hand_does_not_wait_again_after_an_epoch
        s84_what_is_over_does_not_count_as_ended_by_an_epoch
        an_epoch_ends_sessions_and_mails_in_batches
    }
    retention {
        what_ended_before_is_swept_and_nothing_else
        a_token_stays_as_long_as_its_mail
        a_sweep_looks_at_a_bounded_number_of_tokens
        a_waiting_mail_is_never_swept
        a_reservation_is_swept_when_it_has_lapsed
    }
    isolation {
        t20_no_id_of_one_app_works_in_another
    }
}
