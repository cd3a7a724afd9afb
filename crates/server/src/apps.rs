//! Turns exported directories into the apps that the flows serve.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use doorward_appdir::{
    AuthOperation, AuthenticationTrigger, ConfirmationMethod, FunctionSource, LoadOptions, LoadedApp, ResetMethod,
    UserpassConfig,
};
use doorward_core::{
    App, AppId, AppObjectId, Clock, Confirmation, EmailPassword, Entropy, FunctionName, Functions, GroupId, MailedLink,
    ObjectId, Providers, Reset, Store, StoreError, Trigger, UserEvent, retry_conflicts,
};

use crate::config::{AppArgument, Secrets};
use crate::functions::SigningKeys;
use crate::script_engine::Engine;

/// Loads every directory. Refuses two apps with the same id.
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
        signing_secrets: Some(Arc::new(SigningKeys(secrets.clone()))),
        scripts: Some(Arc::new(Engine)),
    })
}

/// The object id under which the data of an app is kept.
pub(crate) async fn adopt(
    app: &LoadedApp,
    store: &dyn Store,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<AppObjectId> {
    let id = client_app_id(app)?;
    let exported = app.internal_app_id.as_deref().and_then(|id| id.parse().ok());
    let generated = AppObjectId::generate(clock, entropy);
    let adopted = retry_conflicts(entropy, || async {
        let mut tx = store.begin().await?;
        let mut object_id = tx.adopt_app(&id, exported.unwrap_or(generated), clock.now()).await?;
        if object_id.is_none() {
            // One export served under two app ids, as for a staging copy: the second app gets an id of its own.
            object_id = tx.adopt_app(&id, generated, clock.now()).await?;
        }
        tx.commit().await?;
        Ok::<_, StoreError>(object_id)
    });
    adopted.await?.context("a new object id was taken already")
}

/// The app in the form that the flows take.
pub(crate) fn app(loaded: &LoadedApp, object_id: AppObjectId, functions: Arc<dyn Functions>) -> Result<App> {
    let triggers = loaded
        .authentication_triggers
        .iter()
        .filter(|trigger| !trigger.disabled);
    Ok(App {
        id: client_app_id(loaded)?,
        object_id,
        group_id: group_id(loaded),
        name: loaded.name.clone(),
        deployment_model: loaded.deployment_model.clone(),
        location: loaded.location.clone(),
        allowed_origins: loaded.allowed_request_origins.clone(),
        providers: Providers {
            email_password: loaded.userpass.as_ref().map(email_password),
            custom_function: loaded.login_function.clone().map(FunctionName),
        },
        user_creation: loaded
            .user_creation_function()
            .map(|name| FunctionName(name.to_owned())),
        triggers: triggers.map(trigger).collect(),
        functions,
    })
}

/// The id that is compiled into clients.
pub(crate) fn client_app_id(app: &LoadedApp) -> Result<AppId> {
    AppId::parse(&app.client_app_id).context("the app id has characters that an app id cannot have")
}

/// The former project, or zeros where the export does not name it.
pub(crate) fn group_id(app: &LoadedApp) -> GroupId {
    let group = app.group_id.as_deref().and_then(|id| id.parse().ok());
    group.unwrap_or(GroupId(ObjectId::zero()))
}

/// Triggers for providers that this server does not have never fire.
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

/// Whether an app has functions that run in workers.
pub(crate) fn has_scripts(app: &LoadedApp) -> bool {
    let mut sources = app.functions.iter().map(|function| &function.source);
    sources.any(|source| matches!(source, FunctionSource::Script { .. }))
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
