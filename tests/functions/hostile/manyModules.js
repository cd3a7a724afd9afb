exports = () => { for (let i = 0; i < 100000; i++) { try { require("m" + i); } catch (e) { if (!/Cannot find/.test(e.message)) throw e; } } };
