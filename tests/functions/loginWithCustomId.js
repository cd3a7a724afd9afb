exports = async function (loginPayload) {
  // the SDKs' own tests send it under this name
  return loginPayload["realmCustomAuthFuncUserId"] || loginPayload.id;
};
