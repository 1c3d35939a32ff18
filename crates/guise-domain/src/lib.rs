//! Guise's nouns, rules, limits and the contract of its store.
