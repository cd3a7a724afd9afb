exports = function* () { yield { status: 'success' }; };
