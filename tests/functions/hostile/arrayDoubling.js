exports = () => { let a = [0]; for (;;) a = a.concat(a); };
