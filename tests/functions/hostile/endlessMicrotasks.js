exports = () => {
  const again = () => Promise.resolve().then(again);
  return again();
};
