exports = () => context.http.post({ url: 'https://x.example/', body: 'x'.repeat(20 << 20) });
