// What an app does with accounts that its owner's functions confirm and reset, by the unmodified Realm Web SDK.
// The app is examples/club.

/** @param parameters as for `tellStory` */
export async function tellFunctionsStory({ Realm, baseUrl, appId, mailbox, step, assert }) {
  const [first, second, third] = ["first password", "second password", "third password"];
  const app = new Realm.App({ id: appId, baseUrl, storage: Realm.getEnvironment().defaultStorage.prefix("club") });
  const auth = app.emailPasswordAuth;
  const logIn = (email, word) => app.logIn(Realm.Credentials.emailPassword(email, word));
  const refused = async (attempt, answer) => {
    const error = await attempt.then(() => null, (thrown) => thrown);
    assert.ok(error instanceof Realm.MongoDBRealmError, `this should have been refused: ${answer}`);
    const { statusCode, errorCode, error: text } = error;
    assert.equal([statusCode, errorCode].filter(Boolean).join(" ") + `: ${text}`, answer);
  };
  const mailed = async (address) => {
    const mail = await mailbox.next(address);
    const { searchParams } = new URL(mail.links[0]);
    return { token: searchParams.get("token"), tokenId: searchParams.get("tokenId") };
  };

  await step("a member is confirmed at once", async () => {
    await auth.registerUser({ email: "ada@club.example", password: first });
    await logIn("ada@club.example", first);
  });

  await step("an address that the function refuses is free again", async () => {
    for (let times = 0; times < 2; times += 1) {
      await refused(
        auth.registerUser({ email: "eve@throwaway.example", password: first }),
        '400 BadRequest: failed to confirm user "eve@throwaway.example"',
      );
    }
  });

  await step("a guest waits for the mail that the function sends", async () => {
    await auth.registerUser({ email: "bob@example.com", password: first });
    await refused(logIn("bob@example.com", first), "401 AuthError: unauthorized");
  });

  await step("retryCustomConfirmation asks the function again, and either pair works", async () => {
    const older = await mailed("bob@example.com");
    await auth.retryCustomConfirmation({ email: "bob@example.com" });
    const newer = await mailed("bob@example.com");
    await auth.confirmUser(older);
    await refused(auth.confirmUser(newer), "400 UserpassTokenInvalid: userpass token is expired or invalid");
    await logIn("bob@example.com", first);
    await refused(
      auth.retryCustomConfirmation({ email: "bob@example.com" }),
      "400 UserAlreadyConfirmed: already confirmed",
    );
    await refused(auth.retryCustomConfirmation({ email: "nobody@example.com" }), "404 UserNotFound: user not found");
  });

  await step("mails of the server's own are refused", async () => {
    await refused(
      auth.sendResetPasswordEmail({ email: "bob@example.com" }),
      "400: please use reset password via function",
    );
  });

  await step("callResetPasswordFunction sets the password at once for who knows the number", async () => {
    const reset = { email: "bob@example.com", password: second };
    await auth.callResetPasswordFunction(reset, 1887);
    await refused(logIn("bob@example.com", first), "401 InvalidPassword: unauthorized");
    await logIn("bob@example.com", second);
  });

  await step("callResetPasswordFunction waits for the mail of everybody else", async () => {
    await auth.callResetPasswordFunction({ email: "bob@example.com", password: "asked for only" });
    await refused(logIn("bob@example.com", "asked for only"), "401 InvalidPassword: unauthorized");
    await logIn("bob@example.com", second);
    await auth.resetPassword({ ...(await mailed("bob@example.com")), password: third });
    await logIn("bob@example.com", third);
  });

  await step("callResetPasswordFunction is refused when the function says so", async () => {
    await refused(
      auth.callResetPasswordFunction({ email: "bob@example.com", password: third }),
      '400: failed to reset password for user "bob@example.com"',
    );
    await refused(
      auth.callResetPasswordFunction({ email: "nobody@example.com", password: third }),
      "404 UserNotFound: user not found",
    );
  });

  await step("a card logs in as whom the owner's function names, always the same user", async () => {
    const byCard = (pin) => app.logIn(Realm.Credentials.function({ card: "1887-0042", pin }));
    await refused(byCard("0000"), "401 AuthError: Error: no such card, or another number");
    const { id, profile, identities, providerType } = await byCard("2718");
    assert.equal(profile.name, "Ada");
    assert.equal(identities.length, 1);
    assert.equal(identities[0].id, "card:1887-0042");
    assert.equal(identities[0].providerType, "custom-function");
    assert.equal(providerType, "custom-function");
    assert.equal((await byCard("2718")).id, id);
    await app.deleteUser(app.currentUser);
    assert.equal((await byCard("2718")).id === id, false);
    await app.currentUser.logOut();
  });

  await step("a trigger tells the desk of every new member", async () => {
    for (let times = 0; times < 2; times += 1) {
      const { text } = await mailbox.next("desk@club.example");
      assert.equal(text, "Ada (card:1887-0042) has logged in for the first time.");
    }
    await logIn("bob@example.com", third);
  });

  await step("a function is called by its name", async () => {
    const { functions } = app.currentUser;
    assert.equal(await functions.greet("Welcome"), "Welcome, bob@example.com!");
    assert.equal(await functions.callFunction("greet"), "Hello, bob@example.com!");
    await refused(functions.callFunction("nobody"), "404 FunctionNotFound: function not found: 'nobody'");
    await refused(functions.mailLink("eve@example.com"), "404 FunctionNotFound: function not found: 'mailLink'");
  });
}
