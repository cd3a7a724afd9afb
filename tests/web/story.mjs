// What an app does with its accounts, by the unmodified Realm Web SDK. This file runs in Node and in a browser;
// what differs between them comes in as arguments. It imports nothing.

/**
 * @param Realm    the `realm-web` module
 * @param baseUrl  the URL of Doorward
 * @param appId    an app that it serves, with confirmation and reset by e-mail
 * @param who      the prefix of the e-mail addresses, so that two runs against one server use different ones
 * @param mailbox  `next(address)` waits for the next mail; `count(address)` returns how many there were
 * @param step     runs and reports one named step; when one fails, the story ends
 * @param assert   `ok`, `equal` and `match`, as in `node:assert`
 */
export async function tellStory({ Realm, baseUrl, appId, who, mailbox, step, assert }) {
  const ada = `${who}-ada@example.com`;
  const stranger = `${who}-stranger@example.com`;
  const [first, second, third] = passwords;

  // Each device has a storage of its own; the SDK's default one is shared by all apps of a process.
  const device = (name, id = appId) => {
    const storage = Realm.getEnvironment().defaultStorage.prefix(`${who}-${name}`);
    return new Realm.App({ id, baseUrl, storage });
  };
  const password = (email, word) => Realm.Credentials.emailPassword(email, word);

  // Answers are compared as "status code: text"; some answers have no code.
  const refused = async (attempt, answer) => {
    const error = await attempt.then(() => null, (thrown) => thrown);
    assert.ok(error, `this should have been refused: ${answer}`);
    if (!(error instanceof Realm.MongoDBRealmError)) throw error;
    const { statusCode, errorCode, error: text, link } = error;
    assert.equal([statusCode, errorCode].filter(Boolean).join(" ") + `: ${text}`, answer);
    assert.ok(link.startsWith(`${baseUrl}/`) && link.includes("logs?co_id="), `a link to the logs, not ${link}`);
  };

  const laptop = device("laptop");
  const phone = device("phone");
  const auth = laptop.emailPasswordAuth;
  let link;
  let firstLink;
  let user;

  await step("an app that is not served is not found", async () => {
    await refused(
      device("lost", "nobody-aaaaa").logIn(password(ada, first)),
      "404: cannot find app using Client App ID 'nobody-aaaaa'",
    );
  });

  await step("a password of five characters is refused", async () => {
    await refused(
      auth.registerUser({ email: ada, password: "five5" }),
      "400 BadRequest: password must be between 6 and 128 characters",
    );
  });

  await step("Ada registers and gets a mail with a link", async () => {
    await auth.registerUser({ email: ada, password: first });
    firstLink = readLink(await mailbox.next(ada), assert);
  });

  await step("she cannot log in before she has confirmed", async () => {
    await refused(laptop.logIn(password(ada, first)), "401 AuthError: unauthorized");
  });

  await step("her address is taken, though not confirmed", async () => {
    await refused(auth.registerUser({ email: ada, password: second }), "409 AccountNameInUse: name already in use");
  });

  await step("there is no confirmation function to call", async () => {
    await refused(auth.retryCustomConfirmation({ email: ada }), "400: please use confirm via email");
  });

  await step("she asks for the mail again, and gets the link once more", async () => {
    await auth.resendConfirmationEmail({ email: ada });
    link = readLink(await mailbox.next(ada), assert);
    assert.equal(link.token, firstLink.token);
    assert.equal(link.tokenId, firstLink.tokenId);
  });

  await step("what does not look like a token is called invalid", async () => {
    await refused(auth.confirmUser({ token: "abc", tokenId: "123" }), "400 BadRequest: invalid token data");
    await refused(
      auth.resetPassword({ password: second, token: "abc", tokenId: "123" }),
      "400 BadRequest: invalid token data",
    );
  });

  await step("a confirmation link does not reset a password", async () => {
    await refused(
      auth.resetPassword({ ...link, password: second }),
      "400 UserpassTokenInvalid: userpass token is expired or invalid",
    );
  });

  await step("she confirms, once", async () => {
    await auth.confirmUser(link);
    await refused(auth.confirmUser(link), "400 UserpassTokenInvalid: userpass token is expired or invalid");
  });

  await step("she logs in", async () => {
    user = await laptop.logIn(password(ada, first));
    assert.match(user.id, /^[0-9a-f]{24}$/);
    assert.match(user.deviceId, /^[0-9a-f]{24}$/);
    assert.equal(user.state, "active");
    assert.equal(user.profile.email, ada);
    assert.equal(user.identities.length, 1);
    assert.equal(user.identities[0].providerType, "local-userpass");
    assert.match(user.identities[0].id, /^[0-9a-f]{24}$/);
  });

  await step("her phone logs in as the same user", async () => {
    const { id } = await phone.logIn(password(ada, first));
    assert.equal(id, user.id);
  });

  await step("her access token is renewed", async () => {
    const before = user.accessToken;
    const customData = await user.refreshCustomData();
    assert.equal(JSON.stringify(customData), "{}");
    assert.ok(user.accessToken !== before, "another access token");
    await user.refreshProfile();
  });

  await step("the app starts again and she is still logged in", async () => {
    const { currentUser } = device("laptop");
    assert.equal(currentUser.id, user.id);
    await currentUser.refreshAccessToken();
  });

  await step("a confirmed address needs no further mail", async () => {
    await refused(auth.resendConfirmationEmail({ email: ada }), "400 UserAlreadyConfirmed: already confirmed");
  });

  await step("an unknown address gets no mail", async () => {
    await refused(auth.resendConfirmationEmail({ email: stranger }), "404 UserNotFound: user not found");
    await refused(auth.sendResetPasswordEmail({ email: stranger }), "404 UserNotFound: user not found");
  });

  await step("a wrong password and an unknown address are refused alike", async () => {
    await refused(laptop.logIn(password(ada, second)), "401 InvalidPassword: unauthorized");
    await refused(laptop.logIn(password(stranger, first)), "401 InvalidPassword: unauthorized");
  });

  await step("her address is taken", async () => {
    await refused(auth.registerUser({ email: ada, password: second }), "409 AccountNameInUse: name already in use");
  });

  await step("there is no reset function to call", async () => {
    await refused(
      auth.callResetPasswordFunction({ email: ada, password: second }, "an argument", 42),
      "400: please use reset password via email",
    );
  });

  await step("she asks for a new password, which changes nothing yet", async () => {
    await auth.sendResetPasswordEmail({ email: ada });
    link = readLink(await mailbox.next(ada), assert);
    await user.refreshAccessToken();
    await laptop.logIn(password(ada, first));
  });

  await step("a reset link does not confirm", async () => {
    await refused(auth.confirmUser(link), "400 UserpassTokenInvalid: userpass token is expired or invalid");
  });

  await step("a password that is refused does not use up the link", async () => {
    await refused(
      auth.resetPassword({ ...link, password: "five5" }),
      "400 BadRequest: password must be between 6 and 128 characters",
    );
  });

  await step("she chooses a new password, once", async () => {
    await auth.resetPassword({ ...link, password: second });
    await refused(
      auth.resetPassword({ ...link, password: third }),
      "400 UserpassTokenInvalid: userpass token is expired or invalid",
    );
  });

  await step("the reset has ended the session on her phone", async () => {
    const onPhone = phone.currentUser;
    await refused(
      onPhone.refreshAccessToken(),
      "401 InvalidSession: invalid session: failed to find refresh token",
    );
    assert.equal(onPhone.state, "logged-out");
  });

  await step("only the new password opens the door", async () => {
    await refused(laptop.logIn(password(ada, first)), "401 InvalidPassword: unauthorized");
    await refused(laptop.logIn(password(ada, third)), "401 InvalidPassword: unauthorized");
    const { id } = await laptop.logIn(password(ada, second));
    assert.equal(id, user.id);
  });

  await step("she logs out, and her refresh token is worth nothing", async () => {
    user = laptop.currentUser;
    const { refreshToken } = user;
    await user.logOut();
    assert.equal(user.state, "logged-out");
    const response = await fetch(`${baseUrl}/api/client/v2.0/auth/session`, {
      method: "POST",
      headers: { Authorization: `Bearer ${refreshToken}` },
    });
    assert.equal(response.status, 401);
    assert.equal((await response.json()).error_code, "InvalidSession");
  });

  await step("she logs in once more and deletes her account", async () => {
    user = await laptop.logIn(password(ada, second));
    await laptop.deleteUser(user);
    assert.equal(user.state, "removed");
    await refused(laptop.logIn(password(ada, second)), "401 InvalidPassword: unauthorized");
  });

  await step("her address is free again, for another user", async () => {
    await auth.registerUser({ email: ada, password: third });
    await auth.confirmUser(readLink(await mailbox.next(ada), assert));
    const { id } = await laptop.logIn(password(ada, third));
    assert.match(id, /^[0-9a-f]{24}$/);
    assert.ok(id !== user.id, "another user id");
  });

  await step("she got the four mails that she caused, and no stranger got any", async () => {
    assert.equal(await mailbox.count(ada), 4);
    assert.equal(await mailbox.count(stranger), 0);
  });
}

/** Distinctive, so that the server's log can be searched for them afterwards. */
export const passwords = ["tower-of-Hanoi-1", "tower-of-Pisa-2", "tower-of-Babel-3"];

/** The token and its id, read from the link in a mail as the app's own page would. */
export function readLink(mail, assert) {
  const links = mail.links.map((link) => new URL(link).searchParams).filter((query) => query.has("token"));
  assert.ok(links.length > 0, `a link with a token in the mail "${mail.subject}"`);
  const [token, tokenId] = [links[0].get("token"), links[0].get("tokenId")];
  assert.match(token, /^[0-9a-f]{128}$/);
  assert.match(tokenId, /^[0-9a-f]{24}$/);
  return { token, tokenId };
}
