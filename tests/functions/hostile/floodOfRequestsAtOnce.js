exports = () => Promise.all(Array.from({ length: 5000 }, (_, i) => context.http.get({ url: "http://10.0.0.1/" + i })));
