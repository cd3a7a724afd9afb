//! `doorward new-epoch`: what a database that was restored by other means than `doorward restore` must not revive.

use anyhow::{Context as _, Result, bail};
use axum::extract::{Json, State};
use doorward_core::store::EndedEpoch;
use doorward_core::{SystemClock, open_new_epoch};
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};

use crate::cli::NewEpochOptions;
use crate::config::{self, Given};
use crate::control::{Control, ControlError, ControlState, Target};
use crate::database::Database;
use crate::files;

/// `doorward new-epoch`
pub(crate) fn new_epoch(given: Given<NewEpochOptions>) -> Result<()> {
    let (options, sources) = given.into_parts();
    let data = options.data.data(&sources)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(begin(&data))?;
    files::say(&ended.to_string())
}

/// The handler of the command in a running server.
pub(crate) async fn open(
    State(state): State<ControlState>,
    Json(target): Json<Target>,
) -> Result<Json<Ended>, ControlError> {
    if let Database::Sqlite { path, .. } = &state.database {
        target.check(path)?;
    }
    let ended = Ended::from(open_new_epoch(&*state.database.store(), &*state.clock).await?);
    tracing::info!("a new epoch: {ended}");
    Ok(Json(ended))
}

/// How much ended with an epoch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    links: u64,
    sessions: u64,
    mails: u64,
}

impl From<EndedEpoch> for Ended {
    fn from(ended: EndedEpoch) -> Self {
        Self {
            links: ended.tokens,
            sessions: ended.sessions,
            mails: ended.mails,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { links, sessions, mails } = self;
        write!(
            f,
            "voided links: {links}, ended sessions: {sessions}, mails given up: {mails}"
        )
    }
}

async fn begin(data: &config::Data) -> Result<Ended> {
    // A PostgreSQL database that the operator names is not necessarily that of the server on this directory.
    if matches!(data.database, config::Database::Sqlite(_))
        && let Some(mut server) = Control::connect(&data.dir).await?
    {
        return server.post("/new-epoch", &Target::of(data)).await;
    }
    if let config::Database::Sqlite(path) = &data.database
        && !path.exists()
    {
        bail!("there is no database at {}", path.display());
    }
    let database = Database::open(&data.database, &mut Registry::default()).await?;
    let ended = open_new_epoch(&*database.store(), &SystemClock).await;
    database.close().await;
    Ok(ended
        .context("the epoch has not ended completely; run the command again")?
        .into())
}
