exports = async () => { for (;;) await null; };
