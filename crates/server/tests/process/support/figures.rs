//! Metrics as Prometheus reads them.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{Call, Client};

/// The metrics of a server at one moment.
pub(crate) struct Figures(pub(crate) String);

impl Figures {
    /// Reads the page at this URL.
    pub(crate) async fn read(url: &str) -> Self {
        Self(Client::new(url).ask(&Call::get("")).await.body)
    }

    /// Reads the page until a figure has a value.
    pub(crate) async fn wait_for(url: &str, name: &str, value: u64, within: Duration) -> Self {
        let begun = Instant::now();
        loop {
            let figures = Self::read(url).await;
            if figures.get(name) == value {
                return figures;
            }
            let found = figures.get(name);
            assert!(
                begun.elapsed() < within,
                "after {within:?} {name} is {found}, not {value}"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// A figure by its name and labels as they stand on the page; one that is not there has not been counted.
    pub(crate) fn get(&self, name: &str) -> u64 {
        let value = self
            .0
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a count is a whole number"))
    }
}
