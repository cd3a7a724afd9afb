exports = () => context.functions.execute('endlessExecute');
