//! The error table is documentation, and says what the code says.

use std::fs;
use std::path::Path;

const PREFACE: &str = "\
# Errors

Every error of the client API has the content type `application/json` and a body of up to three keys:

```json
{\"error\":\"name already in use\",\"error_code\":\"AccountNameInUse\",\"link\":\"https://…/logs?co_id=…\"}
```

`error` is for people, though the tests of the SDKs compare it word for word. `error_code` is what an SDK turns into its own error;
where the table shows —, the key is absent and SDKs say \"unknown\". `link` ends in the id of the request, which the header
`x-appservices-request-id` and the server's log carry too.

This table is made from the code. After a change there, `UPDATE_DOCS=1 cargo test -p doorward-http --test api error_table`
writes it anew.

";

#[test]
fn the_documentation_shows_every_error() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let expected = format!("{PREFACE}{}", doorward_http::error_table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().expect("a directory")).expect("docs can be made");
        fs::write(&path, &expected).expect("docs can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/errors.md differs from the code; write it anew with\n    \
         UPDATE_DOCS=1 cargo test -p doorward-http --test api error_table"
    );
}
