// Builds the base map from Natural Earth (lands next).
export {};
