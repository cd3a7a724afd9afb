//! Triggers: functions of the owner that subscribe to events of users. A delivery is a row in the transaction of its
//! event, so every event that happened is delivered, and none that was rolled back.

use std::str::FromStr;

use crate::{App, FunctionName, Provider, Timestamp, UserProfile};

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

/// A subscription of a function to events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its own name, under which its deliveries wait.
    pub name: String,
    /// The function.
    pub function: FunctionName,
    /// The events.
    pub events: Vec<UserEvent>,
    /// The providers whose events it subscribes to.
    pub providers: Vec<Provider>,
}

/// An event to be queued: one delivery for each trigger.
#[derive(Debug, Clone)]
pub struct NewTriggerEvent<'a> {
    /// What happened.
    pub event: UserEvent,
    /// The user it happened to, as it was then.
    pub user: &'a UserProfile,
    /// The providers: that of the login, or all that a deleted user had.
    pub providers: &'a [Provider],
    /// The names of the triggers.
    pub triggers: &'a [&'a str],
    /// When it happened.
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
    /// The providers of the event.
    pub providers: Vec<Provider>,
    /// The user as it was then.
    pub user: UserProfile,
    /// When it happened.
    pub at: Timestamp,
    /// How often its web service has given no answer.
    pub attempts: u32,
}

impl App {
    /// The names of the triggers that subscribe to an event.
    pub(crate) fn subscribers(&self, event: UserEvent, providers: &[Provider]) -> Vec<&str> {
        let wants = |trigger: &&Trigger| {
            trigger.events.contains(&event) && providers.iter().any(|provider| trigger.providers.contains(provider))
        };
        let subscribers = self.triggers.iter().filter(wants);
        subscribers.map(|trigger| trigger.name.as_str()).collect()
    }
}
