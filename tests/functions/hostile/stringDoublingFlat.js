exports = () => { let s = 'xy'; for (;;) { s += s; s.charCodeAt(s.length - 1); } };
