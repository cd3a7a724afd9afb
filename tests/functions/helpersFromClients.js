exports = async (name, ...args) => {
  const result = context.functions.execute(name, ...args);
  return { direct: typeof result, awaited: await result };
};
