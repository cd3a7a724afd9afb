class ProviderError extends Error {
  constructor(message, code) { super(message); this.name = "ProviderError"; this.code = code; }
}
exports = async ({ username }) => {
  await null;
  return Promise.reject(username ? new ProviderError("provider is down", 503) : null);
};
