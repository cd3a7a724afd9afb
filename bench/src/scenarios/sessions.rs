//! Signed-in users, for scenarios that begin where a login ends.

use anyhow::{Context as _, Result};
use doorward_wire::LoggedIn;

use crate::connection::Connection;
use crate::requests::{self, Request};
use crate::seed;
use crate::server::Server;

/// How many users log in: more than there are clients, so that these do not all read the same row.
const USERS: u32 = 64;

/// The tokens and requests of signed-in users.
pub(super) struct Sessions {
    pub(super) refreshes: Vec<Request>,
    pub(super) profiles: Vec<Request>,
    pub(super) access_tokens: Vec<String>,
}

/// Logs the first users in.
pub(super) async fn open(server: &Server) -> Result<Sessions> {
    let mut connection = Connection::open(server.address).await?;
    let (mut refreshes, mut profiles, mut access_tokens) = (Vec::new(), Vec::new(), Vec::new());
    for user in 1..=USERS {
        let body = connection
            .expect(200, &requests::log_in(&seed::confirmed(user)))
            .await?;
        let signed_in: LoggedIn = serde_json::from_slice(body).context("the login's answer is not as expected")?;
        refreshes.push(requests::refresh(&signed_in.refresh_token));
        profiles.push(requests::profile(&signed_in.access_token));
        access_tokens.push(signed_in.access_token.clone());
    }
    Ok(Sessions {
        refreshes,
        profiles,
        access_tokens,
    })
}
