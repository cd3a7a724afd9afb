exports = async ({ token, tokenId, username }) => {
  // The addresses say what the tests want to see.
  if (username.includes("realm_tests_do_autoverify")) {
    return { status: 'success' }
  }
  if (username.includes("realm_tests_do_not_confirm")) {
    const known = await context.http.get({ url: `https://store.example/pending/${encodeURIComponent(username)}` });
    if (known.statusCode === 200) {
      return { status: 'success' }
    }
    await context.http.put({
      url: `https://store.example/pending/${encodeURIComponent(username)}`,
      body: { token, tokenId },
      encodeBodyAsJSON: true,
    });
    return { status: 'pending' }
  }
  if (username.includes("realm_tests_do_pendverify") || username.includes("realm_pending")) {
    return { status: 'pending' }
  }
  return { status: 'fail' };
};
