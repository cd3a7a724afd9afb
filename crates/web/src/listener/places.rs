//! The places for connections. A new client always gets one where a client that is waited for can give way, so that
//! connections that only stay open keep others out for no longer than it takes to close one of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::ConnectionLimits;
use super::arrival::Arrival;
use super::metrics::{ConnectionMetrics, Refusal};

/// Among so many connections the one is chosen that has waited longest, so that the choice costs the same whatever the
/// number of places. The next choice goes on where this one ended.
const CANDIDATES: usize = 64;

/// How long to wait for a place before another connection has to give way.
const TURN: Duration = Duration::from_millis(20);

/// All places.
pub(super) struct Places {
    limits: ConnectionLimits,
    metrics: ConnectionMetrics,
    epoch: Instant,
    free: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

/// A place, until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    index: usize,
    seat: Arc<Seat>,
    _permit: OwnedSemaphorePermit,
}

#[derive(Default)]
struct Taken {
    seats: Vec<Option<Arc<Seat>>>,
    empty: Vec<usize>,
    /// Where the next choice begins.
    hand: usize,
    shares: HashMap<Share, usize>,
}

struct Seat {
    share: Option<Share>,
    arrival: Arc<Arrival>,
    lost: CancellationToken,
}

/// Those who share what one client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Share {
    V4(Ipv4Addr),
    /// The first half of the address: the other half is the client's own to choose.
    V6([u16; 4]),
}

impl Places {
    pub(super) fn new(limits: ConnectionLimits, metrics: ConnectionMetrics) -> Arc<Self> {
        metrics.places.set(i64::try_from(limits.places).unwrap_or(i64::MAX));
        Arc::new(Self {
            free: Arc::new(Semaphore::new(limits.places)),
            limits,
            metrics,
            epoch: Instant::now(),
            taken: Mutex::default(),
        })
    }

