exports = () => { for (;;) context.functions.execute('honest', 'x'); };
