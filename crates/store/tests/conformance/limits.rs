//! Buckets of permits, and the networks that accounts know.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::store::{Charge, KnownNetwork, Taken};
use doorward_core::{Bucket, LimitKey};

use crate::fixtures::{AnyStore, at};

/// Three at once, and one every ten seconds.
const CHARGE: Charge = Charge {
    bucket: Bucket {
        burst: 3,
        refill: Duration::from_secs(10),
    },
    tight_after: None,
    remembered: Duration::ZERO,
};

/// After five that did not come back, one every 1,000 seconds.
const TIGHT: Charge = Charge {
    tight_after: Some((5, Duration::from_secs(1_000))),
    remembered: Duration::from_mins(1_000),
    ..CHARGE
};

const KEY: LimitKey = LimitKey::new([1; 16]);

const fn empty_for(seconds: u64) -> Taken {
    Taken::Empty {
        retry_after: Duration::from_secs(seconds),
    }
}

pub(crate) async fn a_bucket_gives_its_burst_and_refills(store: AnyStore) {
    for _ in 0..3 {
        assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(100))), Taken::Permit);
    }
    assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(100))), empty_for(10));
    assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(104))), empty_for(6));
    assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(110))), Taken::Permit);
    assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(110))), empty_for(10));
    let other = LimitKey::new([2; 16]);
    assert_eq!(commit!(store, take_permit(&other, &CHARGE, at(110))), Taken::Permit);
    for _ in 0..3 {
        assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(1_000))), Taken::Permit);
    }
    assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(1_000))), empty_for(10));
}

pub(crate) async fn a_permit_that_was_rolled_back_was_not_taken(store: AnyStore) {
    for _ in 0..10 {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.take_permit(&KEY, &CHARGE, at(0)).await.unwrap(), Taken::Permit);
    }
}

pub(crate) async fn a_permit_that_came_back_can_be_taken_again(store: AnyStore) {
    for _ in 0..20 {
        assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(0))), Taken::Permit);
        commit!(store, give_permit_back(&KEY, &CHARGE, at(0)));
    }
    assert_eq!(read!(store, count_limit_buckets(10)), 0, "a full bucket has no row");
    for _ in 0..3 {
        assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(0))), Taken::Permit);
    }
    commit!(store, give_permit_back(&KEY, &CHARGE, at(0)));
    assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(0))), Taken::Permit);
    assert_eq!(commit!(store, take_permit(&KEY, &CHARGE, at(0))), empty_for(10));
}

pub(crate) async fn s59_a_bucket_tightens_until_a_permit_comes_back(store: AnyStore) {
    for n in 0..5 {
        assert_eq!(commit!(store, take_permit(&KEY, &TIGHT, at(n * 10))), Taken::Permit);
    }
    // The bucket is full at 50: then it has one permit, and the next 1,000 seconds later.
    assert_eq!(commit!(store, take_permit(&KEY, &TIGHT, at(45))), empty_for(5));
    assert_eq!(commit!(store, take_permit(&KEY, &TIGHT, at(50))), Taken::Permit);
    assert_eq!(commit!(store, take_permit(&KEY, &TIGHT, at(51))), empty_for(999));
    assert_eq!(commit!(store, take_permit(&KEY, &TIGHT, at(1_050))), Taken::Permit);
    commit!(store, give_permit_back(&KEY, &TIGHT, at(1_050)));
    for _ in 0..3 {
        assert_eq!(commit!(store, take_permit(&KEY, &TIGHT, at(1_051))), Taken::Permit);
    }
}

pub(crate) async fn s60_of_200_racers_as_many_get_a_permit_as_there_are(store: AnyStore) {
    let racers: Vec<_> = (0..200)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { commit!(store, take_permit(&KEY, &CHARGE, at(0))) })
        })
        .collect();
    let mut permits = 0;
    for racer in racers {
        permits += usize::from(racer.await.unwrap() == Taken::Permit);
    }
    assert_eq!(permits, 3);
}

pub(crate) async fn what_is_full_again_is_forgotten(store: AnyStore) {
    let remembering = LimitKey::new([2; 16]);
    commit!(store, take_permit(&KEY, &CHARGE, at(0)));
    commit!(store, take_permit(&remembering, &TIGHT, at(0)));
    assert_eq!(commit!(store, forget_limits(at(9), at(0))), 0);
    assert_eq!(commit!(store, forget_limits(at(10), at(0))), 1);
    assert_eq!(commit!(store, forget_limits(at(60_009), at(0))), 0);
    assert_eq!(commit!(store, forget_limits(at(60_010), at(0))), 1);
    assert_eq!(read!(store, count_limit_buckets(10)), 0);
}

pub(crate) async fn counting_buckets_stops_where_it_is_told_to(store: AnyStore) {
    for n in 0..5 {
        commit!(store, take_permit(&LimitKey::new([n; 16]), &CHARGE, at(0)));
    }
    assert_eq!(read!(store, count_limit_buckets(10)), 5);
    assert_eq!(read!(store, count_limit_buckets(3)), 3);
}

pub(crate) async fn an_account_knows_the_eight_networks_that_were_seen_last(store: AnyStore) {
    let network = |account: u8, number: u8| KnownNetwork {
        id: LimitKey::new([account, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        account: LimitKey::new([account; 16]),
    };
    commit!(store, remember_network(&network(2, 0), at(0)));
    for number in 0..8 {
        commit!(store, remember_network(&network(1, number), at(u64::from(number))));
    }
    commit!(store, remember_network(&network(1, 0), at(100)));
    commit!(store, remember_network(&network(1, 8), at(101)));
    assert_eq!(read!(store, find_known_network(&network(1, 0).id)), Some(at(100)));
    assert_eq!(read!(store, find_known_network(&network(1, 1).id)), None);
    assert_eq!(read!(store, find_known_network(&network(1, 2).id)), Some(at(2)));
    assert_eq!(read!(store, find_known_network(&network(2, 0).id)), Some(at(0)));
    assert_eq!(commit!(store, forget_limits(at(0), at(3))), 2);
    assert_eq!(read!(store, find_known_network(&network(1, 2).id)), None);
    assert_eq!(read!(store, find_known_network(&network(1, 3).id)), Some(at(3)));
}
