//! A token pair, as links and forms carry it.

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use doorward_core::{MalformedToken, TokenPair};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::page_error::PageError;

/// The token fields of a link's query and of a form.
#[derive(Deserialize)]
pub(crate) struct LinkFields {
    #[serde(default)]
    token: Zeroizing<String>,
    #[serde(default, rename = "tokenId")]
    token_id: Zeroizing<String>,
}

/// The token in the query of a link.
pub(crate) struct LinkInQuery(pub(crate) TokenPair);

impl LinkFields {
    pub(crate) fn parse(&self) -> Result<TokenPair, PageError> {
        // The script takes the token out of the address bar, so a page that is reloaded has none either.
        if self.token.is_empty() && self.token_id.is_empty() {
            return Err(PageError::NoToken);
        }
        TokenPair::parse(&self.token, &self.token_id).map_err(|MalformedToken| PageError::LinkInvalid)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LinkInQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        // A query that does not parse, or that names the token twice, is a damaged link.
        let query = parts.extract::<Query<LinkFields>>().await;
        let Query(fields) = query.map_err(|_| PageError::LinkInvalid)?;
        fields.parse().map(Self)
    }
}
