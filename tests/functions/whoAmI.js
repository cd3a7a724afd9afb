exports = function () {
  const { user } = context;
  const { remoteIPAddress, requestHeaders = {} } = context.request || {};
  return {
    id: user.id,
    type: user.type,
    mail: user.data.email,
    level: user.custom_data.level,
    provider: user.identities.map((identity) => identity.provider_type),
    system: context.runningAsSystem(),
    app: context.app.name,
    ip: remoteIPAddress,
    agent: (requestHeaders["User-Agent"] || [])[0],
    secret: typeof context.values.get("nothing"),
    tag: context.environment.tag,
  };
};
