exports = async ({ username }) => {
  console.log("registered", username);
};
