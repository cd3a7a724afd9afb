//! The same database under another configuration: what an operator does by restarting the server.

use std::sync::Arc;

use axum::Router;
use doorward_core::{App, AppId, AppObjectId, Store as _};
use doorward_http::{Apps, ServedApp};

use super::TestApp;

impl TestApp {
    /// Restarts the server over the same database with these apps. The first takes the place of the app of this test.
    pub fn restart(&mut self, apps: impl IntoIterator<Item = ServedApp>) {
        let apps: Vec<ServedApp> = apps.into_iter().collect();
        self.app = apps.first().expect("a server runs an app").app.clone();
        *self.mailing.write().unwrap() = apps.iter().map(|served| Arc::new(served.app.clone())).collect();
        self.api.apps = Arc::new(Apps::new(apps));
        self.router = doorward_http::router(self.api.clone(), Router::new());
    }

    /// Another app for the same database, configured as this one; [`TestApp::restart`] serves it.
    pub async fn another_app(&self, id: &str) -> App {
        let id = AppId::parse(id).expect("an app id");
        let accounts = self.accounts();
        let proposed = AppObjectId::generate(accounts.clock(), accounts.entropy());
        let mut tx = self.store.begin().await.expect("a transaction");
        let object_id = tx
            .adopt_app(&id, proposed, accounts.now())
            .await
            .expect("an app is adopted")
            .expect("a new id is nobody's");
        tx.commit().await.expect("it commits");
        App {
            id,
            object_id,
            ..self.app.clone()
        }
    }
}
