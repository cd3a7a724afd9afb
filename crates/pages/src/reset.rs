//! The page that sets a new password. Refusing a password does not use the link up.

use axum::response::Response;
use doorward_core::{LinkState, Password, Purpose, TokenPair};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::hosted::Hosted;
use crate::mailed_link::{LinkFields, LinkInQuery};
use crate::page::{FormKind, MailedForm, Page};
use crate::page_error::PageError;
use crate::page_form::PageForm;
use crate::page_text;

/// The form with a new password.
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    #[serde(flatten)]
    link: LinkFields,
    #[serde(default)]
    password: Zeroizing<String>,
    #[serde(default)]
    repeated: Zeroizing<String>,
}

/// Shows the state of the link, and changes nothing.
pub(crate) async fn show(hosted: Hosted, link: Result<LinkInQuery, PageError>) -> Response {
    hosted.answer(look(&hosted, link).await)
}

/// Sets the new password.
pub(crate) async fn reset(hosted: Hosted, form: Result<PageForm<NewPassword>, PageError>) -> Response {
    hosted.answer(use_link(&hosted, form).await)
}

async fn look(hosted: &Hosted, link: Result<LinkInQuery, PageError>) -> Result<Page, PageError> {
    let LinkInQuery(token) = link?;
    match hosted.accounts.link_state(Purpose::Reset, &token).await {
        Ok(state) => Ok(page_of(hosted, token, state)),
        Err(error) => Ok(page(hosted, FormKind::Reload, token).again_after(&error.into())),
    }
}

async fn use_link(hosted: &Hosted, form: Result<PageForm<NewPassword>, PageError>) -> Result<Page, PageError> {
    let PageForm(sent) = form?;
    let token = sent.link.parse()?;
    match set_password(hosted, &token, sent).await {
        Ok(()) => Ok(Page::of(&page_text::PASSWORD_CHANGED)),
        Err(PageError::LinkInvalid) => why_not(hosted, token).await,
        Err(error) => Ok(page(hosted, FormKind::NewPassword, token).again_after(&error)),
    }
}

async fn set_password(hosted: &Hosted, token: &TokenPair, mut sent: NewPassword) -> Result<(), PageError> {
    // A dead link is reported first: a new password would be chosen in vain.
    let state = hosted.accounts.link_state(Purpose::Reset, token).await?;
    if state != LinkState::Usable {
        return Err(PageError::LinkInvalid);
    }
    if sent.password != sent.repeated {
        return Err(PageError::PasswordsDiffer);
    }
    let password = Password::new(std::mem::take(&mut *sent.password));
    Ok(hosted.accounts.reset_password(token, &password).await?)
}

/// Why a token was refused. Read after the refusal, so that of two forms sent in parallel, the slower one shows the
/// result of the faster one.
async fn why_not(hosted: &Hosted, token: TokenPair) -> Result<Page, PageError> {
    match hosted.accounts.link_state(Purpose::Reset, &token).await? {
        // The faster form has used the token, but its commit, which writers share, is not visible to readers yet.
        LinkState::Usable => Ok(page_of(hosted, token, LinkState::Used)),
        state => Ok(page_of(hosted, token, state)),
    }
}

fn page_of(hosted: &Hosted, token: TokenPair, state: LinkState) -> Page {
    match state {
        LinkState::Usable => page(hosted, FormKind::NewPassword, token),
        LinkState::Used => Page::of(&page_text::RESET_USED),
        LinkState::Expired => Page::of(&page_text::RESET_EXPIRED),
        LinkState::Void => Page::of(&page_text::RESET_VOID),
    }
}

fn page(hosted: &Hosted, kind: FormKind, token: TokenPair) -> Page {
    Page::with_form(
        &page_text::RESET,
        MailedForm {
            kind,
            path: hosted.path(Purpose::Reset),
            token,
        },
    )
}
