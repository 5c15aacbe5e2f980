//! Requests through a real HAProxy.
