exports = () => { console.log({ toJSON() { for (;;); } }); };
