const check = ({ password }) => /[A-Z]/.test(password) && /\d/.test(password) && password.length >= 10;

exports = (request) => ({ status: check(request) ? "success" : "fail" });

if (typeof module !== 'undefined') module.exports = { check, run: exports };
