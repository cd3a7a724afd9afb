//! The page that confirms an e-mail address. It asks for a press on a button, because mail scanners open every link.

use axum::response::Response;
use doorward_core::{AuthError, LinkState, MailedToken, Purpose};

use crate::hosted::Hosted;
use crate::mailed_link::{LinkFields, LinkInQuery};
use crate::page::{Asks, MailedForm, Page};
use crate::page_error::PageError;
use crate::page_form::PageForm;
use crate::words::{self, Words};

/// Shows what the link can do, and changes nothing.
pub(crate) async fn show(hosted: Hosted, link: Result<LinkInQuery, PageError>) -> Response {
    hosted.answer(look(&hosted, link).await)
}

/// Confirms.
pub(crate) async fn confirm(hosted: Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Response {
    hosted.answer(use_link(&hosted, form).await)
}

/// Mails a new link to whoever holds a genuine one that works no more.
pub(crate) async fn renew(hosted: Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Response {
    hosted.answer(send_new_link(&hosted, form).await)
}

async fn look(hosted: &Hosted, link: Result<LinkInQuery, PageError>) -> Result<Page, PageError> {
    let LinkInQuery(token) = link?;
    match hosted.accounts.link_state(hosted.app(), Purpose::Confirm, &token).await {
        Ok(state) => Ok(page_of(hosted, token, state)),
        Err(error) => {
            let form = MailedForm {
                asks: Asks::Reload,
                path: hosted.paths.confirm.clone(),
                token,
            };
            Ok(Page::with_form(&words::CONFIRM, form).again_after(&error.into()))
        }
    }
}

async fn use_link(hosted: &Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Result<Page, PageError> {
    let token = form?.0.parse()?;
    match hosted.accounts.confirm_user(hosted.app(), &token).await {
        Ok(()) => Ok(Page::of(&words::CONFIRMED)),
        Err(AuthError::TokenInvalid) => why_not(hosted, token).await,
        Err(error) => Ok(page_of(hosted, token, LinkState::Usable).again_after(&error.into())),
    }
}

async fn send_new_link(hosted: &Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Result<Page, PageError> {
    let token = form?.0.parse()?;
    match hosted.accounts.renew_confirmation_link(hosted.app(), &token).await {
        Ok(()) => Ok(Page::of(&words::LINK_SENT)),
        Err(error) => Ok(page_of(hosted, token, LinkState::Expired).again_after(&error.into())),
    }
}

/// Why a token was refused. It is asked afterwards, so that of two presses at once the slower learns what the faster did.
async fn why_not(hosted: &Hosted, token: MailedToken) -> Result<Page, PageError> {
    match hosted
        .accounts
        .link_state(hosted.app(), Purpose::Confirm, &token)
        .await?
    {
        // The faster one has it, but its commit, which writers share, is not visible to readers yet.
        LinkState::Usable => Ok(page_of(hosted, token, LinkState::Used)),
        state => Ok(page_of(hosted, token, state)),
    }
}

fn page_of(hosted: &Hosted, token: MailedToken, state: LinkState) -> Page {
    match state {
        LinkState::Usable => {
            let asks = Asks::Press("Confirm e-mail address");
            Page::with_form(
                &words::CONFIRM,
                MailedForm {
                    asks,
                    path: hosted.paths.confirm.clone(),
                    token,
                },
            )
        }
        LinkState::Used => Page::of(&words::ALREADY_CONFIRMED),
        LinkState::Expired => offer_new_link(hosted, &words::CONFIRM_EXPIRED, token),
        LinkState::Replaced => offer_new_link(hosted, &words::CONFIRM_REPLACED, token),
    }
}

fn offer_new_link(hosted: &Hosted, words: &'static Words, token: MailedToken) -> Page {
    let asks = Asks::Press("Send a new link");
    Page::with_form(
        words,
        MailedForm {
            asks,
            path: hosted.paths.renew.clone(),
            token,
        },
    )
}
