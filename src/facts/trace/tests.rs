//! Ends that users name, and what they lead to.
