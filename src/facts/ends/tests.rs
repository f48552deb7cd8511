//! Roles on small fixtures.
