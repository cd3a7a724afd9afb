//! The page that confirms an e-mail address. It requires a click on a button, because mail scanners open every link.

use axum::response::Response;
use doorward_core::{LinkState, Purpose, TokenPair};

use crate::hosted::Hosted;
use crate::mailed_link::{LinkFields, LinkInQuery};
use crate::page::{FormKind, MailedForm, Page};
use crate::page_error::PageError;
use crate::page_form::PageForm;
use crate::page_text::{self, PageText};

/// Shows the state of the link, and changes nothing.
pub(crate) async fn show(hosted: Hosted, link: Result<LinkInQuery, PageError>) -> Response {
    hosted.answer(look(&hosted, link).await)
}

/// Confirms the registration.
pub(crate) async fn confirm(hosted: Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Response {
    hosted.answer(use_link(&hosted, form).await)
}

/// Mails a new link to a client that sends a genuine token that is no longer valid.
pub(crate) async fn renew(hosted: Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Response {
    hosted.answer(send_new_link(&hosted, form).await)
}

async fn look(hosted: &Hosted, link: Result<LinkInQuery, PageError>) -> Result<Page, PageError> {
    let LinkInQuery(token) = link?;
    match hosted.accounts.link_state(Purpose::Confirm, &token).await {
        Ok(state) => Ok(page_of(hosted, token, state)),
        Err(error) => {
            let form = MailedForm {
                kind: FormKind::Reload,
                path: hosted.path(Purpose::Confirm),
                token,
            };
            Ok(Page::with_form(&page_text::CONFIRM, form).again_after(&error.into()))
        }
    }
}

async fn use_link(hosted: &Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Result<Page, PageError> {
    let token = form?.0.parse()?;
    match hosted.accounts.confirm_user(&token).await.map_err(PageError::from) {
        Ok(()) => Ok(Page::of(&page_text::CONFIRMED)),
        Err(PageError::LinkInvalid) => why_not(hosted, token).await,
        Err(error) => Ok(page_of(hosted, token, LinkState::Usable).again_after(&error)),
    }
}

async fn send_new_link(hosted: &Hosted, form: Result<PageForm<LinkFields>, PageError>) -> Result<Page, PageError> {
    let token = form?.0.parse()?;
    match hosted.accounts.renew_confirmation_link(&token).await {
        Ok(()) => Ok(Page::of(&page_text::LINK_SENT)),
        Err(error) => Ok(page_of(hosted, token, LinkState::Expired).again_after(&error.into())),
    }
}

/// Why a token was refused. Read after the refusal, so that of two forms sent in parallel, the slower one shows the
/// result of the faster one.
async fn why_not(hosted: &Hosted, token: TokenPair) -> Result<Page, PageError> {
    match hosted.accounts.link_state(Purpose::Confirm, &token).await? {
        // The faster form has used the token, but its commit, which writers share, is not visible to readers yet.
        LinkState::Usable => Ok(page_of(hosted, token, LinkState::Used)),
        state => Ok(page_of(hosted, token, state)),
    }
}

fn page_of(hosted: &Hosted, token: TokenPair, state: LinkState) -> Page {
    match state {
        LinkState::Usable => {
            let kind = FormKind::Press("Confirm e-mail address");
            Page::with_form(
                &page_text::CONFIRM,
                MailedForm {
                    kind,
                    path: hosted.path(Purpose::Confirm),
                    token,
                },
            )
        }
        LinkState::Used => Page::of(&page_text::ALREADY_CONFIRMED),
        LinkState::Expired => offer_new_link(hosted, &page_text::CONFIRM_EXPIRED, token),
        LinkState::Void => offer_new_link(hosted, &page_text::CONFIRM_VOID, token),
    }
}

fn offer_new_link(hosted: &Hosted, page_text: &'static PageText, token: TokenPair) -> Page {
    let kind = FormKind::Press("Send a new link");
    Page::with_form(
        page_text,
        MailedForm {
            kind,
            path: format!("{}/renew", hosted.path(Purpose::Confirm)),
            token,
        },
    )
}
