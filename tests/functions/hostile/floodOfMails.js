exports = async () => {
  const email = context.services.get("email");
  for (let i = 0; i < 5000; i++) await email.send({ to: `a${i}@x.io`, subject: "s", text: "t" }).catch((e) => { if (e.message !== "quota") throw e; });
};
