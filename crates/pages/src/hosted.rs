//! The app that a path names, as an extractor: a handler that has one knows that the app exists and has e-mail accounts.

use std::collections::HashMap;
use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use doorward_core::{Accounts, App, Links, Purpose};

use crate::page::Page;
use crate::page_error::PageError;
use crate::pages::PageParts;

/// The apps with pages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct HostedApps {
    accounts: Arc<Accounts>,
    by_id: Arc<HashMap<String, Arc<HostedApp>>>,
}

/// An app with the paths of its pages.
pub(crate) struct HostedApp {
    pub(crate) app: App,
    pub(crate) confirm: String,
    pub(crate) renew: String,
    pub(crate) reset: String,
}

/// The app in the path, and the flows.
pub(crate) struct Hosted {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) paths: Arc<HostedApp>,
}

impl HostedApps {
    pub(crate) fn new(parts: PageParts) -> Self {
        let hosted = |app: App| (app.id.as_str().to_owned(), Arc::new(HostedApp::new(app, &parts.links)));
        Self {
            accounts: parts.accounts,
            by_id: Arc::new(parts.apps.into_iter().map(hosted).collect()),
        }
    }
}

impl HostedApp {
    fn new(app: App, links: &Links) -> Self {
        let confirm = path(links, &app, Purpose::Confirm);
        Self {
            renew: format!("{confirm}/renew"),
            reset: path(links, &app, Purpose::Reset),
            confirm,
            app,
        }
    }
}

/// Where a form is sent: to the page that the mail led to, but without its origin. Whoever reached the server under another
/// name stays there, and the content security policy lets forms go nowhere else.
fn path(links: &Links, app: &App, purpose: Purpose) -> String {
    let page = links.hosted_page(app, purpose);
    page.strip_prefix(links.public_url()).unwrap_or(&page).to_owned()
}

impl Hosted {
    pub(crate) fn app(&self) -> &App {
        &self.paths.app
    }

    /// The page, or the page of the error, under the app's name.
    pub(crate) fn answer(&self, page: Result<Page, PageError>) -> Response {
        page.unwrap_or_else(|error| Page::of_error(&error))
            .response(Some(&self.app().name))
    }
}

impl FromRequestParts<HostedApps> for Hosted {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, apps: &HostedApps) -> Result<Self, PageError> {
        // A path that does not decode names no app.
        let Path(id) = parts
            .extract::<Path<String>>()
            .await
            .map_err(|_| PageError::UnknownApp)?;
        let paths = apps.by_id.get(&id).ok_or(PageError::UnknownApp)?;
        paths.app.email_password()?;
        Ok(Self {
            accounts: Arc::clone(&apps.accounts),
            paths: Arc::clone(paths),
        })
    }
}
