//! The app that tests are about.

use std::sync::Arc;

use doorward_core::{
    App, AppId, AppObjectId, Confirmation, EmailPassword, GroupId, MailedLink, ObjectId, Providers, Reset,
};

use crate::{NoFunctions, TestApp};

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
        providers: Providers {
            email_password: Some(EmailPassword {
                confirmation: Confirmation::Email(MailedLink::default()),
                reset: Reset::Email(MailedLink::default()),
            }),
            custom_function: None,
        },
        user_creation: None,
        triggers: Vec::new(),
        functions: Arc::new(NoFunctions),
    }
}
