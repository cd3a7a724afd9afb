//! The same database under another configuration: what an operator does by restarting the server.

use doorward_core::{App, AppId, AppObjectId, Store as _};
use doorward_tokens::AppKeys;

use super::TestApp;

impl TestApp {
    /// Runs these apps with these keys over the same database, and no others. The first takes the
    /// place of the app of this test.
    pub fn restart(&mut self, apps: impl IntoIterator<Item = (App, AppKeys)>) {
        let registry = self.api.accounts.apps();
        for app in registry.all() {
            registry.remove(&app.id);
        }
        let mut first = None;
        for (app, keys) in apps {
            self.api.keys.put(app.object_id, keys);
            let app = registry.put(app);
            first.get_or_insert(app);
        }
        self.app = first.expect("a server runs an app");
    }

    /// Another app for the same database, configured as this one; [`TestApp::restart`] serves it.
    pub async fn another_app(&self, id: &str) -> App {
        let id = AppId::parse(id).expect("an app id");
        let accounts = &self.api.accounts;
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
            ..App::clone(&self.app)
        }
    }
}
