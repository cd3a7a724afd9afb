exports = () => new Promise(() => {});
