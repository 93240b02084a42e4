// What the client says in Korean. `as const` lets the parameters of each text be typed.

export const ko = {
  "app.name": "모임",
} as const;
