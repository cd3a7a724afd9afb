exports = async function onUserCreation(user) {
  const welcome = await context.functions.execute("sendLink", user.data.email, { token: "welcome", tokenId: user.id });
  if (!welcome.ok) throw new Error("no welcome");
  user.data.greeted = true;
  console.log("greeted", user.id, user.identities.length);
};
