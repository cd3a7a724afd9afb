exports = () => { let s = 'xy'; for (;;) s += s; };
