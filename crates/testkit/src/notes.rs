//! The app that tests are about.

use doorward_core::{App, AppId, AppObjectId, GroupId, ObjectId};

use crate::TestApp;

/// An app in which nobody can log in yet.
pub fn notes(object_id: AppObjectId) -> App {
    App {
        id: AppId::parse(TestApp::ID).expect("an app id"),
        object_id,
        group_id: GroupId(ObjectId::zero()),
        name: "Notes".to_owned(),
        deployment_model: "GLOBAL".to_owned(),
        location: "US-VA".to_owned(),
        allowed_origins: Vec::new(),
        email_password: None,
        login_function: None,
        user_creation: None,
        triggers: Vec::new(),
    }
}
