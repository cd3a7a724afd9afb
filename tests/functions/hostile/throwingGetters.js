exports = () => ({ get a() { throw new Error('trap'); } });
