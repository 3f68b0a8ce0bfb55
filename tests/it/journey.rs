//! The story of the README, step by step.
