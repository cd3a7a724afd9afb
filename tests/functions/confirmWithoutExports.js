const handler = ({ username }) => ({ status: "success" });
