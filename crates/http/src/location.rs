//! `GET …/location`: where the SDKs send every later call.

use axum::Json;
use axum::extract::State;

use doorward_wire::Location;

use crate::Api;
use crate::path_app::PathAccounts;

pub(crate) async fn location(State(api): State<Api>, accounts: PathAccounts) -> Json<Location> {
    let app = accounts.app();
    Json(Location {
        deployment_model: app.deployment_model.clone(),
        location: app.location.clone(),
        hostname: api.links.public_url().to_owned(),
        ws_hostname: api.links.websocket_url(),
    })
}
