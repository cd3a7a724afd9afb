//! From a name to the addresses that may be connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use super::AddressRule;

/// Finds the addresses of a name. It is a trait so that the addresses of a name can change in tests.
#[async_trait]
pub(super) trait Lookup: Send + Sync {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system, `/etc/hosts` included.
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((host, 0)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// Looks a name up once for each connection and passes on the addresses that the rule allows. The connection goes to
/// one of these, so a name that changes its address a moment later gains nothing.
pub(super) struct CheckedResolver {
    pub(super) rule: Arc<AddressRule>,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (rule, lookup) = (Arc::clone(&self.rule), Arc::clone(&self.lookup));
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await.map_err(|_| NoAddress::Unknown)?;
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| rule.allows(Some(name.as_str()), *address))
                // The port of the URL takes the place of 0.
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if allowed.is_empty() {
                return Err(NoAddress::Refused.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Why there is nothing to connect to.
#[derive(Debug, Error)]
pub(super) enum NoAddress {
    #[error("no address of the name is allowed")]
    Refused,
    #[error("the name has no address")]
    Unknown,
}
