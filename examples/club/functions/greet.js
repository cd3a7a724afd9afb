exports = (greeting = "Hello") => `${greeting}, ${context.user.data.email}!`;
