exports = () => { for (;;); };
