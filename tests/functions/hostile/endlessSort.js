exports = () => {
  const list = Array.from({ length: 2000000 }, (_, i) => (i * 7919) % 2000003);
  for (;;) list.sort((a, b) => Math.sin(a) - Math.sin(b));
};
