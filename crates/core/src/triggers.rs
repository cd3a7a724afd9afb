//! Functions of the owner that are told of an account after something has happened to it. What they are told is a row in the
//! transaction of what happened, so nothing is told that did not happen, and nothing that happened is forgotten.

use std::str::FromStr;

use crate::{Accounts, App, AuthError, FunctionName, Provider, Timestamp, Tx, UserId, UserProfile};

/// What happened to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserEvent {
    /// The first login has made it.
    Create,
    /// It has logged in.
    Login,
    /// It has been deleted.
    Delete,
}

impl UserEvent {
    const ALL: [Self; 3] = [Self::Create, Self::Login, Self::Delete];

    /// The name that App Services gave it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Login => "LOGIN",
            Self::Delete => "DELETE",
        }
    }
}

/// A name that is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such event")]
pub struct UnknownEvent;

impl FromStr for UserEvent {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        let mut all = Self::ALL.into_iter();
        all.find(|event| event.name() == name).ok_or(UnknownEvent)
    }
}

/// A function that is told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The trigger's own name, under which its deliveries wait.
    pub name: String,
    /// The function.
    pub function: FunctionName,
    /// What it is told of.
    pub events: Vec<UserEvent>,
    /// By which providers.
    pub providers: Vec<Provider>,
}

/// What is to be queued: one delivery for each trigger.
#[derive(Debug, Clone)]
pub struct NewTriggerEvent<'a> {
    /// What happened.
    pub event: UserEvent,
    /// To whom, as the user was then.
    pub user: &'a UserProfile,
    /// By which providers: that of the login, or all that a deleted user had.
    pub providers: &'a [Provider],
    /// The names of the triggers.
    pub triggers: &'a [&'a str],
    /// When.
    pub at: Timestamp,
}

/// A delivery that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Its number: those of one user are delivered in this order.
    pub id: i64,
    /// The trigger's name.
    pub trigger: String,
    /// What happened.
    pub event: UserEvent,
    /// By which providers.
    pub providers: Vec<Provider>,
    /// The user as it was then.
    pub user: UserProfile,
    /// When.
    pub at: Timestamp,
    /// How often its web service has given no answer.
    pub attempts: u32,
}

impl App {
    /// The names of the triggers that are told of an event.
    fn subscribed_to(&self, event: UserEvent, providers: &[Provider]) -> Vec<&str> {
        let delivery = |trigger: &&Trigger| {
            trigger.events.contains(&event) && providers.iter().any(|provider| trigger.providers.contains(provider))
        };
        self.triggers
            .iter()
            .filter(delivery)
            .map(|it| it.name.as_str())
            .collect()
    }
}

impl Accounts {
    /// Queues what a login means to triggers, within its transaction. Says whether that is anything.
    pub(crate) async fn queue_login(
        &self,
        tx: &mut dyn Tx,
        app: &App,
        user: UserId,
        provider: Provider,
        created: bool,
    ) -> Result<bool, AuthError> {
        let events = if created {
            &[UserEvent::Create, UserEvent::Login][..]
        } else {
            &[UserEvent::Login]
        };
        if events
            .iter()
            .all(|event| app.subscribed_to(*event, &[provider]).is_empty())
        {
            return Ok(false);
        }
        let user = tx.user(app.object_id, user).await?.ok_or(AuthError::UserGone)?;
        for event in events {
            self.queue_event(tx, app, *event, &user, &[provider]).await?;
        }
        Ok(true)
    }

    /// Queues an event for every trigger that is told of it, within the transaction of the event. Says whether there is any.
    pub(crate) async fn queue_event(
        &self,
        tx: &mut dyn Tx,
        app: &App,
        event: UserEvent,
        user: &UserProfile,
        providers: &[Provider],
    ) -> Result<bool, AuthError> {
        let triggers = app.subscribed_to(event, providers);
        if triggers.is_empty() {
            return Ok(false);
        }
        let event = NewTriggerEvent {
            event,
            user,
            providers,
            triggers: &triggers,
            at: self.now(),
        };
        tx.queue_trigger_event(&event).await?;
        Ok(true)
    }
}
