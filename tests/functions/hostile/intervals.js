exports = () => new Promise(() => { setInterval(() => {}, 0); });
