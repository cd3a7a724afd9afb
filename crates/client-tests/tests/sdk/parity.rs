//! The public members of the .NET SDK and their counterparts in this SDK. The code below names each counterpart, so it
//! stops compiling when one goes away. It also generates `docs/sdk-parity.md`.

use std::path::Path;

use doorward_client::{
    ApiKey, ApiKeys, App, AppBuilder, Credentials, EmailPasswordAuth, Error, Identity, User, UserProfile,
};

/// A member of the .NET SDK, its counterpart, and what differs.
type Row = (&'static str, String, &'static str);

/// A row, from the path of the counterpart, or from its name and a call if its path alone does not compile because it
/// is generic.
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
            "each call builds another app: build one and clone it"
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
            "60 s by default, as in .NET"
        ),
        row!(
            "AppConfiguration.BaseFilePath, MetadataPersistenceMode, MetadataEncryptionKey",
            "AppBuilder::session_store",
            |it: AppBuilder| it.session_store(doorward_client::MemoryStore::new()),
            "a `SessionStore`; by default sessions are in memory"
        ),
        none(
            "AppConfiguration.HttpClientHandler, LocalAppName, LocalAppVersion",
            "not needed",
        ),
        none(
            "App.UpdateBaseUriAsync",
            "sessions of one server are useless on another: build another app",
        ),
        row!("App.EmailPasswordAuth", App::email_password_auth, ""),
        row!("App.LogInAsync", App::log_in, ""),
        row!("App.CurrentUser", App::current_user, ""),
        row!("App.AllUsers", App::all_users, "users who are logged in come first"),
        row!("App.SwitchUser", App::switch_user, ""),
        row!("App.RemoveUserAsync", App::remove_user, ""),
        row!("App.DeleteUserFromServerAsync", App::delete_user, ""),
        none("App.Sync", "not part of Doorward"),
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
            "`None` if the user is logged out; `User::refresh_access_token` fetches a new one"
        ),
        none("User.RefreshToken", "only the SDK uses it"),
        row!("User.DeviceId", User::device_id, ""),
        row!("User.State", User::state, ""),
        row!("User.App", User::app, ""),
        row!("User.Identities", User::identities, ""),
        row!(
            "User.Profile",
            User::profile,
            "`User::refresh_profile` fetches it again"
        ),
        row!("User.Provider", User::provider_type, "the provider's name on the wire"),
        row!(
            "User.Functions.CallAsync",
            "User::call_function",
            |it: &'static User| async move { it.call_function::<()>("", ()).await },
            "serde types in place of BSON"
        ),
        row!("User.ApiKeys", User::api_keys, "not served yet"),
        row!("User.GetCustomData", User::custom_data, "not served yet"),
        row!(
            "User.RefreshCustomDataAsync",
            User::refresh_custom_data,
            "not served yet"
        ),
        row!("User.LogOutAsync", User::log_out, ""),
        row!("User.LinkCredentialsAsync", User::link_credentials, "not served yet"),
        none("User.Changed", "ask the user for its state"),
        none("User.GetMongoClient, User.GetPushClient", "not part of Doorward"),
    ]
}

fn api_keys() -> Vec<Row> {
    vec![
        row!("CreateAsync", ApiKeys::create, "not served yet"),
        row!("FetchAsync", ApiKeys::fetch, "not served yet"),
        row!("FetchAllAsync", ApiKeys::fetch_all, "not served yet"),
        row!(
            "DeleteAsync",
            ApiKeys::delete,
            "not served yet; a key that does not exist is no error, as in .NET"
        ),
        row!("EnableAsync", ApiKeys::enable, "not served yet"),
        row!("DisableAsync", ApiKeys::disable, "not served yet"),
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
            "not served yet"
        ),
        row!(
            "Anonymous(reuseExisting: false)",
            Credentials::new_anonymous,
            "not served yet"
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
            "not served yet"
        ),
        row!("JWT", "Credentials::jwt", || Credentials::jwt(""), "not served yet"),
        row!(
            "Function",
            "Credentials::function",
            || Credentials::function(()),
            "anything that serializes as an object"
        ),
        none("Facebook, Google, Apple", "there are no OAuth providers"),
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
            "without the code, which is `Error::error_code`"
        ),
    ]
}

fn document() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# The Rust SDK beside the .NET SDK

Each public member of the Realm .NET SDK (12.5.0) that is about accounts, and its counterpart in `doorward-client`. A test generates this
page from the code: `UPDATE_DOCS=1 cargo test -p doorward-client-tests parity` writes it anew.

*not served yet*: the SDK makes the call as App Services defined it, but Doorward's server does not serve it yet.

What differs on purpose:

- All calls return one `Error`, with methods in place of exception types.
- The token pair of a mail is one `EmailToken`, which can be read from a link.
- Arguments and results are serde types in place of BSON.
- Calls go to the base URL; the other SDKs ask for the `location` first and follow it.
- Sessions outlive the program only if the app is given a `SessionStore`.
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
        "docs/sdk-parity.md differs from the code; write it anew with\n    UPDATE_DOCS=1 cargo test -p doorward-client-tests parity"
    );
}
