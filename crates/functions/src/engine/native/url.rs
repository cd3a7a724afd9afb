//! The WHATWG URL, of which the engine has none: the module `url` keeps an address and asks here for its parts.

use rquickjs::{Ctx, Object};
use url::{Position, Url, quirks};

use super::put;

/// The longest address that is parsed. Parsing is linear, and no real address is longer.
const LONGEST: usize = 1 << 20;

pub(super) fn add<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> rquickjs::Result<()> {
    put(ctx, object, "urlParse", js_parse)?;
    put(ctx, object, "urlSet", |href: String, part: String, value: String| {
        set(&href, &part, &value)
    })?;
    put(ctx, object, "domainToASCII", |domain: String| {
        quirks::domain_to_ascii(&domain)
    })?;
    put(ctx, object, "domainToUnicode", |domain: String| {
        quirks::domain_to_unicode(&domain)
    })
}

/// The parts, or `undefined` for what is not an address.
fn js_parse(ctx: Ctx<'_>, href: String, base: Option<String>) -> rquickjs::Result<Option<Object<'_>>> {
    if href.len() > LONGEST {
        return Ok(None);
    }
    let parsed = match base.filter(|base| base.len() <= LONGEST) {
        Some(base) => Url::parse(&base).and_then(|base| base.join(&href)),
        None => Url::parse(&href),
    };
    let Ok(url) = parsed else { return Ok(None) };
    let parts = Object::new(ctx)?;
    parts.set("href", quirks::href(&url))?;
    parts.set("origin", quirks::origin(&url))?;
    parts.set("protocol", quirks::protocol(&url))?;
    parts.set("username", quirks::username(&url))?;
    parts.set("password", quirks::password(&url))?;
    parts.set("host", quirks::host(&url))?;
    parts.set("hostname", quirks::hostname(&url))?;
    parts.set("port", quirks::port(&url))?;
    parts.set("pathname", quirks::pathname(&url))?;
    parts.set("search", quirks::search(&url))?;
    parts.set("hash", quirks::hash(&url))?;
    // What a request line carries.
    parts.set("target", &url[Position::BeforePath..Position::AfterQuery])?;
    Ok(Some(parts))
}

/// The address with one part changed; a value that does not fit changes nothing, as the setters of the standard.
fn set(href: &str, part: &str, value: &str) -> String {
    let Ok(mut url) = Url::parse(href) else {
        return href.to_owned();
    };
    if value.len() > LONGEST {
        return href.to_owned();
    }
    let _unchanged_if_refused = match part {
        "protocol" => quirks::set_protocol(&mut url, value),
        "username" => quirks::set_username(&mut url, value),
        "password" => quirks::set_password(&mut url, value),
        "host" => quirks::set_host(&mut url, value),
        "hostname" => quirks::set_hostname(&mut url, value),
        "port" => quirks::set_port(&mut url, value),
        "pathname" => {
            quirks::set_pathname(&mut url, value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, value);
            Ok(())
        }
        "hash" => {
            quirks::set_hash(&mut url, value);
            Ok(())
        }
        _ => Err(()),
    };
    url.into()
}
