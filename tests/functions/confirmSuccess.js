  /*
    This function runs when a user registers. It has the following members:
      token, tokenId, username

    Return one of { status: 'success' }, { status: 'pending' }, { status: 'fail' }.
  */

  exports = ({ token, tokenId, username }) => {
    // process the confirm token, tokenId and username
    return { status: 'success' };
  };

  // The test console calls it like this:
  // exports({ token: 'a', tokenId: 'b', username: 'c' })
