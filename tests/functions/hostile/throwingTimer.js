exports = () => new Promise(() => setTimeout(() => { throw new Error('late'); }, 1));