    /// A place for a client at this address. Waits only while the server has whole requests to answer in every place;
    /// `None` if it has them in each place that this address may hold.
    pub(super) async fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let share = self.share(peer);
        if let Some(share) = share
            && self.taken().shares.get(&share).copied().unwrap_or(0) >= self.limits.places_per_address
        {
            self.metrics.refused(Refusal::Address, None);
            if !self.taken().displace(|seat| seat.share == Some(share)) {
                return None;
            }
        }
        loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return Some(self.take(share, permit));
            }
            self.metrics.refused(Refusal::Places, None);
            self.displace();
            if let Ok(Ok(permit)) = timeout(TURN, Arc::clone(&self.free).acquire_owned()).await {
                return Some(self.take(share, permit));
            }
        }
    }

    /// Closes a connection whose client is waited for, if there is one.
    pub(super) fn displace(&self) {
        self.taken().displace(|_| true);
    }

    fn take(self: &Arc<Self>, share: Option<Share>, permit: OwnedSemaphorePermit) -> Place {
        let seat = Arc::new(Seat {
            share,
            arrival: Arc::new(Arrival::new(self.epoch)),
            lost: CancellationToken::new(),
        });
        self.metrics.opened();
        Place {
            places: Arc::clone(self),
            index: self.taken().add(Arc::clone(&seat)),
            seat,
            _permit: permit,
        }
    }

    /// Whose share a connection counts for. The connections of a proxy are those of all its clients; so it is if the
    /// proxy was not named, and behind the address of this machine or of a private network there may be one.
    fn share(&self, peer: IpAddr) -> Option<Share> {
        let peer = peer.to_canonical();
        let proxies = &self.limits.trusted_proxies;
        if proxies.trusts(peer) || (proxies.is_empty() && is_private(peer)) {
            return None;
        }
        Some(match peer {
            IpAddr::V4(address) => Share::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Share::V6([a, b, c, d])
            }
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whose turn it is on the connection.
    pub(super) fn arrival(&self) -> &Arc<Arrival> {
        &self.seat.arrival
    }

    /// Waits until the connection has to give way.
    pub(super) async fn lost(&self) {
        self.seat.lost.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.metrics.open.dec();
        self.places.taken().remove(self.index);
    }
}

impl Taken {
    fn add(&mut self, seat: Arc<Seat>) -> usize {
        if let Some(share) = seat.share {
            *self.shares.entry(share).or_default() += 1;
        }
        if let Some(index) = self.empty.pop() {
            self.seats[index] = Some(seat);
            return index;
        }
        self.seats.push(Some(seat));
        self.seats.len() - 1
    }

    fn remove(&mut self, index: usize) {
        if let Some(seat) = self.seats[index].take() {
            self.empty.push(index);
            // A connection that had to give way has not counted since then.
            if !seat.lost.is_cancelled() {
                self.give_back(&seat);
            }
        }
    }

    /// Makes one of these connections give way, and says whether there was one.
    fn displace(&mut self, which: impl Fn(&Seat) -> bool) -> bool {
        let all = self.seats.len();
        let mut seen = 0;
        let mut longest: Option<(u64, usize)> = None;
        for offset in 0..all {
            let index = (self.hand + offset) % all;
            let Some(seat) = &self.seats[index] else { continue };
            if seat.lost.is_cancelled() || !which(seat) {
                continue;
            }
            let Some(since) = seat.arrival.waiting_since() else {
                continue;
            };
            longest = longest.into_iter().chain([(since, index)]).min();
            seen += 1;
            if seen == CANDIDATES {
                self.hand = index + 1;
                break;
            }
        }
        let Some(seat) = longest.and_then(|(_, index)| self.seats[index].clone()) else {
            return false;
        };
        seat.lost.cancel();
        self.give_back(&seat);
        true
    }

    fn give_back(&mut self, seat: &Seat) {
        if let Some(share) = seat.share
            && let Some(count) = self.shares.get_mut(&share)
        {
            *count -= 1;
            if *count == 0 {
                self.shares.remove(&share);
            }
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TrustedProxies;

    fn places(limits: ConnectionLimits) -> Arc<Places> {
        Places::new(limits, ConnectionMetrics::default())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn has_lost(place: &Place) -> bool {
        place.seat.lost.is_cancelled()
    }

    #[tokio::test]
    async fn an_address_that_has_its_share_pays_with_its_own_places() {
        let places = places(ConnectionLimits::new(8, TrustedProxies::default()));
        let honest = places.enter(address("203.0.113.1")).await.unwrap();
        let first = places.enter(address("198.51.100.7")).await.unwrap();
        let second = places.enter(address("198.51.100.7")).await.unwrap();
        let third = places.enter(address("198.51.100.7")).await.unwrap();
        assert_eq!(
            (has_lost(&first), has_lost(&second), has_lost(&third)),
            (true, false, false)
        );
        assert!(!has_lost(&honest));
        assert_eq!(places.metrics.count(Refusal::Address), 1);
    }

    #[tokio::test]
    async fn an_address_whose_requests_are_all_being_answered_has_to_wait_outside() {
        let places = places(ConnectionLimits::new(4, TrustedProxies::default()));
        let busy = places.enter(address("2001:db8::1")).await.unwrap();
        busy.seat.arrival.arrived();
        assert!(places.enter(address("2001:db8::ffff:2")).await.is_none());
        assert!(places.enter(address("2001:db8:0:1::1")).await.is_some());
        drop(busy);
        assert!(places.enter(address("2001:db8::3")).await.is_some());
    }

    #[tokio::test]
    async fn the_connections_of_a_proxy_are_those_of_all_clients() {
        let proxies = TrustedProxies::new(["203.0.113.0/24".parse().unwrap()]);
        let named = places(ConnectionLimits::new(8, proxies));
        let not_named = places(ConnectionLimits::new(8, TrustedProxies::default()));
        for _ in 0..8 {
            std::mem::forget(named.enter(address("203.0.113.1")).await.unwrap());
            for address in ["127.0.0.1", "::ffff:10.0.0.1", "fd00::1"] {
                assert!(not_named.share(address.parse().unwrap()).is_none());
            }
        }
        assert_eq!(named.metrics.count(Refusal::Address), 0);
        assert!(named.share(address("10.0.0.1")).is_some());
    }

    #[tokio::test]
    async fn the_client_that_is_waited_for_longest_gives_way_and_never_a_request_that_is_answered() {
        let places = places(ConnectionLimits::new(3, TrustedProxies::default()));
        let mut taken = Vec::new();
        for client in 1..=3 {
            taken.push(places.enter(address(&format!("192.0.2.{client}"))).await.unwrap());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        taken[0].seat.arrival.arrived();
        let waiting = tokio::spawn({
            let places = Arc::clone(&places);
            async move { places.enter(address("192.0.2.9")).await }
        });
        timeout(Duration::from_secs(20), taken[1].lost()).await.unwrap();
        assert!(!has_lost(&taken[0]) && !has_lost(&taken[2]));
        drop(taken.remove(1));
        let newcomer = waiting.await.unwrap().unwrap();
        assert_eq!(places.metrics.open.get(), 3);
        drop((taken, newcomer));
        assert_eq!(places.metrics.open.get(), 0);
        assert!(places.taken().shares.is_empty());
    }

    #[tokio::test]
    async fn a_choice_looks_at_few_connections_however_many_there_are() {
        let places = places(ConnectionLimits::new(10_000, TrustedProxies::default()));
        let mut taken = Vec::new();
        for _ in 0..1_000 {
            taken.push(places.enter(address("127.0.0.1")).await.unwrap());
        }
        for round in 1..=10 {
            places.displace();
            assert!(places.taken().hand <= round * (CANDIDATES + 10));
            assert_eq!(taken.iter().filter(|place| has_lost(place)).count(), round);
        }
    }
}
