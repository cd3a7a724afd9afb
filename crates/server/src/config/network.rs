//! Where the server listens, and under which addresses clients and proxies reach it.

use std::net::SocketAddr;

use clap::Args;
use ipnet::IpNet;

use super::arg_ext::ArgExt as _;

#[derive(Debug, Args)]
pub(crate) struct Network {
    /// Address to listen on.
    ///
    /// It speaks plain HTTP/1.1; TLS belongs to the reverse proxy in front.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "DOORWARD_LISTEN",
        default_value = "127.0.0.1:9090"
    )]
    pub(crate) listen: SocketAddr,

    /// The origin under which clients reach this server.
    ///
    /// It is `http://` or `https://` with a host, and a port if need be, and nothing after it. `location`, mails and
    /// hosted pages use it, whatever the `Host` of a request says.
    #[arg(
        long,
        value_name = "URL",
        env = "DOORWARD_PUBLIC_URL",
        default_text = "the listen address if it is loopback, else required"
    )]
    pub(crate) public_url: Option<String>,

    /// Proxies whose `X-Forwarded-For` counts for the client's address.
    ///
    /// The client's address is the last one in that header that is not a trusted proxy, or the proxy that wrote an
    /// entry which is no address. Without trusted proxies, it is the address of the connection. Functions get it in
    /// `context.request`. Trusted proxies may hold any number of connections.
    #[arg(
        long,
        value_name = "CIDR",
        value_delimiter = ',',
        env = "DOORWARD_TRUSTED_PROXY",
        default_text = "none"
    )]
    pub(crate) trusted_proxy: Vec<IpNet>,

    /// Address for Prometheus metrics, which are at `/metrics`.
    #[arg(long, value_name = "ADDRESS", env = "DOORWARD_METRICS_LISTEN", default_text = "off")]
    pub(crate) metrics_listen: Option<SocketAddr>,
}
