//! The app that tests are about.

use doorward_core::{App, AppId, AppObjectId, Confirmation, EmailPassword, GroupId, MailedLink, ObjectId, Reset};

use crate::TestApp;

/// An app whose addresses are confirmed and whose passwords are reset by mail, with links to the hosted pages.
pub fn notes(object_id: AppObjectId) -> App {
    App {
        id: AppId::parse(TestApp::ID).expect("an app id"),
        object_id,
        group_id: GroupId(ObjectId::zero()),
        name: "Notes".to_owned(),
        deployment_model: "GLOBAL".to_owned(),
        location: "US-VA".to_owned(),
        allowed_origins: Vec::new(),
        email_password: Some(EmailPassword {
            confirmation: Confirmation::Email(MailedLink::default()),
            reset: Reset::Email(MailedLink::default()),
        }),
        login_function: None,
        user_creation: None,
        triggers: Vec::new(),
    }
}
