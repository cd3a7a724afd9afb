exports = () => ({ at: new Date(NaN) });
