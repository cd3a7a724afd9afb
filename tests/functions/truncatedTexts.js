exports = (name) => {
  const short = name.substring(0, 5) + "…";
  console.log("hello", short);
  return { short, initials: name.split(" ").map((part) => part[0]).join("") };
};
