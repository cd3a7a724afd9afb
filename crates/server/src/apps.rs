//! From exported directories to the apps that the flows know.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use doorward_appdir::{
    AuthOperation, AuthenticationTrigger, ConfirmationMethod, LoadOptions, LoadedApp, ResetMethod, UserpassConfig,
};
use doorward_core::{
    App, AppId, AppObjectId, Clock, Confirmation, EmailPassword, Entropy, FunctionName, GroupId, MailedLink, ObjectId,
    Reset, Store, Trigger, UserEvent,
};

use crate::config::{AppArgument, Secrets};
use crate::functions::Engine;

/// Loads every directory. Two apps of one id are refused.
pub(crate) fn load(arguments: &[AppArgument], secrets: &Secrets) -> Result<Vec<LoadedApp>> {
    if arguments.is_empty() {
        bail!("say which app to run: doorward serve APP_DIR, a directory exported from App Services");
    }
    let mut ids = BTreeSet::new();
    let mut apps = Vec::new();
    for argument in arguments {
        let app = doorward_appdir::load(&argument.dir, &load_options(argument, secrets)?)?;
        if !ids.insert(app.client_app_id.clone()) {
            bail!(
                "two directories have the app id `{}`; give one of them another: APP_ID=APP_DIR",
                app.client_app_id
            );
        }
        apps.push(app);
    }
    Ok(apps)
}

/// What the operator adds to a directory.
pub(crate) fn load_options(argument: &AppArgument, secrets: &Secrets) -> Result<LoadOptions> {
    Ok(LoadOptions {
        app_id: argument.id.clone(),
        secrets: secrets.names()?,
        scripts: Some(Arc::new(Engine)),
    })
}

/// Gives an app the object id under which its data is kept.
pub(crate) async fn adopt(app: &LoadedApp, store: &dyn Store, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<App> {
    let id = AppId::parse(&app.client_app_id).context("the app id has characters that an app id cannot have")?;
    let email_password = app.userpass.as_ref().map(email_password);
    let exported = app
        .internal_app_id
        .as_deref()
        .and_then(|id| id.parse::<ObjectId>().ok())
        .map(AppObjectId);
    let generated = AppObjectId::generate(clock, entropy);
    let mut tx = store.begin().await?;
    let mut object_id = tx.adopt_app(&id, exported.unwrap_or(generated), clock.now()).await?;
    if object_id.is_none() {
        // One export under two app ids, as for a staging copy: the second one gets an id of its own.
        object_id = tx.adopt_app(&id, generated, clock.now()).await?;
    }
    tx.commit().await?;
    let object_id = object_id.context("a new object id was taken already")?;
    let group = app
        .group_id
        .as_deref()
        .and_then(|id| id.parse().ok())
        .unwrap_or(GroupId(ObjectId::zero()));
    Ok(App {
        id,
        object_id,
        group_id: group,
        name: app.name.clone(),
        deployment_model: app.deployment_model.clone(),
        location: app.location.clone(),
        allowed_origins: app.allowed_request_origins.clone(),
        email_password,
        login_function: app.login_function.clone().map(FunctionName),
        user_creation: app.user_creation_function().map(|name| FunctionName(name.to_owned())),
        triggers: app
            .authentication_triggers
            .iter()
            .filter(|trigger| !trigger.disabled)
            .map(trigger)
            .collect(),
    })
}

/// Providers that this server does not have set nothing off.
fn trigger(trigger: &AuthenticationTrigger) -> Trigger {
    let event = |operation: &AuthOperation| match operation {
        AuthOperation::Create => UserEvent::Create,
        AuthOperation::Login => UserEvent::Login,
        AuthOperation::Delete => UserEvent::Delete,
    };
    Trigger {
        name: trigger.name.clone(),
        function: FunctionName(trigger.function.clone()),
        events: trigger.operations.iter().map(event).collect(),
        providers: trigger.providers.iter().filter_map(|name| name.parse().ok()).collect(),
    }
}

/// Whether a method of an app mails a link.
pub(crate) fn sends_mail(app: &LoadedApp) -> bool {
    let Some(config) = &app.userpass else { return false };
    matches!(config.confirmation(), ConfirmationMethod::Email { .. })
        || matches!(config.reset(), ResetMethod::Email { .. })
}

fn email_password(config: &UserpassConfig) -> EmailPassword {
    EmailPassword {
        confirmation: match config.confirmation() {
            ConfirmationMethod::Automatic => Confirmation::Automatic,
            ConfirmationMethod::Email { url, subject } => Confirmation::Email(MailedLink { url, subject }),
            ConfirmationMethod::Function(name) => Confirmation::Function(FunctionName(name)),
        },
        reset: match config.reset() {
            ResetMethod::Email { url, subject } => Reset::Email(MailedLink { url, subject }),
            ResetMethod::Function(name) => Reset::Function(FunctionName(name)),
        },
    }
}
