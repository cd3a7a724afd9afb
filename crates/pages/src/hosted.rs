//! The accounts of the app in a path, as an extractor: a handler that takes them knows that the app exists and has
//! e-mail accounts.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use doorward_core::{Accounts, Actor, App, AppAccounts, Links, Purpose};
use doorward_web::{RequestContext, client_request};

use crate::page::Page;
use crate::page_error::PageError;

/// The state of the hosted pages. Cheap to clone.
#[derive(Clone)]
pub struct PageParts {
    /// The flows and the apps.
    pub accounts: Accounts,
    /// The public URL of the server, below which mailed links find the pages.
    pub links: Arc<Links>,
}

/// The accounts of the app in the path, for the client that opened the page.
pub(crate) struct Hosted {
    pub(crate) accounts: AppAccounts,
    links: Arc<Links>,
}

impl Hosted {
    /// Shows the page, or that of the error, with the app's name.
    pub(crate) fn answer(&self, page: Result<Page, PageError>) -> Response {
        page.unwrap_or_else(|error| Page::of_error(&error))
            .response(Some(&self.app().name))
    }

    /// The target of a page's form: the path of the page, without its origin. A browser that reached the server under
    /// another name stays there, and the content security policy allows forms no other target.
    pub(crate) fn path(&self, purpose: Purpose) -> String {
        let page = self.links.hosted_page(self.app(), purpose);
        page.strip_prefix(self.links.public_url()).unwrap_or(&page).to_owned()
    }

    fn app(&self) -> &App {
        self.accounts.app()
    }
}

impl FromRequestParts<PageParts> for Hosted {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, pages: &PageParts) -> Result<Self, PageError> {
        // A path that does not decode names no app.
        let id = parts.extract::<Path<String>>().await;
        let Path(id) = id.map_err(|_| PageError::UnknownApp)?;
        let app = pages.accounts.apps().find(&id).ok_or(PageError::UnknownApp)?;
        if app.providers.email_password.is_none() {
            return Err(PageError::ProviderDisabled);
        }
        let actor = match RequestContext::of(parts) {
            Some(context) => {
                context.is_for(&app);
                Actor::client(client_request(parts, context))
            }
            None => Actor::System,
        };
        Ok(Self {
            accounts: pages.accounts.of(app, actor),
            links: Arc::clone(&pages.links),
        })
    }
}
