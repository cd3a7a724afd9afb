// Rejections that nobody waits for, and work after the end.
exports = async () => {
  Promise.reject(new Error("nobody hears this"));
  setTimeout(() => { for (;;); }, 0);
  setTimeout(() => { throw new Error("late"); }, 1);
  return "early";
};
