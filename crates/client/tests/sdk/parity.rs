//! The table of the .NET SDK's members and their counterparts here. Each counterpart is named by the code below, which does not compile
//! once it is gone; the table in the documentation is made of it.

use std::path::Path;

use doorward_client::{
    ApiKey, ApiKeys, App, AppBuilder, Credentials, EmailPasswordAuth, Error, Identity, User, UserProfile,
};

/// `.NET member`, its counterpart, and what differs.
type Row = (&'static str, String, &'static str);

/// A row whose counterpart is a function, or an expression of its type where a function has parameters of any type.
macro_rules! row {
    ($original:literal, $($part:ident)::+, $note:literal) => {{
        let _named = $($part)::+;
        ($original, format!("`{}`", stringify!($($part)::+).replace(' ', "")), $note)
    }};
    ($original:literal, $name:literal, $call:expr, $note:literal) => {{
        let _named = $call;
        ($original, format!("`{}`", $name), $note)
    }};
}

fn none(original: &'static str, note: &'static str) -> Row {
    (original, "—".to_owned(), note)
}

fn rows() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("App", app()),
        ("EmailPasswordAuth (`App.EmailPasswordAuth`)", email_password_auth()),
        ("User", user()),
        ("ApiKeys (`User.ApiKeys`)", api_keys()),
        ("Credentials", credentials()),
        ("UserProfile, UserIdentity, AppException", others()),
    ]
}

fn app() -> Vec<Row> {
    vec![
        row!(
            "App.Create(AppConfiguration)",
            "App::builder",
            || App::builder("x"),
            "one app for each call: keep it, clones are the same app"
        ),
        row!("AppConfiguration.AppId", App::id, ""),
        row!(
            "AppConfiguration.BaseUri, App.BaseUri",
            "AppBuilder::base_url",
            |it: AppBuilder| it.base_url("x"),
            "there is no default"
        ),
        row!(
            "AppConfiguration.DefaultRequestTimeout",
            AppBuilder::timeout,
            "60 s as there"
        ),
        row!(
            "AppConfiguration.BaseFilePath, MetadataPersistenceMode, MetadataEncryptionKey",
            "AppBuilder::session_store",
            |it: AppBuilder| it.session_store(doorward_client::MemoryStore::new()),
            "a `SessionStore`; in memory unless one is given"
        ),
        none(
            "AppConfiguration.HttpClientHandler, LocalAppName, LocalAppVersion",
            "no use here",
        ),
        none(
            "App.UpdateBaseUriAsync",
            "another server knows none of the sessions: build another app",
        ),
        row!("App.EmailPasswordAuth", App::email_password_auth, ""),
        row!("App.LogInAsync", App::log_in, ""),
        row!("App.CurrentUser", App::current_user, ""),
        row!("App.AllUsers", App::all_users, "those who are logged in come first"),
        row!("App.SwitchUser", App::switch_user, ""),
        row!("App.RemoveUserAsync", App::remove_user, ""),
        row!("App.DeleteUserFromServerAsync", App::delete_user, ""),
        none("App.Sync", "there is no sync"),
    ]
}

fn email_password_auth() -> Vec<Row> {
    vec![
        row!(
            "RegisterUserAsync(email, password)",
            EmailPasswordAuth::register_user,
            ""
        ),
        row!(
            "ConfirmUserAsync(token, tokenId)",
            EmailPasswordAuth::confirm_user,
            "takes an `EmailToken`"
        ),
        row!(
            "ResendConfirmationEmailAsync(email)",
            EmailPasswordAuth::resend_confirmation_email,
            ""
        ),
        row!(
            "RetryCustomConfirmationAsync(email)",
            EmailPasswordAuth::retry_custom_confirmation,
            ""
        ),
        row!(
            "SendResetPasswordEmailAsync(email)",
            EmailPasswordAuth::send_reset_password_email,
            ""
        ),
        row!(
            "ResetPasswordAsync(password, token, tokenId)",
            EmailPasswordAuth::reset_password,
            "takes an `EmailToken`"
        ),
        row!(
            "CallResetPasswordFunctionAsync(email, password, args…)",
            "EmailPasswordAuth::call_reset_password_function",
            |it: EmailPasswordAuth<'static>| async move { it.call_reset_password_function("", "", ()).await },
            "the arguments are a tuple, an array or a `Vec`"
        ),
    ]
}

