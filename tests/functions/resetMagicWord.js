exports = ({ token, tokenId, username, password }, magicWord, answer) => {
  // will only reset the password with the magic word and the answer to everything
  if (magicWord != "say-the-magic-word") return { status: 'fail' };
  if (answer != 42) return { status: 'fail' };
  if (password.includes("realm_tests_do_reset")) return { status: 'success' };
  if (password.includes("realm_tests_do_not_reset")) return { status: 'pending' };
  return { status: answer === 42 ? 'success' : 'fail' };
};
