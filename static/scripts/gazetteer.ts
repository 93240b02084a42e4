// Builds the gazetteer of the place search from GeoNames (lands next).
export {};
