exports = () => new Promise(() => { for (let i = 0; i < 10000; i++) setTimeout(() => {}, 1e6); });
