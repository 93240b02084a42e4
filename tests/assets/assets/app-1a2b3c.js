// A script that stands for the built client in tests.
console.log("moim");
