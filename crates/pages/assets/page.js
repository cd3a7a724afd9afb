// The mailed token leaves the address bar and the history as soon as the page is there; its form carries it on.
// Nothing is sent from here: pages work the same without this script.
if (location.search) {
  history.replaceState(null, "", location.pathname);
}

// A second press while the first is on its way would only be told that the link has been used.
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
