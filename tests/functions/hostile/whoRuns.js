exports = () => [context.user.type, context.runningAsSystem()];
