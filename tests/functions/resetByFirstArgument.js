// For tests: the first argument says what happens.
exports = ({ token, tokenId, username, password }, wanted) => ({ status: wanted });
