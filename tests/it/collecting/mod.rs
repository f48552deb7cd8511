//! What is read from AWS: over recorded answers, and from the emulator.

mod audit;
mod cluster;
mod commands;
mod moto;
mod networks;
mod refusals;
