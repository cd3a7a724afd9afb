//! `GET …/location`: where the SDKs send every later call.

use axum::Json;
use axum::extract::State;

use doorward_wire::Location;

use crate::Api;
use crate::path_app::PathApp;

pub(crate) async fn location(State(api): State<Api>, app: PathApp) -> Json<Location> {
    Json(Location {
        deployment_model: app.deployment_model.clone(),
        location: app.location.clone(),
        hostname: api.links.public_url().to_owned(),
        ws_hostname: api.links.websocket_url(),
    })
}
