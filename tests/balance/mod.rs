//! What balancing promises, shown against a real HAProxy: clients send without pause, never retry, and count every failure
//! (docs/balance.md).

mod by_hand;
mod listening;
mod routing;
mod unit;
mod verbs;
