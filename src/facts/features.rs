//! Which features the cluster uses. To be written.
