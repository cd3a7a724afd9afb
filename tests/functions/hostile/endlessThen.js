exports = () => {
  const trap = { then(resolve) { resolve(trap); } };
  return trap;
};
