// What people type into the place search, from what many names have to what few have: for tests and benchmarks.

export const KEYSTROKES = ["ㅈ", "ㅈㅈ", "제", "제주", "a", "sa", "san", "s", "서울특별시", "new york", "東", "kix"];
