exports = () => {
  for (;;);
};
