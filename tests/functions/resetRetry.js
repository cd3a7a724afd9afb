const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function withRetry(action, attempts) {
  let wait = 10;
  for (let i = 1; ; i++) {
    try {
      return await action();
    } catch (error) {
      console.warn(`attempt ${i}: ${error.message}`);
      if (i === attempts) throw error;
      await sleep(wait);
      wait *= 2;
    }
  }
}

exports = async function resetPassword({ username, tokenId, token }) {
  await withRetry(async () => {
    const response = await context.http.post({ url: "https://mail.example/send", body: JSON.stringify({ username }) });
    if (response.statusCode === 429 || response.statusCode >= 500) throw new Error("try again: " + response.status);
  }, 3);
  return { status: "pending" };
};
