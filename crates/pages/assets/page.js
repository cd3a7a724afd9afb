// The mailed token leaves the address bar and the history as soon as the page is there; its form carries it on.
// This script sends no request: the pages work without it, too.
if (location.search) {
  history.replaceState(null, "", location.pathname);
}

// A second click while the first request is in flight would only show that the link has been used.
for (const form of document.forms) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
    }
    sent = true;
  });
  addEventListener("pageshow", () => {
    sent = false;
  });
}