fn user() -> Vec<Row> {
    vec![
        row!("User.Id", User::id, ""),
        row!(
            "User.AccessToken",
            User::access_token,
            "`None` when logged out; `User::refresh_access_token` for a new one"
        ),
        none("User.RefreshToken", "it is nobody's business but the SDK's"),
        row!("User.DeviceId", User::device_id, ""),
        row!("User.State", User::state, ""),
        row!("User.App", User::app, ""),
        row!("User.Identities", User::identities, ""),
        row!(
            "User.Profile",
            User::profile,
            "`User::refresh_profile` asks the server again"
        ),
        row!("User.Provider", User::provider_type, "the name on the wire"),
        row!(
            "User.Functions.CallAsync",
            "User::call_function",
            |it: &'static User| async move { it.call_function::<()>("", ()).await },
            "serde types in place of BSON"
        ),
        row!("User.ApiKeys", User::api_keys, "server: later"),
        row!("User.GetCustomData", User::custom_data, "server: later"),
        row!(
            "User.RefreshCustomDataAsync",
            User::refresh_custom_data,
            "server: later"
        ),
        row!("User.LogOutAsync", User::log_out, ""),
        row!("User.LinkCredentialsAsync", User::link_credentials, "server: later"),
        none("User.Changed", "a user shows its state when it is asked"),
        none("User.GetMongoClient, User.GetPushClient", "there is neither"),
    ]
}

fn api_keys() -> Vec<Row> {
    vec![
        row!("CreateAsync", ApiKeys::create, "server: later"),
        row!("FetchAsync", ApiKeys::fetch, "server: later"),
        row!("FetchAllAsync", ApiKeys::fetch_all, "server: later"),
        row!(
            "DeleteAsync",
            ApiKeys::delete,
            "server: later; a key that is not there is no error, as there"
        ),
        row!("EnableAsync", ApiKeys::enable, "server: later"),
        row!("DisableAsync", ApiKeys::disable, "server: later"),
        row!("ApiKey.Id", ApiKey::id, ""),
        row!("ApiKey.Name", ApiKey::name, ""),
        row!("ApiKey.Value", ApiKey::value, ""),
        row!("ApiKey.IsEnabled", ApiKey::is_enabled, ""),
    ]
}

fn credentials() -> Vec<Row> {
    vec![
        row!(
            "Anonymous(reuseExisting: true)",
            Credentials::anonymous,
            "server: later"
        ),
        row!(
            "Anonymous(reuseExisting: false)",
            Credentials::new_anonymous,
            "server: later"
        ),
        row!(
            "EmailPassword",
            "Credentials::email_password",
            || Credentials::email_password("", ""),
            ""
        ),
        row!(
            "ApiKey, ServerApiKey",
            "Credentials::api_key",
            || Credentials::api_key(""),
            "server: later"
        ),
        row!("JWT", "Credentials::jwt", || Credentials::jwt(""), "server: later"),
        row!(
            "Function",
            "Credentials::function",
            || Credentials::function(()),
            "anything that serializes as an object"
        ),
        none("Facebook, Google, Apple", "no OAuth providers"),
    ]
}

fn others() -> Vec<Row> {
    vec![
        row!("UserProfile.Email", UserProfile::email, ""),
        row!("UserProfile.Name", UserProfile::name, ""),
        row!(
            "UserProfile.FirstName, LastName, PictureUrl, Gender, Birthday, MinAge, MaxAge",
            UserProfile::text,
            "by its name on the wire, such as `first_name`"
        ),
        row!("UserIdentity.Id", Identity::id, ""),
        row!("UserIdentity.Provider", Identity::provider_type, ""),
        row!("AppException.StatusCode", Error::status, ""),
        row!("AppException.HelpLink", Error::link, ""),
        row!(
            "AppException.Message",
            Error::server_message,
            "and `Error::error_code` in place of its beginning"
        ),
    ]
}

fn document() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# The Rust SDK beside the .NET SDK

Each public member of the Realm .NET SDK (12.5.0) that is about accounts, and what does the same in `doorward-client`. This page is made
from the code: `UPDATE_DOCS=1 cargo test -p doorward-client --test sdk parity` writes it anew.

*server: later* means that the SDK speaks it as App Services had it, and that Doorward does not answer it yet.

What differs on purpose: one `Error` with questions in place of exceptions; the two halves of a mailed token are one `EmailToken`, which reads
links by itself; serde types in place of BSON; calls go to the base URL and nowhere else (the other SDKs ask `location` first); sessions are
kept only where a `SessionStore` is given.
",
    );
    for (title, rows) in rows() {
        let _ = write!(text, "\n## {title}\n\n| .NET | Rust | |\n|---|---|---|\n");
        for (original, counterpart, note) in rows {
            let _ = writeln!(text, "| `{original}` | {counterpart} | {note} |");
        }
    }
    text
}

#[test]
fn the_documentation_shows_every_member() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sdk-parity.md");
    let expected = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == expected,
        "docs/sdk-parity.md differs from the code; write it anew with\n    UPDATE_DOCS=1 cargo test -p doorward-client --test sdk parity"
    );
}
